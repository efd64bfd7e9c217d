"""The real clock and the real chance: the only two places where the process reads the machine's time and randomness.

Everything else gets them as ports. Nothing here may hold state, but for random bytes that nobody has used yet.
"""

import asyncio
import secrets  # noqa: TID251 -- this is the adapter of kernel.Chance
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic  # noqa: TID251 -- this is the adapter of kernel.Clock

POOL = 4096
"""Random bytes asked of the system at once: a call needs about a dozen tokens, and each would be a system call."""


class LoopClock:
    """kernel.Clock on the running event loop; monotonic time is the machine's, so it outlives a process."""

    def now(self) -> float:
        return monotonic()

    def wall(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 -- this is the adapter of kernel.Clock

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)  # noqa: TID251 -- this is the adapter of kernel.Clock

    def call_at(self, when: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_at(when, callback)


class SystemChance:
    """kernel.Chance from the operating system's generator."""

    def __init__(self) -> None:
        self._pool = ""
        self._used = 0

    def token(self, size: int = 10) -> str:
        start, end = self._used, self._used + 2 * size
        if end > len(self._pool):
            self._pool, start, end = secrets.token_hex(max(POOL, size)), 0, 2 * size
        self._used = end
        return self._pool[start:end]

    def number(self, low: int, high: int) -> int:
        return low + secrets.randbelow(high - low + 1)

    def fraction(self) -> float:
        return secrets.randbelow(1 << 53) / (1 << 53)
