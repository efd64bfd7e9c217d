"""XML text that nobody can break out of, and documents with blanks for what differs from watcher to watcher.

A document is built once for all watchers that see the same; the version and a watcher's own token are put in when it is
sent. This module must never let a control character through, which XML 1.0 does not allow in any form.
"""

import re

VERSION = "\x01"
"""Stands for the version; no text can hold it, since ``escape`` takes control characters out."""

TOKEN = "\x02"
"""Stands for a token of the watcher's own, so that ids tell one watcher nothing about another's."""

TOKEN_LENGTH = 8
"""Characters of a watcher's token: the beginning of its subscription's key."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})


def escape(text: str) -> str:
    """`text` for an attribute or between tags, whatever a peer wrote."""
    if text.isascii() and text.isprintable() and not _SPECIAL.intersection(text):
        return text
    return _FORBIDDEN.sub("\ufffd", text).translate(_ENTITIES).replace("\n", " ").replace("\r", " ").replace("\t", " ")


_SPECIAL = frozenset("&<>\"'")


def filled(document: bytes, version: int, token: str) -> bytes:
    """The document for one watcher."""
    return document.replace(b"\x01", b"%d" % version).replace(b"\x02", token.encode())
