"""Registrations through a real server: REGISTER, 401, REGISTER with credentials, 200.

Counted are the 200s that phones got and the bindings that the server has written down for a restart; each phone
registers once before anything is repeated, so both must be the number of phones.
"""

import asyncio
import tempfile
from collections.abc import Callable
from functools import partial
from time import process_time

from benchmarks.figures import Figure, Result, reference
from benchmarks.load import Load, pause
from benchmarks.loop import run_on_fast_loop
from benchmarks.phones import Phones, Registration, opened
from benchmarks.server import Server
from benchmarks.targets import Row

PHONES, FIRST = 1_000, 20_000
RUNS, RUN_S, LONG_RUN_S, AT_ONCE = 3, 5.0, 60.0, 16
PATIENCE_S = 8.0
BINDINGS = "SELECT count(*) FROM live WHERE kind = 'binding'"
HOW = (
    f"{PHONES:,} phones on UDP register once, then again and again, {AT_ONCE} at a time, each time with a challenge: "
    "REGISTER, 401, REGISTER with credentials, 200. Counted as responses are both, as sipp does; a complete "
    "registration has two. The server also writes each binding to its database within a second. Not one may fail."
)


async def _bindings(server: Server) -> int:
    """Written within 1 s (ARCHITECTURE decision 4)."""
    deadline = asyncio.get_running_loop().time() + 3
    while (found := server.count(BINDINGS)) < PHONES and asyncio.get_running_loop().time() < deadline:
        await pause(0.1)
    return found


def run(long: bool = False) -> Result:
    """Start a server, register, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        return run_on_fast_loop(_run(folder, LONG_RUN_S if long else RUN_S))


class _Bench:
    """A server with its phones; `responses` are the 401s and 200s that they got."""

    def __init__(self, server: Server, phones: Phones) -> None:
        self.server = server
        self.phones = phones
        self.responses = 0
        self.wrong: list[str] = []

    def _start(self, number: int, over: Callable[[str], None]) -> None:
        Registration(self.phones, FIRST + number % PHONES, partial(self._said, over)).start()

    def _said(self, over: Callable[[str], None], good: bool) -> None:
        self.responses += 2 if good else 0
        over("" if good else "refused")

    async def first(self) -> Figure:
        """Every phone once."""
        load, cpu = Load(self._start), self.server.cpu()
        await load.closed(PHONES, AT_ONCE, PATIENCE_S)
        kept = await _bindings(self.server)
        self._check(load)
        return Figure("new registrations", "", load.completed / (self.server.cpu() - cpu), (load.completed, kept))

    async def again(self, seconds: float, number: int) -> tuple[float, Figure]:
        """As many as come through in so many seconds: responses a second."""
        loop = asyncio.get_running_loop()
        load, cpu, own, before, began = (
            Load(self._start),
            self.server.cpu(),
            process_time(),
            self.responses,
            loop.time(),
        )
        await load.busy(seconds, AT_ONCE, PATIENCE_S)
        took = loop.time() - began
        self._check(load)
        rate = (self.responses - before) / took
        share = (process_time() - own) / took
        text = f"{rate:.0f} responses/s, {load.completed / took:.0f} complete/s; load {share:.0%} of its core"
        figure = Figure(f"refreshed, run {number}", text, load.completed / (self.server.cpu() - cpu))
        return rate, figure

    def _check(self, load: Load) -> None:
        if load.failures or load.completed != load.begun:
            self.wrong.append(f"{load.completed} of {load.begun} registrations complete: {load.failures}")


async def _run(folder: str, seconds: float) -> Result:
    before = reference()
    async with Server(folder, range(FIRST, FIRST + PHONES), pinned=True) as server:
        bench = _Bench(server, await opened(Phones(server.sip)))
        figures, rates = [await bench.first()], list[float]()
        for number in range(RUNS):
            rate, figure = await bench.again(seconds, number + 1)
            rates.append(rate)
            figures.append(figure)
        kept = await _bindings(server)
        bench.phones.transport.close()
    if kept != PHONES:
        bench.wrong.append(f"{kept} bindings of {PHONES} phones after the refreshes")
    rows = (
        Row(
            "registrations",
            tuple(rates),
            f"refreshes, {AT_ONCE} at a time, {seconds:.0f} s each; written to the database",
        ),
        Row("complete registrations", tuple(rate / 2 for rate in rates), "the same runs"),
    )
    return Result("Registrations", HOW, tuple(figures), (before + reference()) / 2, tuple(bench.wrong), rows)


if __name__ == "__main__":
    print(run())
