"""The media port: endpoints, and who hears whom. Calls and features see nothing else of media.

An endpoint is our end of one leg's audio: one address for the life of the call (unless its worker died). The graph is
per listener: each endpoint hears exactly one source - another endpoint, several of them mixed, music, a tone, a file -
so hold, ringback, relay and conversations of many are all ``hear``. The port gives and takes media plans, never SDP
text, and names no backend. A backend must never drop a command silently: every call answers or raises
:class:`MediaError`.
"""

from collections.abc import Callable
from typing import Literal, Protocol, get_args

import msgspec

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import VorzimmerError
from vorzimmer.kernel.ids import CallId, EndpointId


class MediaError(VorzimmerError):
    """The backend could not do it: no worker, no free port, an unknown endpoint."""


class Codec(msgspec.Struct, frozen=True):
    """One RTP payload format. `name` is upper case (PCMA, PCMU, G722, OPUS), `rate` the RTP clock (8000 for G722)."""

    name: str
    payload_type: int
    rate: int = 8000
    channels: int = 1
    fmtp: str = ""


SrtpSuite = Literal["AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM"]
"""How SRTP is protected, by its name in SDES (RFC 4568 section 6.2, RFC 7714 section 14.2)."""

SRTP_SUITES: tuple[SrtpSuite, ...] = get_args(SrtpSuite)


class Srtp(msgspec.Struct, frozen=True):
    """The keys of one leg (RFC 3711). Its repr names the suite only, so that no log ever shows a key.

    `send_key` protects what we send, `receive_key` what the phone sends: master key and master salt in one, as long as
    :func:`srtp_key_bytes` says. The same keys again continue their roll-over counters; others begin anew.
    """

    suite: SrtpSuite
    send_key: bytes
    receive_key: bytes

    def __repr__(self) -> str:
        return f"Srtp({self.suite})"


def srtp_key_bytes(suite: SrtpSuite) -> int:
    """Bytes of master key and salt together: 30 for AES-CM, 28 and 44 for GCM with 128 and 256 bit (RFC 7714 12)."""
    return {"AEAD_AES_128_GCM": 28, "AEAD_AES_256_GCM": 44}.get(suite, 30)


class MediaPlan(msgspec.Struct, frozen=True):
    """What an endpoint has agreed with its phone.

    `remote` is where the phone's SDP says to send (None: nothing yet, or port 0); `codecs` what we may send, best
    first; `dtmf` the telephone-event payload type the phone takes, None without; `receive_codecs` and `receive_dtmf`
    what numbers the phone uses towards us; `ptime` in ms (what we send, whenever we make the packets ourselves);
    `sends` and `receives` from OUR point of view.

    Two endpoints that hear each other need not share a codec: PCMA, PCMU, G722 and OPUS are then transcoded.
    `srtp` None is plain RTP. `rtcp_mux` puts RTCP on the RTP port (RFC 5761); otherwise `remote_rtcp` is the address
    of an `a=rtcp` (RFC 3605), None the port above `remote`. `comfort_noise` is the payload type the phone takes and
    sends comfort noise with (RFC 3389; 13 at 8000 Hz), None without. `dtmf_rate` is the clock of telephone events in Hz
    (RFC 4733 section 2.1), 0 that of the codec.
    """

    remote: Address | None
    codecs: tuple[Codec, ...]
    receive_codecs: tuple[Codec, ...]
    dtmf: int | None = None
    receive_dtmf: int | None = None
    ptime: int = 20
    sends: bool = True
    receives: bool = True
    srtp: Srtp | None = None
    rtcp_mux: bool = False
    comfort_noise: int | None = None
    remote_rtcp: Address | None = None
    dtmf_rate: int = 0


class Peer(msgspec.Struct, frozen=True, tag="peer"):
    """Hear what another endpoint receives."""

    endpoint: EndpointId


class Mix(msgspec.Struct, frozen=True, tag="mix"):
    """Hear what all of `endpoints` receive, except for oneself: the same value serves all who are in a conversation.

    An endpoint that is closed drops out of every mix. Digits (RFC 4733) are passed on, of one who presses at a time.
    """

    endpoints: tuple[EndpointId, ...]

    def without(self, endpoint: EndpointId) -> "Source":
        """The same once `endpoint` has gone."""
        left = tuple(each for each in self.endpoints if each != endpoint)
        return Mix(left) if left else Nothing()


class Music(msgspec.Struct, frozen=True, tag="music"):
    """Hear music on hold: `name` is "default" or a file in the company's store."""

    name: str = "default"


class Tone(msgspec.Struct, frozen=True, tag="tone"):
    """A national tone of `zone`: `kind` is ringback, busy, congestion, dial, sit, stutter, unavailable, confirm.

    `repeat` False plays one cadence and reports ``SourceEnded``.
    """

    kind: str
    zone: str = "DE"
    repeat: bool = True


class File(msgspec.Struct, frozen=True, tag="file"):
    """A prompt: path of a WAV file that the media host can read; `loops` 0 is for ever, then ``SourceEnded``."""

    path: str
    loops: int = 1


class Nothing(msgspec.Struct, frozen=True, tag="nothing"):
    """Silence: no packets (an endpoint that hears nothing still keeps its address)."""


Source = Peer | Mix | Music | Tone | File | Nothing


def speakers(source: Source) -> tuple[EndpointId, ...]:
    """The endpoints that whoever hears `source` listens to."""
    if isinstance(source, Peer):
        return (source.endpoint,)
    return source.endpoints if isinstance(source, Mix) else ()


class Statistics(msgspec.Struct, frozen=True):
    """Of one endpoint, over its whole life: packets and bytes both ways, loss of what we received (packets and
    fraction 0..1), interarrival jitter in ms (RFC 3550 6.4.1), an estimated MOS 1..4.5 (E-model, G.107 simplified).

    `refused` are packets that were not believed: from strangers, or without the proof of SRTP; `late` those that came
    after their turn where we decode. What the phone's RTCP reports of us: `far_loss` (fraction), `far_jitter_ms`, and
    the round trip in ms, None before a phone has reported.
    """

    received: int = 0
    sent: int = 0
    received_bytes: int = 0
    sent_bytes: int = 0
    lost: int = 0
    loss: float = 0.0
    jitter_ms: float = 0.0
    mos: float = 0.0
    refused: int = 0
    late: int = 0
    far_loss: float = 0.0
    far_jitter_ms: float = 0.0
    round_trip_ms: float | None = None


class DigitHeard(msgspec.Struct, frozen=True, tag="digit"):
    """A complete RFC 4733 event. `digit` is one of 0-9*#ABCD."""

    endpoint: EndpointId
    digit: str
    milliseconds: int


class FellSilent(msgspec.Struct, frozen=True, tag="silent"):
    """No RTP from the phone for `seconds` although it should send (reported once per silence, at 30 s)."""

    endpoint: EndpointId
    seconds: float


class SourceEnded(msgspec.Struct, frozen=True, tag="ended"):
    """A finite source has been played to the end."""

    endpoint: EndpointId
    source: Source


class WorkerLost(msgspec.Struct, frozen=True, tag="lost"):
    """A worker died: these endpoints are gone; open new ones and re-INVITE, or end the call with a reason."""

    endpoints: tuple[EndpointId, ...]


MediaEvent = DigitHeard | FellSilent | SourceEnded | WorkerLost


class OpenSpec(msgspec.Struct, frozen=True):
    """`group` keeps the endpoints of one call in one worker; `listener` chooses advertised address and port range."""

    endpoint: EndpointId
    group: CallId
    listener: str = ""
    family: int = 4


class Media(Protocol):
    """The port. All methods are awaitable because a backend is another process; none blocks on the network's peers."""

    async def open(self, spec: OpenSpec) -> Address:
        """Allocate; the address (as the phone must see it) to put into SDP. RTCP is on port + 1."""

    async def configure(self, endpoint: EndpointId, plan: MediaPlan) -> None:
        """Set or change what was agreed; a changed remote address is learned anew (symmetric RTP)."""

    async def hear(self, endpoint: EndpointId, source: Source) -> None:
        """From now on the phone at `endpoint` hears `source`. SSRC, sequence and timestamps go on continuously."""

    async def statistics(self, endpoint: EndpointId) -> Statistics: ...

    async def close(self, endpoint: EndpointId) -> Statistics:
        """Free it (ports are drained before reuse). Closing an unknown endpoint gives empty statistics."""

    async def adopt(self, endpoints: tuple[EndpointId, ...]) -> tuple[EndpointId, ...]:
        """After a restart of control: which of these are still alive; all others of ours are closed."""

    def on_event(self, receiver: Callable[[MediaEvent], None]) -> None: ...
