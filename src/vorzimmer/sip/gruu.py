"""Public GRUUs: an address that leads to one instance of a user's phones and outlives its registrations (RFC 5627).

Made of the address of record and the instance, so that nothing need be kept. Temporary ones are not given out. This
module must never find a phone.
"""

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.uri import SipUri, parse

TAG = "gruu"
LONGEST = 200
"""Characters of an instance; a URN is 45."""

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()[]/:&+$")
"""What may stand in a URI parameter as it is (RFC 3261 section 25.1)."""


def public(aor: str, instance: str) -> str:
    """The public GRUU of `instance` (a +sip.instance value) under `aor` (a SIP URI without parameters), "" without one
    of a reasonable form."""
    name = _bare(instance)
    if not name or len(name) > LONGEST or not name.isascii():
        return ""
    return f"{aor};gr={''.join(char if char in _PLAIN else f'%{ord(char):02X}' for char in name)}"


def instance_of(uri: str) -> str:
    """The instance that a Request-URI names by its gr parameter, "" without one."""
    if ";gr=" not in uri.lower():
        return ""
    try:
        found = parse(uri)
    except PeerError:
        return ""
    return found.param("gr") if isinstance(found, SipUri) else ""


def names(instance: str, binding: str) -> bool:
    """Whether `instance` of a GRUU is that of a binding (its +sip.instance value)."""
    return bool(instance) and _bare(binding).lower() == instance.lower()


def _bare(instance: str) -> str:
    text = instance.strip()
    return text[1:-1] if text[:1] == "<" and text[-1:] == ">" else text
