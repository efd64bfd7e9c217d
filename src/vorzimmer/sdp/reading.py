"""What a description means: the one audio stream that we use of it, its address, formats, direction and protection.

Every other stream is somebody else's: refused in its place by ``negotiate``. What a description means is asked ten
times in a call and kept with it (in its ``__dict__``), so that keys live no longer than the description. This module
must never take a stream that the account's protection forbids, nor resolve a name.
"""

from functools import lru_cache

import msgspec

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sdp.addresses import spelled
from vorzimmer.sdp.crypto import cryptos_of
from vorzimmer.sdp.formats import EVENT, NOISE, event_for, formats_of, milliseconds
from vorzimmer.sdp.message import Attribute, Media, Session, value_of, values_of
from vorzimmer.sdp.plan import AudioPlan, Crypto, Direction, Format, Protection, ProtectionError

_PLAIN = frozenset({"RTP/AVP", "RTP/AVPF"})
_SECURE = frozenset({"RTP/SAVP", "RTP/SAVPF"})
_USABLE = _PLAIN | _SECURE
_OF_ONE_CALL = frozenset({"crypto", "candidate", "ssrc", "ice-ufrag", "ice-pwd", "fingerprint"})
"""Attributes that say nothing about formats and differ in every call; keys among them are never remembered."""
_DIRECTIONS: tuple[Direction, ...] = ("sendrecv", "sendonly", "recvonly", "inactive")


def read(session: Session, srtp: Protection = "optional") -> AudioPlan:
    """What the writer of `session` can do with audio. Works on offers, answers and our own descriptions.

    Raises PeerError 488 without a usable audio stream: none, port 0, no format we support, or a host name as its
    address (nothing here resolves names); ProtectionError 488 where `srtp` forbids what is there.
    """
    return _read_at(session, audio_index(session, srtp))


def _read_at(session: Session, index: int) -> AudioPlan:
    known: AudioPlan | None = session.__dict__.get(f"plan {index}")
    if known is None:
        known = session.__dict__[f"plan {index}"] = _understood(session, session.media[index])
    return known


def _understood(session: Session, media: Media) -> AudioPlan:
    told, cryptos = _told_by(media), _keys_of(media)
    remote = _remote(session, media)
    return AudioPlan(
        remote=remote,
        formats=told.audio,
        telephone_event=told.event,
        ptime=told.ptime,
        direction=(told.direction or _direction(session.attributes) or "sendrecv") if remote else "inactive",
        events=told.events,
        noise=told.noise,
        rtcp=_rtcp(told.rtcp, remote) if told.rtcp and remote else None,
        secure=is_secure(media),
        cryptos=cryptos,
        mux=told.mux,
    )


class _Told(msgspec.Struct, frozen=True):
    """What of a media section is the same in every call of a kind of phone."""

    audio: tuple[Format, ...]
    events: tuple[Format, ...]
    event: int | None
    ptime: int
    direction: Direction | None
    rtcp: str
    mux: bool
    noise: int | None


def _told_by(media: Media) -> _Told:
    known: _Told | None = media.__dict__.get("told")
    if known is None:
        known = media.__dict__["told"] = _ask(media)
    return known


def _keys_of(media: Media) -> tuple[Crypto, ...]:
    known: tuple[Crypto, ...] | None = media.__dict__.get("keys")
    if known is None:
        known = media.__dict__["keys"] = cryptos_of(media)
    return known


def _ask(media: Media) -> _Told:
    attributes = media.attributes
    if not _OF_ONE_CALL.isdisjoint([a.name for a in attributes]):
        attributes = tuple(a for a in attributes if a.name not in _OF_ONE_CALL)
    return _told(media.formats, attributes)


@lru_cache(maxsize=512)
def _told(numbers: tuple[str, ...], attributes: tuple[Attribute, ...]) -> _Told:
    media = Media("audio", 1, "", numbers, attributes=attributes)
    formats = formats_of(media)
    audio = tuple(f for f in formats if f.name not in {EVENT, NOISE.name})
    events = tuple(f for f in formats if f.name == EVENT)
    event = event_for(events, audio[0].rate) if audio else None
    return _Told(
        audio,
        events,
        event.payload_type if event else None,
        milliseconds(media),
        _direction(attributes),
        value_of(attributes, "rtcp") or "",
        any(a.name == "rtcp-mux" for a in attributes),
        next((f.payload_type for f in formats if f.name == NOISE.name), None),
    )


def is_secure(media: Media) -> bool:
    """Whether the stream's profile must be encrypted."""
    return media.protocol.upper() in _SECURE


def audio_index(session: Session, srtp: Protection = "optional") -> int:
    """The first audio stream that we can use; raises as ``read`` does."""
    problem: PeerError | None = None
    for index, media in enumerate(session.media):
        if media.kind != "audio" or not media.port or media.protocol.upper() not in _USABLE:
            continue
        if not _told_by(media).audio:
            problem = PeerError("no audio format in common", 488)
        elif reason := _unprotected(media, srtp):
            problem = ProtectionError(reason)
        else:
            return index
    raise problem or PeerError("no usable audio stream", 488)


def _unprotected(media: Media, srtp: Protection) -> str:
    """Why `srtp` forbids this stream, "" where it does not."""
    if is_secure(media) and srtp == "off":
        return "Encryption Not Allowed"
    if (is_secure(media) or srtp == "required") and not _keys_of(media):
        return "Encryption Required" if srtp == "required" else "No Usable Encryption"
    return ""


def _remote(session: Session, media: Media) -> Address | None:
    connection = media.connection or session.connection
    if connection is None:
        raise PeerError("SDP has no c= line")
    host = spelled(connection.host)
    if host is None:
        raise PeerError("the media address is not an IP address", 488)
    # RFC 3264 section 8.4: 0.0.0.0 is how older phones say hold; the port then means nothing.
    return None if host in {"0.0.0.0", "::"} else Address(host, media.port)


def _direction(attributes: tuple[Attribute, ...]) -> Direction | None:
    names = {a.name for a in attributes}
    return next((d for d in _DIRECTIONS if d in names), None)


def _rtcp(told: str, remote: Address) -> Address | None:
    words = told.split()
    port = words[0] if words else ""
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65_536):
        return None
    host = spelled(words[3]) if len(words) == 4 else None
    return Address(host or remote.host, int(port))


def read_answer(offer: Session, answer: Session) -> AudioPlan:
    """What the writer of `answer` takes of `offer`. Numbers without an rtpmap mean what they meant in the offer.

    Raises PeerError 488 as ``read`` does, and where the answer has more streams or nothing of the offer.
    """
    if len(answer.media) > len(offer.media):
        raise PeerError("the answer has more streams than the offer", 488)
    asked = offer.media[answered_index(offer, answer)]
    media = tuple([_completed(m, asked) if m.kind == "audio" and m.port else m for m in answer.media])
    plan = read(answer if media == answer.media else msgspec.structs.replace(answer, media=media))
    formats = _offered_ones(plan.formats, _told_by(asked).audio)
    if not formats:
        raise PeerError("the answer has no format of the offer", 488)
    return plan if formats == plan.formats else msgspec.structs.replace(plan, formats=formats)


@lru_cache(maxsize=512)
def _offered_ones(formats: tuple[Format, ...], asked: tuple[Format, ...]) -> tuple[Format, ...]:
    offered = {f.key for f in asked}
    return tuple(f for f in formats if f.key in offered)


def answered_index(offer: Session, answer: Session) -> int:
    """Which stream of `offer` the answer takes: the audio in the same place, else the first that we could use."""
    for index, (asked, taken) in enumerate(zip(offer.media, answer.media, strict=False)):
        if asked.kind == taken.kind == "audio" and asked.port and taken.port:
            return index
    return audio_index(offer)


def read_answered(offer: Session, answer: Session) -> AudioPlan:
    """What the writer of `offer` can do on the stream that `answer` takes; raises as ``read`` does."""
    return _read_at(offer, answered_index(offer, answer))


def _completed(media: Media, asked: Media) -> Media:
    told = _told_by(media)
    if len(told.audio) + len(told.events) == len(media.formats):
        return media  # every number is known already
    named = {value.partition(" ")[0] for value in values_of(media.attributes, "rtpmap")}
    missing = tuple(
        Attribute("rtpmap", value)
        for value in values_of(asked.attributes, "rtpmap")
        if value.partition(" ")[0] not in named
    )
    return msgspec.structs.replace(media, attributes=(*media.attributes, *missing)) if missing else media
