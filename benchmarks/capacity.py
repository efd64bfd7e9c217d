"""Authenticated calls per second on one core without hold, and not one that fails.

Registered phones on loopback call each other: INVITE, 401, INVITE with credentials, 180, 200, ACK, at once BYE. The
rate goes up until a call fails at either end or in the history, or phones would have to repeat. Three such climbs.
This module must never leave out a try that failed.
"""

import tempfile
from dataclasses import dataclass
from functools import partial
from time import process_time

from benchmarks.calls import AT_ONCE, CALLERS, LATE_MS, PATIENCE_S, PHONES, RUNG, WARM_UP, Exchange, Round
from benchmarks.climb import highest
from benchmarks.figures import Figure, Result, percentile, reference
from benchmarks.load import pause
from benchmarks.loop import run_on_fast_loop
from benchmarks.phones import Called, Phones, opened
from benchmarks.server import Server
from benchmarks.targets import Row

FREE = 1_500
CLIMBS, START, FACTOR, MOST, STEP_S = 3, 0.8, 1.07, 8, 4.0
LONG_STEP_S = 30.0
REST_S = 1.0
HOW = (
    f"{2 * PHONES} registered phones on UDP; every call is challenged, answered at once and hung up at once by the "
    "caller. Counted are the calls complete at the caller (answered BYE), at the called (ACK and BYE), and the "
    f"records. A rate holds if none of them fails and p99 of INVITE to 180 (with the challenge) stays under {LATE_MS} "
    f"ms: later, phones would repeat. Each climb goes up by {FACTOR - 1:.0%} until a rate does not hold; the load's "
    "own CPU time is of the other core."
)


@dataclass(slots=True)
class Step:
    """One rate."""

    rate: float
    round: Round
    load_cpu: float

    @property
    def late_ms(self) -> float:
        """p99 of INVITE to 180."""
        return percentile(self.round.delays, 99) * 1000

    @property
    def holds(self) -> bool:
        """Every call complete at both ends and recorded, and nobody would have repeated."""
        return self.round.clean and self.late_ms < LATE_MS

    def figure(self, what: str = "") -> Figure:
        """The row of the report."""
        late = f"p50 {percentile(self.round.delays, 50) * 1000:.1f} ms, p99 {self.late_ms:.1f} ms"
        text = f"INVITE to 180 {late}; load {self.load_cpu / self.round.seconds:.0%} of its core"
        name = f"{what}at {self.rate:.0f} calls/s"
        if not self.round.clean:
            failed = self.round.load.begun - min(self.round.ends)
            whole = " = ".join(f"{end:,}" for end in self.round.ends)
            why = self.round.load.failures or f"the ends differ: {whole}"
            return Figure(name, f"**{failed} of {self.round.load.begun} calls failed** ({why}); {text}")
        return Figure(name, text, self.round.load.completed / self.round.cpu, self.round.ends)


async def step(exchange: Exchange, seconds: float, rate: float) -> Step:
    """Offer calls at a rate, whether or not they come through."""
    own = process_time()
    done = await exchange.round(lambda load: load.paced(rate, seconds, PATIENCE_S))
    found = Step(rate, done, process_time() - own)
    await pause(REST_S if found.holds else 3 * REST_S)
    return found


async def free(exchange: Exchange, count: int) -> float:
    """Calls per second with a few at a time and no pace: where to begin."""
    await exchange.round(lambda load: load.closed(WARM_UP, AT_ONCE, PATIENCE_S))
    done = await exchange.round(lambda load: load.closed(count, AT_ONCE, PATIENCE_S))
    return done.load.completed / done.seconds


async def _measure(exchange: Exchange, seconds: float) -> tuple[list[Figure], Row]:
    pace = await free(exchange, FREE)
    figures, reached, start = [Figure(f"{AT_ONCE} calls at a time, no pace", f"{pace:.0f} calls/s")], [], pace * START
    for number in range(CLIMBS):
        best, tried = await highest(partial(step, exchange, seconds), start, FACTOR, MOST)
        figures += [each.figure(f"climb {number + 1}: ") for each in tried]
        reached.append(best)
        start = (best or start) / FACTOR
    note = f"highest rate in each of {CLIMBS} climbs, {seconds:.0f} s each rate"
    return figures, Row("calls", tuple(reached), note)


def run(long: bool = False) -> Result:
    """Start a server, call through it, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        return run_on_fast_loop(_run(folder, LONG_STEP_S if long else STEP_S))


async def _run(folder: str, seconds: float) -> Result:
    before = reference()
    numbers = [first + n for first in (CALLERS, RUNG) for n in range(PHONES)]
    async with Server(folder, numbers, pinned=True) as server:
        exchange = Exchange(server, await opened(Phones(server.sip)), await opened(Called(server.sip)))
        await exchange.register()
        figures, row = await _measure(exchange, seconds)
        wrong = exchange.close()
    return Result("Calls without hold", HOW, tuple(figures), (before + reference()) / 2, wrong, (row,))


if __name__ == "__main__":
    print(run())
