"""Whom a verified certificate proves (RFC 5922 section 7): SIP domains first, host names where there are none.

This module must never be shown a certificate that was not verified.
"""

import ipaddress
import ssl
from collections.abc import Mapping
from typing import Any

MAX_NAMES = 64
"""Names of one certificate that are looked at."""


def peer_names(verified: Mapping[str, Any] | None) -> tuple[str, ...]:
    """SIP identities in what ``SSLObject.getpeercert()`` gives: domains of sip URIs, else DNS names (RFC 5922 7.1). A
    common name alone proves nothing."""
    alternatives = _alternatives(verified)
    domains = [_sip_domain(value) for kind, value in alternatives if kind == "URI"]
    found = [name for name in domains if name] or [value for kind, value in alternatives if kind == "DNS"]
    return tuple(dict.fromkeys(name.lower().rstrip(".") for name in found if name))


def proves(verified: Mapping[str, Any] | None, host: str) -> bool:
    """Whether the certificate is one of `host`, the name or address that somebody configured (RFC 5922 section 7.3).

    One wildcard in place of the leftmost label is taken as in HTTPS, although RFC 5922 section 7.2 forbids it: large
    carriers have nothing else.
    """
    wanted = host.lower().rstrip(".")
    try:
        address = ipaddress.ip_address(wanted)
    except ValueError:
        names = peer_names(verified)
        dns = {value.lower().rstrip(".") for kind, value in _alternatives(verified) if kind == "DNS"}
        return wanted in names or wanted in dns or f"*.{wanted.partition('.')[2]}" in dns
    found = (value for kind, value in _alternatives(verified) if kind == "IP Address")
    return any(_same_address(value, address) for value in found)


def names_on(transport: ssl.SSLObject | None) -> tuple[str, ...]:
    """The proven names at the other end of a connection, none where nobody has verified anything."""
    return peer_names(transport.getpeercert()) if transport is not None else ()


def is_wrong(transport: ssl.SSLObject | None, host: str) -> bool:
    """True where we wanted to reach `host`, verify certificates, and this one is of somebody else."""
    if transport is None or transport.context.verify_mode is ssl.CERT_NONE:
        return False
    return not proves(transport.getpeercert(), host)


def _alternatives(verified: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    return tuple((verified or {}).get("subjectAltName", ()))[:MAX_NAMES]


def _sip_domain(uri: str) -> str:
    """The domain of a sip URI that names nobody in it (RFC 5922 section 7.1), else ""."""
    scheme, _, rest = uri.partition(":")
    return rest if scheme.lower() == "sip" and rest and not set(rest) & set("@;?/: ") else ""


def _same_address(text: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return ipaddress.ip_address(text.strip()) == address
    except ValueError:
        return False
