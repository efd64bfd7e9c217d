"""Who is calling, and who may say so (RFC 3261 section 8.1.1.3, RFC 3323, RFC 3325, RFC 3326).

The account that passed digest decides. What a phone writes into From is a wish, P-Asserted-Identity from a phone is
dropped, P-Preferred-Identity picks among the account's own numbers and nothing else. This module must never take a
claim for a fact.
"""

from collections.abc import Callable
from dataclasses import dataclass

from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.text import safe_name
from vorzimmer.sip.headers import NameAddr, Reason, parse_name_addr, parse_privacy
from vorzimmer.sip.message import Headers
from vorzimmer.sip.uri import SipUri, TelUri, Uri

ANONYMOUS_URI = "sip:anonymous@anonymous.invalid"
ANONYMOUS = f'"Anonymous" <{ANONYMOUS_URI}>'
"""From of a caller who hides (RFC 3323 section 4.1.1.3)."""

ANSWERED_ELSEWHERE = str(Reason("SIP", 200, "Call completed elsewhere"))
"""The Reason that keeps a lost fork out of the missed calls (RFC 3326)."""

_HIDING = frozenset({"id", "user", "header"})


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says about its sender, already cut down to what may be considered.

    `preferred` is one of the account's own addresses or None; `display` a safe display name ("" without one);
    `hidden` asks for privacy; `ignored` names the header fields whose claim was false.
    """

    preferred: Uri | None = None
    display: str = ""
    hidden: bool = False
    ignored: tuple[str, ...] = ()


def claim(headers: Headers, owns: Callable[[Uri], bool]) -> Claim:
    """Read the claims of an authenticated but untrusted phone. `owns` tells whether an address is the account's own.

    P-Preferred-Identity goes before From (RFC 3325 section 9.2); unreadable headers count as none.
    """
    sender = _read(headers.get("From"))
    hidden = wants_privacy(headers)
    ignored = ["P-Asserted-Identity"] if "P-Asserted-Identity" in headers else []
    preferred: Uri | None = None
    for name, address in _wishes(headers, sender):
        if is_anonymous(address):
            continue
        uri = _uri(address)
        if uri is not None and owns(uri):
            preferred = preferred or uri
        else:
            ignored.append(name)
    display = "" if sender is None or is_anonymous(sender) else safe_name(sender.display)
    return Claim(preferred, display, hidden, tuple(dict.fromkeys(ignored)))


def asserted(headers: Headers) -> tuple[NameAddr, ...]:
    """The asserted identities of a *trusted* peer: at most one sip and one tel (RFC 3325 section 9.1)."""
    found: list[NameAddr] = []
    schemes: set[str] = set()
    for element in headers.list_of("P-Asserted-Identity"):
        address = _read(element)
        uri = _uri(address) if address else None
        if address is not None and isinstance(uri, SipUri | TelUri) and uri.scheme.removesuffix("s") not in schemes:
            schemes.add(uri.scheme.removesuffix("s"))
            found.append(address)
    return tuple(found)


def wants_privacy(headers: Headers) -> bool:
    """True for Privacy id, user or header, and for an anonymous From (RFC 3323 section 4; ``none`` asks for none)."""
    sender = _read(headers.get("From"))
    return bool(parse_privacy(headers) & _HIDING) or (sender is not None and is_anonymous(sender))


def is_anonymous(address: NameAddr) -> bool:
    """True for ``anonymous@anonymous.invalid`` and what phones write in its place."""
    uri = _uri(address)
    if not isinstance(uri, SipUri):
        return False
    return uri.host.lower() == "anonymous.invalid" or uri.user.lower() == "anonymous"


def assert_identity(uri: Uri, display: str = "") -> tuple[str, str]:
    """The P-Asserted-Identity line for our own phones and trusted trunks; the name is made safe."""
    return "P-Asserted-Identity", str(NameAddr(safe_name(display), str(uri)))


def ask_privacy(*values: str) -> tuple[str, str]:
    """The Privacy line (RFC 3323 section 4.2), ``id`` unless told otherwise."""
    return "Privacy", ";".join(values or ("id",))


def name_addr(uri: Uri, display: str = "") -> str:
    """A From, To or Contact value without parameters; the name is made safe and quoted."""
    return str(NameAddr(safe_name(display), str(uri)))


def reason(cause: int, text: str = "", protocol: str = "SIP") -> str:
    """A Reason value (RFC 3326); Q.850 causes with ``protocol="Q.850"``."""
    return str(Reason(protocol, cause, safe_name(text)))


def _wishes(headers: Headers, sender: NameAddr | None) -> list[tuple[str, NameAddr]]:
    elements = [_read(element) for element in headers.list_of("P-Preferred-Identity")]
    wishes = [("P-Preferred-Identity", address) for address in elements if address]
    return [*wishes, ("From", sender)] if sender else wishes


def _read(text: str) -> NameAddr | None:
    try:
        return parse_name_addr(text)
    except PeerError:
        return None


def _uri(address: NameAddr) -> Uri | None:
    try:
        return address.uri
    except PeerError:
        return None
