"""The demo's carrier: a small outside world at an address of its own: *external* is real, and nothing real rings.

Its persons answer with music and now and then call in; 112 and 110 end here as well. It is an ordinary carrier on our
own engine: the company's trunk registers with it like with any other. This module must never reach anything outside
this computer.
"""

import asyncio
import signal
import socket
import sys
from pathlib import Path

import msgspec

from vorzimmer.app.clock import LoopClock, SystemChance
from vorzimmer.app.demo.voice import Voice, spoken
from vorzimmer.kernel.address import Address
from vorzimmer.net.advertise import ListenerSpec
from vorzimmer.net.pump import Pump
from vorzimmer.net.transports import SocketTransports
from vorzimmer.sdp.formats import DEFAULT_FORMATS
from vorzimmer.sip.engine import Engine, EngineConfig
from vorzimmer.sip.events import Event
from vorzimmer.testing.carrier import Carrier, Site
from vorzimmer.testing.phone import Phone, answers

USERNAME = "musterbau"
CUSTOMER = "+493023125222"
PERSONS = {
    CUSTOMER: "Großkunde",
    "+493023125001": "Familie",
    "+491713920000": "Annas Mobiltelefon",
    "+491713920001": "Annas zweites Mobiltelefon",
    "112": "Notruf (nur gespielt)",
    "110": "Notruf (nur gespielt)",
}
"""Numbers that the German regulator keeps free for fiction, and the emergency numbers, which end here."""
CALLED = "+498999998130"
FIRST_CALL_S = 12.0
PAUSE_S = (45, 90)
TALK_S = (6, 12)

TRUNK = """\
company: {{id: musterbau}}
trunks:
  - id: demo
    name: Demo-Netz
    kind: register
    registrar: "sip:{host}:{port}"
    username: {username}
    password: {{value: "{password}"}}
    numbers: [{{number: "+498999998000"}}, {{from: "+498999998100", to: "+498999998199"}}, {{number: "+498999998500"}}]
    transport: udp
phones:
  - {{id: empfang, numbers: [{{number: "{called}"}}]}}
"""


class Outside(msgspec.Struct, frozen=True):
    """Where the carrier listens, where the company's server is, and the account of its trunk."""

    address: Address
    server: Address
    password: str

    def trunk(self) -> str:
        """The trunk as a company file, and a number for the robot that answers."""
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        where = {"host": host, "port": self.address.port, "called": CALLED}
        return TRUNK.format(**where, username=USERNAME, password=self.password)


def place(server: Address) -> Address:
    """An address of its own next to the server's: another loopback address where there is one, else another port."""
    for candidate in (Address("127.0.0.2", server.port), Address(server.host, server.port + 10)):
        if candidate.host.startswith("127.") and not server.host.startswith("127."):
            continue
        with socket.socket(socket.AF_INET6 if ":" in candidate.host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                sock.bind(candidate)
            except OSError:
                continue
            return candidate
    with socket.socket(socket.AF_INET6 if ":" in server.host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((server.host, 0))
        return Address(server.host, sock.getsockname()[1])


class DemoCarrier:
    """The carrier at work."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._clock = LoopClock()
        self._chance = SystemChance()
        self._voices: dict[str, Voice] = {}
        self._carrier: Carrier | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`."""
        outside = self._outside
        transports = SocketTransports(self._clock)
        engine = Engine(EngineConfig(transports.sent_by, user_agent="Vorzimmer-Demo-Carrier"), self._chance)
        pump = Pump(engine, self._clock, transports, on_bug=_complain)
        await transports.listen(ListenerSpec("udp", outside.address.host, outside.address.port))
        site = Site(outside.address, outside.address, domain=outside.address.host, realm="demo-carrier")
        carrier = self._carrier = Carrier(site, pump, self._clock, self._chance)
        carrier.account(USERNAME, outside.password)
        await self._people(carrier)
        pump.handle_with(self._handle)
        calling = asyncio.ensure_future(self._call_in(carrier))
        await stop.wait()
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        for person in carrier.persons.values():
            for call in person.calls:
                call.hang_up()
        for voice in self._voices.values():
            voice.close()
        pump.close()
        await transports.close()

    async def _people(self, carrier: Carrier) -> None:
        melody = spoken()
        formats = tuple(each for each in DEFAULT_FORMATS if each.name == "PCMA")
        for number in PERSONS:
            voice = self._voices[number] = Voice(self._clock, self._chance, melody)
            media = await voice.open(self._outside.address.host)
            person = carrier.person(number, self._outside.server, media=media, formats=formats)
            person.manner = answers(2.0)

    def _handle(self, event: Event) -> None:
        assert self._carrier is not None
        self._carrier.handle(event)
        for number, person in self._carrier.persons.items():
            talking = next((call for call in person.calls if call.talking), None)
            self._voices[number].speak(talking.agreed if talking is not None else None)

    async def _call_in(self, carrier: Carrier) -> None:
        await self._clock.sleep(FIRST_CALL_S)
        customer = carrier.persons[CUSTOMER]
        while True:
            if customer.idle and carrier.bindings:
                await self._one_call(carrier, customer)
            await self._clock.sleep(self._chance.number(*PAUSE_S))

    async def _one_call(self, carrier: Carrier, customer: Phone) -> None:
        customer.calls.clear()
        call = carrier.call(CUSTOMER, CALLED)
        await self._clock.sleep(3.0 + self._chance.number(*TALK_S))
        call.hang_up()


def _complain(doing: str, error: Exception) -> None:
    print(f"carrier: {doing}: {error!r}", file=sys.stderr, flush=True)  # noqa: T201 -- a demo's carrier has no log


async def _serve(outside: Outside) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await DemoCarrier(outside).run(stop)


def main() -> None:
    """The carrier's process; its argument is a file with an Outside as JSON."""
    asyncio.run(_serve(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Outside)))


if __name__ == "__main__":
    main()
