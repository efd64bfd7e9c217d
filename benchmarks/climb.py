"""The highest rate at which everything still comes through, found by going up until something fails.

This module must never call a rate reached at which anything failed, however little.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar


class Tried(Protocol):
    """What one try gave."""

    @property
    def holds(self) -> bool:
        """Whether everything came through, and in time."""


AnyTried = TypeVar("AnyTried", bound=Tried)
Try = Callable[[float], Awaitable[AnyTried]]


async def highest(attempt: Try[AnyTried], start: float, factor: float, most: int) -> tuple[float, list[AnyTried]]:
    """The highest rate that held (0 if none did) and all that was tried: up from `start` by `factor` until a try fails,
    or down if the first one fails. Never more than `most` tries."""
    best, rate, tried = 0.0, start, list[AnyTried]()
    while len(tried) < most:
        tried.append(await attempt(rate))
        if tried[-1].holds:
            best = max(best, rate)
            if not all(each.holds for each in tried):
                break  # we came down to it
            rate *= factor
        elif best:
            break
        else:
            rate /= factor
    return best, tried
