"""Offer and answer (RFC 3264) as functions: descriptions in, descriptions and plans out.

One audio stream is negotiated; every other stream of an offer is refused in its place. The signatures are listed in the
package's docstring. This module must never answer with a format that was not offered, and never change the number or
order of streams.
"""

from functools import lru_cache

import msgspec

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sdp import crypto
from vorzimmer.sdp.crypto import Guard, cryptos_of
from vorzimmer.sdp.formats import (
    DEFAULT_EVENT,
    DEFAULT_FORMATS,
    EVENT,
    EVENT_FMTP,
    FIRST_DYNAMIC,
    NOISE,
    event_for,
    formats_of,
    lines_for,
)
from vorzimmer.sdp.message import Attribute, Connection, Media, Origin, Session
from vorzimmer.sdp.plan import (
    Agreed,
    AudioPlan,
    Crypto,
    Direction,
    Format,
    ProtectionError,
    Secured,
    both,
    mirrored,
)
from vorzimmer.sdp.reading import audio_index, read, read_answer, read_answered

__all__ = ["Guard", "Ours", "agreed", "answer", "common", "extended", "full_offer", "matching", "offer_like", "read"]
__all__ += ["read_answer", "renumbered"]


_MUX = Attribute("rtcp-mux")


class Ours(msgspec.Struct, frozen=True):
    """Our end of one leg: the media address to announce, the origin's session id (digits, the same for the whole leg),
    the origin's host where it is not the media address, how audio is protected, and the dynamic payload numbers that we
    have given on this leg: none of them ever changes its meaning (RFC 3264 section 8.3.2)."""

    address: Address
    session: int
    origin: str = ""
    guard: Guard = Guard()
    numbers: tuple[Format, ...] = ()


@lru_cache(maxsize=512)
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
    noise = () if plan.noise is None else (NOISE,)
    sound = (*formats, *noise, *_events_with(formats, plan))
    return _offered(ours, _audio(ours, sound, plan.ptime, direction), previous)


def _events_with(formats: tuple[Format, ...], plan: AudioPlan) -> tuple[Format, ...]:
    # Events of clocks that no format has (16000 of speex) only make a datagram longer. A phone that takes one of the
    # formats behind the caller's needs the events of that one's clock (RFC 4733 section 2.6).
    clocks = {f.rate for f in formats}
    events = tuple(e for e in plan.events if e.rate in clocks)
    missing = {f.rate for f in formats[len(plan.formats) :]} - {e.rate for e in events}
    more = _events(formats, DEFAULT_EVENT, plan.events) if plan.events else ()
    return (*events, *(e for e in more if e.rate in missing))


def extended(
    formats: tuple[Format, ...], more: tuple[Format, ...], *, taken: tuple[Format, ...] = ()
) -> tuple[Format, ...]:
    """`formats`, and behind them those of `more` that are missing, each with a number that nobody else has."""
    numbers = {f.payload_type for f in (*formats, *taken)}
    result = {f.key: f for f in formats}
    for f in more:
        if f.key in result:
            continue
        number: int | None = f.payload_type
        if number in numbers:
            number = next((n for n in range(FIRST_DYNAMIC, 128) if n not in numbers), None)
        if number is not None:
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


def unambiguous(formats: tuple[Format, ...], ours: tuple[Format, ...]) -> tuple[Format, ...]:
    """`formats` with their own numbers, except for those that mean something else in `ours`."""
    meaning = {f.payload_type: f.key for f in ours}
    if all(meaning.get(f.payload_type, f.key) == f.key for f in formats):
        return formats
    before = {f.key: f for f in ours}
    free = (n for n in range(FIRST_DYNAMIC, 128) if n not in meaning and n not in {f.payload_type for f in formats})
    result = []
    for f in formats:
        clashes = meaning.get(f.payload_type, f.key) != f.key
        number = before[f.key].payload_type if clashes and f.key in before else f.payload_type
        number = next(free, number) if clashes and f.key not in before else number
        result.append(msgspec.structs.replace(f, payload_type=number))
    return tuple(result)


def full_offer(
    ours: Ours,
    formats: tuple[Format, ...] = DEFAULT_FORMATS,
    *,
    event: int | None = DEFAULT_EVENT,
    ptime: int = 20,
    direction: Direction = "sendrecv",
    previous: Session | None = None,
) -> Session:
    """An offer of everything in `formats` (late offers, new media addresses); `event` None leaves out RFC 4733 events.

    Events come once per clock (RFC 4733 section 2.6), the 8000 one with the number `event` where it is free; those that
    have been named before keep theirs.
    """
    before = formats_of(previous.media[_audio_place(previous)]) if previous and previous.media else ()
    events = _events(formats, event, (*ours.numbers, *before)) if event is not None else ()
    return _offered(ours, _audio(ours, (*formats, *events), ptime, direction), previous)


def _events(formats: tuple[Format, ...], number: int, before: tuple[Format, ...]) -> tuple[Format, ...]:
    known = {f.rate: f.payload_type for f in before if f.name == EVENT}
    taken = {f.payload_type for f in (*formats, *before)}
    free = [n for n in (number, *range(FIRST_DYNAMIC, 128)) if n not in taken]
    rates = (8_000, 48_000) if any(f.rate == 48_000 for f in formats) else (8_000,)
    numbers = {rate: known[rate] if rate in known else free.pop(0) for rate in rates if rate in known or free}
    return tuple(Format(EVENT, n, rate, 1, EVENT_FMTP) for rate, n in numbers.items())


def _offered(ours: Ours, audio: Media, previous: Session | None) -> Session:
    if previous is None:
        return _settled(ours, (_protected(ours.guard, audio, None),), None)
    place = _audio_place(previous)
    audio = _protected(ours.guard, audio, previous.media[place] if previous.media else None)
    # RFC 3264 section 8: streams are never removed from a description, only refused with port 0.
    media = tuple(audio if i == place else _refused(m) for i, m in enumerate(previous.media))
    return _settled(ours, media, previous)


def _protected(guard: Guard, audio: Media, previous: Media | None) -> Media:
    """`audio` as it is offered: with the profile, the keys and the multiplexing that are in use; at first what the
    account wants. `optional` never asks for more than hints, since a phone without SRTP must be able to answer."""
    before = cryptos_of(previous) if previous is not None else ()
    required = guard.srtp == "required"
    hints = guard.srtp == "optional" and guard.hints and previous is None
    if before or required or hints:
        keys = crypto.lines_for(crypto.offered(guard, before))
        audio = msgspec.structs.replace(audio, attributes=(*audio.attributes, *keys))
    if previous is None:
        return msgspec.structs.replace(audio, protocol="RTP/SAVP") if required else audio
    mux = (_MUX,) if _MUX in previous.attributes else ()
    return msgspec.structs.replace(audio, protocol=previous.protocol, attributes=(*audio.attributes, *mux))


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

    `formats` may carry anybody's numbers; the offerer's are written, unless we have used one for something else on this
    leg. `direction` is our own wish, which the offer may
    narrow (sendonly is answered recvonly). RFC 4733 events are taken if offered. Raises PeerError 488 as ``read`` does
    and where nothing is common.
    """
    index = audio_index(offer, ours.guard.srtp)
    plan, theirs = read(offer, ours.guard.srtp), offer.media[index]
    chosen = matching(plan.formats, formats)
    if not chosen:
        raise PeerError("no audio format in common", 488)
    event = event_for(plan.events, chosen[0].rate)
    events = (Format(EVENT, event.payload_type, event.rate, 1, EVENT_FMTP),) if event else ()
    noise = (NOISE,) if plan.noise == NOISE.payload_type and chosen[0].rate == NOISE.rate else ()
    written = unambiguous((*chosen, *noise, *events), ours.numbers)
    audio = _audio(ours, written, plan.ptime, both(mirrored(plan.direction), direction))
    more = (*crypto.lines_for(crypto.answered(ours.guard, plan.cryptos)), *((_MUX,) if plan.mux else ()))
    audio = msgspec.structs.replace(audio, protocol=theirs.protocol, attributes=(*audio.attributes, *more))
    media = tuple(audio if i == index else _refused(m) for i, m in enumerate(offer.media))
    timing = tuple(t for t in offer.timing if t.isascii() and t.isprintable()) or ("0 0",)
    return _settled(ours, media, previous, timing)


def _audio(ours: Ours, formats: tuple[Format, ...], ptime: int, direction: Direction) -> Media:
    return Media(
        kind="audio",
        port=ours.address.port,
        protocol="RTP/AVP",
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

    Raises PeerError 488 as ``read`` does, and where the answer has nothing of the offer, ProtectionError where it
    should be encrypted and is not (then end the call).
    """
    offered, answered = read_answered(offer, answer), read_answer(offer, answer)
    ours, theirs = (offered, answered) if we_offered else (answered, offered)
    result = _agreed(ours, theirs, matching(theirs.formats, answered.formats), matching(ours.formats, answered.formats))
    # RFC 4568 section 5.1.3: the answer has one key, with the tag and the suite of one that was offered.
    pairs = [(o, a) for a in answered.cryptos[:1] for o in offered.cryptos if (o.tag, o.suite) == (a.tag, a.suite)]
    if not pairs and (offered.secure or answered.secure):
        raise ProtectionError("Encryption Required")
    secured = [_secured(*pair, we_offered=we_offered) for pair in pairs]
    return msgspec.structs.replace(result, srtp=secured[0] if secured else None)


def _secured(offered: Crypto, answered: Crypto, *, we_offered: bool) -> Secured:
    ours, theirs = (offered, answered) if we_offered else (answered, offered)
    return Secured(ours.suite, ours.key, theirs.key)


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
        rtcp_mux=ours.mux and theirs.mux,
        comfort_noise=theirs.noise if ours.noise == theirs.noise else None,
    )
