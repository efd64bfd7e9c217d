"""Complete calls through a real server: digest, both legs, media sessions, history.

Registered phones on loopback call each other: INVITE, 401, INVITE with credentials, 180, 200, ACK, at once BYE. Counted
are the calls that the caller completed, those that the called completed, and the records of the history; they must be
equal. No packet is sent twice by the phones, so every slip of the server is a failed call.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from benchmarks.figures import Figure, Result, percentile, reference
from benchmarks.load import Load, pause
from benchmarks.loop import run_on_fast_loop
from benchmarks.phones import Call, Called, Phones, Registration, opened
from benchmarks.server import Server

PHONES = 150
CALLERS, RUNG = 10_000, 20_000
"""The extensions of the first caller and the first called."""
WARM_UP, MEASURED, AT_ONCE = 300, 2_000, 12
HELD = 200
SHARES = (0.5, 0.65, 0.8, 0.9, 1.0, 1.15)
STEP_S = 3.0
PATIENCE_S = 8.0
LATE_MS = 500
"""T1 of RFC 3261: a phone that waits longer sends its INVITE again."""
ANSWERED = "SELECT count(*) FROM call WHERE outcome = 'answered'"
HOW = (
    f"{2 * PHONES} registered phones on UDP; every call is challenged and answered at once, and the caller hangs up at "
    "once. CPU time is that of supervisor, control, web and all media workers together, until the last record is in "
    "the database. The rate is stepped up until a call fails or "
    f"p99 of INVITE to 180 exceeds {LATE_MS} ms (then phones would repeat; these repeat nothing)."
)


@dataclass(slots=True)
class Round:
    """What a number of calls gave."""

    load: Load
    called: int
    records: int
    cpu: float
    seconds: float
    delays: list[float] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Every call was complete at both ends and in the history."""
        return self.load.begun == self.load.completed == self.called == self.records

    @property
    def ends(self) -> tuple[int, int, int]:
        """Caller, called, history."""
        return self.load.completed, self.called, self.records


class Exchange:
    """A server with its phones."""

    def __init__(self, server: Server, callers: Phones, called: Called) -> None:
        self.server = server
        self.callers = callers
        self.called = called
        self._delays: list[float] = []
        self._held: list[Call] = []

    async def register(self) -> None:
        """All phones; raises BenchError through the checks of the first calls if some could not."""

        def start(number: int, over: Callable[[str], None]) -> None:
            phones, first = (self.callers, CALLERS) if number < PHONES else (self.called, RUNG)
            done = partial(_said, over)
            Registration(phones, first + number % PHONES, done).start()

        await Load(start).closed(2 * PHONES, 10, PATIENCE_S)

    def start(self, number: int, over: Callable[[str], None]) -> None:
        """Call number n: every phone in turn."""
        call = self._call(number, lambda why: self._over(call, over, why))
        call.start()

    def hold(self, number: int, over: Callable[[str], None]) -> None:
        """A call that stays; its load is over once it talks."""
        call = self._call(number, lambda why: over(why) if not call.hold or why else None)
        call.hold, call.talking = True, partial(over, "")
        self._held.append(call)
        call.start()

    async def hang_up(self) -> Load:
        """End the calls that stay."""
        held, self._held = self._held, []

        def start(number: int, over: Callable[[str], None]) -> None:
            held[number].over = over
            held[number].hang_up()

        load = Load(start)
        await load.closed(len(held), AT_ONCE, PATIENCE_S)
        return load

    async def round(self, work: Callable[[Load], Awaitable[None]]) -> Round:
        """Measure a load of short calls."""
        loop = asyncio.get_running_loop()
        load, self._delays = Load(self.start), []
        before, records, cpu, began = self.called.completed, self._records(), self.server.cpu(), loop.time()
        await work(load)
        seconds = loop.time() - began
        found = await self.settled(records + load.completed) - records
        return Round(load, self.called.completed - before, found, self.server.cpu() - cpu, seconds, self._delays)

    async def settled(self, expected: int) -> int:
        """Records of answered calls, once there are as many as expected (or after a while)."""
        deadline = asyncio.get_running_loop().time() + 3
        while (found := self._records()) < expected and asyncio.get_running_loop().time() < deadline:
            await pause(0.1)
        return found

    def _records(self) -> int:
        return self.server.count(ANSWERED)

    def _call(self, number: int, over: Callable[[str], None]) -> Call:
        return Call(self.callers, CALLERS + number % PHONES, RUNG + number % PHONES, over)

    def _over(self, call: Call, over: Callable[[str], None], why: str) -> None:
        if call.ringing_after is not None:
            self._delays.append(call.ringing_after)
        over(why)


def _said(over: Callable[[str], None], good: bool) -> None:
    over("" if good else "refused")


def run() -> Result:
    """Start a server, call through it, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        return run_on_fast_loop(_run(folder))


async def _run(folder: str) -> Result:
    before = reference()
    numbers = [first + n for first in (CALLERS, RUNG) for n in range(PHONES)]
    async with Server(folder, numbers) as server:
        callers, called = await opened(Phones(server.sip)), await opened(Called(server.sip))
        exchange = Exchange(server, callers, called)
        await exchange.register()
        figures, wrong = await _measure(exchange)
        callers.transport.close()
        called.transport.close()
        if text := server.trouble():
            wrong.append(f"the server complained: {text[-300:]}")
    return Result("Calls", HOW, tuple(figures), (before + reference()) / 2, tuple(wrong))


async def _measure(exchange: Exchange) -> tuple[list[Figure], list[str]]:
    await exchange.round(lambda load: load.closed(WARM_UP, AT_ONCE, PATIENCE_S))
    short = await exchange.round(lambda load: load.closed(MEASURED, AT_ONCE, PATIENCE_S))
    rate = short.load.completed / short.seconds
    figures = [
        Figure("complete calls", f"{rate:.0f}/s", short.load.completed / short.cpu, short.ends),
        *await _memory(exchange),
        *await _steps(exchange, rate),
    ]
    wrong = [f"calls failed: {short.load.failures}"] if not short.clean else []
    if odd := exchange.callers.unexpected:
        wrong.append(f"requests that callers did not expect: {sorted(set(odd))}")
    return figures, wrong


async def _memory(exchange: Exchange) -> list[Figure]:
    """A held call in all our processes, and what short calls leave behind."""
    server, load = exchange.server, Load(exchange.hold)
    before, done, records = server.memory(), exchange.called.completed, server.count(ANSWERED)
    await load.closed(HELD, AT_ONCE, PATIENCE_S)
    during = server.memory()
    ended = await exchange.hang_up()
    found = await exchange.settled(records + HELD) - records
    each = (during - before) / HELD / 1024
    ends = (load.completed, ended.completed, exchange.called.completed - done, found)
    return [Figure(f"memory of each of {HELD} talking calls", f"{each:.0f} KB", None, ends)]


async def _steps(exchange: Exchange, rate: float) -> list[Figure]:
    """Up from half of what was reached without a pace, until something fails or is late."""
    figures, best = [], 0.0
    for share in SHARES:
        wanted = rate * share
        round_ = await exchange.round(lambda load, w=wanted: load.paced(w, STEP_S, PATIENCE_S))  # type: ignore[misc]
        name = f"at {wanted:.0f} calls/s"
        p50, p99 = (percentile(round_.delays, percent) * 1000 for percent in (50, 99))
        text = f"INVITE to 180: p50 {p50:.1f} ms, p99 {p99:.1f} ms"
        if not round_.clean:
            failed = round_.load.begun - min(round_.ends)
            figures.append(Figure(name, f"{failed} of {round_.load.begun} calls failed"))
            break
        figures.append(Figure(name, text, round_.load.completed / round_.cpu, round_.ends))
        if p99 > LATE_MS:
            break
        best = wanted
    return [
        *figures,
        Figure(f"highest rate with every call complete and p99 under {LATE_MS} ms", f"{best:.0f} calls/s"),
    ]


if __name__ == "__main__":
    print(run())
