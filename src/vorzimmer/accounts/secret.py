"""Secrets that we make: how they are written, hashed and derived from.

They are 256 bits of chance, so that a plain SHA-256 of one gives nothing away; only what people choose needs a slow
hash. This module must never draw a secret itself (``kernel.Chance`` does) and never keep one.
"""

import base64
import hashlib
import hmac

SIZE = 32
"""Bytes of chance in a session, token or ticket."""

TOKEN_PREFIX = "vzt_"
"""In front of API tokens, so that people and scanners know what they have found."""


def hashed(secret: str) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def csrf_of(secret: str) -> str:
    """The word that a mutating request by cookie has to say: whoever knows it has read our answer, which no other
    site's page can. It gives nothing away about the secret."""
    return hmac.new(secret.encode("utf-8", "surrogatepass"), b"vorzimmer csrf", hashlib.sha256).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass"))


def base64url(data: bytes) -> str:
    """RFC 4648 section 5, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes; raises ValueError."""
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


def recovery_code(token: str) -> str:
    """16 characters of base32 in groups of four, from 20 hexadecimal digits (80 bits): to be written down."""
    text = base64.b32encode(bytes.fromhex(token)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def folded_code(text: str) -> str:
    """A code as people type it: without blanks, dashes and capitals."""
    return "".join(char for char in text[:64].lower() if char.isalnum())


def recovery_hash(account: str, text: str) -> bytes:
    """What is stored of a recovery code, bound to its account."""
    return hashed(f"recovery {account} {folded_code(text)}")
