"""All endpoints of one worker, and the graph of who hears whom.

Commands of control change the table; packets run past it, from inlet to outlets. This module must never touch a
socket or a clock itself (pairs of ports, clips and the time are handed in), and never drop a command silently.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.embedded import protocol as wire
from vorzimmer.media.embedded import reports
from vorzimmer.media.embedded.config import Listener, WorkerConfig
from vorzimmer.media.embedded.digits import DigitWatch
from vorzimmer.media.embedded.mixing import Rooms
from vorzimmer.media.embedded.player import Player, Playing, Track
from vorzimmer.media.embedded.ports import PortPool
from vorzimmer.media.embedded.relay import BLOCKED, Inlet, Outlet, Where
from vorzimmer.media.embedded.reserved import Reserved
from vorzimmer.media.embedded.secure import Channel
from vorzimmer.media.embedded.session import Session, literal, playable
from vorzimmer.media.embedded.transcode import Translator
from vorzimmer.media.embedded.voices import Voices
from vorzimmer.media.embedded.wires import Pair
from vorzimmer.media.port import (
    Codec,
    FellSilent,
    File,
    MediaError,
    MediaPlan,
    Mix,
    Nothing,
    Peer,
    Source,
    SourceEnded,
    Statistics,
    Tone,
    speakers,
)

BRIDGE_HOST = "127.0.0.1"
KEPT = 512
"""Pairs per listener whose sockets stay open for the next call: opening and closing them is most of what a short
call costs here."""
PORT_TRIES = 20
"""Ports that other programs hold are passed over, so many times per open."""


class Clips(Protocol):
    """Where tracks come from."""

    async def load(self, source: Source, codec: Codec | None) -> None:
        """Read and decode what `source` names, away from the relay. Raises MediaError."""

    def track(self, source: Source, codec: Codec) -> Track:
        """The loaded source in `codec`."""


class Table:
    """The sessions of a worker; `bind` gives a pair of sockets (port 0 is any), or raises OSError when it is taken."""

    def __init__(
        self,
        config: WorkerConfig,
        bind: Callable[[str, int], Awaitable[Pair]],
        clips: Clips,
        emit: Callable[[wire.Event], None],
        chance: Chance,
    ) -> None:
        self.sessions: dict[EndpointId, Session] = {}
        self.player = Player(self._ended)
        self._config = config
        self._bind = bind
        self._clips = clips
        self._emit = emit
        self._chance = chance
        self._cname = chance.token(12)  # RFC 7022 4.2: says nothing about us
        self.voices = Voices()
        self.translator = Translator(self.voices)
        self.rooms = Rooms(self.voices)
        self.reports = reports.Reporter(chance)
        self._listeners = {(each.name, each.family): each for each in reversed(config.listeners)}
        self._pools = {key: PortPool(each.low, each.high, config.drain, KEPT) for key, each in self._listeners.items()}
        self._draining: dict[tuple[str, int], dict[int, Pair]] = {key: {} for key in self._pools}
        self._reserved = Reserved()

    async def open(self, command: wire.Open) -> wire.Opened:
        """Bind a pair of ports, or take one that was reserved. Raises MediaError: open already, unknown listener, no
        free port, not reserved."""
        if command.endpoint in self.sessions:
            raise MediaError(f"endpoint {command.endpoint} is open already")
        if command.bridge:
            pair = await self._bind(BRIDGE_HOST, 0)
            session = self._session(command, pair, frozenset(), None)
            return wire.Opened(BRIDGE_HOST, session.pair.port)
        key, listener = self._listener(command)
        pair, old = self._reserved.take(key, command.port) if command.port else await self._bound(listener, key)
        if command.endpoint in self.sessions:
            pair.close()
            raise MediaError(f"endpoint {command.endpoint} is open already")
        self._session(command, pair, old, key)
        return wire.Opened(listener.host, pair.port)

    async def reserve(self, command: wire.Reserve) -> wire.Reserved:
        """Pairs for endpoints to come: never more than half of what is free. They are kept until control's next Adopt.
        Raises MediaError for an unknown listener."""
        key, listener = self._listener(command)
        ports: list[int] = []
        with suppress(MediaError):
            for _ in range(min(command.count, self._pools[key].free() // 2)):
                pair, old = await self._bound(listener, key)
                self._reserved.put(key, pair, old)
                ports.append(pair.port)
        return wire.Reserved(listener.host, tuple(ports))

    def configure(self, endpoint: EndpointId, plan: MediaPlan, now: float) -> None:
        """Raises MediaError for an unknown endpoint, a remote address that is ours, keys that do not fit."""
        session = self.find(endpoint)
        for address in (plan.remote, plan.remote_rtcp):
            if address is not None and not session.bridge and self._config.is_own(address):
                raise MediaError(f"{address} is a media port of this server")
        remote = literal(plan.remote)
        if remote is not None and session.pool is not None and (":" in remote.host) != (session.pool[1] == 6):
            raise MediaError(f"{remote} cannot be reached from an IPv{session.pool[1]} endpoint")
        first = session.plan is None
        session.agree(plan, now)
        if first and session.pool:
            self.reports.watch(session, now)
        self._link(session)
        for listener in session.audience.values():
            listener.link(plan)
            self.translator.link(listener, session)
        self.rooms.replanned(session)
        self._perform(session)

    async def hear(self, endpoint: EndpointId, source: Source) -> None:
        """Raises MediaError for an unknown endpoint or a source that cannot be played. The last of several wins."""
        session = self.find(endpoint)
        session.turn += 1
        turn = session.turn
        if isinstance(source, Peer | Mix):
            for each in speakers(source):
                self.find(each)
        elif not isinstance(source, Nothing):
            await self._clips.load(source, playable(session.plan) if session.plan else None)
            if self.find(endpoint) is not session:
                raise MediaError(f"unknown endpoint {endpoint}")
        if session.turn == turn:
            self._change(session, source)

    def statistics(self, endpoint: EndpointId) -> Statistics:
        """Raises MediaError for an unknown endpoint."""
        return self._counted(self.find(endpoint))

    def close(self, endpoint: EndpointId, now: float) -> Statistics:
        """Its ports begin to drain; whoever heard it hears nothing. Unknown: empty statistics."""
        session = self.sessions.get(endpoint)
        if session is None:
            return Statistics()
        self.reports.goodbye(session, now)
        counted = self._counted(session)
        self._change(session, Nothing())
        for listener in list(session.audience.values()):
            self._change(listener, Nothing())
        for each in self.rooms.audience(endpoint):
            self._missing(self.sessions[each], endpoint)
        del self.sessions[endpoint]
        self._drain(session, now)
        session.channel.forget()
        return counted

    def adopt(self, endpoints: tuple[EndpointId, ...], now: float) -> tuple[wire.Kept, ...]:
        """Close all but these (and the bridges between two of them), and what is reserved; what lives on."""
        for key, (pair, old) in self._reserved.give_up():
            self._rest(key, pair, old, now)
        wanted = frozenset(endpoints)
        for endpoint, session in list(self.sessions.items()):
            if not (wanted.issuperset(session.bridge) if session.bridge else endpoint in wanted):
                self.close(endpoint, now)
        return tuple(
            wire.Kept(each.endpoint, each.group, each.plan, each.source, each.pair.port, each.bridge)
            for each in self.sessions.values()
        )

    def close_all(self, now: float) -> None:
        """Nobody owns these sessions any more."""
        self.adopt((), now)

    def sweep(self, now: float) -> None:
        """Once a second: report phones that fell silent, give back ports that have run dry."""
        for session in self.sessions.values():
            self._watch(session, now)
        for key, pool in self._pools.items():
            for port in pool.dry(now):
                if not pool.is_open(port):
                    self._draining[key].pop(port).close()

    def watch_digits(self, now: float) -> None:
        """A few times a second: presses whose end was lost are over."""
        for session in self.sessions.values():
            session.watch.tick(now)

    def find(self, endpoint: EndpointId) -> Session:
        """Raises MediaError when it is not open."""
        session = self.sessions.get(endpoint)
        if session is None:
            raise MediaError(f"unknown endpoint {endpoint}")
        return session

    def load(self) -> wire.Load:
        """How much this worker has to do, and has done for the sessions that are open."""
        inlets = [each.inlet for each in self.sessions.values()]
        received, dropped = sum(each.reception.received for each in inlets), sum(each.dropped for each in inlets)
        return wire.Load(len(inlets), received, self.player.played, dropped)

    def shut(self, now: float) -> None:
        """Close everything, also what still drains: the process ends."""
        self.close_all(now)
        for pairs in self._draining.values():
            for pair in pairs.values():
                pair.close()
            pairs.clear()

    def _listener(self, command: wire.Open | wire.Reserve) -> tuple[tuple[str, int], Listener]:
        """The named listener; for no name the first of the family."""
        for each in self._config.listeners:
            if command.listener in {"", each.name} and each.family == command.family:
                return (each.name, each.family), each
        raise MediaError(f"no media listener {command.listener!r} for IPv{command.family}")

    async def _bound(self, listener: Listener, key: tuple[str, int]) -> tuple[Pair, frozenset[int]]:
        pool = self._pools[key]
        if rested := pool.take_open():
            return self._draining[key].pop(rested[0]), rested[1]
        for _ in range(PORT_TRIES):
            port, old = pool.take()
            try:
                return await self._bind(listener.bind, port), old
            except OSError:
                pool.refuse(port)
        raise MediaError(f"other programs hold the ports of listener {listener.name!r}")

    def _session(self, command: wire.Open, pair: Pair, old: frozenset[int], pool: tuple[str, int] | None) -> Session:
        number = self._chance.number
        outlet = Outlet(pair.send, number(0, 0xFFFFFFFF), number(0, 0xFFFF), number(0, 0xFFFFFFFF))
        watch = DigitWatch(command.endpoint, (lambda event: None) if command.bridge else self._emit)

        def moved(source: Where) -> bool:
            return self._moved(session, source)

        inlet = Inlet(watch.packet, moved, old)
        channel = Channel(pair, inlet, outlet, lambda data, source, now: reports.heard(session, data, source, now))
        session = Session(
            command.endpoint, command.group, pair, inlet, watch, outlet, channel, pool, self._cname, command.bridge
        )
        self.sessions[command.endpoint] = session
        return session

    def _moved(self, session: Session, source: Where) -> bool:
        if session.bridge:
            if session.plan is None or source[:2] != session.plan.remote:
                return False
        elif self._config.is_own(Address(str(source[0]), int(str(source[1])))):
            return False
        plan = session.plan
        if plan is not None and plan.sends and plan.remote is not None:
            session.outlet.to = source
        return True

    def _change(self, session: Session, source: Source) -> None:
        """Another source, in the same stream. Hearing the same endless source again changes nothing."""
        session.turn += 1
        if session.source == source and not _finite(source):
            return
        before, session.source = session.source, source
        session.paused = None
        self.player.stop(session.endpoint)
        if not (isinstance(before, Mix) and isinstance(source, Mix)):
            session.outlet.renew()
        if isinstance(before, Peer):
            self._leave(before.endpoint, session)
        if isinstance(source, Peer):
            speaker = self.sessions[source.endpoint]
            speaker.audience[session.endpoint] = session
            speaker.inlet.listeners = tuple(each.outlet for each in speaker.audience.values())
        self._link(session)
        self._perform(session)

    def _counted(self, session: Session) -> Statistics:
        return session.statistics(self.voices.late(session.endpoint))

    def _leave(self, speaker: EndpointId, listener: Session) -> None:
        found = self.sessions[speaker]
        del found.audience[listener.endpoint]
        found.inlet.listeners = tuple(each.outlet for each in found.audience.values())

    def _link(self, session: Session) -> None:
        source = session.source
        speaker = self.sessions[source.endpoint] if isinstance(source, Peer) else None
        if isinstance(source, Mix):
            session.outlet.map = BLOCKED
        else:
            session.link(speaker.plan if speaker else None)
        self.translator.link(session, speaker)
        self.rooms.link(session, [self.sessions[each] for each in source.endpoints] if isinstance(source, Mix) else ())

    def _missing(self, listener: Session, speaker: EndpointId) -> None:
        """One whom `listener` hears among others is closed."""
        if isinstance(listener.source, Mix):
            self._change(listener, listener.source.without(speaker))

    def _perform(self, session: Session) -> None:
        """Start, go on with or stop playing, as source and plan now ask for."""
        source = session.source
        stopped = self.player.stop(session.endpoint) or session.paused
        session.paused = stopped
        codec = playable(session.plan) if session.plan else None
        if isinstance(source, Peer | Mix | Nothing) or codec is None:
            return
        index = stopped.index if stopped else 0
        loops = stopped.loops if stopped else _loops(source)
        if stopped and stopped.codec.rate != codec.rate:
            session.outlet.renew()
        track = self._clips.track(source, codec)
        session.paused = None
        ptime = session.plan.ptime if session.plan else 20
        self.player.start(session.endpoint, Playing(source, session.outlet, track, codec, loops, index, ptime))

    def _drain(self, session: Session, now: float) -> None:
        pair = session.pair
        if session.pool is None:
            pair.close()
            return
        self._rest(session.pool, pair, frozenset(session.inlet.ssrcs), now)

    def _rest(self, key: tuple[str, int], pair: Pair, ssrcs: frozenset[int], now: float) -> None:
        """Let a pair run dry."""
        pool, port = self._pools[key], pair.port
        pool.release(port, now, ssrcs)
        self._draining[key][port] = pair
        pair.aim(lambda data, source, at: pool.heard(port, at), lambda data, source, at: None)

    def _watch(self, session: Session, now: float) -> None:
        silent = session.silent_for(now)
        if silent < self._config.silent:
            session.reported_silent = False
        elif not session.reported_silent:
            session.reported_silent = True
            self._emit(FellSilent(session.endpoint, silent))

    def _ended(self, endpoint: EndpointId, source: Source) -> None:
        session = self.sessions[endpoint]
        session.source = Nothing()
        session.outlet.renew()
        self._emit(SourceEnded(endpoint, source))


def _finite(source: Source) -> bool:
    return (isinstance(source, Tone) and not source.repeat) or (isinstance(source, File) and source.loops > 0)


def _loops(source: Source) -> int:
    if isinstance(source, File):
        return source.loops
    return 1 if isinstance(source, Tone) and not source.repeat else 0
