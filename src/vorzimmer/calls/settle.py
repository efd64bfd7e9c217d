"""Bringing two phones to the same codecs, and telling them what they have to learn, by re-INVITEs of ours. Pure.

After a transfer, an early answer or a re-INVITE of one phone the two legs of a call may have agreed on different
things. Media then transcodes; where both phones know a common codec they are re-invited, one after the other, until
nothing has to be transcoded any more. The number of tries is bounded, so two phones that change their minds cannot keep
us busy. This module must never begin an exchange on a leg that has one under way.
"""

from vorzimmer.calls.effects import Effect, Present, SendReinvite
from vorzimmer.calls.ends import Outcome
from vorzimmer.calls.sound import Keys, keys, next_offer, talks, untranscoded
from vorzimmer.calls.state import CallState, Leg, Offering, Why, change, change_leg
from vorzimmer.sdp.plan import Format
from vorzimmer.sdp.write import write

MOST_TRIES = 4
NO_CODEC = 'SIP;cause=488;text="No common codec"'


def settle(state: CallState, at: float) -> Outcome:
    """The next re-INVITEs that this state needs, if any; nothing while an exchange is under way. Of more than two each
    talks as it likes: they are mixed."""
    if len(state.parties) > 2:
        return _tell(change(state, tries=0) if state.tries else state)
    if any(leg.busy for leg in state.parties):
        return state, ()
    if len(state.parties) == 2 and not untranscoded(state.parties[0].sound, state.parties[1].sound):
        aligning = _align(state)
        if aligning is not None:
            return aligning
        return _tell(state)
    return _tell(change(state, tries=0))


def _tell(state: CallState) -> Outcome:
    """Whoever has to learn something: by UPDATE or re-INVITE."""
    effects: tuple[Effect, ...] = ()
    after = state
    for leg in state.parties:
        if leg.busy:
            continue
        if leg.stale == "identity":
            after, sent = _present(after, leg)
            effects += sent
        elif leg.stale and leg.sound.agreed is not None:
            why: Why = "media" if leg.stale == "media" else "identity"
            after, sent = ask(after, leg, leg.sound.agreed.formats, why)
            effects += sent
    return after, effects


def _present(state: CallState, leg: Leg) -> Outcome:
    """Only whom it talks to has changed: its session stays untouched where the phone takes an UPDATE."""
    other = state.facing(leg.id)
    shown = other.party if other else leg.shown
    told = state.with_leg(change_leg(leg, stale="", shown=shown))
    return told, (Present(leg.id, shown),) if other and shown != leg.shown else ()


def ask(state: CallState, leg: Leg, formats: tuple[Format, ...], why: Why) -> Outcome:
    """Re-invite `leg` with `formats`, and show it whom it is talking to."""
    described = next_offer(leg.sound, formats)
    other = state.facing(leg.id)
    connected = other.party if other and not other.party.looks_like(leg.shown) else None
    asked = change_leg(leg, offering=Offering(described, why), stale="", shown=other.party if other else leg.shown)
    return state.with_leg(asked), (SendReinvite(leg.id, write(described), connected),)


def _align(state: CallState) -> Outcome | None:
    """One more try to get both to one codec; None where nothing is left but to transcode."""
    if state.tries >= MOST_TRIES:
        return None
    for leg, wanted in _candidates(state):
        formats = tuple(f for f in leg.sound.can if f.key in wanted)
        if formats:
            why: Why = "media" if leg.stale == "media" else "codec"
            return ask(change(state, tries=state.tries + 1), leg, formats, why)
    return None


def _candidates(state: CallState) -> tuple[tuple[Leg, Keys], ...]:
    """Whom to ask for what, best first: the smaller set is what both know; else take turns."""
    one, other = state.parties
    ours, theirs = talks(one.sound), talks(other.sound)
    if theirs < ours:
        return ((one, theirs),)
    if ours < theirs:
        return ((other, ours),)
    first, second = (one, other) if state.tries % 2 == 0 else (other, one)
    return (
        (first, talks(second.sound)),
        (second, talks(first.sound)),
        (first, keys(second.sound.can)),
    )
