"""Time-based one-time passwords (RFC 6238 over RFC 4226, SHA-1, six digits, 30 s: what every app understands).

This module must never read a clock: time is an argument.
"""

import base64
import hashlib
import hmac
from urllib.parse import quote

from vorzimmer.accounts.secret import same

PERIOD = 30
DIGITS = 6
WINDOW = 1
"""Steps before and after now that are taken as well: clocks differ, and people type slowly."""
SECRET = 20
"""Bytes of chance in a secret (RFC 4226 section 4, R6)."""


def secret_of(token: str) -> str:
    """A secret in base32, from hexadecimal digits of chance."""
    return base64.b32encode(bytes.fromhex(token)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of one time step."""
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_of(secret: str, code: str, now: float, after: int = -1) -> int | None:
    """The time step that `code` belongs to at `now` (POSIX seconds), None if it is wrong. Steps up to `after` were
    used before and count no more (RFC 6238 section 5.2)."""
    digits = "".join(char for char in code[:32] if not char.isspace())
    if len(digits) != DIGITS or not digits.isascii() or not digits.isdecimal():
        return None
    current = int(now // PERIOD)
    found = [step for step in range(current - WINDOW, current + WINDOW + 1) if same(code_at(secret, step), digits)]
    return next((step for step in found if step > after), None)


def uri(secret: str, login: str, issuer: str) -> str:
    """What the QR code holds (the key URI format that authenticator apps read)."""
    label = quote(f"{issuer}:{login}", safe="")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer, safe='')}&digits={DIGITS}&period={PERIOD}"
