"""A device is switched off: its legs end at once, whatever they are doing; the others go on (FEATURES.md 0.5).

This module must never end a call that the device is not in.
"""

from vorzimmer.calls.board import Switchboard
from vorzimmer.calls.live import Live
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
