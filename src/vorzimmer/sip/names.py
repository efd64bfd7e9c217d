"""Header names: one spelling for each, compact forms expanded (RFC 3261 section 7.3.3 and the IANA registry).

This module must never hold a name that a peer sent: the cache of unknown names is bounded.
"""

from functools import lru_cache

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.text import BLANKS, is_token

COMPACT = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "n": "Identity-Info",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}

_KNOWN = (
    "Accept Accept-Contact Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Authentication-Info "
    "Authorization Call-ID Call-Info Contact Content-Disposition Content-Encoding Content-Language Content-Length "
    "Content-Type CSeq Date Diversion Error-Info Event Expires Flow-Timer From Geolocation History-Info Identity "
    "Identity-Info In-Reply-To Info-Package Join Max-Forwards MIME-Version Min-Expires Min-SE Organization P-Access- "
    "Network-Info P-Asserted-Identity P-Early-Media P-Preferred-Identity Path Priority Privacy Proxy-Authenticate "
    "Proxy-Authorization Proxy-Require RAck Reason Record-Route Recv-Info Refer-Sub Refer-To Referred-By Reject- "
    "Contact Remote-Party-ID Replaces Reply-To Request-Disposition Require Retry-After Route RSeq Server Service- "
    "Route Session-Expires SIP-ETag SIP-If-Match Subject Subscription-State Supported Target-Dialog Timestamp To "
    "Unsupported User-Agent User-to-User Via Warning WWW-Authenticate "
)

_LOWER = {name.lower(): name for name in _KNOWN.split()} | COMPACT

SPELLINGS: dict[str, str] = (
    {name: name for name in _KNOWN.split()}
    | {name.lower(): name for name in _KNOWN.split()}
    | {name.upper(): name for name in _KNOWN.split()}
    | COMPACT
    | {short.upper(): name for short, name in COMPACT.items()}
)
"""The usual spellings, looked up before anything else; ``canonical`` knows all others."""


@lru_cache(maxsize=1024)
def canonical(name: str) -> str:
    """The one spelling of a header name; raises PeerError 400 for what cannot be one."""
    bare = name.strip(BLANKS)
    if known := _LOWER.get(bare.lower()):
        return known
    if not is_token(bare) or len(bare) > 128:
        raise PeerError("Bad header line")
    return "-".join(part.capitalize() for part in bare.split("-"))
