"""A device's own registration as a reginfo document (RFC 3680). This module must never show another account's."""

from zlib import crc32

from vorzimmer.presence.markup import VERSION, escape
from vorzimmer.sip.registration import Binding

CONTENT_TYPE = "application/reginfo+xml"


def document(aor: str, bindings: tuple[Binding, ...], now: float) -> bytes:
    """All bindings of an account at monotonic `now`, with a blank for the version."""
    state = "active" if bindings else "terminated"
    contacts = "".join(_contact(binding, now) for binding in bindings)
    text = (
        f'<?xml version="1.0"?>\n<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="{VERSION}" state="full">'
        f'<registration aor="{escape(aor)}" id="r" state="{state}">{contacts}</registration></reginfo>\n'
    )
    return text.encode("utf-8")


def _contact(binding: Binding, now: float) -> str:
    left = max(0, round(binding.expires - now))
    ident = f"{crc32(binding.uri.encode('utf-8', 'surrogateescape')):08x}"
    return (
        f'<contact id="{ident}" state="active" event="registered" expires="{left}" q="{binding.q / 1000:g}">'
        f"<uri>{escape(binding.uri)}</uri></contact>"
    )
