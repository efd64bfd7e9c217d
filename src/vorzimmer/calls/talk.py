"""Offers and answers inside an answered call: hold, resume, a moved phone, another codec, late offers. Pure.

A hold, a resume or a new address is answered here, so the other phone stays undisturbed. An offer without a codec that
is in use is relayed: the other phone is re-invited with what both can do, and only its answer answers the first. This
module must never leave a re-INVITE unanswered.
"""

from vorzimmer.calls.effects import Accept, Deny, Effect, Respond
from vorzimmer.calls.ends import Outcome, finish
from vorzimmer.calls.settle import NO_CODEC, ask
from vorzimmer.calls.sound import answer, answered, keys, next_offer, plan_of, talks
from vorzimmer.calls.state import CallState, End, Leg, Offering, Relay, change, change_leg
from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import LegId
from vorzimmer.sdp.plan import Format
from vorzimmer.sdp.write import write
from vorzimmer.sip.content import sdp_of
from vorzimmer.sip.events import Acked, ReinviteAnswered, Reinvited, ReinviteFailed, Requested
from vorzimmer.sip.message import Message, Request

_DTMF_INFO = ("application/dtmf-relay", "application/dtmf")
_STATUS_OF_METHOD = {"OPTIONS": 200, "MESSAGE": 405, "NOTIFY": 489, "SUBSCRIBE": 489, "REFER": 403, "REGISTER": 405}


def session_in(message: Message) -> bytes:
    """The session description in a message; raises PeerError 415 where its body is something else."""
    body = sdp_of(message)
    if body is None:
        raise PeerError("no session description", 415)
    return body


def refusal(leg: LegId) -> Effect:
    """The answer to a relayed re-INVITE when nothing came of it (the session is as before)."""
    return Deny(leg, 488)


def reinvited(state: CallState, event: Reinvited, at: float) -> Outcome:
    """A re-INVITE: answered at once, relayed, or refused without changing anything."""
    leg = state.leg(event.leg)
    if leg is None:
        return state, ()
    if not event.request.body:
        return _late_offer(state, leg)
    try:
        offer = session_in(event.request)
        plan = plan_of(offer)
        if not _may_answer(state, leg, plan.formats):
            return _relayed(state, leg, plan.formats, offer)
        sound, body = answer(leg.sound, offer, _wanted(state, leg, plan.formats))
    except PeerError as error:
        return state, (Deny(leg.id, error.status),)
    return state.with_leg(change_leg(leg, sound=sound, awaiting="ack")), (Accept(leg.id, body),)


def _may_answer(state: CallState, leg: Leg, offered: tuple[Format, ...]) -> bool:
    return state.other(leg.id) is None or talks(leg.sound) <= keys(offered)


def _wanted(state: CallState, leg: Leg, offered: tuple[Format, ...]) -> tuple[Format, ...]:
    alone = state.other(leg.id) is None or leg.sound.agreed is None
    return offered if alone or leg.sound.agreed is None else leg.sound.agreed.formats


def _late_offer(state: CallState, leg: Leg) -> Outcome:
    """RFC 3261 section 14.2: our 200 carries the offer; the codecs in use are kept, so nobody else is disturbed."""
    formats = leg.sound.agreed.formats if leg.sound.agreed else leg.sound.can
    described = next_offer(leg.sound, formats)
    waiting = change_leg(leg, awaiting="answer", offering=Offering(described, "codec"))
    return state.with_leg(waiting), (Accept(leg.id, write(described)),)


def _relayed(state: CallState, leg: Leg, offered: tuple[Format, ...], body: bytes) -> Outcome:
    other = state.other(leg.id)
    if other is None or other.busy or state.relay is not None:
        return state, (Deny(leg.id, 491),)
    formats = tuple(f for f in offered if f.key in keys(other.sound.can))
    if not formats:
        return state, (Deny(leg.id, 488),)
    return ask(change(state, relay=Relay(leg.id, body)), other, formats, "relay")


def reinvite_answered(state: CallState, event: ReinviteAnswered, at: float) -> Outcome:
    """The answer to a re-INVITE of ours; a relayed one is now answered too."""
    leg = state.leg(event.leg)
    if leg is None or leg.offering is None:
        return state, ()
    try:
        sound = answered(leg.sound, leg.offering.described, session_in(event.response))
    except PeerError:
        return _failed(state, leg, at)
    done = change_leg(leg, sound=sound, offering=None)
    after = state.with_leg(done)
    return _answer_relay(after, done) if leg.offering.why == "relay" else (after, ())


def _answer_relay(state: CallState, answering: Leg) -> Outcome:
    relay, after = state.relay, change(state, relay=None)
    asking = after.leg(relay.leg) if relay else None
    if relay is None or asking is None or answering.sound.agreed is None:
        return after, ()
    try:
        sound, body = answer(asking.sound, relay.offer, answering.sound.agreed.formats)
    except PeerError as error:
        return after, (Deny(asking.id, error.status),)
    return after.with_leg(change_leg(asking, sound=sound, awaiting="ack")), (Accept(asking.id, body),)


def reinvite_failed(state: CallState, event: ReinviteFailed, at: float) -> Outcome:
    """A re-INVITE of ours failed: the session is as before, which is enough unless the call cannot go on so."""
    leg = state.leg(event.leg)
    return (state, ()) if leg is None or leg.offering is None else _failed(state, leg, at)


def _failed(state: CallState, leg: Leg, at: float) -> Outcome:
    why = leg.offering.why if leg.offering else "identity"
    after = state.with_leg(change_leg(leg, offering=None))
    if why == "identity":
        return after, ()
    if why == "relay":
        relay = state.relay
        return change(after, relay=None), (refusal(relay.leg),) if relay else ()
    reason = "no common codec" if why == "codec" else "media lost"
    return finish(after, End("system", reason, at), header=NO_CODEC)


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
        return finish(state, End("system", "no common codec", at), header=NO_CODEC)
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
    if request.method == "INFO":
        kind = request.headers.get("Content-Type").partition(";")[0].strip().lower()
        return 200 if not request.body or kind in _DTMF_INFO else 415
    if request.method == "UPDATE":
        return 488 if request.body else 200
    return _STATUS_OF_METHOD.get(request.method, 501)


def _updated(state: CallState, leg: Leg, event: Requested) -> Outcome:
    """RFC 3311: an UPDATE is answered at once, so what would have to be relayed is refused."""
    if leg.offering is not None or state.relay is not None:
        return state, (Respond(event.transaction, 491),)
    try:
        offer = session_in(event.request)
        plan = plan_of(offer)
        if not _may_answer(state, leg, plan.formats):
            return state, (Respond(event.transaction, 488),)
        sound, body = answer(leg.sound, offer, _wanted(state, leg, plan.formats))
    except PeerError as error:
        return state, (Respond(event.transaction, error.status),)
    return state.with_leg(change_leg(leg, sound=sound)), (Respond(event.transaction, 200, body),)
