"""A pool of UDP port pairs that are drained before they are used again.

A pair that was released is handed out only when no packet of the old call has come for a while, and whoever gets it
learns which SSRCs the old call used. This module must never open a socket or read a clock.
"""

from collections import deque
from dataclasses import dataclass, field

from vorzimmer.media.port import MediaError

LONGEST_DRAIN = 12
"""Drains of a pair that never falls silent end after so many cool-downs: its old SSRCs are refused anyway."""


@dataclass(slots=True)
class Draining:
    """A released pair: since when, when the last late packet came, and the SSRCs that must not be heard again."""

    port: int
    since: float
    last: float
    ssrcs: frozenset[int]


@dataclass(slots=True)
class PortPool:
    """Even ports low..high; the odd one above each is its RTCP port. `cooldown` in seconds; of so many pairs as `kept`
    says the sockets stay open once they have run dry, to be used again first."""

    low: int
    high: int
    cooldown: float = 5.0
    kept: int = 0
    _free: deque[int] = field(default_factory=deque)
    _open: dict[int, None] = field(default_factory=dict)
    _draining: dict[int, Draining] = field(default_factory=dict)
    _stained: dict[int, frozenset[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._free.extend(range(self.low + self.low % 2, self.high, 2))

    def take(self) -> tuple[int, frozenset[int]]:
        """The pair that has rested longest, and the SSRCs last heard on it. Raises MediaError when none is free."""
        if not self._free:
            raise MediaError(f"no free media port in {self.low}-{self.high}")
        port = self._free.popleft()
        return port, self._stained.pop(port, frozenset())

    def take_open(self) -> tuple[int, frozenset[int]] | None:
        """The pair that has rested longest of those whose sockets were kept, None without one."""
        port = next(iter(self._open), None)
        if port is None:
            return None
        del self._open[port]
        return port, self._stained.pop(port, frozenset())

    def is_open(self, port: int) -> bool:
        """Whether the sockets of this pair are to be kept."""
        return port in self._open

    def refuse(self, port: int) -> None:
        """Somebody else holds this port: try it again last."""
        self._free.append(port)

    def release(self, port: int, now: float, ssrcs: frozenset[int]) -> None:
        """The call on this pair is over; let it run dry."""
        self._draining[port] = Draining(port, now, now, ssrcs)

    def heard(self, port: int, now: float) -> None:
        """A late packet came for a pair that drains."""
        if port in self._draining:
            self._draining[port].last = now

    def dry(self, now: float) -> list[int]:
        """The pairs that have run dry by `now`; they are free from here on."""
        done = [each for each in self._draining.values() if self._is_dry(each, now)]
        for each in done:
            del self._draining[each.port]
            self._stained[each.port] = each.ssrcs
            if len(self._open) < self.kept:
                self._open[each.port] = None
            else:
                self._free.append(each.port)
        return [each.port for each in done]

    def free(self) -> int:
        """How many pairs could be taken now."""
        return len(self._free) + len(self._open)

    def _is_dry(self, pair: Draining, now: float) -> bool:
        return now - pair.last >= self.cooldown or now - pair.since >= self.cooldown * LONGEST_DRAIN
