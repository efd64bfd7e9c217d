"""SDES: the keys of SRTP in ``a=crypto`` lines (RFC 4568, RFC 7714 section 14), read, chosen and written.

A line that we cannot fully honour (an unknown suite, MKI, several keys, session parameters that change how packets
look) is passed over as if it were not there, which is what RFC 4568 asks for. Keys stay out of every repr. This module
must never draw a key by itself: ours are derived from the secret that a leg was given.
"""

import hmac
from base64 import b64decode, b64encode

import msgspec

from vorzimmer.sdp.message import Attribute, Media, values_of
from vorzimmer.sdp.plan import Crypto, Protection

OFFERED = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32")
"""What we offer: the suites that every phone with SRTP has."""

KEY_BYTES = {**dict.fromkeys(OFFERED, 30), "AEAD_AES_128_GCM": 28, "AEAD_AES_256_GCM": 44}
"""Master key and master salt together, of every suite that we take."""

MOST_LINES = 16
_HARMLESS = ("WSH=",)
"""Session parameters that only advise the other side (RFC 4568 section 6.3.6)."""


class Guard(msgspec.Struct, frozen=True):
    """How one leg's audio is protected.

    `srtp` is the account's setting; `secret` what our keys are derived from (empty: we have none to give); `turn` rises
    when new ones are due; `hints` puts keys into plain RTP/AVP offers too, for phones that like to encrypt.
    """

    srtp: Protection = "off"
    secret: bytes = b""
    turn: int = 0
    hints: bool = False

    def __repr__(self) -> str:
        return f"Guard({self.srtp!r})"


def key_of(guard: Guard, suite: str) -> bytes:
    """Our master key and salt for `suite`: another one for each suite and turn, the same whenever it is asked for."""
    material = hmac.digest(guard.secret, f"sdes {suite} {guard.turn}".encode(), "sha512")
    return material[: KEY_BYTES[suite]]


def cryptos_of(media: Media) -> tuple[Crypto, ...]:
    """The usable ``a=crypto`` lines of a stream, in its order."""
    found = map(_read, values_of(media.attributes, "crypto")[:MOST_LINES])
    return tuple(each for each in found if each is not None)


def _read(value: str) -> Crypto | None:
    words = value.split()
    if len(words) < 3 or not (words[0].isascii() and words[0].isdigit() and len(words[0]) <= 9):
        return None
    suite = words[1].upper()
    if suite not in KEY_BYTES or not all(_is_harmless(word) for word in words[3:]):
        return None
    key = _key(words[2], KEY_BYTES[suite])
    return Crypto(int(words[0]), suite, key) if key is not None else None


def _is_harmless(parameter: str) -> bool:
    # RFC 4568 section 6.3.7: an unknown parameter may be passed over only if it begins with a minus.
    return parameter.startswith(("-", *_HARMLESS))


def _key(text: str, size: int) -> bytes | None:
    """``inline:KEY[|lifetime]``; with an MKI (``|1:4``) or a second key the line is of no use to us."""
    method, _, rest = text.partition(":")
    key, *more = rest.split("|")
    if method.lower() != "inline" or ";" in rest or len(more) > 1 or not all(_is_lifetime(each) for each in more):
        return None
    try:
        raw = b64decode(key + "=" * (-len(key) % 4), validate=True)
    except ValueError:
        return None
    return raw if len(raw) == size else None


def _is_lifetime(text: str) -> bool:
    """Packets, as a power of two or a number; a key that lasts shorter than a call of days is not accepted."""
    power = text.removeprefix("2^")
    if not (power.isascii() and power.isdigit() and len(power) <= 15):
        return False
    return int(power) >= 20 if power != text else int(power) >= 1 << 20


def lines_for(cryptos: tuple[Crypto, ...]) -> tuple[Attribute, ...]:
    """The ``a=crypto`` lines."""
    return tuple(Attribute("crypto", f"{c.tag} {c.suite} inline:{b64encode(c.key).decode()}") for c in cryptos)


def offered(guard: Guard, previous: tuple[Crypto, ...]) -> tuple[Crypto, ...]:
    """Our keys for an offer: the suites and tags of our previous description, or all that we offer."""
    tagged = tuple((c.tag, c.suite) for c in previous) or tuple(enumerate(OFFERED, start=1))
    return tuple(Crypto(tag, suite, key_of(guard, suite)) for tag, suite in tagged)


def answered(guard: Guard, theirs: tuple[Crypto, ...]) -> tuple[Crypto, ...]:
    """Our one key for an answer (RFC 4568 section 5.1.2): the offerer's first choice that we can do, with its tag."""
    if guard.srtp == "off" or not guard.secret or not theirs:
        return ()
    chosen = theirs[0]
    return (Crypto(chosen.tag, chosen.suite, key_of(guard, chosen.suite)),)
