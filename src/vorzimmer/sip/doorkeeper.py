"""Turning calls away at the door: a 503 written from the bytes of an INVITE, without reading it as a message.

While the server is far behind, what it refuses must cost next to nothing. Whatever is not quite plain (folded lines,
several values in a Via, credentials, a dialog, a transaction that exists) goes the usual way, where the same answer is
written with care. This module must never refuse what the usual way would not, nor write anything that was not sent.
"""

from zlib import crc32

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.arrived import marked, transaction_name
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import Via, parse_via
from vorzimmer.sip.urgency import begins_something

_NAMES = {
    b"via": "via", b"v": "via", b"from": "from", b"f": "from", b"to": "to", b"t": "to",
    b"call-id": "call-id", b"i": "call-id", b"cseq": "cseq",
}  # fmt: skip
_MOST = 4_096
"""Bytes of a header section that is looked at here."""


class Caller:
    """A plain INVITE outside any dialog: what of it an answer repeats."""

    __slots__ = ("key", "lines", "port", "uri", "via")

    def __init__(self, uri: str, via: tuple[Via, str], lines: dict[str, bytes], key: str, port: int) -> None:
        self.uri = uri
        self.via = via
        self.lines = lines
        self.key = key
        """The name of its server transaction (RFC 3261 section 17.2.3)."""
        self.port = port
        """Where its sender takes answers, 0 for where it sent from (RFC 3581)."""


def read(data: bytes) -> Caller | None:
    """A plain INVITE without credentials; None for everything else."""
    end = data.find(b"\r\n\r\n", 0, _MOST)
    if end < 0 or not data.startswith(b"INVITE ") or b"uthorization" in data[:end] or not begins_something(data):
        return None
    start, *rows = data[:end].split(b"\r\n")
    lines = _lines(rows)
    words = start.split(b" ")
    if lines is None or len(words) != 3 or words[2] != b"SIP/2.0" or not data.isascii():
        return None
    text = lines["via"].decode()
    try:
        via = parse_via(text)
    except PeerError:
        return None
    key = transaction_name(via, "INVITE")
    if not key or "," in text or "received" in text:
        return None
    return Caller(words[1].decode(), (via, text), lines, key, 0 if via.wants_rport else via.port or 5060)


def _lines(rows: list[bytes]) -> dict[str, bytes] | None:
    """The five headers of an answer, each exactly once."""
    found: dict[str, bytes] = {}
    for row in rows:
        name, colon, value = row.partition(b":")
        kind = _NAMES.get(name.strip().lower())
        if not colon or row[:1] in b" \t" or kind in found:
            return None
        if kind is not None:
            found[kind] = value.strip()
    return found if len(found) == 5 else None


def refusal(caller: Caller, flow: Flow, retry_after: int) -> bytes:
    """503 with Retry-After; the To tag is the same for every repetition (RFC 3261 section 8.2.7)."""
    lines = caller.lines
    tag = crc32(b"\n".join((lines["call-id"], lines["from"], lines["cseq"], lines["via"])))
    via = marked(*caller.via, flow.remote)
    head = f"SIP/2.0 503 Service Unavailable\r\nVia: {via}\r\nFrom: ".encode()
    tail = f";tag={tag:08x}\r\nCall-ID: ".encode()
    last = f"\r\nRetry-After: {retry_after}\r\nContent-Length: 0\r\n\r\n".encode()
    return b"".join(
        (head, lines["from"], b"\r\nTo: ", lines["to"], tail, lines["call-id"], b"\r\nCSeq: ", lines["cseq"], last)
    )
