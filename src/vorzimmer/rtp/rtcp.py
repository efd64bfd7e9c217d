"""RTCP (RFC 3550 section 6): sender and receiver reports, descriptions, goodbyes. Read what comes, write what we owe.

A compound packet that does not hold together is read as nothing. This module must never raise on a peer's bytes.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from vorzimmer.rtp.packet import Buffer

_SR, _RR, _SDES, _BYE = 200, 201, 202, 203
_HEAD = struct.Struct("!BBH")
_BLOCK = struct.Struct("!IIIIII")
_SENDER = struct.Struct("!IIIIII")
_NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 to 1970."""


class ReportBlock(NamedTuple):
    """What somebody received from `ssrc`. `fraction` of 256 since the last report; `lost` packets in all (may be
    negative with duplicates); `highest` extended sequence; `jitter` in timestamp units; `lsr`, `dlsr` as sent."""

    ssrc: int
    fraction: int
    lost: int
    highest: int
    jitter: int
    lsr: int = 0
    dlsr: int = 0


class SenderReport(NamedTuple):
    """`ntp` is the 64-bit NTP time of the report, `timestamp` the RTP time of the same moment."""

    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()


class ReceiverReport(NamedTuple):
    """Reports of somebody who sends nothing."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


class SourceDescription(NamedTuple):
    """The canonical name of one source (the other items are of no use to us)."""

    ssrc: int
    cname: str


class Goodbye(NamedTuple):
    """These sources end."""

    ssrcs: tuple[int, ...]


Report = SenderReport | ReceiverReport | SourceDescription | Goodbye


def parse(data: Buffer) -> tuple[Report, ...]:
    """The packets of a compound that we know; nothing if it is broken (RFC 3550 A.2), unknown types are skipped."""
    data = bytes(data)
    found: list[Report] = []
    at = 0
    while at < len(data):
        if len(data) - at < 4:
            return ()
        first, kind, words = _HEAD.unpack_from(data, at)
        end = at + 4 * (words + 1)
        if first >> 6 != 2 or end > len(data):
            return ()
        padding = data[end - 1] if first & 0x20 else 0
        found.extend(_one(kind, first & 0x1F, data[at + 4 : max(at + 4, end - padding)]))
        at = end
    return tuple(found)


def _one(kind: int, count: int, body: bytes) -> tuple[Report, ...]:
    if kind == _SR and len(body) >= 24 + 24 * count:
        ssrc, high, low, timestamp, packets, octets = _SENDER.unpack_from(body)
        return (SenderReport(ssrc, high << 32 | low, timestamp, packets, octets, _blocks(body, 24, count)),)
    if kind == _RR and len(body) >= 4 + 24 * count:
        return (ReceiverReport(int.from_bytes(body[:4]), _blocks(body, 4, count)),)
    if kind == _BYE and len(body) >= 4 * count:
        return (Goodbye(struct.unpack_from(f"!{count}I", body)),)
    return tuple(_descriptions(body, count)) if kind == _SDES else ()


def _blocks(body: bytes, start: int, count: int) -> tuple[ReportBlock, ...]:
    return tuple(_block(body, start + 24 * i) for i in range(count))


def _block(body: bytes, at: int) -> ReportBlock:
    ssrc, loss, highest, jitter, lsr, dlsr = _BLOCK.unpack_from(body, at)
    lost = loss & 0xFFFFFF
    return ReportBlock(ssrc, loss >> 24, lost - (1 << 24) if lost & 0x800000 else lost, highest, jitter, lsr, dlsr)


def _descriptions(body: bytes, count: int) -> Iterator[SourceDescription]:
    at = 0
    for _ in range(count):
        if at + 4 > len(body):
            return
        ssrc, cname, at = int.from_bytes(body[at : at + 4]), "", at + 4
        while at + 1 < len(body) and body[at]:
            text = body[at + 2 : at + 2 + body[at + 1]]
            cname = text.decode("utf-8", "replace") if body[at] == 1 else cname
            at += 2 + body[at + 1]
        at = (at // 4 + 1) * 4
        yield SourceDescription(ssrc, cname)


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return _HEAD.pack(0x80 | count, kind, len(body) // 4) + body


def sender_report(report: SenderReport) -> bytes:
    """An SR with at most 31 blocks."""
    numbers = (report.ntp >> 32, report.ntp & 0xFFFFFFFF, report.timestamp, report.packets, report.octets)
    body = _SENDER.pack(report.ssrc, *(n & 0xFFFFFFFF for n in numbers))
    return _packet(_SR, len(report.blocks[:31]), body + _written(report.blocks))


def receiver_report(report: ReceiverReport) -> bytes:
    """An RR with at most 31 blocks."""
    return _packet(_RR, len(report.blocks[:31]), report.ssrc.to_bytes(4) + _written(report.blocks))


def _written(blocks: tuple[ReportBlock, ...]) -> bytes:
    return b"".join(
        _BLOCK.pack(b.ssrc, b.fraction << 24 | _clamped(b.lost), b.highest & 0xFFFFFFFF, b.jitter, b.lsr, b.dlsr)
        for b in blocks[:31]
    )


def _clamped(lost: int) -> int:
    # RFC 3550 A.3: cumulative loss is a signed 24-bit number.
    return max(-0x800000, min(lost, 0x7FFFFF)) & 0xFFFFFF


def source_description(description: SourceDescription) -> bytes:
    """An SDES with the CNAME, which every compound packet must carry (RFC 3550 section 6.1)."""
    name = description.cname.encode()[:255]
    body = description.ssrc.to_bytes(4) + bytes((1, len(name))) + name
    return _packet(_SDES, 1, body + bytes(4 - len(body) % 4))


def goodbye(bye: Goodbye) -> bytes:
    """A BYE for at most 31 sources."""
    return _packet(_BYE, len(bye.ssrcs[:31]), b"".join(s.to_bytes(4) for s in bye.ssrcs[:31]))


def ntp(unix_seconds: float) -> int:
    """The 64-bit NTP time of a wall-clock moment in seconds since 1970."""
    return int((unix_seconds + _NTP_EPOCH) * 2**32)


def round_trip(block: ReportBlock, ntp_now: int) -> float | None:
    """Seconds from us to the reporter and back (RFC 3550 section 6.4.1), None before it has heard a report of ours."""
    if not block.lsr:
        return None
    difference = ((ntp_now >> 16) - block.lsr - block.dlsr) & 0xFFFFFFFF
    return difference / 65_536 if difference < 0x80000000 else None
