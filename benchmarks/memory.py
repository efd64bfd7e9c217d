"""What is kept: memory of each registered phone and of each call that talks, and what short calls leave behind.

Taken from the processes of a real server (proportional set size, all of them), not from what Python says of its
objects. This module must never take a figure while calls are still on their way.
"""

import tempfile
from collections.abc import Callable

from benchmarks.calls import AT_ONCE, CALLERS, PATIENCE_S, RUNG, Exchange
from benchmarks.figures import Figure, Result, reference
from benchmarks.load import Load, pause
from benchmarks.loop import run_on_fast_loop
from benchmarks.phones import Called, Phones, Registration, opened
from benchmarks.server import Server
from benchmarks.targets import Row

PHONES, RUNS = 3_000, 3
"""Phones on each side; a third of them registers, and talks, in each run."""
WARM_UP, HELD = 200, 300
SHORT, LONG = 10_000, 100_000
PARTS = 10
QUIET_S = 2.0
"""What is written behind has been written by then."""
DRAIN_S = 6.0
"""Ports of ended calls are kept for 5 s."""
HOW = (
    f"{2 * PHONES:,} phones register in {RUNS} parts, after a few whose memory does not count; then {RUNS} times "
    f"{HELD} calls more talk and stay; then short calls, one after the other, a few at a time. Proportional set size "
    "of all processes of the server."
)


class Bench(Exchange):
    """An exchange whose phones register part by part."""

    async def register_some(self, numbers: range) -> int:
        """So many on each side; how many registered."""

        def start(number: int, over: Callable[[str], None]) -> None:
            phones, first = ((self.callers, CALLERS), (self.called, RUNG))[number % 2]
            Registration(phones, first + numbers[number // 2], lambda good: over("" if good else "refused")).start()

        load = Load(start)
        await load.closed(2 * len(numbers), AT_ONCE, PATIENCE_S)
        return load.completed

    async def phones_kept(self) -> tuple[list[float], int]:
        """KB for each phone, part by part, and how many registered; first as many as make the caches warm."""
        part, found, registered = self.phones // (RUNS + 1), list[float](), await self.register_some(range(WARM_UP))
        registered += await self.register_some(range(WARM_UP, self.phones - RUNS * part))
        await pause(QUIET_S)
        for number in range(RUNS):
            first, before = self.phones - (RUNS - number) * part, self.server.memory()
            registered += await self.register_some(range(first, first + part))
            await pause(QUIET_S)
            found.append((self.server.memory() - before) / (2 * part) / 1024)
        return found, registered

    async def calls_kept(self) -> tuple[list[float], tuple[int, ...]]:
        """KB for each call that talks, part by part, and the counts of both ends and the history."""
        await self.round(lambda load: load.closed(WARM_UP, AT_ONCE, PATIENCE_S))
        await pause(DRAIN_S)
        done, records, found, held = self.called.completed, await self.settled(0), list[float](), 0
        for _ in range(RUNS):
            before, load = self.server.memory(), Load(self.hold)
            await load.closed(HELD, AT_ONCE, PATIENCE_S)
            await pause(QUIET_S)
            held += load.completed
            found.append((self.server.memory() - before) / HELD / 1024)
        ended = await self.hang_up()
        recorded = await self.settled(records + held) - records
        return found, (held, ended.completed, self.called.completed - done, recorded)

    async def short_calls(self, count: int) -> tuple[list[int], tuple[int, ...]]:
        """Resident memory after each tenth of so many calls, and the counts."""
        after, ends = list[int](), [0, 0, 0]
        for _ in range(PARTS):
            done = await self.round(lambda load: load.closed(count // PARTS, AT_ONCE, PATIENCE_S))
            ends = [one + more for one, more in zip(ends, done.ends, strict=True)]
            await pause(DRAIN_S)
            after.append(self.server.memory())
        return after, tuple(ends)


def run(long: bool = False) -> Result:
    """Start a server, fill it, empty it."""
    with tempfile.TemporaryDirectory() as folder:
        return run_on_fast_loop(_run(folder, LONG if long else SHORT))


async def _run(folder: str, count: int) -> Result:
    before = reference()
    numbers = [first + n for first in (CALLERS, RUNG) for n in range(PHONES)]
    async with Server(folder, numbers, pinned=True) as server:
        callers, called = await opened(Phones(server.sip)), await opened(Called(server.sip))
        bench, empty = Bench(server, callers, called, PHONES), server.memory()
        phones, registered = await bench.phones_kept()
        calls, ends = await bench.calls_kept()
        after, done = await bench.short_calls(count)
        wrong = bench.close()
    growth = 100 * (after[-1] - after[1]) / after[1]
    figures = (
        Figure(f"the server with {2 * PHONES:,} users, before anybody registers", f"{empty >> 20} MB"),
        _kept("registered UDP phone", phones, (2 * PHONES, registered)),
        _kept("call that talks", calls, ends),
        Figure(f"after each tenth of {count:,} calls", " ".join(f"{each >> 20}" for each in after) + " MB", None, done),
    )
    rows = (
        Row("call memory", tuple(calls), f"all processes, SDP and both media sessions; {HELD} more calls a run"),
        Row("phone memory", tuple(phones), f"all processes; {2 * (PHONES // (RUNS + 1)):,} more phones a run"),
        Row("flat", (growth,), f"from {count // 5:,} calls to {count:,}: {after[1] >> 20} MB to {after[-1] >> 20} MB"),
    )
    return Result("Memory", HOW, figures, (before + reference()) / 2, wrong, rows)


def _kept(name: str, found: list[float], ends: tuple[int, ...]) -> Figure:
    return Figure(f"memory of a {name}", " / ".join(f"{each:.1f}" for each in found) + " KB", None, ends)


if __name__ == "__main__":
    print(run())
