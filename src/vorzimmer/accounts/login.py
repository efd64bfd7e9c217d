"""Login names and passwords that people choose: what is taken, and what is the same.

This module must never say whether a name exists.
"""

import unicodedata
from typing import Final, Literal

MAX_LOGIN: Final = 254
MIN_PASSWORD: Final = 10
MAX_PASSWORD: Final = 256
"""Characters; a limit, because hashing megabytes would be a gift to attackers."""

Fault = Literal["short", "long", "known", "name"]

_GUESSED_FIRST: Final = (
    "1234567890 0123456789 12345678910 123456789a 0987654321 1q2w3e4r5t 1qaz2wsx3edc abcdefghij password12 "
    "password123 password1234 passwort12 passwort123 passwort1234 geheim1234 geheim12345 qwertyuiop qwertzuiop "
    "qwertz1234 qwerty1234 qwerty12345 administrator welcome123 willkommen willkommen1 willkommen123 hallo12345 "
    "hallohallo sommer2025 sommer2026 winter2025 winter2026 fussball123 letmein123 iloveyou12 changeme123 "
    "vorzimmer1 vorzimmer123 vorzimmer2026 telefon123 telefon1234 telefonanlage"
)
_COMMON: Final = frozenset(_GUESSED_FIRST.split())
"""What guessing programs try first. A list of a million belongs into a service, not into memory."""


def fold(login: str) -> str:
    """The one form of a login name: composed, without case, without blanks around it or what cannot be seen."""
    text = unicodedata.normalize("NFKC", login[: MAX_LOGIN * 2]).casefold()
    seen = "".join(char for char in unicodedata.normalize("NFKC", text) if char.isprintable())
    return seen.strip()[:MAX_LOGIN].strip()


def is_login(login: str) -> bool:
    """Whether a folded name can be one: 2 to 254 visible characters without blanks."""
    return 2 <= len(login) <= MAX_LOGIN and login.isprintable() and not any(char.isspace() for char in login)


def fault_of(password: str, login: str) -> Fault | None:
    """Why this password is not taken, None if it is (NIST SP 800-63B section 5.1.1.2: length and no known ones, no
    rules about kinds of characters)."""
    if len(password) < MIN_PASSWORD:
        return "short"
    if len(password) > MAX_PASSWORD:
        return "long"
    plain = password.casefold()
    if plain in _COMMON or len(set(plain)) < 4:
        return "known"
    name = login.partition("@")[0]
    return "name" if len(name) > 3 and name in plain and len(plain) - len(name) < 4 else None
