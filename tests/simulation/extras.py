"""What a run has beside people and phones, by its seed: a carrier with a trunk for each company, lamps, other phones.

Drawn from a chance of its own, so that what people do does not depend on it.
"""

from typing import TYPE_CHECKING

from tests.simulation.companies import HOUSES
from tests.simulation.lamps import Care, check_lamps
from tests.simulation.outside import KUNDE, MAIN, MOBIL, PASSWORD, trunk
from tests.simulation.phones import Handset

from vorzimmer.kernel.address import Address
from vorzimmer.sdp.plan import Protection
from vorzimmer.testing.carrier import Carrier, join
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.phone import Manner
from vorzimmer.testing.phone_call import PhoneCall
from vorzimmer.testing.server import SERVER

if TYPE_CHECKING:
    from tests.simulation.scenario import Scene

PERSONS = (KUNDE, MOBIL, "112", "110")
AGENTS = ("phone", "snomD785/10.1.184.15", "Yealink SIP-T54W 96.86.0.100", "PolyEdge-E450/8.3", "Mitel-6930/6.3")
PROTECTIONS: tuple[Protection, ...] = ("off", "off", "optional")
TIMERS = (1800, 1800, 0, 90)
"""Session intervals that a phone asks for; the shortest is refreshed within a run."""
WATCHERS = ("anna-1", "bea-2", "dora-1")
SETTLING = 140.0
"""Seconds after which every lamp key has been refreshed once in fair weather."""


class Extras:
    """`carrier` is None in a run without trunks, `cares` empty in one without lamp keys."""

    def __init__(self, scene: "Scene") -> None:
        self._scene = scene
        self._chance = SeededChance(scene.seed + 7)
        self.carrier: Carrier | None = None
        self.cares: dict[Handset, Care] = {}
        self._lamps = False

    async def open(self, manner: Manner) -> None:
        """Before phones are there: trunks and their carrier."""
        self._lamps = self._chance.fraction() < 0.5
        if self._chance.fraction() < 0.5:
            return
        scene = self._scene
        self.carrier = carrier = join(
            scene.network, scene.clock, MAIN, seed=scene.seed + 8, on_bug=scene.server.told.bug
        )
        for house in scene.plan.houses:
            carrier.account(f"{house.id}-eins", PASSWORD)
            await scene.server.apply(f"company: {{id: {house.id}}}\ntrunks:\n{trunk(house)}")
        for number in PERSONS:
            carrier.person(number, SERVER).manner = manner

    def kind(self, device: str) -> tuple[str, Protection, int]:
        """User-Agent, encryption and session interval of a new phone."""
        pick = self._chance.number
        return (
            AGENTS[pick(0, len(AGENTS) - 1)],
            PROTECTIONS[pick(0, len(PROTECTIONS) - 1)],
            TIMERS[pick(0, len(TIMERS) - 1)],
        )

    def plugged_in(self, handset: Handset) -> None:
        """A new phone: some have lamp keys."""
        if self._lamps and handset.device in WATCHERS:
            self.cares[handset] = Care(self._scene, handset)

    @property
    def talks(self) -> list[PhoneCall]:
        """Calls of persons outside that are not over."""
        persons = self.carrier.persons.values() if self.carrier is not None else ()
        return [call for phone in persons for call in phone.calls if not call.over]

    def sends_to(self, address: Address) -> bool:
        """Whether somebody outside sends RTP there; not while the carrier is cut off."""
        carrier = self.carrier
        if carrier is None or self._scene.network.is_cut(self._scene.network.at(MAIN)):  # type: ignore[arg-type]  # it is there
            return False
        return any(call.talking and call.agreed and call.agreed.remote == address for call in self.talks)

    async def settle(self) -> None:
        """Everybody has hung up and it is fair again: after a while every lamp shows the truth."""
        if self.cares:
            await self._scene.clock.sleep(SETTLING)
            check_lamps(self._scene, self.cares, "once all is calm")

    async def close(self) -> None:
        """Everybody goes home: no trunk registers any more."""
        for house in HOUSES if self.carrier is not None else ():
            await self._scene.server.apply(f"company: {{id: {house.id}}}\ntrunks:\n  - {{id: eins, enabled: false}}\n")

    def check(self) -> None:
        """At the end."""
        assert self.carrier is None or self.carrier.idle, "somebody outside still thinks to be in a call"
