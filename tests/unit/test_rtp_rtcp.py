"""RTCP packets (RFC 3550 section 6)."""

import pytest

from vorzimmer.rtp.rtcp import (
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    goodbye,
    ntp,
    parse,
    receiver_report,
    round_trip,
    sender_report,
    source_description,
)

BLOCK = ReportBlock(ssrc=5, fraction=64, lost=-3, highest=70_000, jitter=12, lsr=0x11112222, dlsr=65_536)
SR = SenderReport(9, 0x0102030405060708, 160, 50, 8_000, (BLOCK,))


def test_rfc3550_6_4_a_compound_is_read_as_it_was_written() -> None:
    reports = (SR, ReceiverReport(9, (BLOCK, BLOCK)), SourceDescription(9, "bea@example"), Goodbye((9, 10)))
    data = (
        sender_report(SR) + receiver_report(reports[1]) + source_description(reports[2]) + goodbye(reports[3])  # type: ignore[arg-type]  # the order above
    )
    assert parse(data) == reports


@pytest.mark.parametrize("name", ["", "a", "ab", "abc", "abcd", "x" * 255])
def test_rfc3550_6_5_the_cname_is_padded_to_whole_words(name: str) -> None:
    data = source_description(SourceDescription(9, name))
    assert len(data) % 4 == 0
    assert parse(data) == (SourceDescription(9, name),)


def test_rfc3550_6_5_other_items_are_passed_over() -> None:
    items = bytes((2, 3)) + b"Bea" + bytes((1, 1)) + b"c" + bytes(4)
    body = (9).to_bytes(4) + items
    assert parse(bytes((0x81, 202, 0, len(body) // 4)) + body) == (SourceDescription(9, "c"),)


@pytest.mark.parametrize(
    "data",
    [
        b"\x80",
        b"\x80\xc8\x00\x06",
        b"\x40\xc9\x00\x00",
        sender_report(SR)[:-1],
        sender_report(SR) + b"\x80\xc9\xff\xff",
    ],
)
def test_rfc3550_a_2_a_broken_compound_is_nothing(data: bytes) -> None:
    assert parse(data) == ()


def test_rfc3550_6_1_unknown_types_and_lying_counts_are_skipped() -> None:
    assert parse(bytes((0x80, 204, 0, 0)) + goodbye(Goodbye((9,)))) == (Goodbye((9,)),)
    assert parse(bytes((0x9F, 201, 0, 1)) + bytes(4)) == ()
    assert parse(bytes((0x9F, 203, 0, 0))) == ()
    assert parse(bytes((0x9F, 202, 0, 1)) + bytes(4)) == (SourceDescription(0, ""),)


def test_rfc3550_a_3_loss_is_clamped_to_24_bits() -> None:
    for lost, read in ((2**24, 0x7FFFFF), (-(2**24), -0x800000)):
        (report,) = parse(receiver_report(ReceiverReport(1, (BLOCK._replace(lost=lost),))))
        assert isinstance(report, ReceiverReport)
        assert report.blocks[0].lost == read


def test_rfc3550_6_4_1_the_round_trip() -> None:
    """The example of the RFC's figure 2: 6.125 s."""
    block = BLOCK._replace(lsr=0xB7052000, dlsr=0x00054000)
    assert round_trip(block, 0xB710_8000 << 16) == pytest.approx(6.125)
    assert round_trip(block._replace(lsr=0), 0xB710_8000 << 16) is None
    assert round_trip(block, 0xB700_0000 << 16) is None


def test_rfc3550_4_ntp_time_counts_from_1900() -> None:
    assert ntp(0) >> 32 == 2_208_988_800
    assert ntp(0.5) & 0xFFFFFFFF == 1 << 31
