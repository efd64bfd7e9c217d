"""The Clock port: the only way the house learns the time or waits.

Adapters live in ``app`` (the real loop) and ``testing`` (a virtual loop). Nothing else may read a clock.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class Alarm(Protocol):
    """A pending call-back."""

    def cancel(self) -> None:
        """Forget the call-back; calling it twice is fine."""


class Clock(Protocol):
    """Monotonic seconds for deadlines, wall time for people."""

    def now(self) -> float:
        """Monotonic seconds; only differences mean anything, also across a restart of the process."""

    def wall(self) -> datetime:
        """The aware time in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait for a deadline that is part of the behaviour (ringing time), never for somebody else's result."""

    def call_at(self, when: float, callback: Callable[[], None]) -> Alarm:
        """Call back once at monotonic time `when` (seconds)."""
