"""What takes away acts at once; the other legs go on (FEATURES.md 0.5).

A device is switched off: its legs end, whatever they are doing. Somebody does not want to be rung: the phones that ring
for them stop. This module must never end a call that the device is not in, nor one that is answered.
"""

from vorzimmer.calls.board import Switchboard
from vorzimmer.calls.live import Live
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.events import Ended, Failed

WHY = "device off"


def switch_off(board: Switchboard, company: str, device: str) -> None:
    """End every leg of a company's device."""
    for leg in board.legs_of(company, device):
        live = board.call_of(leg)
        if live is not None:
            _end(board, live, leg)
    board.world.signalling.kick()


def withdraw(board: Switchboard, company: str, who: Ref, spared: frozenset[str]) -> None:
    """Stop ringing `who`, except in the roles that are `spared`; their calls go on as if they were busy."""
    for state in board.live_view(company):
        live = board.call(state.id)
        if live is not None and live.attempt is not None:
            live.attempt.withdraw(who, spared)
    board.world.signalling.kick()


def _end(board: Switchboard, live: Live, leg: LegId) -> None:
    signalling = board.world.signalling
    attempt = live.attempt
    if live.state.leg(leg) is not None:
        signalling.engine.end(leg, signalling.now())
        live.feed(Ended(leg, "off"))
    elif attempt is not None and getattr(attempt.entrance, "leg", None) == leg:
        live.hang_up(WHY, 403)
    elif attempt is not None:
        signalling.engine.end(leg, signalling.now())
        attempt.deliver(Failed(leg, 480, "Device Off"))
