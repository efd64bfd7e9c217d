"""RTP packets (RFC 3550 section 5.1), rewriting for the relay, payload maps."""

from dataclasses import dataclass

import pytest

from vorzimmer.rtp.packet import Header, build, is_rtcp, parse, payload_map, rewrite, signed16, signed32


def packet(payload: bytes = b"abc", **numbers: int) -> bytes:
    return build(payload, **({"payload_type": 8, "sequence": 7, "timestamp": 160, "ssrc": 99} | numbers))


def test_rfc3550_5_1_a_plain_packet() -> None:
    data = build(b"abc", payload_type=8, sequence=65_537, timestamp=2**32 + 5, ssrc=99, marker=True)
    header = parse(data)
    assert header == Header(8, True, 1, 5, 99, 12, 15)
    assert data[12:15] == b"abc"


def test_rfc3550_5_1_csrcs_extension_and_padding() -> None:
    fixed = bytes((0x80 | 0x20 | 0x10 | 2,)) + packet(b"")[1:]
    data = fixed + (5).to_bytes(4) + (6).to_bytes(4) + b"\xbe\xde\x00\x01" + b"exte" + b"sound" + b"\0\0\3"
    header = parse(data)
    assert header is not None
    assert (header.csrcs, header.extension) == ((5, 6), (0xBEDE, 24, 28))
    assert data[header.start : header.end] == b"sound"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        packet()[:11],
        bytes((0x40,)) + packet()[1:],
        bytes((0x82,)) + packet(b"only4")[1:],
        bytes((0x90,)) + packet(b"abc")[1:],
        bytes((0x90,)) + packet(b"\xbe\xde\xff\xff")[1:],
        bytes((0xA0,)) + packet(b"abc\x00")[1:],
        bytes((0xA0,)) + packet(b"abc\xff")[1:],
    ],
)
def test_rfc3550_a_1_what_is_no_rtp_is_none(data: bytes) -> None:
    assert parse(data) is None


def test_rfc3550_5_1_views_and_arrays_are_read_alike() -> None:
    assert parse(memoryview(packet())) == parse(bytearray(packet())) == parse(packet())


def test_rfc5761_4_rtcp_on_the_rtp_port_is_told_apart() -> None:
    assert is_rtcp(bytes((0x80, 200, 0, 1)) + bytes(4))
    assert not is_rtcp(packet(payload_type=8))
    assert not is_rtcp(b"\x80\xc8")


def test_rfc3550_7_1_rewriting_changes_the_numbers_only() -> None:
    data = bytearray(bytes((0x81,)) + packet(b"")[1:] + (5).to_bytes(4) + b"sound")
    rewrite(data, payload_type=96, marker=True, sequence=-1, timestamp=2**32, ssrc=3)
    header = parse(data)
    assert header is not None
    assert header[:5] == (96, True, 65_535, 0, 3)
    assert header.csrcs == (5,)
    assert data[header.start :] == b"sound"


@dataclass(frozen=True)
class Fmt:
    name: str
    payload_type: int
    rate: int = 8_000
    channels: int = 1


def test_payload_numbers_are_mapped_and_the_rest_is_dropped() -> None:
    talker = (Fmt("OPUS", 96, 48_000, 2), Fmt("PCMA", 8), Fmt("G722", 9))
    listener = (Fmt("PCMA", 8), Fmt("OPUS", 107, 48_000, 2), Fmt("OPUS", 108, 48_000, 2))
    table = payload_map(talker, listener, (101, 120))
    assert (table[96], table[8], table[101]) == (107, 8, 120)
    assert (table[9], table[0]) == (-1, -1)
    assert payload_map(talker, listener)[101] == -1


def test_rfc3550_a_1_differences_wrap() -> None:
    assert signed16(1 - 65_535) == 2
    assert signed16(65_535 - 1) == -2
    assert signed32(5 - (2**32 - 5)) == 10
