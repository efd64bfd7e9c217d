"""Bodies of several parts (RFC 2046 section 5.1), as NOTIFYs of lists and of phone features carry them. Pure.

This module must never put a text into a header line that a person has chosen.
"""

from collections.abc import Iterable

BOUNDARY = "vorzimmer"
"""Stands in no part: parts are XML of ours, in which no line begins with two dashes."""

Part = tuple[str, str, bytes]
"""Content-Type, Content-ID ("" without), body."""


def joined(parts: Iterable[Part]) -> bytes:
    """All parts between boundaries."""
    found = [_part(*each) for each in parts]
    return b"".join(found) + f"--{BOUNDARY}--\r\n".encode()


def _part(kind: str, ident: str, body: bytes) -> bytes:
    line = f"Content-ID: <{ident}>\r\n" if ident else ""
    head = f"--{BOUNDARY}\r\nContent-Type: {kind}\r\n{line}\r\n"
    return head.encode() + body + b"\r\n"
