"""One seeded run: people who call, hold, transfer and pull plugs, a network with weather, a server that is killed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulation import actions, faults
from tests.simulation.checks import WatchedMedia, companies_apart, nothing_left, one_record_each, phones_idle
from tests.simulation.companies import HOUSES, House, company_file
from tests.simulation.extras import Extras
from tests.simulation.phones import Handset
from tests.simulation.survivors import (
    SILENCED,
    Survivor,
    check_silenced,
    check_survived,
    prove,
    stable_calls,
    trying_calls,
)

from vorzimmer.kernel.address import Address
from vorzimmer.observe.tracing.ladder import draw
from vorzimmer.store.ports import StoreFailedError
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.ladder import Rung
from vorzimmer.testing.loop import VirtualClock, run
from vorzimmer.testing.network import FAIR, ROUGH, Network, Node, Weather
from vorzimmer.testing.phone import declines
from vorzimmer.testing.server import SimulatedServer

WEATHERS = (FAIR, FAIR, ROUGH, Weather(loss=0.03, twice=0.03, late=0.05, slow=0.03, split=0.2))
ACTING = 100.0
"""Seconds in which people do things."""
LINGERING = 700.0
"""Seconds after which nothing of any call may be left: ringing, timers B, C and H, silence, probes, registrations."""
SILENCE = 30.0
UNWRITTEN = 2.5
"""Seconds after an outage until the journal has tried again and everything is in the database."""


@dataclass
class Plan:
    """What a run is made of; a test may take parts away, or add the `extras`. `damage` spoils the media double (a fault
    to be caught)."""

    kills: bool = True
    outages: bool = True
    extras: bool = False
    acting: float = ACTING
    houses: tuple[House, ...] = HOUSES
    damage: Callable[[WatchedMedia], None] = lambda media: None
    media: type[WatchedMedia] = WatchedMedia


@dataclass
class Scene:
    """Everything of one run. `log` is what was done, for the person who reads a failure."""

    seed: int
    plan: Plan
    chance: SeededChance
    clock: VirtualClock
    network: Network
    media: WatchedMedia
    server: SimulatedServer
    handsets: list[Handset] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    own: set["asyncio.Task[Any]"] = field(default_factory=set)
    pace: float = 1.5
    """Seconds between two actions, mostly."""
    kills: int = 0
    survivors: int = 0
    transferred: float = -1000.0
    """When somebody transferred last."""
    moved: dict[tuple[str, str], float] = field(default_factory=dict)
    """When each device was last part of a transfer."""
    disturbed: float = -1000.0
    """When media, devices or flows were last disturbed, so that calls may end for it."""
    healed: float = -1000.0
    """When database and disk last healed."""
    cuts: int = 0
    """How often a phone was cut off or connected again."""
    over: bool = False
    _silent: dict[str, float] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.extras = Extras(self)

    # -- chance -----------------------------------------------------------------------------------------------------
    def likely(self, chance: float) -> bool:
        """True with this chance."""
        return self.chance.fraction() < chance

    def between(self, low: float, high: float) -> float:
        """A number of seconds."""
        return low + (high - low) * self.chance.fraction()

    def pick(self, many: Any) -> Any:
        """One of many."""
        return many[self.chance.number(0, len(many) - 1)]

    def note(self, text: str) -> None:
        """Write down what is done."""
        self.log.append(f"{self.clock.now():10.3f} {text}")

    @property
    def alive(self) -> list[Handset]:
        """Handsets with their plugs in."""
        return [handset for handset in self.handsets if handset.alive]

    @property
    def unwritten(self) -> bool:
        """Whether there may be states that no file and no database has: the disk is full, or was a moment ago."""
        return self.server.history.segments.full or self.clock.now() - self.healed < UNWRITTEN + self.server.slow

    def transfers(self, handset: Handset) -> None:
        """A phone has sent a REFER: whoever it talks to may end up anywhere."""
        self.transferred = self.clock.now()
        for state in self.server.exchange.board.live_view(handset.house.id) if self.server.process else ():
            devices = {leg.party.device for leg in state.parties}
            if handset.device in devices:
                self.moved.update({(state.company, device): self.transferred for device in devices if device})
        self.moved[handset.house.id, handset.device] = self.transferred

    # -- beginning and end --------------------------------------------------------------------------------------------
    async def open(self) -> None:
        """Companies, server, phones."""
        self.own = set(asyncio.all_tasks())
        asyncio.get_running_loop().set_exception_handler(self._raised)
        await self.server.door.open()
        for house in self.plan.houses:
            await self.server.apply(company_file(house))
        if self.plan.extras:
            await self.extras.open(actions.manner(self))
            self._overhear()
        await self.server.start()
        for house in self.plan.houses:
            for device in house.devices:
                self.plug_in(house, device, 1)
        self.plan.damage(self.media)

    def plug_in(self, house: House, device: str, life: int) -> None:
        """A phone begins to live, unless everybody is going home."""
        if self.over:
            return
        transport = "tcp" if device == "anna-2" or (device == "emil-1" and self.seed % 3 == 0) else "udp"
        agent, srtp, session = self.extras.kind(device) if self.plan.extras else ("phone", "off", 1800)
        handset = Handset(
            self.network, self.clock, (house, device, life), on_bug=self.server.told.bug, transport=transport,
            agent=agent, srtp=srtp, session=session,
        )  # fmt: skip
        handset.phone.manner = actions.manner(self)
        self.handsets.append(handset)
        handset.keep_registered()
        self.extras.plugged_in(handset)

    def cut(self, handset: Handset) -> None:
        """Nothing reaches a phone any more."""
        handset.cut = True
        handset.doubtful.update(handset.calls)
        self.cuts += 1
        self.network.cut(handset.node.name)

    def mend(self, handset: Handset) -> None:
        """It is connected again."""
        handset.cut = False
        handset.doubtful.update(handset.calls)
        self.cuts += 1
        self.network.mend(handset.node.name)

    def _overhear(self) -> None:
        """Read along on the wire: no message to a phone of one company names the other."""
        note = self.network.note

        def tap(source: Node, target: str, data: bytes, fate: str = "") -> None:
            for house in HOUSES:
                foreign = target.startswith(f"{house.id[0].upper()}.") and any(
                    other.domain.encode() in data or other.account("").encode() in data
                    for other in HOUSES
                    if other is not house
                )
                if foreign:
                    self.server.told.bug("reading along", AssertionError(f"companies met: {target} is sent {data!r}"))
            note(source, target, data, fate)

        self.network.note = tap  # type: ignore[method-assign]  # a tap

    def _raised(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception") or RuntimeError(context["message"])
        self.server.told.bug(context["message"], error if isinstance(error, Exception) else RuntimeError(repr(error)))

    async def act(self) -> None:
        """People do things until the time is over."""
        await self.clock.sleep(2)
        while self.clock.now() < self.plan.acting:
            await self.clock.sleep(self.between(0.0, self.pace) if self.likely(0.8) else self.between(1.5, 6))
            await actions.act(self)
            companies_apart(self.server, self.handsets)
            self.hear_silence()
            self.sane()

    async def calm(self) -> None:
        """Everybody hangs up, everything heals, and time goes by."""
        self.note("everybody hangs up")
        faults.heal(self)
        faults.cure(self)
        self.network.weather = FAIR
        for handset in self.handsets:
            self.mend(handset)
        for outside in self.extras.talks:
            outside.refuse(480) if outside.state == "ringing" else outside.hang_up()
        for handset in self.alive:
            handset.phone.manner = declines(480)
            for call in handset.calls:
                call.refuse(480) if call.state == "ringing" else call.hang_up()
        await self.extras.settle()
        self.over = True
        for handset in self.alive:
            handset.refreshing = False
        await self.extras.close()
        until = self.clock.now() + LINGERING
        while self.clock.now() < until:
            await self.clock.sleep(10)
            self.hear_silence()
        self.sane()

    async def check(self) -> None:
        """After the run."""
        companies_apart(self.server, self.handsets)
        phones_idle(self.handsets)
        self.extras.check()
        nothing_left(self.server, self.media, self.own)
        await one_record_each(self.server, self.handsets)

    def sane(self) -> None:
        """Nothing has raised so far."""
        for doing, error in self.server.told.bugs:
            raise AssertionError(f"a bug while {doing}: {error!r}") from error

    # -- media ------------------------------------------------------------------------------------------------------
    def hear_silence(self) -> None:
        """Tell of phones that send no RTP although they should, as a worker does: once per silence of 30 s."""
        now = self.clock.now()
        for endpoint, found in list(self.media.endpoints.items()):
            expected = found.plan is not None and found.plan.remote is not None and found.plan.receives
            if not expected or self._sends_to(found.address):
                self._silent.pop(endpoint, None)
                self._told.discard(endpoint)
            elif now - self._silent.setdefault(endpoint, now) >= SILENCE and endpoint not in self._told:
                self._told.add(endpoint)
                self.note(f"{endpoint} is silent")
                self.media.fall_silent(endpoint, SILENCE)

    def _sends_to(self, address: Address) -> bool:
        return any(handset.sends_to(address) for handset in self.handsets) or self.extras.sends_to(address)

    # -- the server is killed -----------------------------------------------------------------------------------------
    async def kill(self) -> None:
        """Every call is bytes now; everything else is dropped, and the run goes on from the bytes."""
        stable = stable_calls(self)
        trying = [] if self.unwritten or self.network.weather is not FAIR else trying_calls(self)
        self.note(f"kill -9 with {len(stable)} stable calls of {len(self.server.exchange.board.live_view())}")
        self.kills += 1
        await self.server.kill(self.own)
        if self.likely(0.5):
            await self.clock.sleep(self.between(0.0, 3.0))
        await self._start()
        await self._survived(stable)
        if trying:
            await self.clock.sleep(SILENCED)
            check_silenced(self, trying)

    async def _start(self) -> None:
        while True:
            try:
                await self.server.start()
            except StoreFailedError:
                self.note("the start fails")
                self.server.failing.clear()
                await self.clock.sleep(1.0)
            else:
                return

    async def _survived(self, stable: list[Survivor]) -> None:
        self.survivors += check_survived(self, stable)
        able = [each for each in stable if all(call.talking and handset.alive for handset, call in each.ends)]
        able = [each for each in able if len(each.ends) == 2]
        if able and self.likely(0.6):
            await prove(self, self.pick(able))


def scene(seed: int, plan: Plan) -> Scene:
    """The stage, empty. To be called within the loop."""
    clock = VirtualClock()
    chance = SeededChance(seed)
    weather = WEATHERS[chance.number(0, len(WEATHERS) - 1)]
    network = Network(clock, SeededChance(seed + 1), weather)
    media = plan.media()
    server = SimulatedServer(network, clock, media, seed=seed)
    pace = (1.5, 0.5, 3.0)[chance.number(0, 2)]
    return Scene(seed, plan, chance, clock, network, media, server, pace=pace)


@dataclass(frozen=True)
class Played:
    """What a run came to, to see that runs do something."""

    calls: int
    answered: int
    kills: int
    survivors: int
    ladder: str


class SeedFailedError(AssertionError):
    """A run that broke a promise: says which, the seed, what was done and its last messages; `ladder` has all."""

    def __init__(self, text: str, ladder: str) -> None:
        super().__init__(text)
        self.ladder = ladder


def play(seed: int, plan: Plan | None = None) -> Played:
    """One whole run; raises SeedFailedError."""
    stage: list[Scene] = []
    try:
        return run(_play(seed, plan or Plan(extras=True), stage))
    except Exception as error:
        told = stage[0] if stage else None
        log = "\n".join(told.log) if told else ""
        rungs = list(told.network.ladder.rungs) if told else []
        last, ladder = draw([rung for rung in rungs if not _is_routine(rung)][-120:]), draw(rungs)
        text = f"seed {seed}: {error!r}\n\n{log[-6_000:]}\n\n{last}\n\nseed {seed}: {error}"
        raise SeedFailedError(text, f"{log}\n\n{ladder}\n\nseed {seed}: {error!r}\n") from error


def _is_routine(rung: Rung) -> bool:
    """Whether a message is not about a call, as most are."""
    routine = ("REGISTER", "SUBSCRIBE", "NOTIFY", "OPTIONS", "keep-alive")
    return rung.text.startswith(routine) or rung.text.endswith(tuple(f"({method})" for method in routine))


async def _play(seed: int, plan: Plan, stage: list[Scene]) -> Played:
    now = scene(seed, plan)
    stage.append(now)
    await now.open()
    await now.act()
    await now.calm()
    await now.check()
    now.server.exchange.close()
    facts = now.server.told.facts
    answered = len({fact.call for fact in facts if fact.kind == "answered"})
    calls = len({fact.call for fact in facts if fact.kind == "started"})
    return Played(calls, answered, now.kills, now.survivors, now.network.ladder.diagram(2_000))
