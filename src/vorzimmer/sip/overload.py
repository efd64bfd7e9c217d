"""When there is more to do than can be done: new work that is turned away, early and cheaply, for the rest to be done.

It is told how long messages have waited before they are looked at. A short burst passes; only where even the shortest
wait of a window is long does work stand in a queue, and a share of the new work is refused that grows until the queue
goes and shrinks again afterwards (as in RFC 7339's loss-based control). Calls in progress are never turned away, nor
are emergency calls, nor the repetition of what was accepted. This module must never read a clock or look at a message.
"""

from enum import IntEnum

WINDOW = 0.1
"""Seconds between two looks."""

TARGET = 0.03
"""Seconds that a message may wait at best within a window: far below T1, at which phones repeat."""

STEP, EASE, MOST = 0.08, 0.9, 0.97
"""By how much the share grows in a bad window, what is left of it after a good one, and its highest value."""


class Work(IntEnum):
    """New work by what it costs to lose: the first kind goes first."""

    SETTING = 0
    """REGISTER, SUBSCRIBE, PUBLISH, OPTIONS: they come again, and nobody notices."""
    CALL = 1
    """A call that has cost nothing yet."""
    BEGUN = 2
    """A call that has been challenged: half the work is done."""


class Overload:
    """The share of new work that is refused. Times are monotonic seconds."""

    __slots__ = ("_least", "_since", "refused", "share")

    def __init__(self) -> None:
        self.share = 0.0
        self.refused = 0
        """Requests turned away, for the metrics."""
        self._since = 0.0
        self._least = float("inf")

    def waited(self, seconds: float, now: float) -> None:
        """The message that waited longest has waited so long."""
        self._least = min(self._least, seconds)
        if now - self._since < WINDOW:
            return
        quiet = now - self._since > 10 * WINDOW
        if quiet:
            self.share = 0.0
        elif self._least > TARGET:
            self.share = min(MOST, self.share + STEP)
        else:
            self.share = self.share * EASE if self.share > STEP / 8 else 0.0
        self._since, self._least = now, float("inf")

    def refuses(self, work: Work, roll: float) -> bool:
        """Whether to turn `work` away; `roll` is a fraction from chance."""
        if not self.share:
            return False
        limit = (min(1.0, 2 * self.share), self.share, max(0.0, (self.share - 0.8) * 5))[work]
        turned_away = roll < limit
        self.refused += turned_away
        return turned_away

    def retry_after(self, work: Work, roll: float) -> int:
        """Seconds to stay away, spread so that not all come back at once."""
        return round(20 + 40 * roll) if work is Work.SETTING else round(2 + 8 * roll)
