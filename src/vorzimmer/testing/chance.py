"""Seeded chance: the same seed gives the same tags, branches and jitter. Never for production."""

from random import Random  # noqa: TID251 -- the one place where a seeded generator is the purpose


class SeededChance:
    """kernel.Chance from a seed."""

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)

    def token(self, size: int = 10) -> str:
        return self._random.randbytes(size).hex()

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def fraction(self) -> float:
        return self._random.random()
