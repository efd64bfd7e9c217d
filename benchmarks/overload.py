"""More calls than the server can carry: how many of them still come through.

Control and media share one core, the phones have the other. First calls as fast as they come through; then one and
twice that rate, offered whether or not they come through. Phones repeat nothing and do not call again after 503.
"""

import tempfile

from benchmarks.calls import AT_ONCE, CALLERS, PATIENCE_S, PHONES, RUNG, WARM_UP, Exchange
from benchmarks.figures import Figure, Result, percentile, reference
from benchmarks.loop import run_on_fast_loop
from benchmarks.phones import Called, Phones, opened
from benchmarks.server import Server

CALLS = 3_000
SECONDS = 8.0
HOW = (
    "All processes of the server share one core, the phones have the other. Capacity is what comes through with "
    f"{AT_ONCE} calls at once. Then calls are offered at fixed rates for {SECONDS:.0f} s whether or not they come "
    "through. Goodput is complete calls per second, from the first INVITE to the answered BYE and the record. Phones "
    "repeat nothing; a 503 is counted as refused, anything else that is not complete as failed."
)


async def _measure(exchange: Exchange) -> tuple[list[Figure], list[str]]:
    await exchange.round(lambda load: load.closed(WARM_UP, AT_ONCE, PATIENCE_S))
    free = await exchange.round(lambda load: load.closed(CALLS, AT_ONCE, PATIENCE_S))
    capacity = free.load.completed / free.seconds
    figures, wrong = [Figure("capacity", f"{capacity:.0f} calls/s", None, free.ends)], []
    for share in (1.0, 2.0):
        rate = capacity * share
        busy = await exchange.round(lambda load, rate=rate: load.paced(rate, SECONDS, PATIENCE_S))  # type: ignore[misc]
        refused = sum(count for why, count in busy.load.failures.items() if "503" in why)
        failed = sum(busy.load.failures.values()) - refused
        good = busy.load.completed / SECONDS
        late = percentile(busy.delays, 99) * 1000
        text = (
            f"{good:.0f} calls/s complete, {good / capacity:.0%} of capacity; {refused} refused, {failed} failed of "
            f"{busy.load.begun}; INVITE to 180 p99 {late:.0f} ms"
        )
        figures.append(Figure(f"goodput at {share:.0f} times capacity", text, None, busy.ends))
        if len(set(busy.ends)) > 1:
            wrong.append(f"at {share:.0f} times capacity the ends differ: {busy.ends}")
    return figures, wrong


def run() -> Result:
    """Start a server, call it more than it can take, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        return run_on_fast_loop(_run(folder))


async def _run(folder: str) -> Result:
    before = reference()
    numbers = [first + n for first in (CALLERS, RUNG) for n in range(PHONES)]
    async with Server(folder, numbers, pinned=True) as server:
        callers, called = await opened(Phones(server.sip)), await opened(Called(server.sip))
        exchange = Exchange(server, callers, called)
        await exchange.register()
        figures, wrong = await _measure(exchange)
        callers.transport.close()
        called.transport.close()
    return Result("Overload", HOW, tuple(figures), (before + reference()) / 2, tuple(wrong))


if __name__ == "__main__":
    print(run())
