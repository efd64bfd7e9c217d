"""A simulated server with two companies, and phones with lamp keys: for tests of what is watched."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.simulation.companies import NORD, SUED, House, company_file
from tests.simulation.phones import Handset
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.loop import VirtualClock, run
from vorzimmer.testing.media import RecordingMedia
from vorzimmer.testing.network import FAIR, Network
from vorzimmer.testing.phone_watch import Extra, Watch
from vorzimmer.testing.server import SimulatedServer


class Bench:
    """A server with two companies and whatever phones a test plugs in."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.network = Network(self.clock, SeededChance(1), FAIR)
        self.server = SimulatedServer(self.network, self.clock, RecordingMedia(), seed=2)
        self.handsets: list[Handset] = []
        self._lives: dict[str, int] = {}

    async def phone(
        self, device: str, house: House = NORD, transport: str = "udp", agent: str = "phone"
    ) -> Handset:  # fmt: skip
        life = self._lives[device] = self._lives.get(device, 0) + 1
        who, bug = (house, device, life), self.server.told.bug
        handset = Handset(self.network, self.clock, who, on_bug=bug, transport=transport, agent=agent)
        self.handsets.append(handset)
        handset.register()
        await handset.phone.until(lambda: handset.phone.registered)
        return handset

    async def watch(
        self, handset: Handset, target: str, event: str = "dialog", expires: int = 600, *, lines: Extra = ()
    ) -> Watch:
        watch = handset.phone.watch(target, event, expires, lines=lines)
        await handset.phone.until(lambda: bool(watch.statuses) and (watch.statuses[-1] != 200 or bool(watch.notifies)))
        return watch

    @property
    def subscriptions(self) -> int:
        return len(self.server.exchange.watching.notifier)

    async def restart(self, down: float = 0.0) -> None:
        task = asyncio.current_task()
        await self.server.kill({task} if task else set())
        await self.clock.sleep(down)
        await self.server.start()


def play(script: Callable[[Bench], Awaitable[None]]) -> None:
    """Run a script; no bug may have been told of."""

    async def main() -> None:
        bench = Bench()
        await bench.server.apply(company_file(NORD))
        await bench.server.apply(company_file(SUED))
        await bench.server.start()
        try:
            await script(bench)
        finally:
            assert bench.server.told.bugs == []
        task = asyncio.current_task()
        await bench.server.kill({task} if task else set())

    run(main())
