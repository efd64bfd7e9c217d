"""What a new INVITE asks for: what was dialled, and how many hops it may still take.

This module must never decide where a call goes.
"""

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.message import Request
from vorzimmer.sip.pack import storable
from vorzimmer.sip.uri import SipUri, TelUri, parse

MOST_HOPS = 70
"""Max-Forwards of a request of ours, and of one that names none (RFC 3261 section 8.1.1.6)."""

LONGEST = 128
"""Characters that somebody may dial; more is no number, no code and no name of a person."""


def dialled(uri: str) -> str:
    """What was dialled: the user of a SIP URI, the digits of a tel URI; raises PeerError 416, 404, 414."""
    parsed = parse(uri)
    if isinstance(parsed, TelUri):
        return parsed.digits
    if not isinstance(parsed, SipUri):
        raise PeerError("Unsupported URI Scheme", 416)
    if not parsed.user:
        raise PeerError("Not Found", 404)
    # Some phones write ;phone-context or ;npdi into the user part; what stands before is what was dialled.
    found = storable(parsed.user.partition(";")[0]).replace("\x00", "")
    if len(found) > LONGEST:
        raise PeerError("Request-URI Too Long", 414)
    return found


def hops(request: Request) -> int:
    """How many more hops the call may take; raises PeerError 483 at the last one: a call that comes back to us over
    other servers again and again ends here (RFC 3261 section 16.3)."""
    text = request.headers.get("Max-Forwards").strip()
    left = min(int(text), MOST_HOPS) if text.isascii() and text.isdigit() else MOST_HOPS
    if left == 0:
        raise PeerError("Too Many Hops", 483)
    return left
