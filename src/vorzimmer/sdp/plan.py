"""What a description means for audio, as values that media can be configured with.

``media.port`` mirrors :class:`Format` (its Codec) and :class:`Agreed` (its MediaPlan); ``calls`` converts. Directions
are always from the point of view of whoever wrote the description. This module must never know how SDP is spelled.
"""

from typing import Literal

import msgspec

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]

_WISHES: dict[Direction, frozenset[str]] = {
    "sendrecv": frozenset({"send", "recv"}),
    "sendonly": frozenset({"send"}),
    "recvonly": frozenset({"recv"}),
    "inactive": frozenset(),
}
_NAMES: dict[frozenset[str], Direction] = {wishes: name for name, wishes in _WISHES.items()}
_MIRROR: dict[Direction, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


class Format(msgspec.Struct, frozen=True):
    """One RTP payload format: upper-case name, payload number 0..127, RTP clock in Hz (8000 for G722), channels."""

    name: str
    payload_type: int
    rate: int = 8000
    channels: int = 1
    fmtp: str = ""

    @property
    def key(self) -> tuple[str, int, int]:
        """What makes two formats the same whatever number each side gave them."""
        return self.name, self.rate, self.channels


Protection = Literal["off", "optional", "required"]
"""What an account says about SRTP."""


class ProtectionError(PeerError):
    """The two sides do not agree on encryption: the offer is answered 488."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, 488)


class Crypto(msgspec.Struct, frozen=True):
    """One usable ``a=crypto`` line; `key` is master key and salt. Its repr never shows the key."""

    tag: int
    suite: str
    key: bytes

    def __repr__(self) -> str:
        return f"Crypto({self.tag}, {self.suite})"


class Secured(msgspec.Struct, frozen=True):
    """The keys that offer and answer came to: what we encrypt with, and what the peer does. Never shown in a repr."""

    suite: str
    send_key: bytes
    receive_key: bytes

    def __repr__(self) -> str:
        return f"Secured({self.suite})"


class AudioPlan(msgspec.Struct, frozen=True):
    """The audio stream of one description, from its writer's point of view.

    `remote` is where it wants its audio (None: on hold by 0.0.0.0); `rtcp` where it wants RTCP if not on port + 1;
    `formats` are those we support, in the writer's order; `telephone_event` the number of RFC 4733 events that goes
    with the first format, `events` all of them (one per clock), `noise` that of comfort noise (RFC 3389); `ptime`
    milliseconds a packet. `secure` means a profile that must be encrypted, `cryptos` the keys to do it with; `mux` RTCP
    on the RTP port.
    """

    remote: Address | None
    formats: tuple[Format, ...]
    telephone_event: int | None = None
    ptime: int = 20
    direction: Direction = "sendrecv"
    events: tuple[Format, ...] = ()
    noise: int | None = None
    rtcp: Address | None = None
    secure: bool = False
    cryptos: tuple[Crypto, ...] = ()
    mux: bool = False

    @property
    def wants_audio(self) -> bool:
        """Whether the writer wants to receive; when it does not, it has put us on hold."""
        return "recv" in _WISHES[self.direction]

    @property
    def gives_audio(self) -> bool:
        """Whether the writer says it will send."""
        return "send" in _WISHES[self.direction]


class Agreed(msgspec.Struct, frozen=True):
    """What offer and answer came to, from OUR point of view; field for field a media plan.

    `formats` and `telephone_event` carry the numbers that the peer takes, `receive_*` those it uses towards us; best
    first. `telephone_event_rate` is the events' clock in Hz.
    """

    remote: Address | None
    formats: tuple[Format, ...]
    receive_formats: tuple[Format, ...]
    telephone_event: int | None = None
    receive_telephone_event: int | None = None
    ptime: int = 20
    sends: bool = True
    receives: bool = True
    telephone_event_rate: int = 8000
    rtcp: Address | None = None
    srtp: Secured | None = None
    rtcp_mux: bool = False
    comfort_noise: int | None = None


class Changes(msgspec.Struct, frozen=True):
    """What a newer description of the same peer changed. `codec` means another best format or other numbers."""

    held: bool = False
    resumed: bool = False
    moved: bool = False
    codec: bool = False

    @property
    def any(self) -> bool:
        """Whether anything changed that media or calls must act on."""
        return self.held or self.resumed or self.moved or self.codec


def mirrored(direction: Direction) -> Direction:
    """The same stream from the other end: sendonly becomes recvonly (RFC 3264 section 6.1)."""
    return _MIRROR[direction]


def both(one: Direction, other: Direction) -> Direction:
    """What two wishes of the same end have in common."""
    return _NAMES[_WISHES[one] & _WISHES[other]]


def changes(before: AudioPlan, after: AudioPlan) -> Changes:
    """What is different in `after`. A hold by 0.0.0.0 is a hold and no move (RFC 3264 section 8.4)."""
    there = after.remote is not None and before.remote is not None
    return Changes(
        held=before.wants_audio and not after.wants_audio,
        resumed=after.wants_audio and not before.wants_audio,
        moved=there and after.remote != before.remote,
        codec=_numbers(before) != _numbers(after),
    )


def _numbers(plan: AudioPlan) -> tuple[object, ...]:
    return plan.formats, plan.telephone_event
