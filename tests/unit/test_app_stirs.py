"""What people do, told as it moves (PORTAL.md: live is live): only while somebody follows, and once for all at once."""

import asyncio
from typing import Any

from tests.events_rig import pause
from tests.simulation.scenario import Plan, scene

from vorzimmer.app.fact_stream import FactStream
from vorzimmer.app.stirs import Stirs
from vorzimmer.calls.world import Fact
from vorzimmer.observe.logs import configure
from vorzimmer.observe.metrics import Metrics
from vorzimmer.testing.loop import run


def test_presence_and_registrations_are_told_to_whoever_follows_moves_and_to_nobody_else() -> None:
    async def main() -> None:
        now = scene(1, Plan(acting=1))
        await now.open()
        await now.clock.sleep(20)
        exchange = now.server.exchange
        facts = FactStream(Metrics(), configure("error", "test"))
        stirs = Stirs(now.clock, facts)
        stirs.over(exchange)
        company, device = _registered(exchange)
        stirs.moved(company, device)
        plain, moving = list[Fact](), list[Fact]()
        tasks = [
            asyncio.ensure_future(_follow(facts, plain, moves=False)),
            asyncio.ensure_future(_follow(facts, moving, moves=True)),
        ]
        await pause(0.2)
        assert not moving, "nothing is owed to who was not there"
        stirs.moved(company, device)
        stirs.moved(company, device)
        exchange.device_off(company, device)
        await pause(0.2)
        owner = str(exchange.house.book(company).owner_of(device))
        assert [(fact.kind, fact.company, fact.number) for fact in moving] == [
            ("registration", company, 0),
            ("presence", company, 0),
        ]
        assert moving[0].data == {"device": device, "registered": "no"}
        assert moving[1].data.keys() == {owner}
        assert plain == []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not facts.shown
        await now.calm()

    run(main())


def _registered(exchange: Any) -> tuple[str, str]:
    company, _, device = min(exchange.bindings.devices()).partition("/")
    return company, device


async def _follow(facts: FactStream, into: list[Fact], *, moves: bool) -> None:
    async for fact in facts.follow(None, moves=moves):
        into.append(fact)
