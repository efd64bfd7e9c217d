"""How load is put on a server: so many at once, or so many per second. This module must never know what a call is."""

import asyncio
from collections.abc import Callable

Start = Callable[[int, Callable[[str], None]], None]
"""Begin piece of work number n and call back once with "" or why it failed."""


class Load:
    """Counts what has begun, what is complete and why anything failed."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self.begun = 0
        self.completed = 0
        self.failures: dict[str, int] = {}
        self._free: asyncio.Queue[None] = asyncio.Queue()

    @property
    def open(self) -> int:
        """Begun and not over."""
        return self.begun - self.completed - sum(self.failures.values())

    def _begin(self) -> None:
        self.begun += 1
        self._start(self.begun - 1, self._over)

    def _over(self, why: str) -> None:
        if why:
            self.failures[why] = self.failures.get(why, 0) + 1
        else:
            self.completed += 1
        self._free.put_nowait(None)

    async def closed(self, count: int, at_once: int, patience: float) -> None:
        """`count` pieces, never more than `at_once` at a time; whatever is not over after `patience` seconds of nothing
        happening has failed."""
        for _ in range(min(count, at_once)):
            self._begin()
        while self.begun < count or self.open:
            if not await self._freed(patience):
                return
            if self.begun < count:
                self._begin()

    async def busy(self, seconds: float, at_once: int, patience: float) -> None:
        """As `closed`, for so many seconds instead of a number; then wait for those that are open."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        for _ in range(at_once):
            self._begin()
        while self.open:
            if not await self._freed(patience):
                return
            if loop.time() < end:
                self._begin()

    async def offered(self, rate: float, seconds: float) -> None:
        """`rate` pieces per second, whether or not the earlier ones are over."""
        loop = asyncio.get_running_loop()
        began, count = loop.time(), int(rate * seconds)
        for number in range(count):
            due = began + number / rate
            if due > loop.time():
                await _until(due)
            self._begin()

    async def paced(self, rate: float, seconds: float, patience: float) -> None:
        """As `offered`; then wait for those that are open."""
        await self.offered(rate, seconds)
        await self.rest(patience)

    async def rest(self, patience: float) -> None:
        """Wait for those that are open; what is not over after `patience` seconds of nothing happening has failed."""
        while self.open:
            if not await self._freed(patience):
                return

    async def _freed(self, patience: float) -> bool:
        try:
            async with asyncio.timeout(patience):
                await self._free.get()
        except TimeoutError:
            self.failures["not over in time"] = self.open
            return False
        return True


async def pause(seconds: float) -> None:
    """Do nothing for a while."""
    await _until(asyncio.get_running_loop().time() + seconds)


async def _until(due: float) -> None:
    reached = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_at(due, reached.set_result, None)
    await reached
