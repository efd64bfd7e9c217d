"""Who is in a call with whom after somebody came or went: a call goes on as long as two have each other. Pure.

This module must never end the call of two who talk because a third has left, nor keep one whom nobody will join.
"""

from vorzimmer.calls.effects import Bye, Close
from vorzimmer.calls.ends import NORMAL, Outcome, finish, past
from vorzimmer.calls.state import CallState, End, Leg, change, change_leg
from vorzimmer.routing.model import line_of


def together(state: CallState, at: float) -> CallState:
    """Two parties or more have each other: the call is answered, and whoever was shown somebody who is not there has to
    learn who is."""
    if len(state.parties) < 2:
        return state
    after = change(state, answered=state.answered if state.answered is not None else at, back=None)
    for leg in state.parties:
        if line_of(leg.party.device):
            continue  # A trunk learns nothing about who in the house talks now.
        other = after.facing(leg.id)
        if other is not None and not other.party.looks_like(leg.shown) and not leg.stale:
            after = after.with_leg(change_leg(leg, stale="identity"))
    return after


def leave(state: CallState, leg: Leg, end: End, *, gone: bool = False, header: str = NORMAL) -> Outcome:
    """`leg` leaves: the others go on if two are left, or one for whom somebody rings; else the call ends as `end` says.

    `gone`: its dialog is over already; else its BYE says `header`."""
    if len(state.parties) < (2 if state.ringing else 3):
        return finish(state, end, gone=leg.id if gone else None, header=header)
    after = change(
        state,
        parties=tuple(p for p in state.parties if p.id != leg.id),
        hears={e: s for e, s in state.hears.items() if e != leg.sound.endpoint},
        past=(*state.past, past(leg, end.at)),
        since=end.at,
        tries=0,
    )
    bye = () if gone else (Bye(leg.id, header),)
    return together(after, end.at), (*bye, Close(leg.sound.endpoint))
