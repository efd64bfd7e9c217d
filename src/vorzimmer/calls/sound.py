"""One leg's side of offer and answer, on top of ``sdp.negotiate``: descriptions in, a new Sound out. Pure.

Every function that reads a phone's description raises PeerError (400, 488) and then has changed nothing. Our own wish
is always *sendrecv*: holding is what phones do, and whoever waits hears music. This module must never choose who talks
to whom.
"""

from functools import lru_cache

import msgspec

from vorzimmer.calls.state import Sound
from vorzimmer.media.port import Codec, MediaPlan
from vorzimmer.sdp import negotiate
from vorzimmer.sdp.formats import DEFAULT_EVENT
from vorzimmer.sdp.message import Session
from vorzimmer.sdp.parse import parse
from vorzimmer.sdp.plan import Agreed, AudioPlan, Format
from vorzimmer.sdp.write import write

Keys = frozenset[tuple[str, int, int]]


@lru_cache(maxsize=64)
def _read(body: bytes) -> Session:
    """An offer is read when it comes and again when it is answered; errors are not kept."""
    return parse(body)


def keys(formats: tuple[Format, ...]) -> Keys:
    """What makes two lists of formats the same, whatever numbers each side gave them."""
    return frozenset(f.key for f in formats)


def talks(sound: Sound) -> Keys:
    """The formats that this leg may use in both directions now."""
    return keys(sound.agreed.formats) if sound.agreed else frozenset()


def plan_of(body: bytes) -> AudioPlan:
    """What the phone says it can do."""
    return negotiate.read(_read(body))


def answer(sound: Sound, body: bytes, formats: tuple[Format, ...]) -> tuple[Sound, bytes]:
    """Answer the phone's offer `body` with those of `formats` that it has, all of them (best first)."""
    offer = _read(body)
    plan = negotiate.read(offer)
    ours = negotiate.answer(offer, _ours(sound), formats, previous=sound.ours)
    agreed = negotiate.agreed(offer, ours, we_offered=False)
    return _now(sound, ours, agreed, plan), write(ours)


def offer_like(sound: Sound, plan: AudioPlan) -> tuple[Sound, bytes]:
    """The caller's formats as our first offer on another leg."""
    ours = negotiate.offer_like(plan, _ours(sound))
    return msgspec.structs.replace(sound, ours=ours), write(ours)


def first_offer(sound: Sound, formats: tuple[Format, ...]) -> tuple[Sound, bytes]:
    """An offer of our own making where the phone has said nothing yet (a late offer)."""
    ours = negotiate.full_offer(_ours(sound), formats)
    return msgspec.structs.replace(sound, ours=ours), write(ours)


def next_offer(sound: Sound, formats: tuple[Format, ...]) -> Session:
    """An offer inside the dialog. The phone's own numbers are kept: a number never changes its meaning within a
    session (RFC 3264 section 8.3.2). The Sound changes only once the phone has answered."""
    event = sound.agreed.telephone_event if sound.agreed else DEFAULT_EVENT
    known = negotiate.matching(sound.can, formats) or formats
    return negotiate.full_offer(_ours(sound), known, event=event, previous=sound.ours)


def answered(sound: Sound, ours: Session, body: bytes) -> Sound:
    """What our offer `ours` and the phone's answer `body` came to."""
    theirs = _read(body)
    agreed = negotiate.agreed(ours, theirs, we_offered=True)
    plan = negotiate.read(theirs)
    return _now(sound, ours, agreed, plan)


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
    )


def formats_of(codecs: tuple[Codec, ...]) -> tuple[Format, ...]:
    """A backend's codecs in the words of SDP."""
    return tuple(Format(c.name, c.payload_type, c.rate, c.channels, c.fmtp) for c in codecs)


def _codecs(formats: tuple[Format, ...]) -> tuple[Codec, ...]:
    return tuple(Codec(f.name, f.payload_type, f.rate, f.channels, f.fmtp) for f in formats)


def _ours(sound: Sound) -> negotiate.Ours:
    return negotiate.Ours(sound.address, sound.session)


def _now(sound: Sound, ours: Session, agreed: Agreed, plan: AudioPlan) -> Sound:
    fresh = tuple(f for f in sound.can if f.key not in keys(plan.formats))
    return msgspec.structs.replace(
        sound, ours=ours, agreed=agreed, can=(*plan.formats, *fresh), holds=not plan.wants_audio
    )
