"""Authenticated calls per second on one core with three seconds of talking each, and not one that fails.

As `capacity`, but every call stays for three seconds before the caller hangs up, so that thousands are open at a time:
each phone is in one call at most. No RTP is sent. This module must never leave out a run that failed.
"""

import asyncio
import tempfile
from collections.abc import Callable
from functools import partial

from benchmarks.calls import CALLERS, RUNG, Exchange
from benchmarks.capacity import LATE_MS, Step, free, step
from benchmarks.climb import highest
from benchmarks.figures import Figure, Result, reference
from benchmarks.loop import run_on_fast_loop
from benchmarks.phones import Call, Called, Phones, opened
from benchmarks.server import Server
from benchmarks.targets import Row

PHONES = 6_000
TALK_S = 3.0
START, FACTOR, MOST, STEP_S = 0.62, 1.1, 4, 6.0
RUNS, RUN_S, LONG_RUN_S, DOWN = 3, 30.0, 300.0, 1.05
FREE = 1_000
HOW = (
    f"{2 * PHONES:,} registered phones on UDP, each in one call at most; every call is challenged, answered at once "
    f"and hung up by the caller {TALK_S:.0f} s later. A short climb finds the rate, then {RUNS} runs at it; a run "
    f"that does not hold (one call that fails, or p99 of INVITE to 180 over {LATE_MS} ms) counts as reached nothing "
    f"and the next one is {DOWN - 1:.0%} slower. The median is of the runs that held if at least two did."
)


class Talking(Exchange):
    """Calls that stay a while."""

    def start(self, number: int, over: Callable[[str], None]) -> None:
        """Call number n: every phone in turn."""
        call = self._call(number, lambda why: self._over(call, over, why))
        call.hold, call.talking = True, partial(self._talks, call)
        call.start()

    def _talks(self, call: Call) -> None:
        asyncio.get_running_loop().call_later(TALK_S, call.hang_up)


async def _measure(exchange: Talking, seconds: float) -> tuple[list[Figure], Row]:
    pace = await free(Exchange(exchange.server, exchange.callers, exchange.called), FREE)
    rate, tried = await highest(partial(step, exchange, STEP_S), pace * START, FACTOR, MOST)
    figures = [each.figure("climb: ") for each in tried]
    rate = rate or tried[-1].rate
    runs: list[Step] = []
    for number in range(RUNS):
        runs.append(await step(exchange, seconds, rate))
        figures.append(runs[-1].figure(f"run {number + 1}, {seconds:.0f} s: "))
        rate = rate if runs[-1].holds else rate / DOWN
    held = [each.rate for each in runs if each.holds]
    note = f"{len(held)} of {RUNS} runs of {seconds:.0f} s held"
    return figures, Row("talking", tuple(held) if len(held) > 1 else (0.0,), note)


def run(long: bool = False) -> Result:
    """Start a server, call through it, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        return run_on_fast_loop(_run(folder, LONG_RUN_S if long else RUN_S))


async def _run(folder: str, seconds: float) -> Result:
    before = reference()
    numbers = [first + n for first in (CALLERS, RUNG) for n in range(PHONES)]
    async with Server(folder, numbers, pinned=True) as server:
        callers, called = await opened(Phones(server.sip)), await opened(Called(server.sip))
        exchange = Talking(server, callers, called, PHONES)
        await exchange.register()
        figures, row = await _measure(exchange, seconds)
        wrong = exchange.close()
    return Result("Calls with talking", HOW, tuple(figures), (before + reference()) / 2, wrong, (row,))


if __name__ == "__main__":
    print(run())
