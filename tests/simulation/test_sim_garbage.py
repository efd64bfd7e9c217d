"""What a call made is gone the moment it ends: nothing is left for Python's garbage collector to find.

Looking for cycles among all that lives stops a busy server for up to a second (docs/performance.md), so control hardly
ever does; then nothing of a call may hold itself.
"""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.simulation.companies import NORD
from tests.simulation.moments import BEGIN, FAIR, STORIES, Stage, Story
from tests.simulation.scenario import Plan, scene

from vorzimmer.testing.loop import run

OTHERS = ("vorzimmer.testing",)
"""Phones and networks of the tests may do as they like."""


@contextmanager
def _keeping_garbage() -> Iterator[list[object]]:
    """What was garbage when the context ended, and only that."""
    gc.collect()
    gc.disable()
    found: list[object] = []
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found.extend(gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def _ours(garbage: list[object]) -> Counter[str]:
    names = (f"{type(each).__module__}.{type(each).__qualname__}" for each in garbage)
    return Counter(name for name in names if name.startswith("vorzimmer.") and not name.startswith(OTHERS))


async def _told(story: Story) -> Counter[str]:
    now = scene(1, Plan(houses=(NORD,)))
    now.network.weather = FAIR
    await now.open()
    await now.clock.sleep(BEGIN)
    with _keeping_garbage() as garbage:
        await story(Stage(now))
        await now.calm()
    await now.check()
    now.server.exchange.close()
    return _ours(garbage)


@pytest.mark.parametrize("name", STORIES)
def test_what_a_call_made_is_gone_when_it_ends(name: str) -> None:
    assert not run(_told(STORIES[name]))
