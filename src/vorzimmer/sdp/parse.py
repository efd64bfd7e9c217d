"""Reads the SDP that phones really send (RFC 8866, read generously).

CRLF, LF or CR, a missing ``t=`` or ``s=``, lines out of order and unknown lines are all fine; what cannot be understood
at all is a :class:`PeerError` 400, what is well-formed but not IP a 488. This module must never raise anything else on
any bytes, and never do work beyond its limits.
"""

from functools import lru_cache

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sdp.message import Attribute, Connection, Line, Media, Origin, Session, rank

MAX_BYTES = 32_768
MAX_LINES = 1_000
MAX_MEDIA = 32
MAX_FORMATS = 128

_Pairs = list[tuple[str, str]]


def parse(data: bytes) -> Session:
    """The description in `data`. Raises PeerError 400 on garbage, 488 on addresses that are not IP (RFC 8866)."""
    lines = _lines(data)
    if not lines or lines[0] != ("v", "0"):
        raise PeerError("SDP does not begin with v=0")
    sections = _sections(lines[1:])
    if len(sections) > MAX_MEDIA + 1:
        raise PeerError("too many m= lines in SDP")
    return _session(sections[0], tuple(_media(s) for s in sections[1:]))


def _lines(data: bytes) -> _Pairs:
    if len(data) > MAX_BYTES:
        raise PeerError("SDP is too long")
    if b"\0" in data:
        raise PeerError("SDP contains NUL")
    # Bytes that are not UTF-8 (names in Latin-1) survive as surrogates and are written back as they came.
    text = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    raw = text.split("\n")
    if len(raw) > MAX_LINES:
        raise PeerError("SDP has too many lines")
    pairs = [(line[0], line[2:]) for line in raw if line[1:2] == "="]
    if len(pairs) != len(raw) and any(line and line[1:2] != "=" for line in raw):
        raise PeerError("SDP line is not of the form x=value")
    return pairs


def _sections(lines: _Pairs) -> list[_Pairs]:
    sections: list[_Pairs] = [[]]
    for kind, value in lines:
        if kind == "m":
            sections.append([])
        sections[-1].append((kind, value))
    return sections


def _session(lines: _Pairs, media: tuple[Media, ...]) -> Session:
    origin = _first(lines, "o")
    if origin is None:
        raise PeerError("SDP has no o= line")
    return Session(
        origin=_origin(origin),
        name=_first(lines, "s") or "-",
        connection=_connection(_first(lines, "c")),
        timing=tuple(value for kind, value in lines if kind == "t") or ("0 0",),
        lines=_kept(lines, "vostca"),
        attributes=_attributes(lines),
        media=media,
    )


def _media(lines: _Pairs) -> Media:
    words = lines[0][1].split()
    if len(words) < 3 or len(words) > MAX_FORMATS + 3:
        raise PeerError("malformed m= line in SDP")
    if not all(word.isascii() and word.isprintable() for word in words):
        raise PeerError("m= line in SDP is not printable ASCII")
    port, _, count = words[1].partition("/")
    return Media(
        kind=words[0],
        port=number(port, 65_535),
        protocol=words[2],
        formats=tuple(words[3:]),
        count=number(count, 65_535) if count else 1,
        connection=_connection(_first(lines, "c")),
        lines=_kept(lines[1:], "ca"),
        attributes=_attributes(lines),
    )


def _first(lines: _Pairs, kind: str) -> str | None:
    for k, value in lines:
        if k == kind:
            return value
    return None


def _kept(lines: _Pairs, understood: str) -> tuple[Line, ...]:
    kept = [Line(kind, value) for kind, value in lines if kind not in understood]
    return tuple(sorted(kept, key=lambda line: rank(line.kind)) if len(kept) > 1 else kept)


def _attributes(lines: _Pairs) -> tuple[Attribute, ...]:
    values = [value for kind, value in lines if kind == "a"]
    return tuple([_known(value) if value[:6] in _REPEATED else _attribute(value) for value in values])


_REPEATED = frozenset({"rtpmap", "fmtp:1", "fmtp:9", "ptime:", "maxpti", "sendre", "rtcp-m", "rtcp-f"})
"""How attributes begin that are the same in call after call; others may hold keys, which are never remembered."""


def _attribute(text: str) -> Attribute:
    name, colon, value = text.partition(":")
    return Attribute(name, value if colon else None)


_known = lru_cache(maxsize=1024)(_attribute)


def _origin(text: str) -> Origin:
    words = text.split()
    if len(words) != 6:
        raise PeerError("malformed o= line in SDP")
    return Origin(words[0], words[1], words[2], words[4].upper(), words[5])


def _connection(text: str | None) -> Connection | None:
    if text is None:
        return None
    words = text.split()
    if len(words) != 3:
        raise PeerError("malformed c= line in SDP")
    if words[0].upper() != "IN" or words[1].upper() not in {"IP4", "IP6"}:
        raise PeerError("SDP names a network that is not IP", 488)
    # The part after the slash is a multicast TTL or count (RFC 8866 section 5.7); multicast is refused later.
    return Connection(words[1].upper(), words[2].partition("/")[0].strip("[]"))


def number(text: str, limit: int) -> int:
    """A decimal number 0..limit. Raises PeerError 400 on anything else (signs, other scripts' digits, long rows)."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= limit):
        raise PeerError("malformed number in SDP")
    return int(text)
