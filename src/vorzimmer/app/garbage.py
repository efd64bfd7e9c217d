"""When Python's garbage collector may look for cycles: hardly ever where calls are, and never among what is loaded.

It stops its process while it looks: 0.1 to 0.2 s for what the last seconds have made, up to a second for 750 calls and
12,000 phones, seconds for a book of 100,000 users (docs/performance.md). So in control only what is brand-new is looked
through; what a call makes holds no cycle once the call is over (``tests/simulation/test_sim_garbage.py``), and what may
slip through is found in quiet hours. This module must never be called while a lot of what is there will go away.
"""

import gc
from collections.abc import Callable

from vorzimmer.kernel.clock import Alarm, Clock

FIRST, SECOND, THIRD = 10_000, 20, 50
"""What a request makes lives for seconds: looking after every 700 new objects, as Python does, finds nothing."""

NEVER = 1_000_000_000
"""No process lives for so many collections of the young."""

LOOK_S = 600.0
"""How often a sweeper looks whether it is quiet."""

LONG_S, LONGEST_S = 3_600.0, 86_400.0
"""Seconds after which a quiet hour is used for a whole collection, and after which any is."""

QUIET = 5
"""Live calls at which it is quiet: the collection then takes about as long as a packet's way."""


def settle() -> None:
    """Call once after loading, before serving."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(FIRST, SECOND, THIRD)


def settle_for_calls() -> None:
    """As ``settle``, for a process in which a pause is heard; to be swept by a :class:`Sweeper`."""
    settle()
    gc.set_threshold(FIRST, NEVER, NEVER)


class Sweeper:
    """Collects the whole garbage of this process when few calls are live, at the latest after a day.

    `live` tells how many calls there are, `collect` is what is done (gc.collect).
    """

    def __init__(self, clock: Clock, live: Callable[[], int], collect: Callable[[], object] = gc.collect) -> None:
        self._clock = clock
        self._live = live
        self._collect = collect
        self._last = clock.now()
        self._alarm: Alarm | None = None

    def start(self) -> None:
        """Look from now on."""
        self._alarm = self._clock.call_at(self._clock.now() + LOOK_S, self._look)

    def close(self) -> None:
        """Leave no alarm behind."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _look(self) -> None:
        age = self._clock.now() - self._last
        if (age >= LONG_S and self._live() <= QUIET) or age >= LONGEST_S:
            self._collect()
            self._last = self._clock.now()
        self.start()
