"""A restart with everybody signed on and every lamp watched: when the next call rings, and when all lamps are right.

Control is killed (-9) and the supervisor starts it again; calls are tried every 50 ms from that moment. A lamp is right
when its phone has a NOTIFY with a higher number than any before the kill. This module must never help the server along:
no phone registers or subscribes again.
"""

import asyncio
import os
import signal
import tempfile
from collections.abc import Callable
from time import perf_counter

from benchmarks.figures import Figure, Result, reference
from benchmarks.lamps import Key, Watchers
from benchmarks.load import Load, pause
from benchmarks.loop import run_on_fast_loop
from benchmarks.phones import Call, Called, Phones, Registration, opened
from benchmarks.server import BenchError, Server
from benchmarks.targets import Row

FIRST, KEYS = 20_000, 8
USERS, ALL_USERS = 1_000, 10_000
RUNS, AT_ONCE, PATIENCE_S = 3, 8, 20.0
TRY_S, CALL_S, LAMPS_S = 0.05, 30.0, 180.0
SETTLED_S = 2.0
"""What is written behind has been written by then."""
CALLER, RUNG = 90_000, 90_001
"""Two more people, whom nobody watches."""


class Bench:
    """A server with its phones; what went wrong is in `wrong`."""

    def __init__(self, server: Server, users: int, phones: tuple[Watchers, Phones, Called]) -> None:
        self.server = server
        self.users = users
        self.watchers, self.callers, self.called = phones
        self.wrong: list[str] = []

    async def fill(self) -> None:
        """Everybody signs on and watches the next eight colleagues."""
        pairs = ((self.callers, CALLER), (self.called, RUNG))
        everybody = [(self.watchers, FIRST + n) for n in range(self.users)]
        people: list[tuple[Phones, int]] = [*pairs, *everybody]

        def register(number: int, over: Callable[[str], None]) -> None:
            Registration(*people[number], lambda good: over("" if good else "refused")).start()

        def watch(number: int, over: Callable[[str], None]) -> None:
            who, key = number % self.users, number // self.users
            Key(self.watchers, FIRST + who, FIRST + (who + 1 + key) % self.users, over).start()

        for start, count in ((register, len(people)), (watch, self.users * KEYS)):
            load = Load(start)
            await load.closed(count, AT_ONCE, PATIENCE_S)
            if load.completed != count:
                self.wrong.append(f"{load.completed} of {count}: {load.failures}")
        await self.watchers.until(self.users * KEYS, 30)
        await pause(SETTLED_S)

    async def first_call(self, began: float) -> float:
        """Seconds from then to the first 180; a call is tried every 50 ms, as by so many people."""
        rung = asyncio.get_running_loop().create_future()

        def talks(call: Call) -> None:
            if not rung.done():
                rung.set_result(began)

        while not rung.done() and perf_counter() - began < CALL_S:
            call = Call(self.callers, CALLER, RUNG, lambda why: None)
            call.talking = lambda call=call: talks(call)  # type: ignore[misc]  # bound at once
            call.start()
            await asyncio.wait([rung], timeout=TRY_S)
        if not rung.done():
            raise BenchError("no call came through after the restart")
        return perf_counter() - began

    async def killed(self) -> tuple[float, float, Figure]:
        """Seconds to the first call and to the last lamp."""
        before, told = dict(self.watchers.numbers), self.watchers.told
        pid = next(pid for pid, name in self.server.processes.items() if name == "control")
        began = perf_counter()
        os.kill(pid, signal.SIGKILL)
        call = await self.first_call(began)
        await self.watchers.until(told + len(before), LAMPS_S)
        lamps = perf_counter() - began
        right = sum(self.watchers.numbers[key] > number for key, number in before.items())
        self.server.renew()
        await pause(SETTLED_S)
        text = f"first call after {call:.2f} s, all lamps right after {lamps:.1f} s"
        return call, lamps, Figure(f"kill -9 of control, {len(before):,} lamps", text, None, (len(before), right))

    async def cold(self) -> Figure:
        """All processes end and start again."""
        ready = await self.server.again()
        more = await self.first_call(perf_counter())
        return Figure("all processes started again", f"ready after {ready:.1f} s, first call {more:.2f} s later")


def run(long: bool = False) -> Result:
    """Start a server, fill it, kill it."""
    with tempfile.TemporaryDirectory() as folder:
        return run_on_fast_loop(_run(folder, ALL_USERS if long else USERS))


async def _run(folder: str, users: int) -> Result:
    before, runs, figures = reference(), list[tuple[float, float]](), list[Figure]()
    async with Server(folder, (*range(FIRST, FIRST + users), CALLER, RUNG), pinned=True) as server:
        phones = (
            await opened(Watchers(server.sip)),
            await opened(Phones(server.sip)),
            await opened(Called(server.sip)),
        )
        bench = Bench(server, users, phones)
        await bench.fill()
        for _ in range(RUNS):
            call, lamps, figure = await bench.killed()
            runs.append((call, lamps))
            figures.append(figure)
        figures.append(await bench.cold())
        for each in phones:
            each.transport.close()
    how = (
        f"{users:,} registered phones on UDP, each watching {KEYS} colleagues. Then control is killed {RUNS} times; "
        "at last all processes end and start again. No phone does anything but answer."
    )
    scaled = "" if users == ALL_USERS else f"; **scaled down** to {users:,} users and {users * KEYS:,} subscriptions"
    rows = (
        Row("restart call", tuple(call for call, _ in runs), f"kill -9 of control to the answer{scaled}"),
        Row("restart lamps", tuple(lamps for _, lamps in runs), f"the same kills{scaled}"),
    )
    return Result("A restart", how, tuple(figures), (before + reference()) / 2, tuple(bench.wrong), rows)


if __name__ == "__main__":
    print(run())
