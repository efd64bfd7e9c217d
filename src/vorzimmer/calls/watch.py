"""Looks after phones that are silent by right: one on hold sends no audio, so silence cannot tell that it has vanished.

One alarm per call, and only while somebody in it may be silent; a call that talks has none. This module must never
decide what a missing answer means.
"""

from collections.abc import Callable

from vorzimmer.calls.state import CallState
from vorzimmer.kernel.clock import Alarm, Clock


class Watch:
    """Calls for a look every `seconds` while it is needed. It holds its call only then: see ``app/garbage.py``."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._alarm: Alarm | None = None

    def update(self, state: CallState, look: Callable[[], None]) -> None:
        """Begin to call `look`, or end, as `state` needs it."""
        needed = state.ended is None and any(leg.silent_by_right for leg in state.parties)
        if needed and self._alarm is None:
            self._alarm = self._clock.call_at(self._clock.now() + self._seconds, lambda: self._fire(look))
        elif not needed:
            self.stop()

    def stop(self) -> None:
        """Leave no alarm behind."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _fire(self, look: Callable[[], None]) -> None:
        self._alarm = None
        look()
