"""Hold by command: the server lets the others hear music, while the phone itself knows nothing of it. Pure.

This module must never undo a hold that the phone itself has made.
"""

from vorzimmer.calls.effects import Pause
from vorzimmer.calls.ends import Outcome
from vorzimmer.calls.state import CallState, change_leg


def paused(state: CallState, event: Pause, at: float) -> Outcome:
    """A leg is paused, or goes on."""
    leg = state.leg(event.leg)
    if leg is None or leg.paused == event.on:
        return state, ()
    return state.with_leg(change_leg(leg, paused=event.on)), ()
