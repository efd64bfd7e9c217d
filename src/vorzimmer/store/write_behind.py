"""Bindings and subscriptions follow into the database within a second, the newest value of each key only.

What nobody may lose even within that second is appended to a journal of its own as well, in the caller's turn: an
unsynced write, which survives ``kill -9``. This module must never make a registration wait, nor lose a change while the
database is away.
"""

import asyncio

from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.store.frames import GONE, STATE, Entry, fold, frame, read
from vorzimmer.store.journal import OnTrouble, Segments
from vorzimmer.store.ports import LiveRepository, StoreFailedError

DELAY = 0.8
"""Seconds from a change to the transaction: within 1 s it is stored (ARCHITECTURE decision 4)."""


class WriteBehind:
    """Values of one kind (``binding``, ``subscription``), by key; `segments` are the files of its journal, if any.
    `only_new`: only keys that come and go are journaled, not what is new about one that is there already."""

    def __init__(
        self, kind: str, live: LiveRepository, clock: Clock, *, on_trouble: OnTrouble, segments: Segments | None = None,
        only_new: bool = False,
    ) -> None:  # fmt: skip
        self._kind = kind
        self._live = live
        self._clock = clock
        self._on_trouble = on_trouble
        self._segments = segments
        self._restored = False
        self._there: set[str] | None = set() if only_new else None
        self._changes: dict[str, bytes | None] = {}
        self._alarm: Alarm | None = None
        self._task: asyncio.Task[None] | None = None

    async def restore(self) -> dict[str, bytes]:
        """At the start: all values, those that only the journal of an earlier run has too; raises StartError or
        StoreFailedError, and the journal's files stay then."""
        if self._segments is not None and not self._restored:
            left = fold(entry for data in self._segments.old() for entry in read(data)).states
            # What has changed since the start is newer than what an earlier run has left.
            older = {key: value for key, value in left.items() if key not in self._changes}
            if older:
                await self._live.save(self._kind, older)
            self._segments.drop_old()
        self._restored = True
        found = await self._live.load(self._kind)
        if self._there is not None:
            self._there.update(found)
        return found

    def put(self, key: str, value: bytes | None) -> None:
        """Keep the newest value of `key`; None removes it."""
        self._changes[key] = value
        if self._segments is not None and self._counts(key, value):
            self._append(self._segments, Entry(GONE, key) if value is None else Entry(STATE, key, value))
        self._schedule()

    def _counts(self, key: str, value: bytes | None) -> bool:
        """Whether a change may not be lost even within the second until it is stored."""
        if self._there is None:
            return True
        before = key in self._there
        if value is None:
            self._there.discard(key)
        else:
            self._there.add(key)
        return before != (value is not None)

    def _append(self, segments: Segments, entry: Entry) -> None:
        """A failing disk is reported; the value goes to the database alone. (After a kill on top of that an older one
        may come back: a watcher that is gone says so itself.)"""
        try:
            segments.append(frame(entry))
        except OSError as error:
            self._on_trouble(f"{self._kind}s: {error.strerror or error}")

    async def close(self) -> None:
        """Write what is left."""
        if self._alarm is not None:
            self._alarm.cancel()
        if self._task is not None:
            await self._task
        if self._alarm is not None:  # a write that failed meanwhile has scheduled another
            self._alarm.cancel()
            self._alarm = None
        await self._write()
        if self._segments is not None:
            self._segments.close()

    def _schedule(self) -> None:
        if self._alarm is None and self._task is None:
            self._alarm = self._clock.call_at(self._clock.now() + DELAY, self._begin)

    def _begin(self) -> None:
        self._alarm = None
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        await self._write()
        self._task = None
        if self._changes:
            self._schedule()

    async def _write(self) -> None:
        changes, self._changes = self._changes, {}
        if not changes:
            return
        rotated = self._rotated()
        try:
            await self._live.save(self._kind, changes)
        except StoreFailedError as error:
            self._changes = {**changes, **self._changes}
            self._on_trouble(f"{self._kind}s: {error}")
            return
        if rotated and self._segments is not None:
            self._segments.drop_old()

    def _rotated(self) -> bool:
        """Begin a new file, so that the older ones can go once their values are stored; not before the files of an
        earlier run have been read."""
        if self._segments is None or not self._restored:
            return False
        try:
            self._segments.rotate()
        except OSError as error:
            self._on_trouble(f"{self._kind}s: {error.strerror or error}")
            return False
        return True
