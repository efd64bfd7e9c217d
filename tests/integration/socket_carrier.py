"""The carrier simulator over real sockets: a registrar with outside persons who speak, hear and press keys in RTP.

This module must never send to anybody but the server that it was given.
"""

import asyncio

from tests.integration.socket_phone import Ear
from tests.interop.server import Server

from vorzimmer.app.clock import LoopClock, SystemChance
from vorzimmer.kernel.address import Address
from vorzimmer.net.advertise import ListenerSpec
from vorzimmer.net.pump import Pump
from vorzimmer.net.transports import SocketTransports
from vorzimmer.rtp import packet
from vorzimmer.rtp.events import digit_packets
from vorzimmer.sip.engine import Engine, EngineConfig
from vorzimmer.testing.carrier import Carrier, Site
from vorzimmer.testing.phone import Phone, rings

HOST = "127.0.0.3"
ACCOUNT, PASSWORD = "leitung", "leitungsgeheimnis"


class Keypad(Ear):
    """An ear and a mouth, with keys (RFC 4733)."""

    async def press(self, phone: Phone, digit: str) -> None:
        """Press a key in the newest call, at the pace of a phone; nothing is said meanwhile."""
        agreed = phone.last.agreed
        assert agreed is not None
        assert agreed.telephone_event is not None
        assert self._transport is not None
        self.speak(None)
        begins = (self._sent + 1) * 160
        for each in digit_packets(digit):
            self._sent += 1
            data = packet.build(
                each.payload,
                payload_type=agreed.telephone_event,
                sequence=self._sent,
                timestamp=begins + each.timestamp,
                ssrc=self._ssrc,
                marker=each.marker,
            )
            self._transport.sendto(data, tuple(agreed.remote))
            await self._clock.sleep(0.02)

    async def hears(self, more: int, seconds: float = 5.0) -> None:
        """Wait until so many more packets have come; raises TimeoutError."""
        wanted = self.heard + more
        async with asyncio.timeout(seconds):
            while self.heard < wanted:  # noqa: ASYNC110 -- the same
                await asyncio.sleep(0.02)  # noqa: TID251 -- audio is no event; the deadline is the test


class SocketCarrier:
    """At HOST, on a port of its own; `persons` have a keypad each."""

    def __init__(self, server: Server, port: int) -> None:
        self.address = Address(HOST, port)
        self.server = Address(server.host, server.sip_port)
        self.bugs: list[str] = []
        self.clock, self.chance = LoopClock(), SystemChance()
        self.keypads: dict[str, Keypad] = {}

    async def start(self, *numbers: str) -> "SocketCarrier":
        """Open the sockets; the persons ring until a test says otherwise."""
        self.transports = SocketTransports(self.clock)
        engine = Engine(EngineConfig(self.transports.sent_by, user_agent="Carrier"), self.chance)
        self.pump = Pump(engine, self.clock, self.transports, on_bug=self._bug)
        await self.transports.listen(ListenerSpec("udp", *self.address))
        site = Site(self.address, self.address, domain=HOST)
        self.carrier = Carrier(site, self.pump, self.clock, self.chance)
        self.carrier.account(ACCOUNT, PASSWORD)
        for number in numbers:
            keypad = self.keypads[number] = Keypad(self.clock, self.chance)
            person = self.carrier.person(number, self.server, media=await keypad.open(HOST))
            person.manner = rings
        self.pump.handle_with(self.carrier.handle)
        return self

    def person(self, number: str) -> Phone:
        """Somebody outside."""
        return self.carrier.persons[number]

    async def press(self, number: str, digit: str) -> None:
        """Somebody outside presses a key."""
        await self.keypads[number].press(self.person(number), digit)

    async def close(self) -> None:
        """Everybody hangs up; the sockets are closed."""
        for person in self.carrier.persons.values():
            for call in person.calls:
                call.hang_up()
        for keypad in self.keypads.values():
            keypad.close()
        self.pump.close()
        await self.transports.close()

    def _bug(self, doing: str, error: Exception) -> None:
        self.bugs.append(f"{doing}: {error!r}")
