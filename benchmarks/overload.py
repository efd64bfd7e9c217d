"""More calls than the server can carry: how many of them still come through.

Control and media share one core, the phones have the other. First calls as fast as they come through; then twice
that rate, offered whether or not they come through. Phones repeat nothing and do not call again after 503.
"""

import tempfile

from benchmarks.calls import AT_ONCE, CALLERS, PATIENCE_S, PHONES, RUNG, WARM_UP, Exchange, Round
from benchmarks.figures import Figure, Result, percentile, reference
from benchmarks.load import pause
from benchmarks.loop import run_on_fast_loop
from benchmarks.phones import Called, Phones, opened
from benchmarks.server import Server
from benchmarks.targets import Row

CALLS = 3_000
RUNS, SECONDS, REST_S = 3, 6.0, 3.0
HOW = (
    "All processes of the server share one core, the phones have the other. Capacity is what comes through with "
    f"{AT_ONCE} calls at once. Then twice that is offered for {SECONDS:.0f} s, {RUNS} times, whether or not they come "
    "through. Goodput is complete calls per second, from the first INVITE to the answered BYE and the record. Phones "
    "repeat nothing; a 503 is counted as refused, anything else that is not complete as failed."
)


def _figure(done: Round, rate: float, capacity: float, number: int) -> Figure:
    refused = sum(count for why, count in done.load.failures.items() if "503" in why)
    failed = sum(done.load.failures.values()) - refused
    good = done.load.completed / SECONDS
    text = (
        f"{good:.0f} calls/s complete, {good / capacity:.0%} of capacity; {refused} refused, {failed} failed of "
        f"{done.load.begun}; INVITE to 180 p99 {percentile(done.delays, 99) * 1000:.0f} ms"
    )
    whole = ", ".join(f"{end:,}" for end in done.ends)
    return Figure(f"run {number}: {rate:.0f} calls/s offered", f"{text}; caller, called, records: {whole}")


def _wrong(done: Round) -> list[str]:
    """A call that failed at one end may be complete at the other; more than those may not differ."""
    failed = done.load.begun - done.load.completed
    apart = max(done.ends) - min(done.ends)
    return [f"the ends differ by more than the {failed} calls that failed: {done.ends}"] if apart > failed else []


async def _measure(exchange: Exchange) -> tuple[list[Figure], Row, list[str]]:
    await exchange.round(lambda load: load.closed(WARM_UP, AT_ONCE, PATIENCE_S))
    free = await exchange.round(lambda load: load.closed(CALLS, AT_ONCE, PATIENCE_S))
    capacity = free.load.completed / free.seconds
    figures, goodput, wrong = (
        [Figure("capacity", f"{capacity:.0f} calls/s", None, free.ends)],
        list[float](),
        list[str](),
    )
    for number in range(RUNS):
        busy = await exchange.round(lambda load: load.paced(2 * capacity, SECONDS, PATIENCE_S))
        figures.append(_figure(busy, 2 * capacity, capacity, number + 1))
        wrong += _wrong(busy)
        goodput.append(100 * busy.load.completed / SECONDS / capacity)
        await pause(REST_S)
    note = f"{SECONDS:.0f} s each; what is not carried is refused with 503"
    return figures, Row("goodput", tuple(goodput), note), wrong


def run(long: bool = False) -> Result:
    """Start a server, call it more than it can take, stop it; the same whether long or not."""
    with tempfile.TemporaryDirectory() as folder:
        return run_on_fast_loop(_run(folder))


async def _run(folder: str) -> Result:
    before = reference()
    numbers = [first + n for first in (CALLERS, RUNG) for n in range(PHONES)]
    async with Server(folder, numbers, pinned=True) as server:
        callers, called = await opened(Phones(server.sip)), await opened(Called(server.sip))
        exchange = Exchange(server, callers, called)
        await exchange.register()
        figures, row, wrong = await _measure(exchange)
        wrong += exchange.close()
    return Result("Overload", HOW, tuple(figures), (before + reference()) / 2, tuple(wrong), (row,))


if __name__ == "__main__":
    print(run())
