"""Small pieces of SIP grammar that every parser here needs: tokens, quoted strings, splitting outside quotes.

RFC 3261 section 25.1. Plain string searches, and one character class to jump by: this is the hot path, and nothing here
backtracks, whatever a peer sends. This module must never know a header.
"""

import re

from vorzimmer.kernel.errors import PeerError

BLANKS = " \t\r"
"""White space around values once lines are cut; nothing else is white space in SIP."""

_TOKEN_EXTRA = str.maketrans("", "", "-.!%*_+`'~")


_STOPS = {",": re.compile('[,"<]'), ";": re.compile('[;"<]')}


def is_token(text: str) -> bool:
    """True for a non-empty token (RFC 3261 section 25.1)."""
    if not text.isascii():
        return False
    if text.isalnum():
        return True
    rest = text.translate(_TOKEN_EXTRA)
    return rest.isalnum() or (not rest and bool(text))


def is_number(text: str) -> bool:
    """True for plain ASCII digits."""
    return text.isascii() and text.isdecimal()


def quote(text: str) -> str:
    """A quoted-string; line ends become blanks, other control characters are escaped (RFC 3261 section 25.1)."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    if plain.isprintable():
        return f'"{plain}"'
    plain = plain.replace("\r", " ").replace("\n", " ")
    return '"' + "".join(f"\\{c}" if (c < " " and c != "\t") or c == "\x7f" else c for c in plain) + '"'


def unquote(text: str) -> str:
    """The content of a quoted-string; any other text as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    return unescape(inner) if "\\" in inner else inner


def unescape(inner: str) -> str:
    """Quoted pairs resolved; a lone backslash at the end stays."""
    out: list[str] = []
    chars = iter(inner)
    for char in chars:
        out.append(next(chars, "\\") if char == "\\" else char)
    return "".join(out)


def end_of_quoted(text: str, start: int) -> int:
    """Index of the quote that ends the quoted-string opening at `start`; -1 if it never ends."""
    place = start + 1
    while (end := text.find('"', place)) >= 0:
        back = end - 1
        while back > start and text[back] == "\\":
            back -= 1
        if (end - 1 - back) % 2 == 0:
            return end
        place = end + 1
    return -1


def split_outside(text: str, separator: str) -> list[str]:
    """`text` cut at each `separator` (comma or semicolon) outside quoted strings and <>; an open one takes the rest."""
    if '"' not in text and "<" not in text:
        return text.split(separator)
    stops = _STOPS[separator]
    parts: list[str] = []
    start = place = 0
    while (found := stops.search(text, place)) is not None:
        place = found.start()
        char = text[place]
        if char == separator:
            parts.append(text[start:place])
            start = place + 1
        else:
            end = end_of_quoted(text, place) if char == '"' else text.find(">", place)
            if end < 0:
                break
            place = end
        place += 1
    parts.append(text[start:])
    return parts


def split_list(text: str) -> list[str]:
    """The non-empty elements of a comma-separated header value, without the white space around them."""
    if "," not in text:
        bare = text.strip(BLANKS)
        return [bare] if bare else []
    return [bare for part in split_outside(text, ",") if (bare := part.strip(BLANKS))]


def parse_int(text: str, high: int = 2**32 - 1, low: int = 0) -> int:
    """A whole number low <= n <= high in plain digits; PeerError 400 otherwise."""
    bare = text.strip(BLANKS)
    # The length is bounded before int() so that a megabyte of digits costs nothing.
    if not is_number(bare) or len(bare.lstrip("0")) > 12 or not low <= int(bare) <= high:
        raise PeerError("Bad number")
    return int(bare)
