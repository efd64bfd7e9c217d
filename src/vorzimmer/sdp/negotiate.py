"""Offer and answer (RFC 3264) as functions: descriptions in, descriptions and plans out.

One audio stream is negotiated; every other stream of an offer is refused in its place. The signatures are listed in the
package's docstring. This module must never answer with a format that was not offered, and never change the number or
order of streams.
"""

from functools import lru_cache

import msgspec

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sdp.addresses import spelled
from vorzimmer.sdp.formats import (
    DEFAULT_EVENT,
    DEFAULT_FORMATS,
    EVENT,
    EVENT_FMTP,
    FIRST_DYNAMIC,
    event_for,
    formats_of,
    lines_for,
    milliseconds,
)
from vorzimmer.sdp.message import Attribute, Connection, Media, Origin, Session, value_of, values_of
from vorzimmer.sdp.plan import Agreed, AudioPlan, Direction, Format, both, mirrored

_PROTOCOLS = frozenset({"RTP/AVP", "RTP/AVPF"})
_DIRECTIONS: tuple[Direction, ...] = ("sendrecv", "sendonly", "recvonly", "inactive")


class Ours(msgspec.Struct, frozen=True):
    """Our end of one leg: the media address to announce, the origin's session id (digits, the same for the whole leg),
    and the origin's host where it is not the media address."""

    address: Address
    session: int
    origin: str = ""


@lru_cache(maxsize=256)  # within a call the same descriptions are read again and again
def read(session: Session) -> AudioPlan:
    """What the writer of `session` can do with audio. Works on offers, answers and our own descriptions.

    Raises PeerError 488 without a usable audio stream: none, port 0, SRTP, no format we support, or a host name as
    its address (nothing here resolves names).
    """
    media = session.media[_audio_index(session)]
    formats = formats_of(media)
    audio = tuple(f for f in formats if f.name != EVENT)
    if not audio:
        raise PeerError("no audio format in common", 488)
    events = tuple(f for f in formats if f.name == EVENT)
    event = event_for(events, audio[0].rate)
    remote = _remote(session, media)
    return AudioPlan(
        remote=remote,
        formats=audio,
        telephone_event=event.payload_type if event else None,
        ptime=milliseconds(media),
        direction=_direction(session, media) if remote else "inactive",
        events=events,
        rtcp=_rtcp(media, remote),
    )


def _audio_index(session: Session) -> int:
    for index, media in enumerate(session.media):
        if media.kind == "audio" and media.port and media.protocol.upper() in _PROTOCOLS:
            return index
    raise PeerError("no usable audio stream", 488)


def _remote(session: Session, media: Media) -> Address | None:
    connection = media.connection or session.connection
    if connection is None:
        raise PeerError("SDP has no c= line")
    host = spelled(connection.host)
    if host is None:
        raise PeerError("the media address is not an IP address", 488)
    # RFC 3264 section 8.4: 0.0.0.0 is how older phones say hold; the port then means nothing.
    return None if host in {"0.0.0.0", "::"} else Address(host, media.port)


def _direction(session: Session, media: Media) -> Direction:
    for attributes in (media.attributes, session.attributes):
        names = {a.name for a in attributes}
        found = next((d for d in _DIRECTIONS if d in names), None)
        if found is not None:
            return found
    return "sendrecv"


def _rtcp(media: Media, remote: Address | None) -> Address | None:
    words = (value_of(media.attributes, "rtcp") or "").split()
    port = words[0] if words else ""
    if remote is None or not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65_536):
        return None
    host = spelled(words[3]) if len(words) == 4 else None
    return Address(host or remote.host, int(port))


def read_answer(offer: Session, answer: Session) -> AudioPlan:
    """What the writer of `answer` takes of `offer`. Numbers without an rtpmap mean what they meant in the offer.

    Raises PeerError 488 as ``read`` does, and where the answer has more streams or nothing of the offer.
    """
    if len(answer.media) > len(offer.media):
        raise PeerError("the answer has more streams than the offer", 488)
    asked = offer.media[_audio_index(offer)]
    index = _audio_index(answer)
    media = tuple(_completed(m, asked) if i == index else m for i, m in enumerate(answer.media))
    plan = read(msgspec.structs.replace(answer, media=media))
    offered = {f.key for f in formats_of(asked)}
    formats = tuple(f for f in plan.formats if f.key in offered)
    if not formats:
        raise PeerError("the answer has no format of the offer", 488)
    return msgspec.structs.replace(plan, formats=formats)


def _completed(media: Media, asked: Media) -> Media:
    named = {value.partition(" ")[0] for value in values_of(media.attributes, "rtpmap")}
    missing = tuple(
        Attribute("rtpmap", value)
        for value in values_of(asked.attributes, "rtpmap")
        if value.partition(" ")[0] not in named
    )
    return msgspec.structs.replace(media, attributes=(*media.attributes, *missing))


def matching(offered: tuple[Format, ...], wanted: tuple[Format, ...]) -> tuple[Format, ...]:
    """The formats of both, in the order of `wanted` (the answerer), with the offerer's numbers and the answerer's fmtp.

    fmtp is the answerer's because it says what the answerer likes to receive (RFC 3264 section 6.1).
    """
    numbers: dict[tuple[str, int, int], int] = {}
    for f in offered:
        numbers.setdefault(f.key, f.payload_type)
    chosen = {f.key: Format(f.name, numbers[f.key], f.rate, f.channels, f.fmtp) for f in wanted if f.key in numbers}
    return tuple(chosen.values())


def common(offered: tuple[Format, ...], wanted: tuple[Format, ...]) -> Format | None:
    """The format to talk in: the answerer's best that was offered, with the offerer's number. None: answer 488."""
    return next(iter(matching(offered, wanted)), None)


def offer_like(
    plan: AudioPlan,
    ours: Ours,
    more: tuple[Format, ...] = (),
    *,
    direction: Direction = "sendrecv",
    previous: Session | None = None,
) -> Session:
    """An offer of ours for the other leg: the caller's formats in its order with its numbers, events and ptime.

    `more` goes behind them (what else we could transcode to). `previous` is our last description on that other leg,
    None at its first INVITE.
    """
    formats = extended(plan.formats, more, taken=plan.events)
    return _offered(ours, _audio(ours, (*formats, *plan.events), plan.ptime, direction=direction), previous)


def extended(
    formats: tuple[Format, ...], more: tuple[Format, ...], *, taken: tuple[Format, ...] = ()
) -> tuple[Format, ...]:
    """`formats`, and behind them those of `more` that are missing, each with a number that nobody else has."""
    numbers = {f.payload_type for f in (*formats, *taken)}
    result = {f.key: f for f in formats}
    for f in more:
        number = next((n for n in (f.payload_type, *range(FIRST_DYNAMIC, 128)) if n not in numbers), None)
        if f.key not in result and number is not None:
            numbers.add(number)
            result[f.key] = msgspec.structs.replace(f, payload_type=number)
    return tuple(result.values())


def renumbered(formats: tuple[Format, ...], ours: tuple[Format, ...], theirs: tuple[Format, ...]) -> tuple[Format, ...]:
    """`formats`, each once, with the number that we have given it before (`ours`), else the peer's (`theirs`), else its
    own, else a free one: no number of ours changes its meaning."""
    before = {f.key: f for f in ours}
    known = {f.key: f for f in theirs}
    wanted = {f.key: known.get(f.key, f) for f in formats}
    kept = tuple(before[key] for key in wanted if key in before)
    fresh = extended(kept, tuple(f for key, f in wanted.items() if key not in before), taken=ours)
    numbers = {f.key: f for f in fresh}
    return tuple(numbers[key] for key in wanted if key in numbers)


def full_offer(
    ours: Ours,
    formats: tuple[Format, ...] = DEFAULT_FORMATS,
    *,
    event: int | None = DEFAULT_EVENT,
    ptime: int = 20,
    direction: Direction = "sendrecv",
    known: tuple[Format, ...] = (),
    previous: Session | None = None,
) -> Session:
    """An offer of everything in `formats` (late offers, new media addresses); `event` None leaves out RFC 4733 events.

    Events come once per clock (RFC 4733 section 2.6), the 8000 one with the number `event` where it is free; those of
    `previous` and `known` keep theirs, since a number never changes its meaning within a session (RFC 3264 section
    8.3.2).
    """
    before = formats_of(previous.media[_audio_place(previous)]) if previous and previous.media else ()
    events = _events(formats, event, (*known, *before)) if event is not None else ()
    return _offered(ours, _audio(ours, (*formats, *events), ptime, direction=direction), previous)


def _events(formats: tuple[Format, ...], number: int, before: tuple[Format, ...]) -> tuple[Format, ...]:
    known = {f.rate: f.payload_type for f in before if f.name == EVENT}
    taken = {f.payload_type for f in (*formats, *before)}
    free = [n for n in (number, *range(FIRST_DYNAMIC, 128)) if n not in taken]
    rates = (8_000, 48_000) if any(f.rate == 48_000 for f in formats) else (8_000,)
    numbers = {rate: known[rate] if rate in known else free.pop(0) for rate in rates if rate in known or free}
    return tuple(Format(EVENT, n, rate, 1, EVENT_FMTP) for rate, n in numbers.items())


def _offered(ours: Ours, audio: Media, previous: Session | None) -> Session:
    if previous is None:
        return _settled(ours, (audio,), None)
    place = _audio_place(previous)
    # RFC 3264 section 8: streams are never removed from a description, only refused with port 0.
    media = tuple(audio if i == place else _refused(m) for i, m in enumerate(previous.media))
    return _settled(ours, media, previous)


def _audio_place(session: Session) -> int:
    return next((i for i, m in enumerate(session.media) if m.kind == "audio" and m.port), 0)


def answer(
    offer: Session,
    ours: Ours,
    formats: tuple[Format, ...],
    *,
    direction: Direction = "sendrecv",
    previous: Session | None = None,
) -> Session:
    """Our answer to `offer`, in those of `formats` that were offered, best first (one is enough and usual).

    `formats` may carry anybody's numbers; the offerer's are written. `direction` is our own wish, which the offer may
    narrow (sendonly is answered recvonly). RFC 4733 events are taken if offered. Raises PeerError 488 as ``read`` does
    and where nothing is common.
    """
    plan = read(offer)
    chosen = matching(plan.formats, formats)
    if not chosen:
        raise PeerError("no audio format in common", 488)
    event = event_for(plan.events, chosen[0].rate)
    events = (Format(EVENT, event.payload_type, event.rate, 1, EVENT_FMTP),) if event else ()
    index = _audio_index(offer)
    theirs = offer.media[index]
    wish = both(mirrored(plan.direction), direction)
    audio = _audio(ours, (*chosen, *events), plan.ptime, direction=wish, protocol=theirs.protocol)
    media = tuple(audio if i == index else _refused(m) for i, m in enumerate(offer.media))
    timing = tuple(t for t in offer.timing if t.isascii() and t.isprintable()) or ("0 0",)
    return _settled(ours, media, previous, timing)


def _audio(
    ours: Ours, formats: tuple[Format, ...], ptime: int, *, direction: Direction, protocol: str = "RTP/AVP"
) -> Media:
    return Media(
        kind="audio",
        port=ours.address.port,
        protocol=protocol,
        formats=tuple(str(f.payload_type) for f in formats),
        attributes=(*lines_for(formats), Attribute("ptime", str(ptime)), Attribute(direction)),
    )


def _refused(media: Media) -> Media:
    """RFC 3264 section 6: port 0, with the formats of the offer since an m= line needs at least one."""
    return Media(media.kind, 0, media.protocol, media.formats or ("0",))


def _settled(
    ours: Ours, media: tuple[Media, ...], previous: Session | None, timing: tuple[str, ...] = ("0 0",)
) -> Session:
    host = ours.address.host
    origin = ours.origin or host
    session = Session(
        origin=Origin("-", str(ours.session), "1", _family(origin), origin),
        connection=Connection(_family(host), host),
        timing=timing,
        media=media,
    )
    return _numbered(session, previous)


def _numbered(session: Session, previous: Session | None) -> Session:
    """RFC 3264 section 8: the version rises by one when anything changed, and stays when nothing did."""
    if previous is None:
        return session
    kept = msgspec.structs.replace(session, origin=previous.origin)
    if kept == previous:
        return previous
    version = str(int(previous.origin.version) + 1)
    return msgspec.structs.replace(session, origin=msgspec.structs.replace(previous.origin, version=version))


def _family(host: str) -> str:
    return "IP6" if ":" in host else "IP4"


def agreed(offer: Session, answer: Session, *, we_offered: bool) -> Agreed:
    """What to configure our media endpoint with after `answer` to `offer`; the answerer's order counts.

    Raises PeerError 488 as ``read`` does, and where the answer has nothing of the offer (then end the call).
    """
    offered, answered = read(offer), read_answer(offer, answer)
    ours, theirs = (offered, answered) if we_offered else (answered, offered)
    return _agreed(ours, theirs, matching(theirs.formats, answered.formats), matching(ours.formats, answered.formats))


def _agreed(ours: AudioPlan, theirs: AudioPlan, sends: tuple[Format, ...], receives: tuple[Format, ...]) -> Agreed:
    event = event_for(theirs.events, sends[0].rate) if ours.events else None
    ours_event = next((e for e in ours.events if event and e.rate == event.rate), None)
    return Agreed(
        remote=theirs.remote,
        formats=sends,
        receive_formats=receives,
        telephone_event=event.payload_type if event and ours_event else None,
        receive_telephone_event=ours_event.payload_type if ours_event else None,
        ptime=theirs.ptime,
        sends=ours.gives_audio and theirs.wants_audio,
        receives=ours.wants_audio and theirs.gives_audio,
        telephone_event_rate=event.rate if event else 8_000,
        rtcp=theirs.rtcp,
    )
