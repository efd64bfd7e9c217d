"""REFER outside all dialogs, about a call that Target-Dialog names (RFC 4538): the account must be a party of it.

This module must never act for whoever has not proven who he is, nor for anybody but a party's own account, nor say
whether another company's dialog exists.
"""

from vorzimmer.calls.live import Live
from vorzimmer.calls.naming import named
from vorzimmer.calls.notifier import Apart
from vorzimmer.calls.transfer import Calls, refer
from vorzimmer.calls.world import Identified, Refusal
from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.events import Requested
from vorzimmer.sip.headers import Replaces, parse_params
from vorzimmer.sip.message import Request
from vorzimmer.sip.subscription import dialog_of

HEADER = "Target-Dialog"


def refer_apart(calls: Calls, event: Requested) -> None:
    """Answer it, and do what it asks."""
    world = calls.world
    if HEADER not in event.request.headers:
        _answer(calls, event, 403)
        return
    who = world.identify(event.request, event.flow)
    if isinstance(who, Refusal):
        _answer(calls, event, who.status, who.reason, who.headers)
        return
    try:
        leg, live = _meant(calls, event.request, who)
        tag = world.signalling.engine.local_tag(event.transaction)
        dialog = dialog_of(event.request, tag)
    except PeerError as error:
        _answer(calls, event, error.status, error.reason)
        return
    refer(calls, live, event, Apart(live, leg, dialog, event.flow))


def _meant(calls: Calls, request: Request, who: Identified) -> tuple[LegId, Live]:
    """The account's own leg in the call; raises PeerError 400, 403, 481."""
    if who.trunk or who.caller.ref is None:
        raise PeerError("Forbidden", 403)
    values = request.headers.get_all(HEADER)
    if len(values) != 1:
        raise PeerError(f"exactly one {HEADER} is possible")
    wanted = target_dialog(values[0])
    swapped = Replaces(wanted.call_id, wanted.from_tag, wanted.to_tag)
    party = calls.party(who)
    # The tags are as the recipient sees them; some senders write them as they see them themselves.
    found = named(calls, who.company, party, wanted) or named(calls, who.company, party, swapped)
    leg = found[1].state.leg(found[0]) if found is not None else None
    if found is None or leg is None:
        raise PeerError("Call/Transaction Does Not Exist", 481)
    if leg.party.ref != who.caller.ref:
        raise PeerError("Forbidden", 403)
    return found


def target_dialog(text: str) -> Replaces:
    """A Target-Dialog in the words of Replaces: `to_tag` is ours. Both tags are needed; raises PeerError 400."""
    call_id, _, rest = text.partition(";")
    params = dict(parse_params(rest))
    local, remote = params.get("local-tag") or "", params.get("remote-tag") or ""
    if not call_id.strip() or not local or not remote:
        raise PeerError(f"Bad {HEADER}")
    return Replaces(call_id.strip(), local, remote)


def _answer(
    calls: Calls, event: Requested, status: int, reason: str = "", extra: tuple[tuple[str, str], ...] = ()
) -> None:
    signalling = calls.world.signalling
    signalling.engine.respond(event.transaction, status, signalling.now(), reason=reason, extra=extra)
    signalling.kick()
