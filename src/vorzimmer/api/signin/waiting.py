"""What is between two steps of a sign-in: a password that was right and a code that is still to come, a challenge, a
way to another provider.

It lives in memory for some minutes: strangers begin such things, and nobody misses them after a restart. This module
must never grow without bound or read a clock.
"""

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")

MOST = 10_000
LIFE = 300.0
"""Seconds."""


class Waiting(Generic[T]):
    """Values under unguessable keys, each for `LIFE` seconds; the oldest make room."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def put(self, key: str, value: T, now: float) -> str:
        """Keep it; gives back the key."""
        self._values[key] = (now + LIFE, value)
        while len(self._values) > MOST:
            self._values.popitem(last=False)
        return key

    def get(self, key: str, now: float) -> T | None:
        """Look without taking it."""
        found = self._values.get(key)
        return found[1] if found is not None and now < found[0] else None

    def take(self, key: str, now: float) -> T | None:
        """Take it: the second one who asks gets None."""
        value = self.get(key, now)
        self._values.pop(key, None)
        return value

    def __len__(self) -> int:
        return len(self._values)
