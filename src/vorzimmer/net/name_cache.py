"""Answers of DNS that are kept: for their time to live within bounds, denials for less, and old ones in an emergency.

This module must never grow without bound, nor ask twice at once for the same.
"""

import asyncio
from dataclasses import dataclass

from vorzimmer.kernel.clock import Clock
from vorzimmer.net.names import Answer, Kind, Names


@dataclass(frozen=True, slots=True)
class Keeping:
    """Seconds, but for `entries`."""

    least: float = 5.0
    most: float = 3_600.0
    denial: float = 60.0
    """Longest time for which a name without records is believed to have none (RFC 2308)."""
    failure: float = 5.0
    """After nobody answered, how long nobody is asked again."""
    stale: float = 86_400.0
    """How long after its time an answer still serves while nobody answers (RFC 8767)."""
    entries: int = 4_096


@dataclass(slots=True)
class _Entry:
    answer: Answer | None
    until: float
    kept_at: float


class CachedNames:
    """net.names.Names in front of another one."""

    def __init__(self, names: Names, clock: Clock, keeping: Keeping | None = None) -> None:
        self._names = names
        self._clock = clock
        self._keeping = keeping or Keeping()
        self._entries: dict[tuple[str, Kind], _Entry] = {}
        self._asking: dict[tuple[str, Kind], asyncio.Task[Answer]] = {}

    async def ask(self, name: str, kind: Kind) -> Answer:
        """As the port says."""
        key = (name.lower().rstrip("."), kind)
        entry = self._entries.get(key)
        if entry is not None and self._clock.now() < entry.until:
            return _given(entry, key)
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.get_running_loop().create_task(self._refresh(key))
            task.add_done_callback(lambda done: self._over(key, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End questions that are under way."""
        for task in (tasks := list(self._asking.values())):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def __len__(self) -> int:
        return len(self._entries)

    def _over(self, key: tuple[str, Kind], done: "asyncio.Task[Answer]") -> None:
        self._asking.pop(key, None)
        if not done.cancelled():
            done.exception()  # whoever asked may be gone; then nobody else looks at it

    async def _refresh(self, key: tuple[str, Kind]) -> Answer:
        keeping = self._keeping
        try:
            answer = await self._names.ask(*key)
        except OSError:
            old = self._entries.get(key)
            fresh = old is not None and self._clock.now() - old.kept_at < keeping.stale
            entry = self._keep(key, old.answer if old is not None and fresh else None, keeping.failure)
            if old is not None and fresh:
                entry.kept_at = old.kept_at
            return _given(entry, key)
        most = keeping.most if answer.records else keeping.denial
        return _given(self._keep(key, answer, min(max(answer.ttl, keeping.least), most)), key)

    def _keep(self, key: tuple[str, Kind], answer: Answer | None, seconds: float) -> _Entry:
        self._entries.pop(key, None)
        if len(self._entries) >= self._keeping.entries:  # dicts keep their order: the one that was refreshed least
            del self._entries[next(iter(self._entries))]
        now = self._clock.now()
        entry = self._entries[key] = _Entry(answer, now + seconds, now)
        return entry


def _given(entry: _Entry, key: tuple[str, Kind]) -> Answer:
    if entry.answer is None:
        raise OSError(f"no answer from DNS about {key[1]} of {key[0]}")
    return entry.answer
