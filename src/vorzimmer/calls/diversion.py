"""Where a phone's 3xx sends a call: a wish that is read here and decided upon by ``routing``, as its user's forwarding.

This module must never let a Contact through that names an address which the phone may not name, or somebody else's
domain: what counts of it is the number, never the place.
"""

from vorzimmer.calls.live import Live
from vorzimmer.calls.screen import is_foreign, leads_astray
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import parse_name_addr
from vorzimmer.sip.message import Response
from vorzimmer.sip.registration import quality
from vorzimmer.sip.uri import SipUri, TelUri

MOST_CONTACTS = 10
"""Contacts of one 3xx that are looked at."""


def diverted_to(live: Live, response: Response, flow: Flow) -> str:
    """The URI of the usable Contact with the highest q, the first of equals (RFC 3261 8.1.3.4); "" without one."""
    contacts = response.headers.list_of("Contact")[:MOST_CONTACTS]
    found = [usable for text in contacts if (usable := _usable(live, text, flow)) is not None]
    return max(found, key=lambda each: each[0])[1] if found else ""


def _usable(live: Live, text: str, flow: Flow) -> tuple[int, str] | None:
    """q in thousandths, and the URI."""
    try:
        to = parse_name_addr(text)
        uri = to.uri
    except PeerError:
        return None
    if not isinstance(uri, SipUri | TelUri) or leads_astray(live.world, uri, flow):
        return None
    if is_foreign(live.world, live.state.company, uri):
        return None
    return quality(to.get("q")), to.uri_text
