"""A simulated server with a carrier behind it: two companies, a trunk each, phones inside and persons outside."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.simulation.companies import NORD, SUED, House, company_file
from tests.simulation.phones import Handset

from vorzimmer.kernel.address import Address
from vorzimmer.testing.carrier import Carrier, join
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.loop import VirtualClock, run
from vorzimmer.testing.media import RecordingMedia
from vorzimmer.testing.network import FAIR, Network
from vorzimmer.testing.phone import Phone
from vorzimmer.testing.phone_call import PhoneCall
from vorzimmer.testing.server import SERVER, SimulatedServer

KUNDE, MOBIL = "+493023125222", "+491713920001"
MAIN = Address("203.0.113.1", 5060)
SPARE = Address("203.0.113.2", 5060)
PASSWORD = "leitungsgeheimnis"


def trunk(house: House, ident: str = "eins", at: Address = MAIN, **more: str) -> str:
    """A registered trunk of a company, as its file says it; `more` replaces or adds keys."""
    fields = {
        "kind": "register",
        "registrar": f"sip:{at.host}",
        "username": f"{house.id}-{ident}",
        "password": f"{{value: {PASSWORD}}}",
        "numbers": f'[{{number: "{house.block}000"}}, {{from: "{house.block}100", to: "{house.block}199"}}]',
        "transport": "udp",
    } | more
    return f"  - {{id: {ident}, " + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "}\n"


class World:
    """`start` brings everything up; `carrier` and `spare` are at two addresses."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.network = Network(self.clock, SeededChance(1), FAIR)
        self.media = RecordingMedia()
        self.server = SimulatedServer(self.network, self.clock, self.media, seed=2)
        self.carrier = self._carrier(MAIN, 11)
        self.spare = self._carrier(SPARE, 21)

    def _carrier(self, at: Address, seed: int) -> Carrier:
        carrier = join(self.network, self.clock, at, seed=seed, on_bug=self.server.told.bug)
        for house in (NORD, SUED):
            for ident in ("eins", "zwei"):
                carrier.account(f"{house.id}-{ident}", PASSWORD)
        for number in (KUNDE, MOBIL, "112", "110"):
            carrier.person(number, SERVER)
        return carrier

    async def start(self, *trunks: str, users: str = "", companies: tuple[House, ...] = (NORD,)) -> None:
        """Apply the companies (the first one with `trunks`, else one each) and start the server."""
        for house in companies:
            lines = "".join(trunks) if trunks and house is companies[0] else trunk(house)
            await self.server.apply(company_file(house) + f"trunks:\n{lines}" + (users if house is NORD else ""))
        await self.server.start()
        await self.clock.sleep(3)

    async def edit(self, text: str) -> None:
        """A change of company nord."""
        await self.server.apply(f"company: {{id: nord}}\n{text}")

    async def phone(self, device: str, house: House = NORD, agent: str = "phone") -> Phone:
        handset = Handset(self.network, self.clock, (house, device, 1), on_bug=self.server.told.bug, transport="udp",
                          agent=agent)  # fmt: skip
        handset.register()
        await handset.phone.until(lambda: handset.phone.registered)
        return handset.phone

    async def stop(self) -> None:
        """Nothing broke, nothing leaked."""
        await self.clock.sleep(40)
        assert self.server.told.bugs == []
        assert self.server.exchange.board.idle()
        assert self.carrier.idle
        assert self.spare.idle
        assert self.media.leaks() == []
        task = asyncio.current_task()
        await self.server.kill({task} if task else set())

    def press(self, person: Phone, digits: str) -> None:
        """The person presses keys: heard at the server's end of the newest call."""
        agreed = person.last.agreed
        assert agreed is not None
        endpoint = next(e for e, found in self.media.endpoints.items() if found.address == agreed.remote)
        self.media.press(endpoint, digits)

    def hears(self, phone: Phone) -> object:
        """What somebody hears in the newest call."""
        agreed = phone.last.agreed
        ends = [e for e, found in self.media.endpoints.items() if agreed is not None and found.address == agreed.remote]
        return self.media.hears(ends[0]) if ends else None


def invited(call: PhoneCall) -> dict[str, str]:
    """What an INVITE said about identity."""
    assert call.request is not None
    names = ("From", "To", "P-Asserted-Identity", "P-Preferred-Identity", "Privacy", "Diversion", "History-Info")
    return {name: call.request.headers.get(name) for name in names}


Scene = Callable[[World], Awaitable[None]]


def play(scene: Scene) -> None:
    """Run a scene in a world of its own, to its clean end."""

    async def main() -> None:
        world = World()
        try:
            await scene(world)
        except AssertionError:
            for _, bug in world.server.told.bugs:
                raise bug from None
            raise
        await world.stop()

    run(main())
