"""STUN Binding on the SIP port: how a phone learns its mapping and keeps it (RFC 5389, RFC 5626 sections 4.4.2 and 8).

Only that: no authentication, no other method. This module must never send, and answers nothing that is not a whole
Binding request, so that it cannot be made to talk to another STUN server.
"""

from ipaddress import ip_address
from struct import pack, unpack_from

from vorzimmer.kernel.address import Address

_COOKIE = 0x2112A442
_HEAD = 20
_REQUEST = b"\x00\x01"
_SUCCESS, _ERROR = 0x0101, 0x0111
_MAPPED, _ERROR_CODE, _UNKNOWN = 0x0020, 0x0009, 0x000A

_READ_OVER = frozenset({0x0006, 0x0008})
"""USERNAME and MESSAGE-INTEGRITY: whoever proves itself is answered like everybody."""

MOST_UNKNOWN = 8
"""Attributes named in a 420."""


def is_stun(data: bytes) -> bool:
    """Whether a datagram is meant for STUN and not for SIP, whose messages begin with a letter (RFC 5626 section 8)."""
    return data[:1] in {b"\x00", b"\x01"} and data[4:8] == b"\x21\x12\xa4\x42"


def answer(data: bytes, source: Address) -> bytes:
    """The response to a Binding request that came from `source`; b"" where there is none to give."""
    if len(data) < _HEAD or data[:2] != _REQUEST or not is_stun(data):
        return b""
    if len(data) != _HEAD + unpack_from("!H", data, 2)[0]:
        return b""
    transaction = data[8:_HEAD]
    unknown = _unknown(data)
    if unknown is None:
        return b""
    if unknown:
        reason = b"Unknown Attribute"
        code = pack("!HBB", 0, 4, 20) + reason
        names = b"".join(pack("!H", kind) for kind in unknown)
        return _message(_ERROR, transaction, _attribute(_ERROR_CODE, code) + _attribute(_UNKNOWN, names))
    return _message(_SUCCESS, transaction, _attribute(_MAPPED, _xored(source, transaction)))


def _unknown(data: bytes) -> list[int] | None:
    """The attributes that must be understood and are not; None where they cannot be read."""
    unknown: list[int] = []
    place = _HEAD
    while place < len(data):
        if place + 4 > len(data):
            return None
        kind, length = unpack_from("!HH", data, place)
        place += 4 + length + -length % 4
        if place > len(data):
            return None
        if kind < 0x8000 and kind not in _READ_OVER and len(unknown) < MOST_UNKNOWN:
            unknown.append(kind)
    return unknown


def _xored(source: Address, transaction: bytes) -> bytes:
    """XOR-MAPPED-ADDRESS (RFC 5389 section 15.2)."""
    host = ip_address(source.host.partition("%")[0])
    key = pack("!I", _COOKIE) + transaction
    hidden = bytes(byte ^ mask for byte, mask in zip(host.packed, key, strict=False))
    return pack("!BBH", 0, 1 if host.version == 4 else 2, source.port ^ (_COOKIE >> 16)) + hidden


def _attribute(kind: int, value: bytes) -> bytes:
    return pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def _message(kind: int, transaction: bytes, attributes: bytes) -> bytes:
    return pack("!HHI", kind, len(attributes), _COOKIE) + transaction + attributes
