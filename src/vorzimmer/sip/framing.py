"""Cutting a byte stream into messages by Content-Length (RFC 3261 section 18.3), with the keep-alives of RFC 5626.

One buffer per connection. However the bytes are sliced, the same pieces come out. This module must never keep more
than the limits allow, nor go on after an error: where one message ends wrongly, nobody knows where the next begins.
"""

from dataclasses import dataclass
from enum import Enum

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.message import MAX_HEADER_LINES, MessageError, parse
from vorzimmer.sip.text import is_number


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of one header section, of one whole message, and header lines."""

    head: int = 16_384
    message: int = 65_536
    lines: int = MAX_HEADER_LINES


class KeepAlive(Enum):
    """What else than messages comes over a connection (RFC 5626 section 3.5.1)."""

    PING = "ping"
    PONG = "pong"


PING = KeepAlive.PING
"""CRLF CRLF from a client: answer with CRLF at once."""
PONG = KeepAlive.PONG
"""CRLF from the server we pinged."""

Piece = bytes | KeepAlive


class StreamBuffer:
    """Bytes in, whole messages and keep-alives out.

    `client` is True on connections that we opened and ping: there a single CRLF is a pong at once. On the others it
    waits, since it may be the first half of a ping.
    """

    __slots__ = ("_buffer", "_client", "_limits", "_seen", "_total", "failure")

    def __init__(self, limits: Limits | None = None, *, client: bool = False) -> None:
        self._buffer = bytearray()
        self._limits = limits or Limits()
        self._client = client
        self._seen = 0
        self._total = 0
        self.failure: PeerError | None = None
        """Set once the stream cannot go on: answer if answerable, then close the connection."""

    def feed(self, data: bytes) -> list[Piece]:
        """All pieces that are whole now, in order.

        Raises the PeerError that ends the connection (413 or 513 for too much, 400 for a bad Content-Length). Pieces
        that were whole before the error are returned first: look at ``failure``, or feed again to have it raised.
        """
        self._buffer += data
        pieces: list[Piece] = []
        try:
            while self.failure is None and (piece := self._next()) is not None:
                pieces.append(piece)
        except PeerError as error:
            self.failure = error
            self._buffer.clear()
        if self.failure is not None and not pieces:
            raise self.failure
        return pieces

    def _next(self) -> Piece | None:
        buffer = self._buffer
        if buffer.startswith((b"\r", b"\n")):
            return self._keep_alive()
        if not self._total:
            self._total = self._measure(buffer)
        if not self._total or len(buffer) < self._total:
            return None
        piece = bytes(buffer[: self._total])
        self._drop(self._total)
        return piece

    def _measure(self, buffer: bytearray) -> int:
        """Length of the message at the front, 0 while its header section is not whole."""
        end = buffer.find(b"\r\n\r\n", max(self._seen - 3, 0))
        self._seen = len(buffer)
        if end < 0 and len(buffer) <= self._limits.head:
            return 0
        if not 0 <= end <= self._limits.head:
            raise _too_large(bytes(buffer[: self._limits.head]), "Header section too large", 513)
        head = bytes(buffer[: end + 4])
        return len(head) + self._length(head)

    def _keep_alive(self) -> Piece | None:
        buffer = self._buffer
        if buffer[:4] == b"\r\n\r\n" and not self._client:
            self._drop(4)
            return PING
        waiting = (b"\r",) if self._client else (b"\r", b"\r\n", b"\r\n\r")
        if bytes(buffer[:4]) in waiting:
            return None
        # A stray line end between messages is read over like a pong (RFC 3261 section 7.5).
        self._drop(2 if buffer[:2] == b"\r\n" else 1)
        return PONG

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._seen = self._total = 0

    def _length(self, head: bytes) -> int:
        """The body's length; none given is none there (on a stream the header is mandatory)."""
        lines = head.split(b"\r\n")
        if len(lines) > self._limits.lines + 3:
            raise _too_large(head, "Too many header lines", 513)
        values = {value.strip() for name, _, value in (line.partition(b":") for line in lines) if _is_length(name)}
        if not values:
            return 0
        text = values.pop().decode("latin-1")
        if values or not is_number(text) or len(text) > 10:
            raise _too_large(head, "Bad Content-Length", 400)
        if len(head) + int(text) > self._limits.message:
            raise _too_large(head, "Request Entity Too Large", 413)
        return int(text)


def _is_length(name: bytes) -> bool:
    return name.strip().lower() in (b"content-length", b"l")


def _too_large(head: bytes, reason: str, status: int) -> PeerError:
    """The error, answerable if what has been read so far names whom to answer."""
    try:
        parse(head)
    except MessageError as error:
        return MessageError(reason, status, error.partial)
    return PeerError(reason, status, answerable=False)
