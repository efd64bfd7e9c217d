"""Numbers of facts over restarts: whoever follows the stream may ask for what came after one (docs/operating.md)."""

import asyncio

from tests.simulation.companies import NORD, SUED
from tests.simulation.outside import World, play

from vorzimmer.calls.facts import AHEAD
from vorzimmer.testing.phone import Phone


def numbers(world: World, company: str) -> list[int]:
    return [fact.number for fact in world.server.told.facts if fact.company == company]


async def talk(world: World, anna: Phone) -> None:
    """Anna calls Bea, who is not there: some facts."""
    call = anna.call("101")
    await anna.until(lambda: call.statuses != [])
    await world.clock.sleep(2)
    call.hang_up()
    await world.clock.sleep(1)


def test_arch_facts_have_rising_numbers_over_a_crash_and_skip_no_more_than_was_reserved() -> None:
    async def scene(world: World) -> None:
        await world.start(companies=(NORD, SUED))
        anna = await world.phone("anna-1")
        await talk(world, anna)
        before = numbers(world, "nord")
        assert before == list(range(1, len(before) + 1))
        for _ in range(3):  # twice in the same second, too
            await world.server.kill(asyncio.all_tasks())
            await world.server.start()
        await talk(world, anna)
        found = numbers(world, "nord")
        assert found == sorted(set(found))
        assert len(found) > len(before)
        after = found[len(before) :]
        assert after == list(range(after[0], after[0] + len(after)))
        assert after[0] <= len(before) + 5 * (AHEAD + 1)

    play(scene)


def test_arch_facts_go_on_without_a_gap_after_a_clean_end() -> None:
    async def scene(world: World) -> None:
        await world.start()
        anna = await world.phone("anna-1")
        await talk(world, anna)
        process = world.server.process
        assert process is not None
        process.exchange.board.facts.settle()
        await process.marks.close()
        await world.server.kill(asyncio.all_tasks())
        await world.server.start()
        await talk(world, anna)
        found = numbers(world, "nord")
        assert found == list(range(1, len(found) + 1))

    play(scene)
