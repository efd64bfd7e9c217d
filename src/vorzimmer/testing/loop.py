"""A deterministic event loop: virtual time, no sockets, no threads.

The selector jumps the clock to the next deadline whenever nothing is ready; *no deadline and nothing ready* means the
simulation is stuck, which is an error and not a hang. Tests must never wait for wall time.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning, 10:00 in Berlin."""


class StuckError(AssertionError):
    """Nothing is ready and nothing is due: somebody waits for an event that cannot come."""


class _VirtualSelector(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StuckError("nothing is ready and no deadline is due: the simulation is stuck")
        self.time += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop whose ``time()`` is virtual."""

    def __init__(self) -> None:
        self._virtual = _VirtualSelector()
        super().__init__(self._virtual)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._virtual.time


class VirtualClock:
    """kernel.Clock over a running loop; wall time starts at `start` with the loop."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock: it goes forwards or backwards by so much, and no time passes."""
        self._start += timedelta(seconds=seconds)

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def wall(self) -> datetime:
        return self._start + timedelta(seconds=self.now())

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        alarm = loop.call_later(seconds, lambda: None if done.done() else done.set_result(None))
        try:
            await done
        finally:
            alarm.cancel()

    def call_at(self, when: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_at(when, callback)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end in virtual time; leftover tasks are an error (somebody leaked them)."""
    loop = VirtualLoop()
    try:
        asyncio.set_event_loop(loop)
        result = loop.run_until_complete(main)
        left = _pending(loop)
        if left:
            raise AssertionError(f"tasks left behind: {left}")
        return result
    finally:
        _cancel_all(loop)
        asyncio.set_event_loop(None)
        loop.close()


def _pending(loop: VirtualLoop) -> list["asyncio.Task[Any]"]:
    return [task for task in asyncio.all_tasks(loop) if not task.done()]


def _cancel_all(loop: VirtualLoop) -> None:
    """Also after a failed test: a coroutine that the garbage collector ends later would run without its loop."""
    left = _pending(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
