"""The last messages of a simulated run, for the person who has to understand a failing seed.

This module must never influence a run.
"""

from collections import deque

from vorzimmer.observe.tracing.ladder import Rung, draw, first_line

__all__ = ["Ladder", "Rung", "first_line"]


class Ladder:
    """The last `limit` messages of a run."""

    def __init__(self, limit: int = 4_000) -> None:
        self.rungs: deque[Rung] = deque(maxlen=limit)

    def add(self, rung: Rung) -> None:
        """Record one message."""
        self.rungs.append(rung)

    def diagram(self, last: int = 200) -> str:
        """The last messages as text, one column per host in order of appearance."""
        return draw(list(self.rungs)[-last:])
