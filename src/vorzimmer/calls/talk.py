"""Offers and answers inside an answered call: hold, resume, a moved phone, another codec, late offers. Pure.

Every offer is answered here and at once, so the other phone stays undisturbed by a hold, a resume or a new address. An
offer without the codec in use is answered in one that the other phone knows, if there is any; ``settle`` then brings
the other phone there, and until it is there media transcodes. This module must never leave a re-INVITE unanswered.
"""

from vorzimmer.calls.effects import Accept, Deny, Respond
from vorzimmer.calls.ends import Outcome
from vorzimmer.calls.settle import MOST_TRIES, NO_CODEC
from vorzimmer.calls.sound import answer, answered, keys, next_offer, plan_of, speaks, talks, untranscoded
from vorzimmer.calls.state import CallState, End, Leg, Offering, Sound, change, change_leg, change_sound
from vorzimmer.calls.together import leave
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sdp.formats import DEFAULT_FORMATS
from vorzimmer.sdp.write import write
from vorzimmer.sip.content import sdp_of
from vorzimmer.sip.events import Acked, ReinviteAnswered, Reinvited, ReinviteFailed, Requested
from vorzimmer.sip.message import Message, Request

MEDIA_LOST = 'SIP;cause=503;text="Media lost"'
_DTMF_INFO = ("application/dtmf-relay", "application/dtmf")
_STATUS_OF_METHOD = {"OPTIONS": 200, "MESSAGE": 405, "NOTIFY": 489, "SUBSCRIBE": 489, "REFER": 403, "REGISTER": 405}


def session_in(message: Message) -> bytes:
    """The session description in a message; raises PeerError 415 where its body is something else."""
    body = sdp_of(message)
    if body is None:
        raise PeerError("no session description", 415)
    return body


def reinvited(state: CallState, event: Reinvited, at: float) -> Outcome:
    """A re-INVITE: answered at once, or refused without changing anything."""
    leg = state.leg(event.leg)
    if leg is None:
        return state, ()
    if not event.request.body:
        return _late_offer(state, leg)
    try:
        sound, body = _answer(state, leg, session_in(event.request))
    except PeerError as error:
        return state, (Deny(leg.id, error.status),)
    after = _changed(state, change_leg(leg, sound=sound, awaiting="ack"))
    return after, (Accept(leg.id, body),)


def _changed(state: CallState, leg: Leg) -> CallState:
    """`leg` with what its phone has just asked for; with other formats than before, settling begins anew."""
    before = state.leg(leg.id)
    same = before is not None and talks(before.sound) == talks(leg.sound)
    return change(state.with_leg(leg), tries=state.tries if same else 0)


def _answer(state: CallState, leg: Leg, offer: bytes) -> tuple[Sound, bytes]:
    other = state.other(leg.id)
    if leg.sound.agreed is not None and len(state.parties) > 2:
        return answer(leg.sound, offer, leg.sound.agreed.formats)
    if other is None or other.sound.agreed is None or leg.sound.agreed is None:
        return answer(leg.sound, offer)
    used, theirs, sound = leg.sound.agreed.formats, other.sound.agreed.formats, leg.sound
    stays = speaks(sound) in keys(plan_of(offer, sound.guard.srtp).formats)
    if not stays:
        # What a phone takes away while it talks in it is not asked of it again.
        sound = change_sound(sound, can=())
    if stays and untranscoded(sound, other.sound):
        # A session refresh (RFC 4028) must change nothing, not even a version.
        return answer(sound, offer, used, theirs)
    return answer(sound, offer, theirs, other.sound.can, used)


def _late_offer(state: CallState, leg: Leg) -> Outcome:
    """RFC 3261 section 14.2: our 200 offers all that we have, since somebody else may be behind the phone by now; the
    codec in use leads, so that nobody is disturbed."""
    used = leg.sound.agreed.formats if leg.sound.agreed else ()
    described = next_offer(leg.sound, (*used, *leg.sound.can, *DEFAULT_FORMATS))
    waiting = change_leg(leg, awaiting="answer", offering=Offering(described, "codec"))
    return state.with_leg(waiting), (Accept(leg.id, write(described)),)


def reinvite_answered(state: CallState, event: ReinviteAnswered, at: float) -> Outcome:
    """The answer to a re-INVITE of ours."""
    leg = state.leg(event.leg)
    if leg is None or leg.offering is None:
        return state, ()
    try:
        sound = answered(leg.sound, leg.offering.described, session_in(event.response))
    except PeerError:
        return _failed(state, leg, at)
    return state.with_leg(change_leg(leg, sound=sound, offering=None)), ()


def reinvite_failed(state: CallState, event: ReinviteFailed, at: float) -> Outcome:
    """A re-INVITE of ours failed: the session is as before, which is enough unless the call cannot go on so."""
    leg = state.leg(event.leg)
    return (state, ()) if leg is None or leg.offering is None else _failed(state, leg, at)


def _failed(state: CallState, leg: Leg, at: float) -> Outcome:
    why = leg.offering.why if leg.offering else "identity"
    after = state.with_leg(change_leg(leg, offering=None))
    if why == "media":
        return leave(after, change_leg(leg, offering=None), End("system", "media lost", at), header=MEDIA_LOST)
    # A phone that will not change its codec is not asked again: media transcodes.
    return change(after, tries=MOST_TRIES) if why == "codec" else after, ()


def acked(state: CallState, event: Acked, at: float) -> Outcome:
    """The ACK of our 200; with a late offer it brings the answer, without which there is no session."""
    leg = state.leg(event.leg)
    if leg is None or not leg.awaiting:
        return state, ()
    if leg.awaiting == "ack" or leg.offering is None:
        return state.with_leg(change_leg(leg, awaiting="")), ()
    try:
        sound = answered(leg.sound, leg.offering.described, session_in(event.request))
    except PeerError:
        return leave(state, leg, End("system", "no common codec", at), header=NO_CODEC)
    return state.with_leg(change_leg(leg, sound=sound, awaiting="", offering=None)), ()


def requested(state: CallState, event: Requested, at: float) -> Outcome:
    """Other requests inside the dialog; each is answered once."""
    leg = state.leg(event.leg) if event.leg else None
    request = event.request
    if leg is not None and request.method == "UPDATE" and request.body:
        return _updated(state, leg, event)
    return state, (Respond(event.transaction, status_for(request)),)


def status_for(request: Request) -> int:
    """The plain answer to a request inside a dialog that changes no session: digits in INFO are taken and ignored."""
    if request.method == "INFO" and "Info-Package" in request.headers:
        return 469  # RFC 6086 section 4.2.2: we have asked for none
    if request.method == "INFO":
        kind = request.headers.get("Content-Type").partition(";")[0].strip().lower()
        return 200 if not request.body or kind in _DTMF_INFO else 415
    if request.method in {"UPDATE", "PRACK"}:
        return 488 if request.body else 200
    return _STATUS_OF_METHOD.get(request.method, 501)


def _updated(state: CallState, leg: Leg, event: Requested) -> Outcome:
    """RFC 3311: an UPDATE is answered at once, as a re-INVITE is."""
    if leg.offering is not None:
        return state, (Respond(event.transaction, 491),)
    try:
        sound, body = _answer(state, leg, session_in(event.request))
    except PeerError as error:
        return state, (Respond(event.transaction, error.status),)
    return _changed(state, change_leg(leg, sound=sound)), (Respond(event.transaction, 200, body),)
