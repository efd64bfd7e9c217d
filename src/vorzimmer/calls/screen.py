"""Addresses that peers name, in SDP, Contact and Refer-To: what may not be named is refused before it is acted on.

What is an address of no use is for ``World.refused`` (link-local, multicast, our own ports ...). A host that we would
never contact (Refer-To: only what was dialled counts) may be our own. This module must never let an event through
that would make us send somewhere we must not.
"""

from vorzimmer.calls.effects import Dismissed
from vorzimmer.calls.sound import plan_of
from vorzimmer.calls.state import CallState, Leg
from vorzimmer.calls.talk import session_in
from vorzimmer.calls.world import World
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.events import Acked, Event, ReinviteAnswered, Reinvited, ReinviteFailed, Requested
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import parse_name_addr
from vorzimmer.sip.message import Message, Request
from vorzimmer.sip.uri import SipUri, Uri

NO_STREAM = b"v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
OWN = "own port"
"""The reason of ``sdp.addresses`` for an address of ours."""


def named_badly(world: World, address: Address | None, flow: Flow | None) -> bool:
    """Whether a peer that came over `flow` may not name `address`: a forbidden one, or one of the IP version that our
    end of this leg does not have."""
    if address is None or flow is None:
        return False
    other_version = (":" in address.host) != (":" in flow.remote.host)
    return other_version or world.refused(address, flow) is not None


def screened(world: World, state: CallState, event: Event) -> Event | Dismissed:
    """`event`, or what it comes to where its description names an address that it may not."""
    if isinstance(event, ReinviteAnswered):
        bad = _bad(world, state.leg(event.leg), event.response)
        return ReinviteFailed(event.leg, 488, "Bad Media Address") if bad else event
    if isinstance(event, Acked):
        return Dismissed(event.leg, "no common codec") if _bad(world, state.leg(event.leg), event.request) else event
    if isinstance(event, Reinvited):
        bad = _bad(world, state.leg(event.leg), event.request)
        return Reinvited(event.leg, _unusable(event.request)) if bad else event
    if isinstance(event, Requested) and event.leg is not None and event.request.method == "UPDATE":
        bad = _bad(world, state.leg(event.leg), event.request)
        return Requested(event.transaction, _unusable(event.request), event.flow, event.leg) if bad else event
    return event


def _unusable(request: Request) -> Request:
    """The same without a stream: answered 488 like any other offer that is of no use."""
    return Request(request.method, request.uri, request.headers, NO_STREAM)


def _bad(world: World, leg: Leg | None, message: Message) -> bool:
    if leg is None or not message.body:
        return False
    try:
        return named_badly(world, plan_of(session_in(message), leg.sound.guard.srtp).remote, leg.sound.flow)
    except PeerError:
        return False  # Answered as garbage further on.


def check_refer_to(world: World, company: str, request: Request, flow: Flow) -> None:
    """The host of a Refer-To, which may be ours; raises PeerError 403, 404 for somebody else's domain.

    With Replaces the dialog says who is meant, and its host is whatever the phone knows of it."""
    uri = parse_name_addr(request.headers.get("Refer-To")).uri
    if leads_astray(world, uri, flow):
        raise PeerError("Bad Refer-To", 403)
    if is_foreign(world, company, uri) and not (isinstance(uri, SipUri) and uri.header("Replaces")):
        raise PeerError("Not Found", 404)


def is_foreign(world: World, company: str, uri: Uri) -> bool:
    """Whether a URI is in somebody else's domain, so that its user is nobody of ours."""
    return isinstance(uri, SipUri) and not world.ours(company, uri.host)


def leads_astray(world: World, uri: Uri, flow: Flow) -> bool:
    """Whether a peer that came over `flow` may not send a call to `uri` (Refer-To, a 3xx)."""
    return isinstance(uri, SipUri) and world.refused(Address(uri.host, uri.port or 5060), flow) not in {None, OWN}
