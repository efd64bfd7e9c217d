"""One leg's side of offer and answer, on top of ``sdp.negotiate``: descriptions in, a new Sound out. Pure.

Every function that reads a phone's description raises PeerError (400, 488) and then has changed nothing. Our own wish
is always *sendrecv*: holding is what phones do, and whoever waits hears music. Two legs that share no codec each talk
their own, and the media worker transcodes. This module must never choose who talks to whom.
"""

from functools import lru_cache

import msgspec

from vorzimmer.calls.state import Sound, change_guard
from vorzimmer.kernel.errors import PeerError
from vorzimmer.media.port import SRTP_SUITES, Codec, MediaPlan, Srtp
from vorzimmer.sdp import negotiate
from vorzimmer.sdp.formats import DEFAULT_EVENT, is_static
from vorzimmer.sdp.message import Session
from vorzimmer.sdp.parse import parse
from vorzimmer.sdp.plan import Agreed, AudioPlan, Format, Protection, Secured
from vorzimmer.sdp.write import write

Key = tuple[str, int, int]
Keys = frozenset[Key]


def _read(body: bytes) -> Session:
    """An offer is read when it comes and again when it is answered. One with keys is read again: nothing may keep them
    longer than the call does."""
    return parse(body) if b"crypto" in body else _remembered(body)


_remembered = lru_cache(maxsize=64)(parse)
"""Errors are not kept."""


@lru_cache(maxsize=512)
def keys(formats: tuple[Format, ...]) -> Keys:
    """What makes two lists of formats the same, whatever numbers each side gave them."""
    return frozenset(f.key for f in formats)


def talks(sound: Sound) -> Keys:
    """The formats that this leg may use in both directions now."""
    return keys(sound.agreed.formats) if sound.agreed else frozenset()


def plan_of(body: bytes, srtp: Protection = "optional") -> AudioPlan:
    """What the phone says it can do; raises ProtectionError (488) where `srtp` does not allow it."""
    return negotiate.read(_read(body), srtp)


def speaks(sound: Sound) -> Key | None:
    """The format that this leg's audio is in as long as nobody changes his mind."""
    return sound.agreed.formats[0].key if sound.agreed else None


@lru_cache(maxsize=512)
def allowed(codecs: tuple[str, ...], formats: tuple[Format, ...]) -> tuple[Format, ...]:
    """Of `formats` those that an account allows, its best first; raises PeerError 488 where it allows none."""
    found = tuple(sorted((f for f in formats if f.name in codecs), key=lambda f: codecs.index(f.name)))
    if not found:
        raise PeerError("No Codec That Is Allowed", 488)
    return found


@lru_cache(maxsize=512)
def _permitted(codecs: tuple[str, ...], formats: tuple[Format, ...]) -> tuple[Format, ...]:
    return tuple(f for f in formats if f.name in codecs)


def _kept(sound: Sound, formats: tuple[Format, ...], *, again: bool = False) -> tuple[Format, ...]:
    """Of `formats` those that the account of this leg allows, its best first; `again`: in the order they are in, since
    what is in use leads."""
    if not sound.codecs:
        return formats
    found = _permitted(sound.codecs, formats)
    return found if again or not found else allowed(sound.codecs, found)


def untranscoded(one: Sound, other: Sound) -> bool:
    """Whether what either phone sends can be passed on to the other as it is."""
    return speaks(one) in talks(other) and speaks(other) in talks(one)


def common(offered: tuple[Format, ...], *wishes: tuple[Format, ...]) -> tuple[Format, ...]:
    """What of the first of `wishes` that can be met at all was offered; else all that was offered, to be transcoded.

    Opus then comes last: it is the one codec that costs much to transcode, and the other side has none of it; the other
    codecs keep the order that an account may want."""
    for wish in wishes:
        if found := negotiate.matching(offered, wish):
            return found
    return tuple(sorted(offered, key=lambda f: f.name == "OPUS"))


def answer(sound: Sound, body: bytes, *wishes: tuple[Format, ...]) -> tuple[Sound, bytes]:
    """Answer the phone's offer `body` with what ``common`` makes of `wishes`, all of it (best first)."""
    offer = _read(body)
    plan = negotiate.read(offer, sound.guard.srtp)
    sound = _rekeyed(sound, plan)
    formats = allowed(sound.codecs, plan.formats) if sound.codecs else plan.formats
    ours = negotiate.answer(offer, _ours(sound), common(formats, *wishes), previous=sound.ours)
    agreed = negotiate.agreed(offer, ours, we_offered=False)
    return _now(sound, ours, agreed, plan), write(ours)


def offer_like(sound: Sound, plan: AudioPlan, more: tuple[Format, ...] = ()) -> tuple[Sound, bytes]:
    """The caller's formats as our first offer on another leg, and `more` behind them for a phone that has none of
    those."""
    if sound.codecs:
        plan = msgspec.structs.replace(plan, formats=_kept(sound, plan.formats))
        more = _kept(sound, more)
    ours = negotiate.offer_like(plan, _ours(sound), more)
    return _offering(sound, ours), write(ours)


def first_offer(sound: Sound, formats: tuple[Format, ...], more: tuple[Format, ...] = ()) -> tuple[Sound, bytes]:
    """An offer of our own making where the phone has said nothing yet (a late offer); `more` behind `formats`."""
    ours = negotiate.full_offer(_ours(sound), negotiate.extended(_kept(sound, formats), _kept(sound, more)))
    return _offering(sound, ours), write(ours)


def _offering(sound: Sound, ours: Session) -> Sound:
    said = negotiate.read(ours)
    return msgspec.structs.replace(sound, ours=ours, numbers=_numbers(sound.numbers, said.formats, said.events))


def next_offer(sound: Sound, formats: tuple[Format, ...]) -> Session:
    """An offer inside the dialog. A number never changes its meaning within a session (RFC 3264 section 8.3.2): ours
    stay as they were, what we have not named yet gets the phone's number. The Sound changes only once the phone has
    answered."""
    event = sound.agreed.telephone_event if sound.agreed else DEFAULT_EVENT
    numbered = negotiate.renumbered(_kept(sound, formats, again=True), sound.numbers, sound.can)
    return negotiate.full_offer(_ours(sound), numbered, event=event, previous=sound.ours)


def answered(sound: Sound, ours: Session, body: bytes) -> Sound:
    """What our offer `ours` and the phone's answer `body` came to."""
    theirs = _read(body)
    agreed = negotiate.agreed(ours, theirs, we_offered=True)
    return _now(sound, ours, _in_order(agreed, negotiate.read(ours)), negotiate.read_answer(ours, theirs))


def media_plan(agreed: Agreed) -> MediaPlan:
    """`agreed` in the words of the media port."""
    return MediaPlan(
        remote=agreed.remote,
        codecs=_codecs(agreed.formats),
        receive_codecs=_codecs(agreed.receive_formats),
        dtmf=agreed.telephone_event,
        receive_dtmf=agreed.receive_telephone_event,
        ptime=agreed.ptime,
        sends=agreed.sends,
        receives=agreed.receives,
        srtp=_srtp(agreed.srtp) if agreed.srtp else None,
        rtcp_mux=agreed.rtcp_mux,
        remote_rtcp=agreed.rtcp,
        comfort_noise=agreed.comfort_noise,
        dtmf_rate=agreed.telephone_event_rate if agreed.telephone_event is not None else 0,
    )


def _srtp(secured: Secured) -> Srtp:
    suite = next(known for known in SRTP_SUITES if known == secured.suite)
    return Srtp(suite, secured.send_key, secured.receive_key)


def formats_of(codecs: tuple[Codec, ...]) -> tuple[Format, ...]:
    """A backend's codecs in the words of SDP."""
    return tuple(Format(c.name, c.payload_type, c.rate, c.channels, c.fmtp) for c in codecs)


def _in_order(agreed: Agreed, offered: AudioPlan) -> Agreed:
    """RFC 3264 section 6.1: the phone sends the first format of our offer that it has answered. What we send is put in
    the same order, so that both directions come out alike (the caller, whose formats lead the offer, decides)."""
    formats = _ordered(agreed.formats, offered.formats)
    receive_formats = _ordered(agreed.receive_formats, offered.formats)
    return msgspec.structs.replace(agreed, formats=formats, receive_formats=receive_formats)


@lru_cache(maxsize=512)
def _ordered(formats: tuple[Format, ...], offered: tuple[Format, ...]) -> tuple[Format, ...]:
    place = {f.key: index for index, f in enumerate(offered)}
    return tuple(sorted(formats, key=lambda f: place[f.key]))


@lru_cache(maxsize=512)
def _codecs(formats: tuple[Format, ...]) -> tuple[Codec, ...]:
    return tuple(Codec(f.name, f.payload_type, f.rate, f.channels, f.fmtp) for f in formats)


def _ours(sound: Sound) -> negotiate.Ours:
    return negotiate.Ours(sound.address, sound.session, guard=sound.guard, numbers=sound.numbers)


def _rekeyed(sound: Sound, plan: AudioPlan) -> Sound:
    """A phone that comes with another key begins anew with its packets' counters, and so do we."""
    before = sound.agreed.srtp if sound.agreed else None
    if before is None or not plan.cryptos or plan.cryptos[0].key == before.receive_key:
        return sound
    return msgspec.structs.replace(sound, guard=change_guard(sound.guard))


def _now(sound: Sound, ours: Session, agreed: Agreed, plan: AudioPlan) -> Sound:
    fresh = tuple([f for f in sound.can if f.key not in keys(plan.formats)]) if sound.can else ()
    described = negotiate.read(ours)
    return msgspec.structs.replace(
        sound,
        ours=ours,
        agreed=agreed,
        can=_kept(sound, (*plan.formats, *fresh), again=True),
        holds=not plan.wants_audio,
        numbers=_numbers(sound.numbers, described.formats, described.events),
    )


@lru_cache(maxsize=512)
def _numbers(before: tuple[Format, ...], formats: tuple[Format, ...], events: tuple[Format, ...]) -> tuple[Format, ...]:
    """Every number that our descriptions have given, except for those that mean the same everywhere."""
    now = tuple(f for f in (*formats, *events) if not is_static(f))
    taken = {f.payload_type for f in now}
    return (*now, *(f for f in before if f.key not in keys(now) and f.payload_type not in taken))
