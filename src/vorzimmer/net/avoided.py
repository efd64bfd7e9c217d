"""Servers that have just failed: tried last for a while, so that not every call waits for a dead one.

This module must never keep one from being tried at all: where all have failed, all are tried.
"""

from collections.abc import Iterable

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.clock import Clock
from vorzimmer.net.resolver import Target

AVOIDED = 60.0
"""Seconds for which a server that failed is tried after its like."""

KNOWN = 1_024


class Avoided:
    """By address."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[Address, float] = {}

    def failed(self, address: Address) -> None:
        """It did not answer, refused a connection or said 503."""
        if len(self._until) >= KNOWN:
            self._until.clear()
        self._until[address] = self._clock.now() + AVOIDED

    def works(self, address: Address) -> None:
        """A connection to it has opened."""
        self._until.pop(address, None)

    def in_order(self, targets: Iterable[Target], tried: tuple[Address, ...]) -> list[Target]:
        """Those that were not tried for this request, the ones that failed lately last."""
        now = self._clock.now()
        left = [target for target in targets if target.address not in tried]
        return sorted(left, key=lambda target: self._until.get(target.address, 0.0) > now)

    def __len__(self) -> int:
        now = self._clock.now()
        return sum(until > now for until in self._until.values())
