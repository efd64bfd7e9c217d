"""The inbox of an attempt: events in the order they came, a deadline, and the caller's leaving, which beats both.

This module must never lose an event or wait without a deadline or a caller who may leave.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from vorzimmer.kernel.clock import Clock
from vorzimmer.kernel.ids import LegId
from vorzimmer.media.port import MediaEvent
from vorzimmer.sip.events import Event


class CallerGoneError(Exception):
    """The caller has left (CANCEL, BYE): the attempt is over, whatever it was doing."""


@dataclass(frozen=True, slots=True)
class PickedUp:
    """Somebody else's phone has taken over what rings: its leg is among the forks already."""

    leg: LegId


Happening = Event | MediaEvent | PickedUp


class Inbox:
    """Filled synchronously by the call, emptied by the attempt's coroutine."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: deque[Happening] = deque()
        self._wake: asyncio.Future[None] | None = None
        self.left = False

    def put(self, event: Happening) -> None:
        """Something has happened."""
        self._events.append(event)
        self._ring()

    def leave(self) -> None:
        """The caller has gone: every wait ends with CallerGoneError."""
        self.left = True
        self._ring()

    def check(self) -> None:
        """Raises CallerGoneError if the caller has left: to be asked after every other wait."""
        if self.left:
            raise CallerGoneError

    def rest(self) -> list[Happening]:
        """What nobody has taken yet, for whom the legs belong to now."""
        left = list(self._events)
        self._events.clear()
        return left

    async def next(self, deadline: float) -> Happening | None:
        """The next event, None once `deadline` (monotonic seconds) is reached; raises CallerGoneError."""
        while True:
            self.check()
            if self._events:
                return self._events.popleft()
            if self._clock.now() >= deadline:
                return None
            await self._wait(deadline)

    async def _wait(self, deadline: float) -> None:
        self._wake = asyncio.get_running_loop().create_future()
        alarm = self._clock.call_at(deadline, self._ring)
        try:
            await self._wake
        finally:
            alarm.cancel()
            self._wake = None

    def _ring(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
