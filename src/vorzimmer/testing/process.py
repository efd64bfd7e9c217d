"""What dies with a killed process: its alarms, its tasks, its words to other processes.

A simulated process sees the world through these. Once killed, nothing it still does on its way out reaches anybody,
as with ``kill -9``. This module must never change what a living process does.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.port import Media, MediaError, MediaEvent, MediaPlan, OpenSpec, Source, Statistics


class _Alarm:
    """A pending call-back that its clock knows of."""

    def __init__(self, clock: "MortalClock", when: float, callback: Callable[[], None]) -> None:
        self._clock = clock
        self._callback = callback
        self._alarm: Alarm | None = clock.real.call_at(when, self._ring)
        clock.alarms.add(self)

    def cancel(self) -> None:
        """As the port says."""
        self._clock.alarms.discard(self)
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _ring(self) -> None:
        self._clock.alarms.discard(self)
        self._alarm = None
        self._callback()


class _Never:
    """An alarm of the dead."""

    def cancel(self) -> None:
        """Nothing to forget."""


class MortalClock:
    """kernel.Clock of one process; `alarms` are those that still have to ring."""

    def __init__(self, real: Clock) -> None:
        self.real = real
        self.alarms: set[_Alarm] = set()
        self.dead = False

    def now(self) -> float:
        """As the port says."""
        return self.real.now()

    def wall(self) -> datetime:
        """As the port says."""
        return self.real.wall()

    async def sleep(self, seconds: float) -> None:
        """As the port says."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        alarm = self.call_at(self.now() + seconds, lambda: None if done.done() else done.set_result(None))
        try:
            await done
        finally:
            alarm.cancel()

    def call_at(self, when: float, callback: Callable[[], None]) -> Alarm:
        """As the port says."""
        return _Never() if self.dead else _Alarm(self, when, callback)

    def kill(self) -> None:
        """No alarm rings any more."""
        self.dead = True
        for alarm in list(self.alarms):
            alarm.cancel()


class MortalMedia:
    """media.port.Media as one process sees it: the workers are other processes, and outlive it."""

    def __init__(self, real: Media) -> None:
        self._real = real
        self._receivers: list[Callable[[MediaEvent], None]] = []
        self.dead = False
        real.on_event(self._emit)

    async def open(self, spec: OpenSpec) -> Address:
        """As the port says."""
        self._check()
        return await self._real.open(spec)

    async def configure(self, endpoint: EndpointId, plan: MediaPlan) -> None:
        """As the port says."""
        self._check()
        await self._real.configure(endpoint, plan)

    async def hear(self, endpoint: EndpointId, source: Source) -> None:
        """As the port says."""
        self._check()
        await self._real.hear(endpoint, source)

    async def statistics(self, endpoint: EndpointId) -> Statistics:
        """As the port says."""
        self._check()
        return await self._real.statistics(endpoint)

    async def close(self, endpoint: EndpointId) -> Statistics:
        """As the port says."""
        return Statistics() if self.dead else await self._real.close(endpoint)

    async def adopt(self, endpoints: tuple[EndpointId, ...]) -> tuple[EndpointId, ...]:
        """As the port says."""
        return () if self.dead else await self._real.adopt(endpoints)

    def on_event(self, receiver: Callable[[MediaEvent], None]) -> None:
        """As the port says."""
        self._receivers.append(receiver)

    def _emit(self, event: MediaEvent) -> None:
        for receiver in () if self.dead else tuple(self._receivers):
            receiver(event)

    def _check(self) -> None:
        if self.dead:
            raise MediaError("this process is dead")
