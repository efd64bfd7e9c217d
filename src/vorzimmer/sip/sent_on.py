"""What a request says of who sent the call on before: Diversion (RFC 5806), else History-Info (RFC 7044, RFC 4458).

Only a trusted peer may be asked, and only for showing and counting. This module must never take a claim for a fact.
"""

from dataclasses import dataclass
from itertools import pairwise

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.headers import NameAddr, parse_name_addr
from vorzimmer.sip.message import Headers
from vorzimmer.sip.text import is_number
from vorzimmer.sip.uri import SipUri

CAUSES = {
    "unconditional": 302,
    "follow-me": 302,
    "user-busy": 486,
    "no-answer": 408,
    "deflection": 480,
    "unavailable": 503,
}
"""Reason of a Diversion -> cause in a History-Info (RFC 4458); any other is 404."""

_REASONS = frozenset({
    *CAUSES, "unknown", "time-of-day", "do-not-disturb", "out-of-service", "away"
})  # fmt: skip
_OF_CAUSE = {"302": "unconditional", "486": "user-busy", "408": "no-answer", "480": "deflection", "487": "deflection"}
_MOST = 20
"""Elements that are looked at."""


@dataclass(frozen=True, slots=True)
class SentOn:
    """One who sent the call on: `address` None where it is withheld or cannot be read, `times` how often."""

    address: NameAddr | None
    reason: str
    times: int = 1


def sent_on(headers: Headers) -> tuple[SentOn, ...]:
    """The last one first."""
    diversions = headers.list_of("Diversion")
    if diversions:
        return tuple(_diversion(element) for element in diversions[:_MOST])
    history = [_read(element) for element in headers.list_of("History-Info")[:_MOST]]
    found = [SentOn(_open(one), reason) for one, after in pairwise(history) if (reason := _because(after))]
    return tuple(reversed(found))


def _read(element: str) -> NameAddr | None:
    try:
        return parse_name_addr(element)
    except PeerError:
        return None


def _diversion(element: str) -> SentOn:
    found = _read(element)
    if found is None:
        return SentOn(None, "unknown")
    reason, counter = found.get("reason").lower(), found.get("counter")
    times = max(int(counter[:3]), 1) if is_number(counter) else 1
    private = found.get("privacy").lower() not in {"", "off"}
    return SentOn(None if private else found, reason if reason in _REASONS else "unknown", times)


def _uri(address: NameAddr) -> SipUri | None:
    try:
        uri = address.uri
    except PeerError:
        return None
    return uri if isinstance(uri, SipUri) else None


def _because(address: NameAddr | None) -> str:
    """Why a call was sent to an address; "" where that is only the way a proxy took."""
    uri = _uri(address) if address is not None else None
    cause = uri.param("cause") if uri is not None else ""
    return _OF_CAUSE.get(cause, "unknown") if cause else ""


def _open(address: NameAddr | None) -> NameAddr | None:
    """An address that is not marked private."""
    uri = _uri(address) if address is not None else None
    hidden = uri is None or any(name.lower() == "privacy" and value.lower() != "none" for name, value in uri.headers)
    return None if hidden else address
