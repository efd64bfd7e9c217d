"""Documents of several parts, told bit by bit: a watcher gets what is new to it, as much as goes into one message.

Over UDP a message has to stay small; over a connection all of it goes at once. This module must never count as told
what may have been lost: ``forget`` says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

from vorzimmer.sip.flow import Flow

DATAGRAM = 640
"""Bytes of a body that, with the header lines of a NOTIFY, go into one unfragmented datagram."""

STREAM = 60_000
"""Bytes of a body over a connection."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """`parts` by name, in order. `first`: nothing had been told before. `more`: some are left for the next NOTIFY."""

    parts: tuple[tuple[str, bytes], ...]
    first: bool
    more: bool


def room(flow: Flow | None) -> int:
    """Bytes that a body may have on its way."""
    return DATAGRAM if flow is None or not flow.reliable else STREAM


class Pieces:
    """What each watcher has been told, by the key of its subscription."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, int]] = {}

    def choose(self, key: str, parts: Iterable[tuple[str, bytes]], space: int) -> Chosen:
        """What is new to `key` among `parts` and fits into `space`, the first one in any case; it counts as told."""
        first = key not in self._told
        told = self._told.setdefault(key, {})
        new = [(name, body, crc32(body)) for name, body in parts]
        new = [each for each in new if told.get(each[0]) != each[2]]
        taken: list[tuple[str, bytes]] = []
        for name, body, mark in new:
            space -= len(body)
            if taken and space < 0:
                break
            taken.append((name, body))
            told[name] = mark
        return Chosen(tuple(taken), first, len(taken) < len(new))

    def forget(self, key: str) -> None:
        """It is to be told everything again, or nothing any more."""
        self._told.pop(key, None)

    def __len__(self) -> int:
        return len(self._told)
