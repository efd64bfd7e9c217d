"""When control looks for cycles: in quiet hours, at the latest after a day (ARCHITECTURE: speed is a feature)."""

import gc

from vorzimmer.app.garbage import FIRST, LONG_S, LONGEST_S, LOOK_S, QUIET, Sweeper, settle_for_calls
from vorzimmer.testing.loop import VirtualClock, run


def _swept(live: int, seconds: float) -> int:
    """How often a sweeper has swept with so many calls."""

    async def body() -> int:
        clock, swept = VirtualClock(), list[float]()
        sweeper = Sweeper(clock, lambda: live, lambda: swept.append(clock.now()))
        sweeper.start()
        await clock.sleep(seconds)
        sweeper.close()
        await clock.sleep(2 * LONGEST_S)
        return len(swept)

    return run(body())


def test_it_sweeps_each_hour_while_it_is_quiet() -> None:
    assert _swept(QUIET, LONG_S - LOOK_S) == 0
    assert _swept(QUIET, LONG_S + LOOK_S) == 1
    assert _swept(0, 3 * (LONG_S + LOOK_S)) == 3


def test_a_server_that_is_never_quiet_is_swept_once_a_day() -> None:
    assert _swept(QUIET + 1, LONGEST_S - LOOK_S) == 0
    assert _swept(QUIET + 1, LONGEST_S + LOOK_S) == 1


def test_where_calls_are_only_what_is_new_is_looked_through() -> None:
    before = gc.get_threshold()
    try:
        settle_for_calls()
        first, second, third = gc.get_threshold()
        assert first == FIRST
        assert min(second, third) > 10**8
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
