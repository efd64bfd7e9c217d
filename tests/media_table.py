"""A worker's table without sockets: pairs of ports that keep what is sent, for tests in virtual time."""

from dataclasses import dataclass, field

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import CallId, EndpointId
from vorzimmer.media.embedded import protocol as wire
from vorzimmer.media.embedded.clips import Library
from vorzimmer.media.embedded.config import Listener as Side
from vorzimmer.media.embedded.config import WorkerConfig, split
from vorzimmer.media.embedded.player import Track
from vorzimmer.media.embedded.relay import Where
from vorzimmer.media.embedded.table import Table
from vorzimmer.media.embedded.wires import Receiver
from vorzimmer.media.port import Codec, MediaPlan, Peer, Source
from vorzimmer.rtp import packet
from vorzimmer.testing.chance import SeededChance

PCMA = Codec("PCMA", 8)
PCMU = Codec("PCMU", 0)
G722 = Codec("G722", 9)
OPUS = Codec("OPUS", 107, 48000, 2)
A, B, C = EndpointId("a"), EndpointId("b"), EndpointId("c")


@dataclass(slots=True, eq=False)
class FakePair:
    """Two ports that are bound in memory only."""

    host: str
    port: int
    sent: list[tuple[bytes, Where]] = field(default_factory=list)
    control: list[tuple[bytes, Where]] = field(default_factory=list)
    closed: bool = False
    rtp: Receiver = field(init=False)
    rtcp: Receiver = field(init=False)

    def aim(self, rtp: Receiver, rtcp: Receiver) -> None:
        self.rtp, self.rtcp = rtp, rtcp

    def send(self, data: bytes | bytearray, to: Where) -> None:
        self.sent.append((bytes(data), to))

    def send_control(self, data: bytes, to: Where) -> None:
        self.control.append((data, to))

    def close(self) -> None:
        self.closed = True


class SyncClips:
    """The real library, without its threads."""

    def __init__(self, music: str = "") -> None:
        self.library = Library(music)

    async def load(self, source: Source, codec: Codec | None) -> None:
        if codec:
            self.library.track(source, codec)

    def track(self, source: Source, codec: Codec) -> Track:
        return self.library.track(source, codec)


class Bench:
    """A table with its pairs and events. Phone X is at 198.51.100.X's letter, port 4000."""

    def __init__(self, ports: tuple[int, int] = (20000, 20099), music: str = "", silent: float = 30.0) -> None:
        config: WorkerConfig
        (config,) = split((Side("", "192.0.2.1", "203.0.113.9", *ports),), ("x.sock",), music)
        self.pairs: dict[int, FakePair] = {}
        self.events: list[wire.Event] = []
        self.taken: set[int] = set()
        self.table = Table(config, self._bind, SyncClips(music), self.events.append, SeededChance(1))
        self.now = 100.0

    async def _bind(self, host: str, port: int) -> FakePair:
        if port in self.taken:
            raise OSError("taken")
        pair = FakePair(host, port or 50000 + len(self.pairs))
        self.pairs[pair.port] = pair
        return pair

    async def open(self, endpoint: EndpointId, **plan: object) -> FakePair:
        """An endpoint with its phone, configured."""
        opened = await self.table.open(wire.Open(endpoint, CallId("call")))
        self.configure(endpoint, **plan)
        return self.pairs[opened.port]

    def configure(self, endpoint: EndpointId, **given: object) -> None:
        fields: dict[str, object] = {
            "remote": where(endpoint),
            "codecs": (PCMA,),
            "receive_codecs": (PCMA,),
            "dtmf": 101,
            "receive_dtmf": 101,
        }
        self.table.configure(endpoint, MediaPlan(**(fields | given)), self.now)  # type: ignore[arg-type]  # test data

    async def join(self, one: EndpointId, other: EndpointId) -> None:
        await self.table.hear(one, Peer(other))
        await self.table.hear(other, Peer(one))

    def report(self, seconds: float = 5.0) -> None:
        """Let time pass in which reports fall due (RFC 3550 6.2: 2.05 to 6.2 s, the first after half of that)."""
        for _ in range(round(seconds * 50)):
            self.now += 0.02
            self.table.reports.send_due(self.now)

    def play(self, ticks: int) -> None:
        """Let so many frames of 20 ms pass."""
        for _ in range(ticks):
            self.now += 0.02
            self.table.player.tick(self.now)

    def translate(self) -> None:
        """Let the worker do the four slots of a frame."""
        for _ in range(4):
            self.table.voices.tick(self.now)


@dataclass(slots=True)
class Voice:
    """A phone's RTP into a pair."""

    bench: Bench
    pair: FakePair
    source: Where
    ssrc: int = 7
    sequence: int = 1000
    timestamp: int = 9000

    def say(self, count: int = 1, payload_type: int = 8, payload: bytes = bytes(160)) -> None:
        """Packets of 20 ms, one after the other."""
        for _ in range(count):
            self.bench.now += 0.02
            self.sequence += 1
            self.timestamp += 160
            self.raw(payload, payload_type, self.sequence, self.timestamp)

    def raw(self, payload: bytes, payload_type: int, sequence: int, timestamp: int, marker: bool = False) -> None:
        data = packet.build(
            payload,
            payload_type=payload_type,
            sequence=sequence,
            timestamp=timestamp,
            ssrc=self.ssrc,
            marker=marker,
        )
        self.pair.rtp(data, self.source, self.bench.now)


def where(endpoint: EndpointId) -> Address:
    """The address in the phone's SDP."""
    return Address(f"198.51.100.{ord(endpoint[0])}", 4000)


def headers(pair: FakePair) -> list[packet.Header]:
    """Of everything that was sent to the phone."""
    found = [packet.parse(data) for data, _ in pair.sent]
    return [header for header in found if header is not None]


def voice(bench: Bench, pair: FakePair, endpoint: EndpointId, **given: int) -> Voice:
    """The phone of `endpoint`, where its SDP says."""
    return Voice(bench, pair, tuple(where(endpoint)), **given)
