"""How a call ends, whatever ends it: the other legs get a BYE, every endpoint is closed, one record is written. Pure.

This module must never leave a leg of an ended call open.
"""

from vorzimmer.calls.effects import Bye, Close, Effect, Finish
from vorzimmer.calls.state import CallState, End, Leg, PastLeg, change
from vorzimmer.kernel.ids import LegId

Outcome = tuple[CallState, tuple[Effect, ...]]

NORMAL = 'Q.850;cause=16;text="Normal call clearing"'
"""Reason of a BYE that passes a BYE on (RFC 3326, Q.850)."""


def name_of(leg: Leg) -> str:
    """Whom the record names: the reference of an account, else the side that was called or called us."""
    if leg.party.ref is not None:
        return str(leg.party.ref)
    return "callee" if leg.outgoing else "caller"


def past(leg: Leg, at: float) -> PastLeg:
    """The leg as the record will show it."""
    return PastLeg(leg.id, leg.party, leg.outgoing, leg.sound.endpoint, leg.joined, at)


def finish(state: CallState, end: End, *, gone: LegId | None = None, header: str = NORMAL) -> Outcome:
    """End the call; `gone` is the leg whose dialog is over already, the others are told with `header`."""
    legs = state.parties
    after = change(
        state,
        parties=(),
        hears={},
        past=(*state.past, *(past(leg, end.at) for leg in legs)),
        ended=end,
        ringing=(),
        since=end.at,
    )
    byes = tuple(Bye(leg.id, header) for leg in legs if leg.id != gone)
    closes = tuple(Close(leg.sound.endpoint) for leg in legs)
    return after, (*byes, *closes, Finish())
