"""One heap of deadlines for the whole engine, with cheap cancelling.

Times are monotonic seconds that the caller brings. This module must never read a clock.
"""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any

Timer = list[Any]
"""``[when, order, callback, argument]``; the callback is None once cancelled or fired. A list, because the heap
compares it in C and it can be disarmed in place."""

_COMPACT_AT = 4096


class Timers:
    """Deadlines in order of time, then of starting."""

    __slots__ = ("_count", "_dead", "_heap")

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._count = 0
        self._dead = 0

    def start(self, when: float, callback: Callable[[Any], None], argument: Any) -> Timer:
        """Call ``callback(argument)`` once at `when`."""
        self._count += 1
        timer: Timer = [when, self._count, callback, argument]
        heappush(self._heap, timer)
        return timer

    def stop(self, timer: Timer | None) -> None:
        """Forget `timer`; None, fired and stopped ones are fine."""
        if timer is None or timer[2] is None:
            return
        timer[2] = timer[3] = None
        self._dead += 1
        if self._dead > _COMPACT_AT and self._dead * 2 > len(self._heap):
            self._heap = [kept for kept in self._heap if kept[2] is not None]
            heapify(self._heap)
            self._dead = 0

    def next(self) -> float | None:
        """When the earliest deadline is due, None without one."""
        heap = self._heap
        while heap and heap[0][2] is None:
            heappop(heap)
            self._dead -= 1
        return heap[0][0] if heap else None

    def fire(self, now: float) -> None:
        """Call everything due at or before `now`; what is started meanwhile for a time not after `now` too."""
        while True:
            due = self.next()
            if due is None or due > now:
                return
            timer = heappop(self._heap)
            callback, argument = timer[2], timer[3]
            timer[2] = timer[3] = None
            callback(argument)

    def __len__(self) -> int:
        """Deadlines that are armed."""
        return len(self._heap) - self._dead
