"""Complete calls through a real server on one core: digest, both legs, media sessions, history.

Registered phones on loopback call each other: INVITE, 401, INVITE with credentials, 180, 200, ACK, BYE at once or after
three seconds. Counted are the calls that the caller completed, those that the called completed, and the records of the
history; they must be equal. No packet is sent twice by the phones, so every slip of the server is a failed call.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from benchmarks.figures import Figure, Result, median_of, percentile, reference
from benchmarks.load import Load, Start, pause
from benchmarks.loop import run_on_fast_loop
from benchmarks.phones import Call, Called, Phones, Registration, opened
from benchmarks.server import Server

PHONES = 1_500
CALLERS, RUNG = 20_000, 30_000
"""The extensions of the first caller and the first called; so many of each that hardly one has two calls at once,
and none begins with an emergency number."""
WARM_UP, MEASURED, AT_ONCE, RUNS = 300, 700, 12, 3
HELD = 500
TALK_S = 3.0
STEP, STEPS = 1.08, 6
"""By how much the rate goes up or down from one try to the next, and how many tries there are."""
TRY_S, TALKING_TRY_S, TALKING_S, LONG_S = 4.0, 8.0, 60.0, 300.0
PROBE_RATE, PROBE_S = 10.0, 20.0
ENDURANCE = 100_000
PATIENCE_S = 8.0
ANSWERED = "SELECT count(*) FROM call WHERE outcome = 'answered'"
HOW = (
    f"{2 * PHONES} registered phones on UDP; every call is challenged and answered at once. All of the server "
    "shares one core, the phones have the others. No audio is sent, but descriptions are rewritten and both media "
    "sessions opened and closed. CPU time is that of all the server's processes together, until the last record is in "
    "the database. The highest rate is the highest at which every call is complete at both ends and in the history, "
    f"each tried for {TRY_S:.0f} s without talking and {TALKING_TRY_S:.0f} s with {TALK_S:.0f} s of talking. INVITE to "
    "180 is the time from the first INVITE, the one that is challenged, as one phone sees it."
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

    def talk(self, number: int, over: Callable[[str], None]) -> None:
        """Call number n, hung up by the caller after three seconds."""
        call = self._call(number, lambda why: self._over(call, over, why))
        call.hold = True
        call.talking = lambda: _later(call.hang_up)
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

    async def round(self, work: Callable[[Load], Awaitable[None]], start: Start | None = None) -> Round:
        """Measure a load of calls, short ones unless `start` says otherwise."""
        loop = asyncio.get_running_loop()
        load, self._delays = Load(start or self.start), []
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


def _later(hang_up: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(TALK_S, hang_up)


def run(*, long: bool = False) -> Result:
    """Start a server, call through it, stop it. `long`: five minutes of talking, and memory after 100,000 calls."""
    with tempfile.TemporaryDirectory() as folder:
        return run_on_fast_loop(_run(folder, long=long))


async def _run(folder: str, *, long: bool) -> Result:
    before = reference()
    numbers = [first + n for first in (CALLERS, RUNG) for n in range(PHONES)]
    async with Server(folder, numbers, pinned=True) as server:
        callers, called = await opened(Phones(server.sip)), await opened(Called(server.sip))
        exchange = Exchange(server, callers, called)
        await exchange.register()
        figures, wrong = await _measure(exchange, long=long)
        callers.transport.close()
        called.transport.close()
        if text := server.trouble():
            wrong.append(f"the server complained: {text[-300:]}")
    return Result("Calls", HOW, tuple(figures), (before + reference()) / 2, tuple(wrong))


async def _measure(exchange: Exchange, *, long: bool) -> tuple[list[Figure], list[str]]:
    await exchange.round(lambda load: load.closed(WARM_UP, AT_ONCE, PATIENCE_S))
    short = [await exchange.round(lambda load: load.closed(MEASURED, AT_ONCE, PATIENCE_S)) for _ in range(RUNS)]
    per_cpu = sorted(each.load.completed / each.cpu for each in short)
    rate = sorted(each.load.completed / each.seconds for each in short)[RUNS // 2]
    ends = tuple(sum(counts) for counts in zip(*(each.ends for each in short), strict=True))
    figures = [
        Figure("complete calls", median_of(per_cpu, " per CPU-second"), per_cpu[RUNS // 2], ends),
        await _probe(exchange),
        *await _memory(exchange),
        await _highest(exchange, rate),
        await _talking(exchange, rate, LONG_S if long else TALKING_S),
    ]
    if long:
        figures.append(await _endurance(exchange))
    wrong = [f"calls failed: {each.load.failures}" for each in short if not each.clean]
    if odd := exchange.callers.unexpected:
        wrong.append(f"requests that callers did not expect: {sorted(set(odd))}")
    return figures, wrong


async def _probe(exchange: Exchange) -> Figure:
    """What one call feels like while little is going on."""
    round_ = await exchange.round(lambda load: load.paced(PROBE_RATE, PROBE_S, PATIENCE_S))
    p50, p99 = (percentile(round_.delays, percent) * 1000 for percent in (50, 99))
    text = f"INVITE to 180: p50 {p50:.2f} ms, p99 {p99:.2f} ms"
    return Figure(f"at {PROBE_RATE:.0f} calls/s", text, None, round_.ends)


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


async def _highest(exchange: Exchange, guess: float) -> Figure:
    """Several searches, each from the best of the one before."""
    found: list[float] = []
    for _ in range(RUNS):
        start = found[-1] if found and found[-1] else guess
        found.append(await _search(exchange, start, exchange.start, TRY_S))
    return Figure("highest rate without a failure, hung up at once", median_of(found, " calls/s"))


async def _search(exchange: Exchange, guess: float, start: Start, seconds: float) -> float:
    """Up from a rate that works, or down from one that does not; 0 where none of them did."""
    rate, best = guess, 0.0
    for _ in range(STEPS):
        clean = (await _paced(exchange, rate, seconds, start)).clean
        best = rate if clean else best
        await pause(1.0)
        if best and (not clean or rate < guess):
            break
        rate = rate * STEP if clean else rate / STEP
    return best


async def _paced(exchange: Exchange, rate: float, seconds: float, start: Start) -> Round:
    return await exchange.round(lambda load: load.paced(rate, seconds, PATIENCE_S), start)


async def _talking(exchange: Exchange, guess: float, seconds: float) -> Figure:
    """The highest rate of a short search, held for long; less where that fails."""
    rate = await _search(exchange, guess, exchange.talk, TALKING_TRY_S) or guess / 2
    name = f"the same with {TALK_S:.0f} s of talking, for {seconds:.0f} s"
    for _ in range(RUNS):
        round_ = await _paced(exchange, rate, seconds, exchange.talk)
        if round_.clean:
            p99 = percentile(round_.delays, 99) * 1000
            text = f"{rate:.0f} calls/s, INVITE to 180 p99 {p99:.0f} ms"
            return Figure(name, text, round_.load.completed / round_.cpu, round_.ends)
        rate /= STEP
    return Figure(name, f"failures down to {rate * STEP:.0f} calls/s")


async def _endurance(exchange: Exchange) -> Figure:
    """Memory of all processes on the way to 100,000 short calls."""
    steps: list[str] = []
    for done in range(1, 5):
        await exchange.round(lambda load: load.closed(ENDURANCE // 4, AT_ONCE, PATIENCE_S))
        steps.append(f"{done * ENDURANCE // 4000}k: {exchange.server.memory() / 2**20:.0f} MB")
    return Figure(f"memory of all processes up to {ENDURANCE:,} calls", ", ".join(steps))


if __name__ == "__main__":
    print(run())
