"""Pairs of ports that a worker has set aside for control: their sockets are open, and nobody listens to them yet.

So control can tell a phone a port without asking first. This module must never open or close a socket.
"""

from vorzimmer.media.embedded.wires import Pair
from vorzimmer.media.port import MediaError

Key = tuple[str, int]
"""Name and family of a listener."""

Kept = tuple[Pair, frozenset[int]]
"""A pair, and the SSRCs that the call before has used on it."""


class Reserved:
    """Of one worker."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[Key, int], Kept] = {}

    def put(self, key: Key, pair: Pair, old: frozenset[int]) -> None:
        """Set a pair aside."""
        self._pairs[key, pair.port] = pair, old

    def take(self, key: Key, port: int) -> Kept:
        """A pair for its endpoint. Raises MediaError for one that is not set aside (any more)."""
        found = self._pairs.pop((key, port), None)
        if found is None:
            raise MediaError(f"port {port} is not reserved")
        return found

    def give_up(self) -> list[tuple[Key, Kept]]:
        """All of them, which are not set aside any more."""
        pairs, self._pairs = self._pairs, {}
        return [(key, kept) for (key, _), kept in pairs.items()]
