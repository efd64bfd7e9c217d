"""The real clock and the real chance: the only two places where the process reads the machine's time and randomness.

Everything else gets them as ports. Nothing here may hold state.
"""

import asyncio
import secrets  # noqa: TID251 -- this is the adapter of kernel.Chance
from collections.abc import Callable
from datetime import UTC, datetime


class LoopClock:
    """kernel.Clock on the running event loop; monotonic time is the machine's, so it outlives a process."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def wall(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 -- this is the adapter of kernel.Clock

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)  # noqa: TID251 -- this is the adapter of kernel.Clock

    def call_at(self, when: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_at(when, callback)


class SystemChance:
    """kernel.Chance from the operating system's generator."""

    def token(self, size: int = 10) -> str:
        return secrets.token_hex(size)

    def number(self, low: int, high: int) -> int:
        return low + secrets.randbelow(high - low + 1)

    def fraction(self) -> float:
        return secrets.randbelow(1 << 53) / (1 << 53)
