"""INVITE with Replaces (RFC 3891): a phone takes the place of a leg in a call of its own company.

This module must never replace a leg that ``may`` would not let the caller have, nor say whether another company's
dialog exists.
"""

from vorzimmer.calls.state import Party
from vorzimmer.calls.takeover import Takeover
from vorzimmer.calls.transfer import Calls
from vorzimmer.calls.world import Identified
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.events import Invited
from vorzimmer.sip.headers import parse_replaces


def replace(calls: Calls, event: Invited, who: Identified, party: Party) -> None:
    """Begin to replace; raises PeerError 400, 403, 481, 486 (RFC 3891 section 3)."""
    values = event.request.headers.get_all("Replaces")
    if len(values) != 1:
        raise PeerError("exactly one Replaces is possible")
    wanted = parse_replaces(values[0])
    found = calls.world.signalling.engine.find(wanted.call_id, wanted.to_tag, wanted.from_tag)
    live = calls.call_of(found) if found is not None else None
    if found is None or live is None or live.state.company != who.company:
        raise PeerError("Call/Transaction Does Not Exist", 481)
    if not calls.world.may(party, "replace", live.state):
        raise PeerError("Forbidden", 403)
    if live.state.leg(found) is None:
        # RFC 3891 section 3: an early dialog that was not begun by us, or a lone leg, is not replaced.
        raise PeerError("Call/Transaction Does Not Exist", 481)
    if wanted.early_only:
        raise PeerError("Busy Here", 486)
    Takeover(calls, live, found, party).start(event)
