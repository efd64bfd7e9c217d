"""The Chance port: tags, branches, nonces and jitter come from here, so that a seeded run repeats exactly.

Adapters live in ``app`` (the system's generator) and ``testing`` (seeded).
"""

from typing import Protocol


class Chance(Protocol):
    """A source of unguessable tokens and of jitter."""

    def token(self, size: int = 10) -> str:
        """`size` random bytes as lower-case hexadecimal text."""

    def number(self, low: int, high: int) -> int:
        """A whole number, low <= n <= high."""

    def fraction(self) -> float:
        """A float, 0 <= f < 1."""
