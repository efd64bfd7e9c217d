"""Our scripted phone over real sockets, with a voice, for tests that need a server but no foreign phone.

It keeps every event that its engine tells, so that a test can look at what really arrived. This module must never send
to anybody but the server that it was given.
"""

import asyncio
from pathlib import Path
from typing import Any

from tests.interop.server import Server, password

from vorzimmer.app.clock import LoopClock, SystemChance
from vorzimmer.app.demo.voice import Voice
from vorzimmer.kernel.address import Address
from vorzimmer.net.advertise import ListenerSpec
from vorzimmer.net.certificates import client_context, ensure_certificate, server_context
from vorzimmer.net.pump import Pump
from vorzimmer.net.transports import SocketTransports, TlsContexts
from vorzimmer.rtp import packet
from vorzimmer.sdp.formats import DEFAULT_FORMATS
from vorzimmer.sip.engine import Engine, EngineConfig
from vorzimmer.sip.events import Event, Invited, Responded
from vorzimmer.sip.flow import Flow
from vorzimmer.testing.phone import Line, Phone, rings
from vorzimmer.testing.phone_call import PhoneCall

HOST = "127.0.0.1"
HUM = bytes([0xD5, 0x55] * 80 * 50)
"""A second of something in A-law, in whole frames."""


class Ear(Voice):
    """A voice that remembers from whom it heard what."""

    def __init__(self, clock: LoopClock, chance: SystemChance) -> None:
        super().__init__(clock, chance, HUM)
        self.ssrcs: list[int] = []

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        super().datagram_received(data, addr)
        read = packet.parse(data)
        if read is not None and (not self.ssrcs or self.ssrcs[-1] != read.ssrc):
            self.ssrcs.append(read.ssrc)


class SocketPhone:
    """One phone of the demo company at `server`; `transport` and `host` say how it reaches it."""

    def __init__(self, server: Server, device: str, *, transport: str = "udp", host: str = HOST) -> None:
        self.server = server
        self.device = device
        self.transport = transport
        self.host = host
        self.events: list[Event] = []
        self.secret = password(device)
        self.user_agent = "Scripted"
        self.codecs = DEFAULT_FORMATS
        self.port = 0
        self.contact: Address | None = None
        self.bugs: list[str] = []
        self.clock = LoopClock()
        self.chance = SystemChance()
        self.ear = Ear(self.clock, self.chance)

    async def start(self, folder: Path | None = None, *, port: int = 0) -> "SocketPhone":
        """Open the sockets; `folder` holds the certificate of a TLS phone, `port` is the server's if not its first."""
        tls = None
        if folder is not None:
            made = ensure_certificate(folder, (self.host,), self.clock.wall())
            tls = TlsContexts(server_context(made), client_context(verify=False))
        self.transports = SocketTransports(self.clock, tls=tls)
        self.engine = Engine(EngineConfig(self.transports.sent_by, user_agent=self.user_agent), self.chance)
        self.pump = Pump(self.engine, self.clock, self.transports, on_bug=self._bug)
        listener = await self.transports.listen(ListenerSpec(self.transport, self.host, 0))
        media = await self.ear.open(self.host)
        line = Line(
            self.device,
            Address(self.host, port or self.server.sip_port),
            self.secret,
            transport=self.transport,
            media=media,
            contact=self.contact or Address(self.host, listener.local.port),
            formats=self.codecs,
        )
        self.phone = Phone(line, self.pump, self.clock, self.chance)
        self.phone.manner = rings
        self.pump.handle_with(self._handle)
        return self

    async def register(self, expires: int = 300) -> "SocketPhone":
        """Register and wait for the 200; raises AssertionError."""
        self.phone.register(expires)
        await self.phone.until(lambda: self.phone.registered, 10)
        return self

    def call(self, dialled: str, **more: Any) -> PhoneCall:
        """Call somebody."""
        return self.phone.call(dialled, **more)

    async def until(self, holds: Any, seconds: float = 10.0) -> None:
        """Wait for a condition that an event of this phone brings about; raises AssertionError."""
        await self.phone.until(holds, seconds)

    async def rung(self, count: int = 1) -> PhoneCall:
        """The newest call, once this phone has been rung so often."""
        await self.until(lambda: len(self.invites) >= count)
        return self.phone.last

    @property
    def invites(self) -> list[Invited]:
        """The INVITEs that came in."""
        return [event for event in self.events if isinstance(event, Invited)]

    @property
    def flows(self) -> list[Flow]:
        """How the INVITEs came in."""
        return [event.flow for event in self.invites]

    def statuses_of(self, method: str) -> list[int]:
        """The final answers to this phone's requests of a method outside dialogs."""
        answers = [event.response for event in self.events if isinstance(event, Responded) and event.response]
        return [each.status for each in answers if each.headers.get("CSeq").endswith(method)]

    def fresh(self) -> None:
        """Forget what was: a new test begins."""
        self.phone.calls.clear()
        self.events.clear()
        self.phone.manner = rings

    def speak(self) -> None:
        """Speak in the newest call from now on."""
        self.ear.speak(self.phone.last.agreed)

    async def heard(self, more: int, seconds: float = 5.0) -> None:
        """Wait until so many more packets have been heard; raises TimeoutError."""
        wanted = self.ear.heard + more
        async with asyncio.timeout(seconds):
            while self.ear.heard < wanted:  # noqa: ASYNC110 -- the same
                await asyncio.sleep(0.02)  # noqa: TID251 -- audio is no event; the deadline is the test

    async def close(self) -> None:
        """Close the sockets without a word, as a phone does that loses its power."""
        self.ear.close()
        self.pump.close()
        await self.transports.close()

    def _handle(self, event: Event) -> None:
        self.events.append(event)
        self.phone.handle(event)

    def _bug(self, doing: str, error: Exception) -> None:
        self.bugs.append(f"{doing}: {error!r}")


async def connect(caller: SocketPhone, callee: SocketPhone, dialled: str) -> tuple[PhoneCall, PhoneCall]:
    """Call and answer: both talk."""
    before = len(callee.invites)
    outgoing = caller.call(dialled)
    incoming = await callee.rung(before + 1)
    incoming.answer()
    await caller.until(lambda: outgoing.talking)
    return outgoing, incoming
