"""apply(state, event, at) -> (state, effects): everything that happens to an answered call, as a pure function.

Every re-INVITE is answered here without the other phone's noticing; only one that takes away the codec in use makes
the other phone follow. Each handler changes what the event says; who hears whom and which re-INVITEs follow is derived
afterwards (``wiring``, ``settle``). This module must never wait, look anything up, or act on a leg that is not in the
call.
"""

from collections.abc import Callable
from typing import Any

from vorzimmer.calls import talk
from vorzimmer.calls.effects import (
    Bye,
    Close,
    Dismissed,
    HangUp,
    Joined,
    Look,
    MediaLost,
    MovedOut,
    OwnEvent,
    Pause,
    Probe,
    Probed,
    Reopen,
    Reopened,
    Replaced,
    Unpresented,
    Waits,
)
from vorzimmer.calls.ends import NORMAL, Outcome, finish, name_of, past
from vorzimmer.calls.pause import paused
from vorzimmer.calls.settle import settle
from vorzimmer.calls.state import CallState, End, Party, change, change_guard, change_leg, change_sound
from vorzimmer.calls.together import leave, together
from vorzimmer.calls.wiring import rewire
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.port import FellSilent, MediaEvent, WorkerLost
from vorzimmer.sip.events import Acked, Cancelled, Ended, Event, ReinviteAnswered, Reinvited, ReinviteFailed, Requested

CallEvent = Event | MediaEvent | OwnEvent

_CAUSES = {
    "bye": "hung up",
    "timeout": "phone vanished",
    "gone": "phone vanished",
    "no-ack": "no ACK",
    "no-prack": "no ACK",
}
REPLACED = 'SIP;cause=200;text="Replaced"'
_VANISHED = 'SIP;cause=408;text="Phone does not answer"'


def apply(state: CallState, event: CallEvent, at: float) -> Outcome:
    """What `event` (at POSIX time `at`) makes of the call. An ended call and an unknown event change nothing."""
    handler = _HANDLERS.get(type(event))
    if handler is None or state.ended is not None:
        return state, ()
    after, effects = handler(state, event, at)
    if after.ended is not None:
        return after, effects
    after, wires = rewire(state, after)
    after, asks = settle(after, at)
    return after, (*effects, *wires, *asks)


def _joined(state: CallState, event: Joined, at: float) -> Outcome:
    came = tuple(change_leg(leg, joined=at) for leg in event.legs)
    after = together(change(state, parties=(*state.parties, *came), since=at, parting="", tries=0), at)
    return after, (event.accept,) if event.accept else ()


def _replaced(state: CallState, event: Replaced, at: float) -> Outcome:
    old = state.leg(event.old)
    if old is None:
        return state, (Bye(event.new.id), Close(event.new.sound.endpoint))
    new = change_leg(event.new, joined=at)
    parties = tuple(new if p.id == old.id else p for p in state.parties)
    hears = {e: s for e, s in state.hears.items() if e != old.sound.endpoint}
    after = change(state, parties=parties, hears=hears, past=(*state.past, past(old, at)), since=at, tries=0)
    accept = (event.accept,) if event.accept else ()
    effects = (*accept, Bye(old.id, REPLACED), Close(old.sound.endpoint))
    return together(after, at), effects


def _moved_out(state: CallState, event: MovedOut, at: float) -> Outcome:
    gone = [leg for leg in state.parties if leg.id in event.legs]
    if not gone:
        return state, ()
    parties = tuple(p for p in state.parties if p not in gone)
    endpoints = {leg.sound.endpoint for leg in gone}
    hears = {e: s for e, s in state.hears.items() if e not in endpoints}
    was = (*state.past, *(past(leg, at) for leg in gone))
    after = change(state, parties=parties, hears=hears, past=was, parting=event.why, since=at, tries=0)
    return (after, ()) if parties else finish(after, End(name_of(gone[0]), event.why, at))


def _waits(state: CallState, event: Waits, at: float) -> Outcome:
    return change(state, waiting=event.source), ()


def _ended(state: CallState, event: Ended, at: float) -> Outcome:
    leg = state.leg(event.leg)
    if leg is None:
        return state, ()
    reason = state.parting or _CAUSES.get(event.cause, event.cause)
    return leave(state, leg, End(name_of(leg), reason, at), gone=True)


def _cancelled(state: CallState, event: Cancelled, at: float) -> Outcome:
    """A CANCEL that was on its way when we answered and won: the same as hanging up."""
    return _ended(state, Ended(event.leg, "bye"), at)


def _hang_up(state: CallState, event: HangUp, at: float) -> Outcome:
    end = End(event.by, event.reason, at)
    return finish(state, end, header=event.header or NORMAL)


def _dismissed(state: CallState, event: Dismissed, at: float) -> Outcome:
    leg = state.leg(event.leg)
    if leg is None:
        return state, ()
    return leave(state, leg, End("system", event.reason, at), header=event.header or NORMAL)


def _unpresented(state: CallState, event: Unpresented, at: float) -> Outcome:
    leg = state.leg(event.leg)
    if leg is None or state.facing(leg.id) is None:
        return state, ()
    return state.with_leg(change_leg(leg, shown=Party(), stale=leg.stale or "reinvite")), ()


def _fell_silent(state: CallState, event: FellSilent, at: float) -> Outcome:
    leg = next((p for p in state.parties if p.sound.endpoint == event.endpoint), None)
    if leg is None or leg.probing or leg.silent_by_right:
        return state, ()
    return state.with_leg(change_leg(leg, probing=True)), (Probe(leg.id),)


def _look(state: CallState, event: Look, at: float) -> Outcome:
    silent = [leg for leg in state.parties if leg.silent_by_right and not leg.probing]
    after = state
    for leg in silent:
        after = after.with_leg(change_leg(leg, probing=True))
    return after, tuple(Probe(leg.id) for leg in silent)


def _probed(state: CallState, event: Probed, at: float) -> Outcome:
    leg = state.leg(event.leg)
    if leg is None:
        return state, ()
    if event.alive:
        return state.with_leg(change_leg(leg, probing=False)), ()
    return leave(state, leg, End(name_of(leg), "phone vanished", at), header=_VANISHED)


def _worker_lost(state: CallState, event: WorkerLost, at: float) -> Outcome:
    lost = [leg for leg in state.parties if leg.sound.endpoint in event.endpoints]
    hears = {e: s for e, s in state.hears.items() if e not in event.endpoints}
    reopen = tuple(
        Reopen(
            leg.id, _next_endpoint(leg.sound.endpoint), leg.sound.listener, 6 if ":" in leg.sound.address.host else 4
        )
        for leg in lost
    )
    return change(state, hears=hears), reopen


def _next_endpoint(endpoint: EndpointId) -> EndpointId:
    base, _, count = endpoint.partition("+")
    return EndpointId(f"{base}+{int(count or 0) + 1}")


def _reopened(state: CallState, event: Reopened, at: float) -> Outcome:
    leg = state.leg(event.leg)
    if leg is None:
        return state, ()
    # A new worker knows no roll-over counter, so it needs new keys (RFC 3711 section 3.3.1).
    guard = change_guard(leg.sound.guard)
    sound = change_sound(leg.sound, endpoint=event.endpoint, address=event.address, guard=guard)
    return state.with_leg(change_leg(leg, sound=sound, stale="media")), ()


def _media_lost(state: CallState, event: MediaLost, at: float) -> Outcome:
    leg = state.leg(event.leg)
    if leg is None:
        return state, ()
    return leave(state, leg, End("system", "media lost", at), header=talk.MEDIA_LOST)


_HANDLERS: dict[type, Callable[[CallState, Any, float], Outcome]] = {
    Joined: _joined,
    MovedOut: _moved_out,
    Replaced: _replaced,
    Waits: _waits,
    Pause: paused,
    Reinvited: talk.reinvited,
    ReinviteAnswered: talk.reinvite_answered,
    ReinviteFailed: talk.reinvite_failed,
    Acked: talk.acked,
    Requested: talk.requested,
    Ended: _ended,
    Cancelled: _cancelled,
    Dismissed: _dismissed,
    HangUp: _hang_up,
    Unpresented: _unpresented,
    FellSilent: _fell_silent,
    Look: _look,
    Probed: _probed,
    WorkerLost: _worker_lost,
    Reopened: _reopened,
    MediaLost: _media_lost,
}
