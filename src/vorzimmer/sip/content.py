"""Bodies: Content-Type, multipart, and where the SDP is (RFC 3261 section 7.4, RFC 2046 section 5.1, RFC 5621).

This module must never look into SDP; that is the room ``sdp``.
"""

from collections.abc import Iterator

import msgspec

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip.headers import parse_params
from vorzimmer.sip.message import Headers, Message, parse_headers
from vorzimmer.sip.text import BLANKS, is_token, unquote
from vorzimmer.sip.uri import Params

MAX_DEPTH = 3
MAX_PARTS = 32
SDP = "application/sdp"


class MediaType(msgspec.Struct, frozen=True):
    """A Content-Type: `name` is ``type/subtype`` in lower case, "" where there was none."""

    name: str
    params: Params = ()

    def get(self, name: str) -> str:
        """A parameter, unquoted, "" without it."""
        return next((unquote(value or "") for key, value in self.params if key == name), "")


class Part(msgspec.Struct, frozen=True):
    """One leaf of a body. `disposition` is lower case, "" without one; `optional` by handling=optional (RFC 5621)."""

    type: MediaType
    body: bytes
    disposition: str = ""
    optional: bool = False


def parse_media_type(text: str) -> MediaType:
    """Read a Content-Type; raises PeerError 400. White space around the slash is allowed (RFC 4475 section 3.1.1.1)."""
    head, _, rest = text.partition(";")
    kind, slash, subtype = head.partition("/")
    kind, subtype = kind.strip(BLANKS).lower(), subtype.strip(BLANKS).lower()
    if not slash or not is_token(kind) or not is_token(subtype):
        raise PeerError("Bad Content-Type")
    return MediaType(f"{kind}/{subtype}", parse_params(rest))


def parts(message: Message) -> tuple[Part, ...]:
    """The leaves of a message's body in order, none for an empty one; raises PeerError 400 for a broken multipart."""
    return tuple(_leaves(message.headers, message.body, MAX_DEPTH)) if message.body else ()


def sdp_of(message: Message) -> bytes | None:
    """The session description: the body itself or the first SDP part of a multipart; None without one.

    A part whose disposition is not ``session`` is something else's SDP (RFC 5621 section 8.1). Raises PeerError 400.
    """
    headers = message.headers
    if headers.get("Content-Type") == SDP and "Content-Disposition" not in headers:
        return message.body or None
    for part in parts(message):
        if part.type.name == SDP and part.disposition in {"", "session"}:
            return part.body
    return None


def _leaves(headers: Headers, body: bytes, depth: int) -> Iterator[Part]:
    kind = parse_media_type(headers.get("Content-Type", "application/octet-stream"))
    if not kind.name.startswith("multipart/"):
        disposition, _, rest = headers.get("Content-Disposition").partition(";")
        optional = any(key == "handling" and (value or "").lower() == "optional" for key, value in parse_params(rest))
        yield Part(kind, body, disposition.strip(BLANKS).lower(), optional)
        return
    if depth == 0:
        raise PeerError("Multipart nested too deeply")
    for raw in _cut(body, kind.get("boundary")):
        head, _, inner = raw.partition(b"\r\n\r\n")
        yield from _leaves(parse_headers(head.strip(b"\r\n")) if head.strip() else Headers(), inner, depth - 1)


def _cut(body: bytes, boundary: str) -> list[bytes]:
    if not boundary or len(boundary) > 70:
        raise PeerError("Bad multipart boundary")
    mark = b"\r\n--" + boundary.encode("utf-8", "surrogateescape")
    pieces = (b"\r\n" + body).split(mark)
    if len(pieces) < 2 or len(pieces) > MAX_PARTS:
        raise PeerError("Bad multipart body")
    last = next((place for place, piece in enumerate(pieces[1:], 1) if piece.startswith(b"--")), len(pieces))
    # Each piece begins with the line end of its boundary, so a part without headers begins with an empty line.
    return [piece.lstrip(b" \t") for piece in pieces[1:last]]
