"""Where a phone says it can be reached: addresses that nobody may name are refused before anything is stored or rung.

Requests to a phone go over its own flow, so its Contact is only ever a name to us; still, one that points to
link-local, multicast, loopback or our own ports is a mistake or an attack, and is told so at once. This module must
never resolve a name.
"""

from collections.abc import Callable

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import parse_name_addr
from vorzimmer.sip.message import Request
from vorzimmer.sip.uri import SipUri

Refused = Callable[[Address, Flow], str | None]
"""Why a peer on this flow may not name that address; None if it may."""

DEFAULT_PORT = 5060


def nobody_refused(address: Address, flow: Flow) -> str | None:
    """Any address may be named."""
    return None


def check_contacts(request: Request, flow: Flow, refused: Refused) -> None:
    """Raise PeerError 403 for a Contact that points where no phone of ours can be; `*` and other schemes pass."""
    for text in request.headers.list_of("Contact"):
        if text.strip() == "*":
            continue
        uri = parse_name_addr(text).uri
        if not isinstance(uri, SipUri):
            continue
        why = refused(Address(uri.host.strip("[]"), uri.port or DEFAULT_PORT), flow)
        if why is not None:
            raise PeerError(f"Contact Refused ({why})", 403)
