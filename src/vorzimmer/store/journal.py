"""The journal of live calls: appended without waiting, in the database within 200 ms, replayed at the next start.

An append is one unsynced write in the caller's turn: it survives ``kill -9``, not a power cut. Entries go to the newest
segment; a drain begins a new one, puts what the older ones add up to into the database in short transactions, and then
removes them. This module must never raise into a call, lose a record while the database is away, or write one twice.
"""

import asyncio
import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.kernel.errors import StartError
from vorzimmer.store.call_rows import row_of
from vorzimmer.store.frames import GONE, STATE, Entry, Survivors, fold, frame, read
from vorzimmer.store.ports import LiveRepository, StoreFailedError

DELAY = 0.1
"""Seconds from the first append to the drain; with the transaction it stays under 200 ms."""
RETRY = 1.0
"""Seconds until a drain that failed is tried again."""
CHUNK = 200
"""Calls per transaction, so that nobody waits long for the database after an outage."""

OnTrouble = Callable[[str], None]


class Segments(Protocol):
    """Append-only files, oldest first."""

    def old(self) -> list[bytes]:
        """What an earlier run has left, oldest first; raises StartError if it cannot be read."""

    def append(self, data: bytes) -> None:
        """Append whole or not at all; raises OSError."""

    def rotate(self) -> None:
        """Begin a new segment; raises OSError."""

    def drop_old(self) -> None:
        """Remove all segments but the newest."""

    def close(self) -> None:
        """Close; an empty newest segment is removed."""


class FileSegments:
    """Segments as ``NUMBER.journal`` in a directory."""

    _file: int
    _path: Path
    _size: int

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._old = sorted(directory.glob("*.journal"))
            self._numbers = itertools.count(int(self._old[-1].stem) + 1 if self._old else 1)
            self._open()
        except (OSError, ValueError) as error:
            raise StartError(f"cannot write the journal in {directory}: {error}") from None

    def old(self) -> list[bytes]:
        """As the port says."""
        try:
            return [path.read_bytes() for path in self._old]
        except OSError as error:
            raise StartError(f"cannot read the journal in {self._directory}: {error.strerror}") from None

    def append(self, data: bytes) -> None:
        """As the port says. After a partial write (disk full) the file is cut back: nothing may follow a torn frame."""
        written = os.write(self._file, data)
        if written != len(data):
            os.ftruncate(self._file, self._size)
            raise OSError(None, "the disk is full")
        self._size += written

    def rotate(self) -> None:
        """As the port says; an empty segment stays in use."""
        if self._size == 0:
            return
        before = (self._file, self._path)
        self._open()
        os.close(before[0])
        self._old.append(before[1])

    def drop_old(self) -> None:
        """As the port says."""
        for path in self._old:
            path.unlink(missing_ok=True)
        self._old = []

    def close(self) -> None:
        """As the port says."""
        os.close(self._file)
        self._file = -1  # its number may soon be another file's
        if self._size == 0:
            self._path.unlink(missing_ok=True)

    def _open(self) -> None:
        path = self._directory / f"{next(self._numbers):010}.journal"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._path = path
        self._size = 0


class Journal:
    """calls.ports.Journal."""

    def __init__(self, segments: Segments, live: LiveRepository, clock: Clock, *, on_trouble: OnTrouble) -> None:
        self._segments = segments
        self._live = live
        self._clock = clock
        self._on_trouble = on_trouble
        self._pending = Survivors()
        self._alarm: Alarm | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def restore(self) -> dict[str, bytes]:
        """At the start: put what an earlier run has left into the database, then give the state of every call that
        was alive. Raises StartError or StoreFailedError; the journal's files stay then."""
        for data in self._segments.old():
            self._pending = self._pending.then(fold(read(data)))
        await self._drain_once()
        self._segments.drop_old()  # also those that held nothing readable
        return await self._live.load("call")

    def append(self, kind: str, key: str, value: bytes) -> None:
        """As the port says. A failing disk is reported and the entry goes to the database alone."""
        if kind == GONE and key in self._pending.records:
            return  # Its record, in the same file, says so already.
        entry = Entry(kind, key, value if kind in {STATE, "record"} else b"")
        self._pending.add(entry)
        try:
            self._segments.append(frame(entry))
        except OSError as error:
            self._on_trouble(f"journal: {error.strerror or error}")
        self._schedule(DELAY)

    async def close(self) -> None:
        """Put everything into the database; what that refuses stays in the files for the next start."""
        self._closing = True
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._task is not None:
            await self._task
        try:
            await self._drain_once()
        except StoreFailedError as error:
            self._on_trouble(f"journal: {error}")
        self._segments.close()

    @property
    def pending(self) -> int:
        """Calls whose newest state or record is not in the database yet (for the metrics)."""
        return len(self._pending.states)

    # -- draining ---------------------------------------------------------------------------------------------------
    def _schedule(self, delay: float) -> None:
        if self._alarm is None and self._task is None and not self._closing:
            self._alarm = self._clock.call_at(self._clock.now() + delay, self._begin)

    def _begin(self) -> None:
        self._alarm = None
        self._task = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        delay = DELAY
        try:
            await self._drain_once()
        except StoreFailedError as error:
            self._on_trouble(f"journal: {error}")
            delay = RETRY
        finally:
            self._task = None
        if self._pending:
            self._schedule(delay)

    async def _drain_once(self) -> None:
        taken, self._pending = self._pending, Survivors()
        if not taken:
            return
        rotated = self._rotated()
        try:
            await self._settle(taken)
        except BaseException:
            self._pending = taken.then(self._pending)
            raise
        if rotated:
            self._segments.drop_old()

    def _rotated(self) -> bool:
        """Begin a new segment; where that fails the old one is kept and everything is settled once more later."""
        try:
            self._segments.rotate()
        except OSError as error:
            self._on_trouble(f"journal: {error.strerror or error}")
            return False
        return True

    async def _settle(self, taken: Survivors) -> None:
        """Records first within each transaction, so that no call is without state and record at once."""
        keys = list(taken.states)
        for start in range(0, len(keys), CHUNK):
            chunk = keys[start : start + CHUNK]
            rows = [row_of(key, taken.records[key]) for key in chunk if key in taken.records]
            await self._live.settle({key: taken.states[key] for key in chunk}, rows)
