"""Performs effects: signalling at once, in this very turn; media in order, one after the other, behind it.

Signalling must not wait, or a CANCEL or BYE could slip between a decision and its message. Media is another process:
its commands queue up per call, and a task lives only while there are some. This module must never decide, and never
drop an effect silently.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from vorzimmer.calls.connected import connected_to, takes_update
from vorzimmer.calls.effects import (
    Accept,
    Bye,
    Close,
    Configure,
    Deny,
    Effect,
    Finish,
    Hear,
    MediaLost,
    OwnEvent,
    Present,
    Probe,
    Reopen,
    Reopened,
    Respond,
    SendReinvite,
    Unpresented,
)
from vorzimmer.calls.state import CallState, Party
from vorzimmer.calls.world import World
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import LocalError
from vorzimmer.kernel.ids import EndpointId, LegId
from vorzimmer.media.eager import all_at_once
from vorzimmer.media.port import MediaError, Mix, Nothing, OpenSpec, Peer, SourceEnded, Statistics
from vorzimmer.routing.model import line_of

REOPENINGS = 4
"""Tries to get a new endpoint before the last one."""

SDP = ("Content-Type", "application/sdp")


class Performer:
    """Of one call. `feed` takes events back into the call, `finished` is called once, after everything else."""

    def __init__(
        self,
        world: World,
        state: Callable[[], CallState],
        feed: Callable[[OwnEvent | SourceEnded], None],
        finished: Callable[[dict[EndpointId, Statistics]], None],
    ) -> None:
        self._world = world
        self._state = state
        self._feed = feed
        self._finished = finished
        self._media: deque[Effect] = deque()
        self._task: asyncio.Task[None] | None = None
        self._statistics: dict[EndpointId, Statistics] = {}
        self.probes: dict[str, LegId] = {}
        self.updates: dict[str, LegId] = {}

    def perform(self, effects: tuple[Effect, ...]) -> None:
        """Do `effects` in order (signalling among itself, media among itself)."""
        for effect in effects:
            if isinstance(effect, (Configure, Hear, Reopen, Close, Finish)):
                self._media.append(effect)
            else:
                self._signal(effect)
        if effects:
            self._world.signalling.kick()
        if self._media and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._drain())

    def drop(self) -> None:
        """Forget everything, as a killed process does (simulations)."""
        self._media.clear()
        if self._task is not None:
            self._task.cancel()

    def release(self, last: CallState) -> None:
        """The call is over and has its record: hold it no longer, so that it is gone at once (``app/garbage.py``)."""
        self._state, self._feed, self._finished = (lambda: last), _untold, _untold

    def _signal(self, effect: Effect) -> None:
        try:
            self._command(effect)
        except LocalError:
            # The leg or transaction ended in this very turn; its event is on the way and ends what has to end.
            return

    def _command(self, effect: Effect) -> None:
        engine, now = self._world.signalling.engine, self._world.signalling.now()
        match effect:
            case Accept(leg, body, connected):
                engine.accept(leg, now, extra=(*self._shown(leg, connected), SDP), body=body)
            case Deny(leg, status):
                engine.refuse(leg, status, now)
            case SendReinvite(leg, body, connected):
                engine.reinvite(leg, body, now, extra=self._shown(leg, connected))
            case Respond(transaction, status, body):
                engine.respond(transaction, status, now, extra=(SDP,) if body else (), body=body)
            case Present(leg, connected):
                self._present(leg, connected)
            case Probe(leg):
                self.probes[engine.request_in(leg, "OPTIONS", now)] = leg
            case Bye(leg, reason):
                engine.end(leg, now, reason=reason)

    def _present(self, leg: LegId, connected: Party) -> None:
        engine, now = self._world.signalling.engine, self._world.signalling.now()
        extra = self._shown(leg, connected)
        if extra and self._takes_update(leg):
            self.updates[engine.request_in(leg, "UPDATE", now, extra=extra)] = leg
        elif extra:
            self._feed(Unpresented(leg))

    def _takes_update(self, leg: LegId) -> bool:
        company, found = self._state().company, self._state().leg(leg)
        device = found.party.device if found else None
        contacts = self._world.locations.contacts(company, device) if device else ()
        return takes_update(self._world, company, leg, contacts)

    def _shown(self, leg: LegId, connected: Party | None) -> tuple[tuple[str, str], ...]:
        """Whom a phone is told that it talks to; a trunk learns no names and extensions of ours."""
        found = self._state().leg(leg)
        if connected is None or (found is not None and line_of(found.party.device)):
            return ()
        return connected_to(self._world, self._state().company, leg, connected)

    async def _drain(self) -> None:
        try:
            while self._media:
                effects = self._together()
                if len(effects) == 1:
                    await self._safely(effects[0])
                else:
                    await all_at_once(*map(self._safely, effects))
        finally:
            self._task = None

    def _together(self) -> list[Effect]:
        """The next effect, and those behind it that need not wait for its answer: media carries out in order what it is
        told, and only what has to be loaded first may be overtaken."""
        effects = [self._media.popleft()]
        while _at_once(effects[-1]) and self._media and _at_once(self._media[0]):
            effects.append(self._media.popleft())
        return effects

    async def _safely(self, effect: Effect) -> None:
        try:
            await self._do(effect)
        except Exception as error:  # noqa: BLE001 -- a bug in one command must not keep the call from its record
            self._world.on_bug(f"performing {type(effect).__name__}", error)

    async def _do(self, effect: Effect) -> None:
        media = self._world.media
        try:
            match effect:
                case Configure(endpoint, plan) if self._has(endpoint):
                    await media.configure(endpoint, plan)
                case Hear(endpoint, source) if self._has(endpoint):
                    await media.hear(endpoint, source)
                case Reopen():
                    await self._reopen(effect)
                case Close(endpoint):
                    self._statistics[endpoint] = await media.close(endpoint)
                case Finish():
                    self._finished(self._statistics)
        except MediaError:
            self._lost(effect)

    def _has(self, endpoint: EndpointId) -> bool:
        """An endpoint that has moved on with its leg is another call's to command: an old word must not come late."""
        return any(leg.sound.endpoint == endpoint for leg in self._state().parties)

    async def _reopen(self, effect: Reopen) -> None:
        address = await self._open(OpenSpec(effect.endpoint, self._state().id, effect.listener, effect.family))
        if self._state().leg(effect.leg) is None:
            self._statistics[effect.endpoint] = await self._world.media.close(effect.endpoint)
        else:
            self._feed(Reopened(effect.leg, effect.endpoint, address))

    async def _open(self, spec: OpenSpec) -> Address:
        """A worker is replaced within a second: a call that could talk again must not end before that."""
        for _ in range(REOPENINGS):
            try:
                return await self._world.media.open(spec)
            except MediaError:
                await self._world.clock.sleep(self._world.times.reopen)
        return await self._world.media.open(spec)

    def _lost(self, effect: Effect) -> None:
        """A worker that died under a command: WorkerLost follows and brings new endpoints. Only a reopening that fails
        means that there is no media to be had."""
        if isinstance(effect, Reopen):
            self._feed(MediaLost(effect.leg))
        elif isinstance(effect, Hear):
            # Whoever waits for the end of a prompt that cannot be played must not wait for ever.
            self._feed(SourceEnded(effect.endpoint, effect.source))


def _untold(what: object) -> None:
    """Nobody is left to be told."""


def _at_once(effect: Effect) -> bool:
    return isinstance(effect, Configure | Close) or (
        isinstance(effect, Hear) and isinstance(effect.source, Peer | Mix | Nothing)
    )
