"""Two SIP engines joined in memory, with weather: loss, duplication, delay and reordering, all from a seed.

For tests of anything that speaks through ``sip.engine``. This module must never open a socket or read a clock: time
stands still until ``run`` moves it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TypeVar

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.engine import Engine, EngineConfig, InviteSpec
from vorzimmer.sip.events import Event, Invited
from vorzimmer.sip.flow import Flow, Hop, Packet
from vorzimmer.testing.chance import SeededChance

E = TypeVar("E", bound=Event)

ADDRESSES = (Address("192.0.2.1", 5060), Address("192.0.2.2", 5060))
FOREVER = 400.0
"""Seconds after which nothing of any call is left: timer C, the CANCEL's wait and the longest lingering."""


@dataclass(frozen=True, slots=True)
class Weather:
    """Shares of packets lost and duplicated (0 to 1), seconds of delay, and of further random delay (reordering)."""

    loss: float = 0.0
    duplication: float = 0.0
    delay: float = 0.01
    jitter: float = 0.0


class Side:
    """One engine, its address, what it told (`events`) and what it sent (`sent`, as text, lost packets included)."""

    def __init__(self, address: Address, seed: int) -> None:
        self.address = address
        self.engine = Engine(EngineConfig(sent_by=lambda _: address), SeededChance(seed))
        self.events: list[Event] = []
        self.sent: list[str] = []
        self.packets: list[Packet] = []
        self.handler: Callable[[Event], None] | None = None
        self.drop: Callable[[str], bool] | None = None
        """True for a text that is to be lost on its way from here."""

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def starts(self, start: str) -> list[str]:
        """What was sent and begins with `start`."""
        return [text for text in self.sent if text.startswith(start)]


class EnginePair:
    """`a` and `b`, the wire between them, and the time."""

    def __init__(self, *, transport: str = "udp", weather: Weather | None = None, seed: int = 0) -> None:
        self.transport = transport
        self.weather = weather or Weather()
        self.now = 0.0
        self.a = Side(ADDRESSES[0], seed * 2 + 1)
        self.b = Side(ADDRESSES[1], seed * 2 + 2)
        self._chance = SeededChance(seed)
        self._wire: list[tuple[float, int, Side, bytes]] = []
        self._count = 0
        self._legs = 0

    # -- conveniences ---------------------------------------------------------------------------------------------
    def other(self, side: Side) -> Side:
        """The opposite side."""
        return self.b if side is self.a else self.a

    def flow(self, side: Side) -> Flow:
        """The flow by which `side` reaches the other."""
        connection = 0 if self.transport == "udp" else 1
        return Flow(self.transport, side.address, self.other(side).address, connection)

    def spec(self, side: Side, body: bytes = b"offer", to: Flow | Hop | None = None) -> InviteSpec:
        """An INVITE from `side` to the other."""
        there = self.other(side).address
        return InviteSpec(
            f"sip:bob@{there}", to or self.flow(side), f"<sip:alice@{side.address}>", f"<sip:bob@{there}>", body
        )

    def call(self, side: Side, body: bytes = b"offer", *, to: Flow | Hop | None = None) -> LegId:
        """`side` invites the other; the leg at `side`."""
        self._legs += 1
        leg = LegId(f"leg{self._legs}")
        side.engine.invite(leg, self.spec(side, body, to), self.now)
        self.collect()
        return leg

    def talk(self, seconds: float = 1.0) -> tuple[LegId, LegId]:
        """An answered and acknowledged call from `a` to `b`: the leg at `a` and the leg at `b`."""
        mine = self.call(self.a)
        self.run(seconds)
        theirs = self.b.of(Invited)[-1].leg
        self.b.engine.accept(theirs, self.now, body=b"answer")
        self.run(seconds)
        return mine, theirs

    # -- time -----------------------------------------------------------------------------------------------------
    def collect(self) -> None:
        """Take what the engines have to tell and to send; handlers may give commands meanwhile."""
        busy = True
        while busy:
            busy = False
            for side in (self.a, self.b):
                while (event := side.engine.next_event()) is not None:
                    busy = True
                    side.events.append(event)
                    if side.handler is not None:
                        side.handler(event)
                for packet in side.engine.to_send(self.now):
                    busy = True
                    self._post(side, packet)

    def run(self, seconds: float = FOREVER) -> None:
        """Let `seconds` pass, or less if nothing is left to happen."""
        end = self.now + seconds
        self.collect()
        while (due := self._due()) is not None and due <= end:
            self.now = max(self.now, due)
            self._deliver()
            for side in (self.a, self.b):
                side.engine.handle_timer(self.now)
            self.collect()
        self.now = end

    def idle(self) -> bool:
        """True when nothing is under way and neither engine holds anything."""
        return not self._wire and self.a.engine.idle() and self.b.engine.idle()

    def _due(self) -> float | None:
        times = [self._wire[0][0]] if self._wire else []
        times += [due for side in (self.a, self.b) if (due := side.engine.get_timer()) is not None]
        return min(times, default=None)

    def _post(self, side: Side, packet: Packet) -> None:
        text = packet.data.decode("utf-8", "surrogateescape")
        side.sent.append(text)
        side.packets.append(packet)
        if isinstance(packet.to, Hop) and packet.transaction:
            side.engine.flow_found(packet.transaction, self.flow(side), self.now)
        if side.drop is not None and side.drop(text):
            return
        weather = self.weather
        copies = 0 if self._chance.fraction() < weather.loss else 1
        copies += 1 if copies and self._chance.fraction() < weather.duplication else 0
        for _ in range(copies):
            self._count += 1
            when = self.now + weather.delay + weather.jitter * self._chance.fraction()
            heappush(self._wire, (when, self._count, self.other(side), packet.data))

    def _deliver(self) -> None:
        while self._wire and self._wire[0][0] <= self.now:
            _, _, side, data = heappop(self._wire)
            side.engine.receive(data, self.flow(side), self.now)
            self.collect()
