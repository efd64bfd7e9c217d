"""Ports that workers have reserved for endpoints to come, so that opening one need not wait for its worker.

An INVITE can then go out in the turn in which its call came in. This module must never give a port away twice, nor keep
one that its worker may have taken back.
"""

from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from vorzimmer.kernel.address import Address
from vorzimmer.media.embedded import protocol as wire
from vorzimmer.media.embedded.link import WorkerLink

WANTED = 16
"""Ports that are asked for at once, as soon as half of them are left: a call takes two or three."""

Place = tuple[WorkerLink, str, int]
"""A worker, and name and family of its listener."""


@dataclass(slots=True)
class _Kept:
    addresses: deque[Address] = field(default_factory=deque)
    asking: bool = False


class Spares:
    """Of all workers; `spawn` runs what has to wait."""

    def __init__(self, spawn: Callable[[Coroutine[None, None, None]], None]) -> None:
        self._spawn = spawn
        self._ready: set[WorkerLink] = set()
        self._kept: dict[Place, _Kept] = {}

    def begin(self, link: WorkerLink) -> None:
        """The worker knows what is ours: from now on it may be asked."""
        self._ready.add(link)

    def forget(self, link: WorkerLink) -> None:
        """The worker is gone, or will be told anew what is ours and takes back what it had reserved."""
        self._ready.discard(link)
        for place in [place for place in self._kept if place[0] is link]:
            del self._kept[place]

    def take(self, link: WorkerLink, listener: str, family: int) -> Address | None:
        """A reserved address, None if there is none at the moment; then the worker chooses."""
        if link not in self._ready:
            return None
        place = link, listener, family
        kept = self._kept.get(place)
        if kept is None:
            kept = self._kept[place] = _Kept()
        found = kept.addresses.popleft() if kept.addresses else None
        if len(kept.addresses) <= WANTED // 2 and not kept.asking:
            kept.asking = True
            self._spawn(self._fill(place, kept))
        return found

    async def _fill(self, place: Place, kept: _Kept) -> None:
        link, listener, family = place
        try:
            answer = await link.request(wire.Reserve(listener, family, WANTED))
        finally:
            kept.asking = False
        if isinstance(answer, wire.Reserved) and self._kept.get(place) is kept:
            kept.addresses.extend([Address(answer.host, port) for port in answer.ports])
