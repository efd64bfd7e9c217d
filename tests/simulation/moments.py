"""Short stories of a few calls, and a server that is killed after the n-th message of one, whichever that is."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.simulation.companies import NORD
from tests.simulation.phones import Handset
from tests.simulation.scenario import Plan, Scene, scene
from tests.simulation.survivors import SILENCED, check_silenced, check_survived, stable_calls, trying_calls

from vorzimmer.testing.ladder import Rung
from vorzimmer.testing.loop import run
from vorzimmer.testing.network import FAIR
from vorzimmer.testing.phone import answers, rings
from vorzimmer.testing.phone_call import PhoneCall

Story = Callable[["Stage"], Awaitable[None]]
BEGIN = 1.0
"""Seconds until everybody is registered."""


class Stage:
    """The phones of one company by device, and time."""

    def __init__(self, now: Scene) -> None:
        self.now = now
        self.handsets: dict[str, Handset] = {handset.device: handset for handset in now.handsets}
        for handset in now.handsets:
            handset.phone.manner = answers(0.5)

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await self.now.clock.sleep(seconds)

    def call(self, device: str, dialled: str) -> PhoneCall:
        """Somebody calls."""
        return self.handsets[device].phone.call(dialled)

    def talk(self, device: str) -> PhoneCall:
        """The newest call of a phone, whatever has become of it."""
        return self.handsets[device].phone.last

    def act(self, call: PhoneCall, does: Callable[[PhoneCall], None]) -> None:
        """Do something in a call, if it is answered (a killed server may have changed that)."""
        if call.talking:
            does(call)


async def held(stage: Stage) -> None:
    """A call that is held and resumed, then the callee hangs up."""
    call = stage.call("anna-1", "102")
    await stage.wait(2)
    stage.act(call, lambda c: c.hold())
    await stage.wait(1)
    stage.act(call, lambda c: c.resume())
    await stage.wait(1)
    stage.talk("carl-1").hang_up() if stage.handsets["carl-1"].phone.calls else call.hang_up()
    await stage.wait(1)


async def blind(stage: Stage) -> None:
    """The callee transfers; who was transferred hangs up."""
    call = stage.call("anna-1", "102")
    await stage.wait(2)
    for carl in stage.handsets["carl-1"].talks:
        carl.transfer("103")
    await stage.wait(3)
    call.hang_up()
    await stage.wait(1)


async def failed(stage: Stage) -> None:
    """A transfer to somebody who is busy brings everybody back together."""
    stage.handsets["dora-1"].phone.manner = lambda phone, call: call.refuse(486)
    await blind(stage)


async def attended(stage: Stage) -> None:
    """The caller consults and connects the two others."""
    await _consult(stage, answered=True)


async def semi_attended(stage: Stage) -> None:
    """The same while the third still rings."""
    await _consult(stage, answered=False)


async def _consult(stage: Stage, *, answered: bool) -> None:
    call = stage.call("anna-1", "102")
    await stage.wait(2)
    stage.act(call, lambda c: c.hold())
    if not answered:
        stage.handsets["dora-1"].phone.manner = answers(2)
    second = stage.call("anna-1", "103")
    await stage.wait(1 if not answered else 2)
    if call.talking and not second.over and stage.handsets["anna-1"].engine.dialog_ids(second.leg) is not None:
        call.transfer_to(second)
    await stage.wait(3)
    for dora in stage.handsets["dora-1"].talks:
        dora.hang_up()
    await stage.wait(1)


async def forked(stage: Stage) -> None:
    """Two phones ring, one answers; meanwhile another caller gives up."""
    stage.handsets["bea-2"].phone.manner = rings
    call = stage.call("anna-1", "101")
    other = stage.call("dora-1", "101")
    await stage.wait(0.3)
    other.hang_up()
    await stage.wait(2)
    call.hang_up()
    await stage.wait(1)


STORIES: dict[str, Story] = {
    "held": held,
    "blind": blind,
    "failed": failed,
    "attended": attended,
    "semi_attended": semi_attended,
    "forked": forked,
}


def tell(story: Story, kill_after: int | None, *, cut: bool = False) -> int:
    """Tell a story with a kill after that many messages; with `cut` nothing that the server says in the same turn
    leaves any more. Raises AssertionError if anything is left afterwards. How many messages there were."""
    return run(_tell(story, kill_after, cut=cut))


async def _tell(story: Story, kill_after: int | None, *, cut: bool) -> int:
    now = scene(1, Plan(houses=(NORD,)))
    now.network.weather = FAIR
    await now.open()
    await now.clock.sleep(BEGIN)
    stage = Stage(now)
    axe = Axe(now, kill_after, cut=cut)
    await story(stage)
    await axe.done()
    count = axe.count
    await now.calm()
    await now.check()
    now.server.exchange.close()
    return count


class Axe:
    """Counts messages and kills after one."""

    def __init__(self, now: Scene, after: int | None, *, cut: bool) -> None:
        self.count = 0
        self._now, self._after, self._cut = now, after, cut
        self._due = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._wait())
        now.own.add(self._task)
        self._add, now.network.ladder.add = now.network.ladder.add, self._seen  # type: ignore[method-assign]  # a tap

    def _seen(self, rung: Rung) -> None:
        self._add(rung)
        self.count += 1
        if self.count == self._after:
            if self._cut:
                self._now.network.cut("pbx")
            self._due.set()

    async def _wait(self) -> None:
        await self._due.wait()
        stable = [] if self._cut else stable_calls(self._now)
        trying = trying_calls(self._now)
        await self._now.server.kill(self._now.own)
        self._now.network.mend("pbx")
        await self._now.server.start()
        check_survived(self._now, stable)
        if not self._cut:  # What had been decided but not said is lost, and phones have to find out by themselves.
            await self._now.clock.sleep(SILENCED)
            check_silenced(self._now, trying)

    async def done(self) -> None:
        """The story is over; whatever the kill has raised is raised here."""
        if self._after is None or self.count < self._after:
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=self._after is None or self.count < self._after)
