"""RTP packets (RFC 3550 section 5.1) as cheap functions on bytes: the relay calls these for every packet.

Nothing raises on a peer's bytes: what is not RTP is None and dropped. This module must never copy a payload that it
is not asked for.
"""

import struct
from collections.abc import Iterable
from typing import NamedTuple, Protocol

Buffer = bytes | bytearray | memoryview

HEADER_BYTES = 12
_FIXED = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")


class Header(NamedTuple):
    """One packet's header. The payload is ``data[start:end]``; padding is left out of it.

    `csrcs` are the contributing sources; `extension` is the profile number and the slice of a header extension.
    """

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    start: int
    end: int
    csrcs: tuple[int, ...] = ()
    extension: tuple[int, int, int] | None = None


class Numbered(Protocol):
    """A payload format with a number: ``media.port.Codec`` and ``sdp.plan.Format`` are such."""

    @property
    def name(self) -> str: ...
    @property
    def payload_type(self) -> int: ...
    @property
    def rate(self) -> int: ...
    @property
    def channels(self) -> int: ...


def parse(data: Buffer) -> Header | None:
    """The header of an RTP packet, None if it is none: too short, another version, lengths that do not fit."""
    if len(data) < HEADER_BYTES:
        return None
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(data)
    if first >> 6 != 2:
        return None
    if first == 0x80:
        return Header(second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, HEADER_BYTES, len(data))
    plain = Header(second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, HEADER_BYTES, len(data))
    return _unusual(data, first, plain)


def _unusual(data: Buffer, first: int, plain: Header) -> Header | None:
    """CSRCs, a header extension, padding (RFC 3550 sections 5.1 and 5.3.1)."""
    count = first & 0x0F
    start = HEADER_BYTES + 4 * count
    extension = None
    if first & 0x10:
        if len(data) < start + 4:
            return None
        profile, words = _EXTENSION.unpack_from(data, start)
        extension = (profile, start + 4, start + 4 + 4 * words)
        start = extension[2]
    padding = data[-1] if first & 0x20 else 0
    end = len(data) - padding
    if start > end or (first & 0x20 and padding == 0):
        return None
    csrcs = struct.unpack_from(f"!{count}I", data, HEADER_BYTES)
    return plain._replace(start=start, end=end, csrcs=csrcs, extension=extension)


def is_rtcp(data: Buffer) -> bool:
    """Whether bytes on an RTP port are RTCP (RFC 5761 section 4: packet types 192 to 223)."""
    return len(data) >= 8 and data[0] >> 6 == 2 and 192 <= data[1] <= 223


def build(
    payload: Buffer, *, payload_type: int, sequence: int, timestamp: int, ssrc: int, marker: bool = False
) -> bytes:
    """A plain packet. Numbers are reduced to their width."""
    second = (payload_type & 0x7F) | (0x80 if marker else 0)
    return _FIXED.pack(0x80, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc & 0xFFFFFFFF) + bytes(payload)


def rewrite(buffer: bytearray, *, payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int) -> None:
    """Put new numbers into the packet in `buffer`; CSRCs, extension, padding and payload stay as they are."""
    second = (payload_type & 0x7F) | (0x80 if marker else 0)
    _FIXED.pack_into(buffer, 0, buffer[0], second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc & 0xFFFFFFFF)


def payload_map(
    received: Iterable[Numbered], sent: Iterable[Numbered], events: tuple[int | None, int | None] = (None, None)
) -> tuple[int, ...]:
    """For each payload number that one side sends, the number under which the other takes it, -1 to drop.

    `received` are the formats of the talking side, `sent` those of the listening one; `events` the telephone-event
    numbers of both.
    """
    numbers: dict[tuple[str, int, int], int] = {}
    for f in sent:
        numbers.setdefault((f.name, f.rate, f.channels), f.payload_type)
    table = [-1] * 128
    for f in received:
        table[f.payload_type] = numbers.get((f.name, f.rate, f.channels), -1)
    if events[0] is not None and events[1] is not None:
        table[events[0]] = events[1]
    return tuple(table)


def signed16(difference: int) -> int:
    """A difference of sequence numbers as -32768..32767."""
    return ((difference + 0x8000) & 0xFFFF) - 0x8000


def signed32(difference: int) -> int:
    """A difference of timestamps as -2**31..2**31-1."""
    return ((difference + 0x80000000) & 0xFFFFFFFF) - 0x80000000
