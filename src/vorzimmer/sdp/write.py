"""Writes a session description in the order and with the line ends that RFC 8866 section 5 demands.

This module must never let a value break out of its line: a line break inside one is our own bug and is refused.
"""

from collections.abc import Iterator

from vorzimmer.kernel.errors import LocalError
from vorzimmer.sdp.message import Attribute, Connection, Line, Media, Session, rank


def write(session: Session) -> bytes:
    """The description as bytes with CRLF. Raises LocalError where a value contains CR, LF or NUL."""
    text = [f"{line.kind}={line.value}" for line in _all_lines(session)]
    if any(c in line for line in text for c in "\r\n\0"):
        raise LocalError("a line break inside an SDP value")
    return "".join(f"{line}\r\n" for line in text).encode("utf-8", "surrogateescape")


def _all_lines(session: Session) -> Iterator[Line]:
    yield from sorted(_session_lines(session), key=lambda line: rank(line.kind))
    yield from map(_attribute, session.attributes)
    for media in session.media:
        yield _media_line(media)
        yield from sorted((*_connection(media.connection), *media.lines), key=lambda line: rank(line.kind))
        yield from map(_attribute, media.attributes)


def _session_lines(session: Session) -> Iterator[Line]:
    origin = session.origin
    words = (origin.username, origin.session, origin.version, "IN", origin.family, origin.host)
    yield Line("v", "0")
    yield Line("o", " ".join(words))
    yield Line("s", session.name)
    yield from _connection(session.connection)
    yield from (Line("t", value) for value in session.timing)
    yield from session.lines


def _connection(connection: Connection | None) -> tuple[Line, ...]:
    return (Line("c", f"IN {connection.family} {connection.host}"),) if connection else ()


def _media_line(media: Media) -> Line:
    port = f"{media.port}/{media.count}" if media.count != 1 else str(media.port)
    return Line("m", " ".join((media.kind, port, media.protocol, *media.formats)))


def _attribute(attribute: Attribute) -> Line:
    return Line("a", attribute.name if attribute.value is None else f"{attribute.name}:{attribute.value}")
