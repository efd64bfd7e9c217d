"""Calls back from bytes after a restart: answered ones go on, attempts end as they say, each with its one record.

An attempt ends as one that is lost: the caller hears 500, phones stop ringing. Media lives in its own process and has
kept its sessions; endpoints that did not survive are opened anew. What was under way between two messages is forgotten:
the phones repeat it. This module must never write a second record for a call.
"""

from collections.abc import Mapping

import msgspec

from vorzimmer.calls.board import Switchboard
from vorzimmer.calls.effects import HangUp, Joined, MovedOut
from vorzimmer.calls.ends import name_of
from vorzimmer.calls.live import Live
from vorzimmer.calls.records import Frozen, decode_frozen
from vorzimmer.calls.state import CallState, Leg, change, change_leg
from vorzimmer.calls.wiring import rewire
from vorzimmer.kernel.errors import LocalError
from vorzimmer.media.port import WorkerLost
from vorzimmer.sip.events import Ended

_INTERRUPTED = 'SIP;cause=500;text="Interrupted"'


async def thaw_all(board: Switchboard, frozen: Mapping[str, bytes]) -> None:
    """Bring back every call of `frozen` (by call id, the journal's newest state of each)."""
    calls = [call for ident, data in frozen.items() if (call := _read(board, ident, data)) is not None]
    endpoints = tuple(leg.sound.endpoint for call in calls for leg in call.state.parties)
    alive = frozenset(await board.world.media.adopt(endpoints))
    lives = [live for call in calls if (live := _thaw(board, call)) is not None]
    for live in lives:
        _rewire(live)
    for live in lives:
        _go_on(board, live)
    for call in calls:
        _give_up(board, call)
    for live in lives:
        lost = tuple(leg.sound.endpoint for leg in live.state.parties if leg.sound.endpoint not in alive)
        if lost:
            live.feed(WorkerLost(lost))
    board.world.signalling.kick()


def _read(board: Switchboard, ident: str, data: bytes) -> Frozen | None:
    """A state that another version wrote must not keep all others from coming back: that one call is given up, with
    its bytes as its record (the store keeps what it cannot read)."""
    try:
        return decode_frozen(data)
    except msgspec.DecodeError as error:
        board.world.on_bug("reading a call's state", error)
        board.world.journal.append("record", ident, data)
        board.world.journal.append("gone", ident, b"")
        return None


def _thaw(board: Switchboard, call: Frozen) -> Live | None:
    if not call.state.parties:
        board.lost(call.state)
        return None
    signalling = board.world.signalling
    for leg in call.state.parties:
        if leg.id in call.dialogs:
            signalling.engine.thaw(leg.id, call.dialogs[leg.id], signalling.now())
    live = board.adopt(calm(call.state))
    for gone in [leg for leg in live.state.parties if leg.id not in call.dialogs]:
        live.feed(Ended(gone.id, "gone"))
    return live


def _give_up(board: Switchboard, call: Frozen) -> None:
    """What had no final answer gets none but the end: 500 for who called, CANCEL for whom we rang."""
    signalling = board.world.signalling
    engine, now = signalling.engine, signalling.now()
    for leg, pending in call.pending.items():
        try:
            engine.thaw(leg, pending.data, now)
        except LocalError as error:
            board.world.on_bug("bringing back a leg without an answer", error)
            continue
        if pending.device is None:
            engine.refuse(leg, 500, now, reason="Interrupted")
        else:
            board.silence(leg, call.state.company, pending.device)
            engine.end(leg, now, reason=_INTERRUPTED)


def calm(state: CallState) -> CallState:
    """The same without what was under way between two messages."""
    return change(state, parties=tuple(_calm_leg(leg) for leg in state.parties), tries=0, ringing=())


def _calm_leg(leg: Leg) -> Leg:
    """A re-INVITE of ours whose answer was lost is made once more."""
    stale = leg.stale or ("reinvite" if leg.offering else "")
    return change_leg(leg, offering=None, awaiting="", probing=False, stale=stale)


def _rewire(live: Live) -> None:
    """Tell media everything again: a command may have been lost with the process that gave it."""
    if live.state.ended is None:
        _, effects = rewire(change(live.state, parties=()), change(live.state, hears={}))
        live.perform(*effects)


def _go_on(board: Switchboard, live: Live) -> None:
    """A lone party's attempt is lost: back to who transferred it, or released; a lone transferor is released."""
    state = live.state
    if state.ended is not None or len(state.parties) != 1:
        return
    leg = state.parties[0]
    home = board.call(state.back) if state.back is not None else None
    if home is not None and home.state.ended is None and len(home.state.parties) == 1:
        live.feed(MovedOut((leg.id,), "interrupted"))
        board.own(leg.id, home, leg.party.device)
        home.feed(Joined((leg,)))
    elif state.back is not None:
        live.feed(HangUp("system", "interrupted"))
    elif not _awaited(board, state):
        live.feed(HangUp(name_of(leg), state.parting or "interrupted"))


def _awaited(board: Switchboard, state: CallState) -> bool:
    """Whether somebody is yet to come back into this call."""
    return any(other.back == state.id for other in board.live_view())
