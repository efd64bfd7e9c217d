"""When there is more to do than can be done: new work that is turned away, early and cheaply, for the rest to be done.

It is told how long each message has waited before it is looked at. While even the shortest wait of a window is long,
work stands in a queue: then new work that has waited longer than a little is refused, so that the queue stays short,
the server is always busy, and just as many calls come in as it can carry. A burst that does not last is let in almost
whole. Calls in progress are never turned away, nor are emergency calls, nor the repetition of what was accepted. This
module must never read a clock or look at a message.
"""

from enum import IntEnum

WINDOW = 0.1
"""Seconds between two looks."""

TARGET = 0.02
"""Seconds that a message may wait at best within a window before the queue counts as standing."""


HOLD = 2.0
"""Seconds for which a queue counts as standing after the last window in which it did: refusing empties it for a moment,
and whoever lets everybody in then has the next queue."""


class Work(IntEnum):
    """New work by what it costs to lose: the first kind goes first."""

    SETTING = 0
    """REGISTER, SUBSCRIBE, PUBLISH, OPTIONS: they come again, and nobody notices."""
    CALL = 1
    """A call that has cost nothing yet."""
    BEGUN = 2
    """A call that has been challenged: half the work is done."""


STANDING = {Work.SETTING: 0.03, Work.CALL: 0.06, Work.BEGUN: 0.4}
"""Seconds that each kind may have waited while the queue stands."""

BURST = {Work.SETTING: 0.25, Work.CALL: 0.4, Work.BEGUN: 0.8}
"""The same in a burst; phones repeat after half a second (T1)."""


class Overload:
    """How far behind the server is. Times are monotonic seconds."""

    __slots__ = ("_least", "_since", "_until", "refused", "standing", "wait")

    def __init__(self) -> None:
        self.standing = False
        """Whether nobody has been served at once for a while."""
        self.wait = 0.0
        """How long the message that is looked at now has waited."""
        self.refused = 0
        """Requests turned away, for the metrics."""
        self._since = self._until = 0.0
        self._least = float("inf")

    def waited(self, seconds: float, now: float) -> None:
        """The message that is looked at now has waited so long."""
        self.wait = seconds
        self._least = min(self._least, seconds)
        if now - self._since >= WINDOW:
            if self._least > TARGET and now - self._since < 10 * WINDOW:
                self._until = now + HOLD
            self.standing = now < self._until
            self._since, self._least = now, float("inf")

    def refuses(self, work: Work) -> bool:
        """Whether to turn `work` away now."""
        late = self.wait > (STANDING if self.standing else BURST)[work]
        self.refused += late
        return late

    def retry_after(self, work: Work, roll: float) -> int:
        """Seconds to stay away, spread by `roll` (a fraction from chance) so that not all come back at once."""
        return round(20 + 40 * roll) if work is Work.SETTING else round(2 + 8 * roll)
