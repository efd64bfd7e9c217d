"""Texts that strangers chose: display names, reasons, subjects.

Every name that came off the wire passes :func:`safe_name` before it is shown, logged, stored or sent on. This module
must never lose the fact that there was a name: an emptied name becomes the empty string, and callers show the number.
"""

import unicodedata

MAX_NAME = 80
"""Characters of a display name that are kept (FEATURES.md EXA-42)."""

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def safe_name(text: str, limit: int = MAX_NAME) -> str:
    """`text` on one line without control, surrogate or direction characters, at most `limit` characters long."""
    kept = text[: limit * 8]
    if not (kept.isascii() and kept.isprintable()):  # most names are, and then nothing has to be looked up
        kept = "".join(map(_visible, kept))
    return " ".join(kept.split())[:limit].strip()


def _visible(char: str) -> str:
    if char in _BIDI:
        return ""
    category = unicodedata.category(char)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if category in {"Cs", "Co", "Cn", "Cf"} and char not in "\u200d\u200c" else char


def safe_cell(text: str) -> str:
    """`text` for a spreadsheet export: a leading formula sign is disarmed with an apostrophe (CSV injection)."""
    name = safe_name(text, limit=500)
    return f"'{name}" if name[:1] in {"=", "+", "-", "@"} else name
