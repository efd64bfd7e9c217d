"""What people do to a call through a program: hold, resume, transfer, hang up. The same as their phone can do.

Who may was judged before (``routing.may``, handed in as `may`); here it is done. This module must never act on a leg
that is not in the call.
"""

from vorzimmer.calls.board import Switchboard
from vorzimmer.calls.effects import HangUp, Pause
from vorzimmer.calls.live import Live
from vorzimmer.calls.state import Leg
from vorzimmer.calls.transfer import send_on
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.events import Ended, Failed


def leg_of(live: Live, who: Ref) -> Leg | None:
    """Somebody's phone in the call; the newest, where he is in it with several."""
    mine = [leg for leg in live.state.parties if leg.party.ref == who]
    return max(mine, key=lambda leg: leg.joined, default=None)


def hold(live: Live, leg: Leg, *, on: bool) -> None:
    """Let the others hear music, or go on."""
    live.feed(Pause(leg.id, on))
    live.world.signalling.kick()


def transfer(board: Switchboard, live: Live, leg: Leg, dialled: str) -> bool:
    """Blind: the others wait while `dialled` is rung for them; they come back if nobody answers, else `leg` is
    released. False where nobody is there to be transferred, or somebody is being rung already."""
    if live.attempt is not None or not live.state.others(leg.id):
        return False
    send_on(board, live, leg, dialled, _Released(live, leg.id))
    board.world.signalling.kick()
    return True


class _Released:
    """Hears how a transfer goes: once somebody has answered, nobody needs the transferor."""

    def __init__(self, live: Live, leg: LegId) -> None:
        self._live = live
        self._leg = leg

    def __call__(self, status: int, reason: str) -> None:
        leg = self._live.state.leg(self._leg)
        if 200 <= status < 300 and leg is not None and not self._live.state.others(leg.id):
            self._live.feed(HangUp(str(leg.party.ref or "caller"), "transferred"))


def hang_up(board: Switchboard, live: Live, who: Ref, *, administers: bool) -> bool:
    """Take somebody's phones out of the call, as if he had hung up or declined; an administrator, who has none in it,
    ends it. False where there was nothing to do."""
    done = _leave(board, live, who)
    if not done and administers:
        _end(live, who)
        done = True
    board.world.signalling.kick()
    return done


def _leave(board: Switchboard, live: Live, who: Ref) -> bool:
    signalling = board.world.signalling
    if legs := [leg.id for leg in live.state.parties if leg.party.ref == who]:
        for leg in legs:
            if live.state.leg(leg) is not None:
                signalling.engine.end(leg, signalling.now())
                live.feed(Ended(leg, "bye"))
        return True
    if live.attempt is not None and live.state.asked.caller.ref == who and not live.state.parties:
        live.hang_up("cancelled", 487)
        return True
    mine = [rung.leg for rung in live.state.ringing if rung.party.ref == who]
    for ringing in mine:
        signalling.engine.end(ringing, signalling.now())
        if live.attempt is not None:
            live.attempt.deliver(Failed(ringing, 603, "Decline"))
    return bool(mine)


def _end(live: Live, who: Ref) -> None:
    if live.attempt is not None and not live.state.parties:
        live.hang_up("cancelled", 487)
    else:
        live.feed(HangUp(str(who), "hung up"))
