"""Whose calls legs were in that have ended, for a while: whoever names such a dialog is told that it is over.

This module must never keep more than that.
"""

from dataclasses import dataclass, field

from vorzimmer.kernel.ids import LegId

MOST = 4096


@dataclass(slots=True)
class Past:
    """The company of each leg, the oldest first."""

    of: dict[LegId, str] = field(default_factory=dict)

    def note(self, leg: LegId, company: str) -> None:
        """A leg is over, or in another call."""
        self.of.pop(leg, None)
        if len(self.of) >= MOST:
            del self.of[next(iter(self.of))]
        self.of[leg] = company
