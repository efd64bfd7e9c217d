"""Registrations through a real server: REGISTER, 401, REGISTER with credentials, 200.

Counted are the 200s that phones got and the bindings that the server has written down for a restart; each phone
registers once before anything is repeated, so both must be the number of phones.
"""

import asyncio
import tempfile
from collections.abc import Callable
from functools import partial

from benchmarks.figures import Figure, Result, reference
from benchmarks.load import Load, pause
from benchmarks.loop import run_on_fast_loop
from benchmarks.phones import Phones, Registration, opened
from benchmarks.server import Server

PHONES, FIRST = 1_000, 10_000
REFRESHES, AT_ONCE = 4_000, 16
PATIENCE_S = 8.0
BINDINGS = "SELECT count(*) FROM live WHERE kind = 'binding'"
HOW = (
    f"{PHONES} phones on UDP register once, then {REFRESHES} times again, each time with a challenge; CPU time is "
    "control's, which also writes the bindings to the database. A registration is both requests, the one that "
    "is challenged and the one that is accepted."
)


async def _bindings(server: Server) -> int:
    """Written within 1 s (ARCHITECTURE decision 4)."""
    deadline = asyncio.get_running_loop().time() + 3
    while (found := server.count(BINDINGS)) < PHONES and asyncio.get_running_loop().time() < deadline:
        await pause(0.1)
    return found


def run() -> Result:
    """Start a server, register, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        return run_on_fast_loop(_run(folder))


async def _run(folder: str) -> Result:
    before = reference()
    async with Server(folder, range(FIRST, FIRST + PHONES)) as server:
        phones = await opened(Phones(server.sip))

        def start(number: int, over: Callable[[str], None]) -> None:
            Registration(phones, FIRST + number % PHONES, partial(_said, over)).start()

        first, cpu, memory = Load(start), server.cpu("control"), server.memory()
        await first.closed(PHONES, AT_ONCE, PATIENCE_S)
        kept = await _bindings(server)
        each = Figure("memory of each registered phone", f"{(server.memory() - memory) / PHONES / 1024:.1f} KB")
        new = Figure("new registrations", "", first.completed / (server.cpu("control") - cpu), (first.completed, kept))
        again, cpu, began = Load(start), server.cpu("control"), asyncio.get_running_loop().time()
        await again.closed(REFRESHES, AT_ONCE, PATIENCE_S)
        rate = again.completed / (asyncio.get_running_loop().time() - began)
        spent, kept = server.cpu("control") - cpu, await _bindings(server)
        answers = 2 * again.completed / spent
        refreshed = Figure("refreshed registrations", f"{rate:.0f}/s", again.completed / spent)
        counted = Figure("the same, every answer counted (401 and 200)", f"{2 * rate:.0f}/s", answers)
        phones.transport.close()
    failures = {**first.failures, **again.failures}
    wrong = [f"registrations failed: {failures}"] if failures else []
    if kept != PHONES:
        wrong.append(f"{kept} bindings of {PHONES} phones after the refreshes")
    return Result("Registrations", HOW, (new, refreshed, counted, each), (before + reference()) / 2, tuple(wrong))


def _said(over: Callable[[str], None], good: bool) -> None:
    over("" if good else "refused")


if __name__ == "__main__":
    print(run())
