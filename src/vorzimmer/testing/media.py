"""A recording double of the media port: no packets, but every promise of the port kept in memory.

Tests inject what a phone or a dying worker would cause, read back every command, and ask who hears whom. It must never
be kinder than the embedded worker: the same contract tests run over both.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.port import (
    DigitHeard,
    FellSilent,
    File,
    MediaError,
    MediaEvent,
    MediaPlan,
    Mix,
    Nothing,
    OpenSpec,
    Peer,
    Source,
    SourceEnded,
    Statistics,
    Tone,
    WorkerLost,
    speakers,
    srtp_key_bytes,
)


@dataclass(slots=True)
class FakeEndpoint:
    """What the double knows of one open endpoint."""

    spec: OpenSpec
    address: Address
    plan: MediaPlan | None = None
    source: Source = field(default_factory=Nothing)
    statistics: Statistics = field(default_factory=Statistics)


@dataclass(slots=True)
class RecordingMedia:
    """media.port.Media in memory.

    `commands` is everything that was asked for, in order, as tuples that begin with the method's name. `broken` (a
    reason) makes every command but `close` and `adopt` raise :class:`MediaError`, as without a worker.
    """

    host: str = "192.0.2.200"
    host6: str = "2001:db8::200"
    first_port: int = 20000
    broken: str = ""
    commands: list[tuple[object, ...]] = field(default_factory=list)
    endpoints: dict[EndpointId, FakeEndpoint] = field(default_factory=dict)
    _receivers: list[Callable[[MediaEvent], None]] = field(default_factory=list)
    _opened: int = 0

    async def open(self, spec: OpenSpec) -> Address:
        self._note("open", spec)
        if spec.endpoint in self.endpoints:
            raise MediaError(f"endpoint {spec.endpoint} is open already")
        address = Address(self.host6 if spec.family == 6 else self.host, self.first_port + 2 * self._opened)
        self._opened += 1
        self.endpoints[spec.endpoint] = FakeEndpoint(spec, address)
        return address

    async def configure(self, endpoint: EndpointId, plan: MediaPlan) -> None:
        self._note("configure", endpoint, plan)
        found = self._find(endpoint)
        keys = plan.srtp
        if keys and {len(keys.send_key), len(keys.receive_key)} != {srtp_key_bytes(keys.suite)}:
            raise MediaError(f"{keys.suite} takes keys of {srtp_key_bytes(keys.suite)} bytes")
        found.plan = plan

    async def hear(self, endpoint: EndpointId, source: Source) -> None:
        self._note("hear", endpoint, source)
        found = self._find(endpoint)
        for each in speakers(source):
            self._find(each)
        found.source = source

    async def statistics(self, endpoint: EndpointId) -> Statistics:
        self._note("statistics", endpoint)
        return self._find(endpoint).statistics

    async def close(self, endpoint: EndpointId) -> Statistics:
        self.commands.append(("close", endpoint))
        gone = self.endpoints.pop(endpoint, None)
        self._forget(endpoint)
        return gone.statistics if gone else Statistics()

    async def adopt(self, endpoints: tuple[EndpointId, ...]) -> tuple[EndpointId, ...]:
        self.commands.append(("adopt", endpoints))
        for endpoint in [e for e in self.endpoints if e not in endpoints]:
            del self.endpoints[endpoint]
            self._forget(endpoint)
        return tuple(e for e in endpoints if e in self.endpoints)

    def on_event(self, receiver: Callable[[MediaEvent], None]) -> None:
        self._receivers.append(receiver)

    # What tests do to it

    def press(self, endpoint: EndpointId, digits: str, milliseconds: int = 160) -> None:
        """The phone sends these digits, one complete event each."""
        self._find(endpoint)
        for digit in digits:
            self._emit(DigitHeard(endpoint, digit, milliseconds))

    def fall_silent(self, endpoint: EndpointId, seconds: float = 30.0) -> None:
        """The phone has sent no RTP for `seconds`."""
        self._find(endpoint)
        self._emit(FellSilent(endpoint, seconds))

    def end_source(self, endpoint: EndpointId) -> None:
        """The finite tone or file that the endpoint hears has been played to its end."""
        found = self._find(endpoint)
        source, found.source = found.source, Nothing()
        if not _finite(source):
            raise AssertionError(f"{endpoint} hears {source}, which has no end")
        self._emit(SourceEnded(endpoint, source))

    def lose_worker(self, *endpoints: EndpointId) -> None:
        """The worker with these endpoints dies (all endpoints where none is named)."""
        lost = tuple(e for e in self.endpoints if not endpoints or e in endpoints)
        for endpoint in lost:
            del self.endpoints[endpoint]
            self._forget(endpoint)
        self._emit(WorkerLost(lost))

    # What tests ask it

    def leaks(self) -> list[EndpointId]:
        """Endpoints that nobody has closed."""
        return list(self.endpoints)

    def hears(self, listener: EndpointId) -> Source:
        """What the phone at `listener` really hears now: Nothing where direction or plan forbids it."""
        found = self.endpoints.get(listener)
        if found is None or found.plan is None or found.plan.remote is None or not found.plan.sends:
            return Nothing()
        if isinstance(found.source, Peer):
            return found.source if self._reaches(found.source.endpoint, found.plan) else Nothing()
        if isinstance(found.source, Mix):
            others = tuple(e for e in found.source.endpoints if e != listener and self._reaches(e, found.plan))
            return Mix(others) if others else Nothing()
        return found.source

    def hears_whom(self, listener: EndpointId) -> EndpointId | None:
        """The endpoint whose phone alone is heard at `listener`; None for mixes, music, tones, silence."""
        source = self.hears(listener)
        return source.endpoint if isinstance(source, Peer) else None

    def hears_all(self, listener: EndpointId) -> frozenset[EndpointId]:
        """The endpoints whose phones are heard at `listener`, alone or mixed."""
        return frozenset(speakers(self.hears(listener)))

    def talking(self, *endpoints: EndpointId) -> bool:
        """Whether all of them hear all others, and nobody else."""
        everybody = frozenset(endpoints)
        return all(self.hears_all(each) == everybody - {each} for each in endpoints)

    def named(self, method: str) -> list[tuple[object, ...]]:
        """The recorded commands of one method, without its name."""
        return [command[1:] for command in self.commands if command[0] == method]

    def transcodes(self, listener: EndpointId) -> bool:
        """Whether what is heard at `listener` comes in another codec than the speaker's first."""
        found, speaker = self.endpoints.get(listener), self.endpoints.get(self.hears_whom(listener) or EndpointId(""))
        if isinstance(self.hears(listener), Mix):
            return True
        if found is None or speaker is None or found.plan is None or speaker.plan is None:
            return False
        return not _passes(speaker.plan, found.plan)

    def _note(self, *command: object) -> None:
        self.commands.append(command)
        if self.broken:
            raise MediaError(self.broken)

    def _find(self, endpoint: EndpointId) -> FakeEndpoint:
        found = self.endpoints.get(endpoint)
        if found is None:
            raise MediaError(f"unknown endpoint {endpoint}")
        return found

    def _reaches(self, speaker: EndpointId, listener: MediaPlan) -> bool:
        found = self.endpoints.get(speaker)
        return (
            found is not None and found.plan is not None and found.plan.receives and _understood(found.plan, listener)
        )

    def _forget(self, speaker: EndpointId) -> None:
        for other in self.endpoints.values():
            if other.source == Peer(speaker):
                other.source = Nothing()
            elif isinstance(other.source, Mix):
                other.source = other.source.without(speaker)

    def _emit(self, event: MediaEvent) -> None:
        for receiver in list(self._receivers):
            receiver(event)


def _finite(source: Source) -> bool:
    return (isinstance(source, Tone) and not source.repeat) or (isinstance(source, File) and source.loops > 0)


_TRANSLATED = {"PCMA", "PCMU", "G722", "OPUS"}


def _understood(speaker: MediaPlan, listener: MediaPlan) -> bool:
    """Whether something that the one says can be said to the other, as it is or translated."""
    spoken, known = ({codec.name for codec in codecs} for codecs in (speaker.receive_codecs, listener.codecs))
    return bool(spoken & known) or bool(spoken & _TRANSLATED and known & _TRANSLATED)


def _passes(speaker: MediaPlan, listener: MediaPlan) -> bool:
    spoken = speaker.receive_codecs[0]
    return any((codec.name, codec.rate) == (spoken.name, spoken.rate) for codec in listener.codecs)
