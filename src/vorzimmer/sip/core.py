"""What all parts of the engine share: configuration, chance, the present moment, and the two queues out.

The engine is single-threaded and told the time with every call; `now` (monotonic seconds) is noted here once per call
so that the parts need not hand it around. This module must never read a clock.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.chance import Chance
from vorzimmer.sip.events import Event
from vorzimmer.sip.flow import Flow, Hop, Packet
from vorzimmer.sip.overload import Overload
from vorzimmer.sip.timers import Timers

Tap = Callable[[bytes, Flow | Hop, bool], None]
"""Shown every whole message as it crosses the wire: the flow it came over or where it goes, and whether we sent it."""


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """`sent_by(flow or hop) -> Address` gives our address as that peer must see it (--advertise; Via and Contact).

    Times in seconds. `max_transactions`: server transactions at once before new requests outside dialogs get 503;
    `max_legs`: legs at once before a new INVITE gets 503. `vital(Request-URI)`: never turned away for
    overload (emergency calls). `session_expires`: the session interval that we ask for (RFC 4028; 0: none of our own
    accord), `min_se` the least that we take, 90 or more.
    """

    sent_by: Callable[[Flow | Hop], Address]
    user_agent: str = "Vorzimmer"
    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    timer_c: float = 180.0
    failover: float = 4.0
    """How long a server that says nothing is waited for where DNS names another one (RFC 3263 section 4.3)."""
    allow: tuple[str, ...] = (
        "INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER", "REFER", "NOTIFY", "SUBSCRIBE", "INFO", "UPDATE",
        "MESSAGE", "PUBLISH", "PRACK",
    )  # fmt: skip
    supported: tuple[str, ...] = ("replaces", "join", "tdialog", "100rel", "timer")
    understood: tuple[str, ...] = ("norefersub", "eventlist")
    """What a peer may require beside that; phones ask for it without being told (RFC 4488, RFC 4662)."""
    accept: tuple[str, ...] = ("application/sdp",)
    vital: Callable[[str], bool] = lambda uri: False
    max_transactions: int = 100_000
    max_legs: int = 50_000
    session_expires: int = 1800
    min_se: int = 90
    aliased: Callable[[Flow, int], None] = lambda flow, port: None
    """Told of requests over a connection with a proven peer, which may be used for requests to that port of it, too
    (RFC 5923); what the peer says without a proof is not told."""


class Core:
    """Shared state of one engine."""

    __slots__ = (
        "about", "about_late", "allow", "chance", "config", "events", "loop", "now", "packets", "queue", "tap",
        "timers", "waiting",
    )  # fmt: skip

    def __init__(self, config: EngineConfig, chance: Chance) -> None:
        self.config = config
        self.chance = chance
        self.now = 0.0
        self.timers = Timers()
        self.events: deque[Event] = deque()
        self.packets: list[Packet] = []
        self.tap: Tap | None = None
        self.queue, self.loop = Overload(), Overload()
        self.waiting = 64 * config.t1
        """Seconds of timers B, F, H, L, M: how long the other side is waited for."""
        self.allow = ", ".join(config.allow)
        self.about = f"Allow: {self.allow}\r\nSupported: {', '.join(config.supported)}\r\n"
        """Header lines that say what we can, for INVITE and its 2xx."""
        late = ", ".join(option for option in config.supported if option != "100rel")
        self.about_late = f"Allow: {self.allow}\r\nSupported: {late}\r\n"
        """The same for an INVITE without an offer: the answer to one in a reliable provisional would be due at once."""

    def tell(self, event: Event) -> None:
        """Queue an event for the layer above."""
        self.events.append(event)

    def send(self, data: bytes, to: Flow | Hop, transaction: str = "") -> None:
        """Queue bytes for the network."""
        if self.tap is not None:
            self.tap(data, to, True)
        self.packets.append(Packet(data, to, transaction))
