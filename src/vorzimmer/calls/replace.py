"""INVITE with Replaces (RFC 3891) and Join (RFC 3911): resolved before routing, by dialog, not by what was dialled.

A phone takes the place of a leg in a call of its own company, comes in as one more, or takes over a call that rings at
another phone. This module must never give a place that ``may`` would not let the caller have, nor say whether another
company's dialog exists.
"""

from vorzimmer.calls.joining import Joining, check_room
from vorzimmer.calls.naming import missing, named
from vorzimmer.calls.pickup import PickUp
from vorzimmer.calls.state import Party
from vorzimmer.calls.takeover import Takeover
from vorzimmer.calls.transfer import Calls
from vorzimmer.calls.world import Identified
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.events import Invited
from vorzimmer.sip.headers import parse_replaces
from vorzimmer.sip.message import Request


def names_a_dialog(request: Request) -> bool:
    """Whether an INVITE is meant for a dialog, whatever was dialled."""
    return "Replaces" in request.headers or "Join" in request.headers


def take(calls: Calls, event: Invited, who: Identified, party: Party) -> None:
    """Do what an INVITE with Replaces or Join asks for; raises PeerError 400, 403, 481, 486."""
    if "Replaces" in event.request.headers and "Join" in event.request.headers:
        raise PeerError("Replaces and Join exclude each other")
    if "Join" in event.request.headers:
        join(calls, event, who, party)
    else:
        replace(calls, event, who, party)


def replace(calls: Calls, event: Invited, who: Identified, party: Party) -> None:
    """Begin to replace; raises PeerError 400, 403, 481, 486, 603 (RFC 3891 section 3)."""
    wanted = parse_replaces(_only(event.request, "Replaces"))
    found = named(calls, who.company, party, wanted)
    if found is None:
        raise missing(calls, who.company, wanted)
    leg, live = found
    if live.attempt is not None and live.attempt.rings(leg):
        if not calls.world.may(party, "pick_up", live.state):
            raise PeerError("Forbidden", 403)
        PickUp(calls, live, leg, party).start(event)
    elif live.state.leg(leg) is None:
        # An early dialog that was not begun by us is not replaced.
        raise PeerError("Call/Transaction Does Not Exist", 481)
    elif not calls.world.may(party, "replace", live.state):
        raise PeerError("Forbidden", 403)
    elif wanted.early_only:
        raise PeerError("Busy Here", 486)
    else:
        Takeover(calls, live, leg, party).start(event)


def join(calls: Calls, event: Invited, who: Identified, party: Party) -> None:
    """Begin to let one more in; raises PeerError 400, 403, 481, 486, 603 (RFC 3911 section 4).

    What rings, and whoever waits alone, has no call yet that could be joined: 486. An early dialog that was not begun
    by us is none that we know: 481."""
    wanted = parse_replaces(_only(event.request, "Join"))
    found = named(calls, who.company, party, wanted)
    if found is None:
        raise missing(calls, who.company, wanted)
    leg, live = found
    rings = live.attempt is not None and live.attempt.rings(leg)
    if live.state.leg(leg) is None and not rings:
        raise PeerError("Call/Transaction Does Not Exist", 481)
    if not calls.world.may(party, "pick_up" if rings else "join", live.state):
        raise PeerError("Forbidden", 403)
    if rings:
        raise PeerError("Busy Here", 486)
    check_room(live.state, leg)
    Joining(calls, live, leg, party).start(event)


def _only(request: Request, name: str) -> str:
    values = request.headers.get_all(name)
    if len(values) != 1:
        raise PeerError(f"exactly one {name} is possible")
    return values[0]
