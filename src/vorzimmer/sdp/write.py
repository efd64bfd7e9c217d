"""Writes a session description in the order and with the line ends that RFC 8866 section 5 demands.

This module must never let a value break out of its line: a line break inside one is our own bug and is refused.
"""

from vorzimmer.kernel.errors import LocalError
from vorzimmer.sdp.message import Attribute, Connection, Line, Media, Session, rank


def write(session: Session) -> bytes:
    """The description as bytes with CRLF. Raises LocalError where a value contains CR, LF or NUL."""
    text = [*_head(session), *map(_attribute, session.attributes)]
    for media in session.media:
        text.append(_media_line(media))
        text += _ordered((*_connection(media.connection), *media.lines))
        text += map(_attribute, media.attributes)
    text.append("")
    joined = "\r\n".join(text)
    ends = len(text) - 1
    if joined.count("\r") != ends or joined.count("\n") != ends or "\0" in joined:
        raise LocalError("a line break inside an SDP value")
    return joined.encode("utf-8", "surrogateescape")


def _head(session: Session) -> list[str]:
    origin = session.origin
    lines = [
        "v=0",
        f"o={origin.username} {origin.session} {origin.version} IN {origin.family} {origin.host}",
        f"s={session.name}",
        *_ordered(_connection(session.connection)),
        *[f"t={value}" for value in session.timing],
    ]
    if not session.lines:
        return lines
    rest = [f"{line.kind}={line.value}" for line in session.lines]
    return sorted((*lines, *rest), key=lambda line: rank(line[0]))


def _ordered(lines: tuple[Line, ...]) -> list[str]:
    kept = sorted(lines, key=lambda line: rank(line.kind)) if len(lines) > 1 else lines
    return [f"{line.kind}={line.value}" for line in kept]


def _connection(connection: Connection | None) -> tuple[Line, ...]:
    return (Line("c", f"IN {connection.family} {connection.host}"),) if connection else ()


def _media_line(media: Media) -> str:
    port = f"{media.port}/{media.count}" if media.count != 1 else str(media.port)
    return f"m={media.kind} {port} {media.protocol}" + "".join([f" {each}" for each in media.formats])


def _attribute(attribute: Attribute) -> str:
    return f"a={attribute.name}" if attribute.value is None else f"a={attribute.name}:{attribute.value}"
