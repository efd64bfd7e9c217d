"""Two outside parties whom a transfer or forward has left alone with each other: nobody here would notice if they never
hung up, so their time is limited, and an operator hears of it before it runs out (FEATURES.md 12.4).

The time counts from when they were joined, also over a restart. This module must never end a call with somebody inside.
"""

from collections.abc import Callable
from typing import Protocol

from vorzimmer.calls.state import CallState
from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.routing.model import line_of

WARN_BEFORE_S = 300.0


def alone(state: CallState) -> bool:
    """Whether everybody in the call is outside."""
    return len(state.parties) > 1 and all(line_of(leg.party.device) for leg in state.parties)


class Told(Protocol):
    """The call."""

    def soon_over(self) -> None:
        """The limit is near."""

    def too_long(self) -> None:
        """The limit is reached."""


class Alone:
    """Tells the call some minutes before the limit and at it. It holds its call only while time runs: see
    ``app/garbage.py``."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._since: float | None = None
        self._alarm: Alarm | None = None

    def update(self, state: CallState, call: Told) -> None:
        """Begin, begin anew with other parties, or end, as `state` needs it."""
        since = state.since if state.ended is None and alone(state) else None
        if since == self._since:
            return
        self.stop()
        self._since = since
        if since is not None:
            left = self._seconds - (self._clock.wall().timestamp() - since)
            self._wait(left - WARN_BEFORE_S, lambda: self._warned(left, call))

    def stop(self) -> None:
        """Leave no alarm behind."""
        self._since = None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._alarm = self._clock.call_at(self._clock.now() + max(seconds, 0.0), then)

    def _warned(self, left: float, call: Told) -> None:
        call.soon_over()
        self._wait(min(max(left, 0.0), WARN_BEFORE_S), call.too_long)
