"""Requests on their way out: an outline of what repeats in ACK and CANCEL, and the bytes of each.

Text that comes from above is written on one line whatever it holds, so that nobody smuggles in a header. This module
must never decide where a request goes.
"""

from collections.abc import Iterable

from vorzimmer.kernel.address import Address

Extra = Iterable[tuple[str, str]]
"""Header lines to add, in order."""


def one_line(text: str) -> str:
    """`text` without line ends."""
    return text.replace("\r", " ").replace("\n", " ") if "\n" in text or "\r" in text else text


def lines_of(extra: Extra) -> str:
    """Header lines as they are written."""
    return "".join(f"{one_line(name)}: {one_line(value)}\r\n" for name, value in extra)


def seal(head: str, body: bytes) -> bytes:
    """Start line and header lines (each with its line end) and the body, as bytes."""
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode("utf-8", "surrogateescape") + body


def via_of(transport: str, address: Address, branch: str) -> str:
    """Our Via value; rport always (RFC 3581)."""
    return f"SIP/2.0/{transport.upper() or 'UDP'} {address};branch={branch};rport"


def host_text(host: str) -> str:
    """A host as it stands in a URI."""
    return f"[{host}]" if ":" in host else host


class Outline:
    """What an INVITE has in common with its ACK and CANCEL, and every request with its like."""

    __slots__ = ("call_id", "cseq", "from_", "max_forwards", "method", "proof", "route", "to", "uri", "via")

    def __init__(self, method: str, uri: str, cseq: int, call_id: str) -> None:
        self.method = method
        self.uri = one_line(uri)
        self.cseq = cseq
        self.call_id = call_id
        self.via = self.from_ = self.to = ""
        self.proof = ""
        """The header lines of its credentials, which the ACK of a 2xx repeats (RFC 3261 section 13.2.2.4)."""
        self.max_forwards = 70
        self.route: tuple[str, ...] = ()

    def copy(self) -> "Outline":
        """Another one that says the same."""
        other = Outline(self.method, self.uri, self.cseq, self.call_id)
        for name in ("via", "from_", "to", "max_forwards", "proof", "route"):
            setattr(other, name, getattr(self, name))
        return other

    def write(self, lines: str = "", body: bytes = b"") -> bytes:
        """The request as bytes; `lines` are further header lines, each with its line end."""
        return seal(self._head(self.method, self.to) + lines, body)

    def ack(self, to: str) -> bytes:
        """The ACK of a final response from 300 up: same branch, To as in the response (RFC 3261 section 17.1.1.3)."""
        return seal(self._head("ACK", to), b"")

    def cancel(self, lines: str = "") -> bytes:
        """The CANCEL of this INVITE: same branch, URI, To and CSeq number (RFC 3261 section 9.1)."""
        return seal(self._head("CANCEL", self.to) + lines, b"")

    def _head(self, method: str, to: str) -> str:
        route = "".join(f"Route: {one_line(hop)}\r\n" for hop in self.route) if self.route else ""
        return (
            f"{method} {self.uri} SIP/2.0\r\nVia: {self.via}\r\nMax-Forwards: {self.max_forwards}\r\n"
            f"From: {self.from_}\r\nTo: {to}\r\nCall-ID: {self.call_id}\r\nCSeq: {self.cseq} {method}\r\n{route}"
        )
