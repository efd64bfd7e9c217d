"""Bindings and subscriptions follow into the database within a second, the newest value of each key only.

This module must never make a registration wait, nor lose a change while the database is away.
"""

import asyncio

from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.store.journal import OnTrouble
from vorzimmer.store.ports import LiveRepository, StoreFailedError

DELAY = 0.8
"""Seconds from a change to the transaction: within 1 s it is stored (ARCHITECTURE decision 4)."""


class WriteBehind:
    """Values of one kind (``binding``, ``subscription``), by key."""

    def __init__(self, kind: str, live: LiveRepository, clock: Clock, *, on_trouble: OnTrouble) -> None:
        self._kind = kind
        self._live = live
        self._clock = clock
        self._on_trouble = on_trouble
        self._changes: dict[str, bytes | None] = {}
        self._alarm: Alarm | None = None
        self._task: asyncio.Task[None] | None = None

    async def restore(self) -> dict[str, bytes]:
        """At the start: all values; raises StoreFailedError."""
        return await self._live.load(self._kind)

    def put(self, key: str, value: bytes | None) -> None:
        """Keep the newest value of `key`; None removes it."""
        self._changes[key] = value
        self._schedule()

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
        try:
            await self._live.save(self._kind, changes)
        except StoreFailedError as error:
            self._changes = {**changes, **self._changes}
            self._on_trouble(f"{self._kind}s: {error}")
