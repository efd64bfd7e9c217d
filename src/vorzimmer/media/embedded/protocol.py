"""The wire between control and a media worker: msgpack frames with a length in front, on a Unix socket.

Every request carries an id and gets exactly one reply; events are pushed in between. The first request on a connection
is Hello. This module must never know what a command does.
"""

import struct

import msgspec

from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import CallId, EndpointId
from vorzimmer.media.port import DigitHeard, FellSilent, MediaPlan, Source, SourceEnded, Statistics

MAX_FRAME = 4 * 1024 * 1024
"""Bytes of one frame. Adopting 50,000 endpoints takes about 3 MB."""

_LENGTH = struct.Struct("!I")


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """Control says which life of it is calling; a worker refuses one older than it has seen."""

    generation: int


class Open(msgspec.Struct, frozen=True, tag="open"):
    """`bridge` is (listener, speaker) for the two hidden ends between workers, which use loopback. `port` is a reserved
    one, 0 leaves it to the worker."""

    endpoint: EndpointId
    group: CallId
    listener: str = ""
    family: int = 4
    bridge: tuple[EndpointId, EndpointId] | None = None
    port: int = 0


class Reserve(msgspec.Struct, frozen=True, tag="reserve"):
    """Set pairs of ports aside for endpoints to come, at most `count`."""

    listener: str
    family: int
    count: int


class Configure(msgspec.Struct, frozen=True, tag="configure"):
    endpoint: EndpointId
    plan: MediaPlan


class Hear(msgspec.Struct, frozen=True, tag="hear"):
    endpoint: EndpointId
    source: Source


class GetStatistics(msgspec.Struct, frozen=True, tag="statistics"):
    endpoint: EndpointId


class Close(msgspec.Struct, frozen=True, tag="close"):
    endpoint: EndpointId


class Adopt(msgspec.Struct, frozen=True, tag="adopt"):
    endpoints: tuple[EndpointId, ...]


class GetLoad(msgspec.Struct, frozen=True, tag="load"):
    """For watching a worker: an answer means that it is alive."""


Command = Hello | Open | Reserve | Configure | Hear | GetStatistics | Close | Adopt | GetLoad


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """`instance` is another one after every start of the worker: then its sessions are gone."""

    instance: str
    index: int
    endpoints: int


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    host: str
    port: int


class Reserved(msgspec.Struct, frozen=True, tag="reserved"):
    """None where ports are scarce."""

    host: str
    ports: tuple[int, ...]


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The command was carried out."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The command was refused; nothing has changed."""

    reason: str


class Counted(msgspec.Struct, frozen=True, tag="counted"):
    statistics: Statistics


class Kept(msgspec.Struct, frozen=True):
    """An endpoint that lives on in this worker; `plan` and `source` let control put bridges back together."""

    endpoint: EndpointId
    group: CallId
    plan: MediaPlan | None
    source: Source
    port: int
    bridge: tuple[EndpointId, EndpointId] | None = None


class Adopted(msgspec.Struct, frozen=True, tag="adopted"):
    kept: tuple[Kept, ...]


class Load(msgspec.Struct, frozen=True, tag="load"):
    """Open endpoints; packets received and dropped of these, and frames played since the start."""

    endpoints: int
    received: int
    played: int
    dropped: int


Answer = Welcome | Opened | Reserved | Done | Failed | Counted | Adopted | Load
Event = DigitHeard | FellSilent | SourceEnded


class Request(msgspec.Struct, frozen=True):
    id: int
    command: Command


class Reply(msgspec.Struct, frozen=True, tag="reply"):
    id: int
    answer: Answer


class Push(msgspec.Struct, frozen=True, tag="push"):
    event: Event


_encoder = msgspec.msgpack.Encoder()
_requests = msgspec.msgpack.Decoder(Request)
_answers: msgspec.msgpack.Decoder[Reply | Push] = msgspec.msgpack.Decoder(Reply | Push)


def frame(message: Request | Reply | Push) -> bytes:
    """`message` ready for the socket."""
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


def read_request(body: bytes) -> Request:
    """Raises :class:`PeerError` on anything that is not a request."""
    try:
        return _requests.decode(body)
    except msgspec.MsgspecError as error:
        raise PeerError(f"not a request: {error}") from error


def read_answer(body: bytes) -> Reply | Push:
    """Raises :class:`PeerError` on anything that is neither a reply nor an event."""
    try:
        return _answers.decode(body)
    except msgspec.MsgspecError as error:
        raise PeerError(f"not an answer: {error}") from error


class Frames:
    """Cuts a byte stream into frame bodies."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies that are complete now. Raises :class:`PeerError` on a length beyond MAX_FRAME."""
        self._buffer += data
        bodies: list[bytes] = []
        while (body := self._cut()) is not None:
            bodies.append(body)
        return bodies

    def _cut(self) -> bytes | None:
        if len(self._buffer) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        if length > MAX_FRAME:
            raise PeerError(f"a frame of {length} bytes")
        end = _LENGTH.size + length
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        return body
