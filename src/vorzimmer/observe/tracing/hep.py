"""One message as a HEP3 packet, the form in which capture servers such as Homer take copies of SIP traffic.

Chunks of vendor 0: addresses, ports, time, the kind of payload, our capture id, the call it belongs to, the bytes. This
module must never be given what has not been redacted.
"""

import struct
from ipaddress import IPv6Address, ip_address

from vorzimmer.observe.tracing.pcap import Datagram

_CHUNK = struct.Struct("!HHH")
_SIP = 1
_IPV4, _IPV6 = 2, 10
_UDP, _TCP = 17, 6
_MOST = 60_000


def packet(datagram: Datagram, *, agent: int, reliable: bool, correlation: str) -> bytes:
    """`agent` is our capture id; `reliable` says that it came over a stream; `correlation` joins the legs of a call."""
    source, target = ip_address(datagram.source.host), ip_address(datagram.target.host)
    six = isinstance(source, IPv6Address)
    micros = round(datagram.at * 1_000_000)
    chunks = (
        _chunk(1, struct.pack("!B", _IPV6 if six else _IPV4)),
        _chunk(2, struct.pack("!B", _TCP if reliable else _UDP)),
        _chunk(5 if six else 3, source.packed),
        _chunk(6 if six else 4, target.packed),
        _chunk(7, struct.pack("!H", datagram.source.port)),
        _chunk(8, struct.pack("!H", datagram.target.port)),
        _chunk(9, struct.pack("!I", micros // 1_000_000)),
        _chunk(10, struct.pack("!I", micros % 1_000_000)),
        _chunk(11, struct.pack("!B", _SIP)),
        _chunk(12, struct.pack("!I", agent)),
        _chunk(15, datagram.data[:_MOST]),
        _chunk(17, correlation.encode()),
    )
    body = b"".join(chunks)
    return b"HEP3" + struct.pack("!H", len(body) + 6) + body


def _chunk(kind: int, value: bytes) -> bytes:
    return _CHUNK.pack(0, kind, len(value) + _CHUNK.size) + value
