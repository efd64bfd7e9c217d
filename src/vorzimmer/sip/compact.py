"""Requests to phones over UDP kept small: a datagram that is cut into fragments is often lost behind NAT.

Short header names first, then what a phone can do without (RFC 3261 sections 7.3.3 and 18.1.1). This module must never
touch a body, nor a header that a call could not do without.
"""

from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.names import COMPACT

LIMIT = 1200
"""Bytes: 1,300 of RFC 3261 section 18.1.1 less what tunnels and translators add."""

_SHORT = {name.encode(): short.encode() for short, name in COMPACT.items()}

_SPARED = (b"History-Info", b"User-Agent", b"Organization", b"Subject", b"Date", b"Diversion", b"u", b"Allow")
"""Left out in this order while the request is still too long; "u" is Allow-Events."""


def fitting(data: bytes, to: Flow | Hop) -> bytes:
    """A request as it goes to `to`: as it is, unless it is long and goes to a phone in one datagram."""
    if len(data) <= LIMIT or to.transport != "udp" or not isinstance(to, Flow):
        return data
    head, gap, body = data.partition(b"\r\n\r\n")
    first, *rest = head.split(b"\r\n")
    lines = [_shortened(line) for line in rest]
    size = len(first) + sum(len(line) + 2 for line in lines) + len(gap) + len(body)
    for name in _SPARED:
        if size <= LIMIT:
            break
        kept = [line for line in lines if line.partition(b":")[0] != name]
        size -= sum(map(len, lines)) - sum(map(len, kept)) + 2 * (len(lines) - len(kept))
        lines = kept
    return b"\r\n".join((first, *lines)) + gap + body


def _shortened(line: bytes) -> bytes:
    name, colon, value = line.partition(b":")
    return (_SHORT.get(name, name)) + colon + value.removeprefix(b" ")
