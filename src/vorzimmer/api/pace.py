"""Rate limits: so many requests a second for each person, token or session, with room for a burst.

A program that runs wild slows itself down, not the others. This module must never limit who is not signed in (the
sign-in has limits of its own), nor keep what no longer matters.
"""

from collections import OrderedDict
from math import ceil
from typing import Final

from vorzimmer.api.principal import Principal
from vorzimmer.api.problems import ApiError

A_SECOND: Final = 100.0
AT_ONCE: Final = 500.0
OPERATOR: Final = "operator"
"""The session of the operator's own token, who needs no protection from himself."""
_MOST: Final = 10_000
"""Askers that are remembered; whoever has not asked for longest is forgotten, and starts anew with a full bucket."""


class Pace:
    """A bucket for each asker: it holds `AT_ONCE` requests and fills by `A_SECOND`."""

    def __init__(self, a_second: float = A_SECOND, at_once: float = AT_ONCE) -> None:
        self._a_second, self._at_once = a_second, at_once
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, asker: Principal, now: float) -> None:
        """One request at monotonic time `now`; raises ApiError ``too-many`` where the bucket is empty."""
        if asker.session == OPERATOR:
            return
        key = f"{asker.role} {asker.company} {asker.user} {asker.session}"
        left, since = self._buckets.pop(key, (self._at_once, now))
        left = min(self._at_once, left + (now - since) * self._a_second)
        if left < 1:
            self._buckets[key] = (left, now)
            seconds = ceil((1 - left) / self._a_second)
            raise ApiError("too-many", headers={"Retry-After": str(seconds)}, seconds=seconds)
        self._buckets[key] = (left - 1, now)
        if len(self._buckets) > _MOST:
            self._buckets.popitem(last=False)
