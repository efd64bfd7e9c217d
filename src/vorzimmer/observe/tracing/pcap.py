"""A trace as a capture file for Wireshark and its like: each message as one UDP datagram over IPv4 or IPv6.

Messages that came over TCP, TLS or WebSocket are written as datagrams too, with their true addresses and ports: they
are whole and readable then. The format is the classic one of libpcap with raw IP packets (link type 101); it is so
small that no library is needed. This module must never be given what has not been redacted.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from vorzimmer.kernel.address import Address

_FILE = struct.Struct("<IHHiIII")
_PACKET = struct.Struct("<IIII")
_UDP = struct.Struct("!HHHH")
_RAW_IP = 101
_SNAP = 262_144
_MOST = 65_000
"""Bytes of a message that fit into one datagram; a larger one is cut."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """`at` in POSIX seconds."""

    at: float
    source: Address
    target: Address
    data: bytes


def capture(datagrams: Iterable[Datagram]) -> bytes:
    """The whole file."""
    head = _FILE.pack(0xA1B2C3D4, 2, 4, 0, 0, _SNAP, _RAW_IP)
    return head + b"".join(_record(each) for each in datagrams)


def _record(datagram: Datagram) -> bytes:
    packet = _packet(datagram.source, datagram.target, datagram.data[:_MOST])
    micros = round(datagram.at * 1_000_000)
    return _PACKET.pack(micros // 1_000_000, micros % 1_000_000, len(packet), len(packet)) + packet


def _packet(source: Address, target: Address, data: bytes) -> bytes:
    sender, receiver = _ip(source.host), _ip(target.host)
    length = _UDP.size + len(data)
    if isinstance(sender, IPv4Address) and isinstance(receiver, IPv4Address):
        # A UDP checksum of 0 means none over IPv4 (RFC 768).
        return _ipv4(sender, receiver, length) + _UDP.pack(source.port, target.port, length, 0) + data
    ends = _six(sender) + _six(receiver)
    pseudo = ends + struct.pack("!II", length, 17)
    segment = _UDP.pack(source.port, target.port, length, 0) + data
    total = _checksum(pseudo + segment) or 0xFFFF
    segment = segment[:6] + struct.pack("!H", total) + segment[8:]
    return struct.pack("!IHBB", 6 << 28, length, 17, 64) + ends + segment


def _ipv4(sender: IPv4Address, receiver: IPv4Address, length: int) -> bytes:
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, 64, 17, 0) + sender.packed + receiver.packed
    return head[:10] + struct.pack("!H", _checksum(head)) + head[12:]


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    words = struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2))
    total: int = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _ip(host: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return IPv4Address(0)  # a name that was never resolved


def _six(address: IPv4Address | IPv6Address) -> bytes:
    return address.packed if isinstance(address, IPv6Address) else b"\0" * 10 + b"\xff\xff" + address.packed
