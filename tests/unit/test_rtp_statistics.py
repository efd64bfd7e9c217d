"""Loss, jitter and MOS of what was received (RFC 3550 A.1, A.3, A.8; ITU-T G.107)."""

import pytest

from vorzimmer.rtp.statistics import Reception, mos


def feed(reception: Reception, *sequences: int, ssrc: int = 1, start: float = 0.0) -> Reception:
    for n, sequence in enumerate(sequences):
        reception.packet(ssrc, sequence & 0xFFFF, 160 * sequence & 0xFFFFFFFF, start + 0.02 * n, size=172)
    return reception


def test_rfc3550_a_1_the_extended_sequence_goes_on_at_the_wrap() -> None:
    reception = feed(Reception(), *range(65_530, 65_546))
    assert (reception.highest, reception.lost, reception.received) == (65_545, 0, 16)
    assert reception.received_bytes == 16 * 172


def test_rfc3550_a_3_lost_packets_are_counted() -> None:
    reception = feed(Reception(), 1, 2, 5, 6, 8)
    assert (reception.expected, reception.lost) == (8, 3)
    assert reception.loss == pytest.approx(3 / 8)


def test_rfc3550_a_3_reordered_and_repeated_packets_are_no_loss() -> None:
    assert feed(Reception(), 1, 3, 2, 4).lost == 0
    assert feed(Reception(), 1, 2, 2, 3).lost == 0


def test_rfc3550_a_1_a_stray_changes_nothing_and_a_restart_begins_anew() -> None:
    stray = feed(Reception(), 1, 2, 30_000, 3, 4)
    assert (stray.highest, stray.lost) == (4, 0)
    restarted = feed(Reception(), 1, 2, 30_000, 30_001, 30_002)
    assert (restarted.highest, restarted.lost) == (30_002, 0)


def test_rfc3550_8_2_a_new_ssrc_keeps_the_totals() -> None:
    reception = feed(Reception(), 1, 2, 4)
    feed(reception, 900, 901, 903, ssrc=2, start=1.0)
    assert (reception.expected, reception.received, reception.lost) == (8, 6, 2)
    block = reception.block(2.0)
    assert block is not None
    assert (block.ssrc, block.highest, block.lost) == (2, 903, 1)


def test_rfc3550_a_3_the_fraction_is_of_the_interval() -> None:
    reception = feed(Reception(), 1, 2, 3, 4)
    first = reception.block(0.0)
    feed(reception, 7, 8)
    second = reception.block(0.0)
    third = reception.block(0.0)
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.fraction, second.fraction, third.fraction) == (0, 128, 0)
    assert second.lost == 2


def test_rfc3550_6_4_1_reports_carry_the_senders_time() -> None:
    reception = feed(Reception(), 1)
    reception.sender_report(0x0000_1111_2222_0000, 10.0)
    block = reception.block(10.5)
    assert block is not None
    assert (block.lsr, block.dlsr) == (0x11112222, 32_768)
    assert Reception().block(0.0) is None


def test_rfc3550_a_8_jitter_follows_the_formula() -> None:
    steady = feed(Reception(), *range(50))
    assert steady.jitter_ms == pytest.approx(0, abs=1e-6)
    late = Reception()
    expected = 0.0
    for n in range(20):
        late.packet(1, n, 160 * n, 0.02 * n + (0.005 if n % 2 else 0.0))
        if n:
            expected += (40 - expected) / 16
    assert late.jitter_ms == pytest.approx(expected / 8)


def test_rfc3550_a_8_jitter_survives_the_timestamp_wrap_and_a_clock_change() -> None:
    reception = Reception()
    reception.packet(1, 0, 2**32 - 160, 0.0)
    reception.packet(1, 1, 0, 0.02)
    reception.packet(1, 2, 960, 0.04, rate=48_000)
    assert reception.jitter_ms == pytest.approx(0, abs=1e-6)


def test_g107_a_clean_call_is_good_and_loss_and_jitter_cost() -> None:
    assert mos(0, 0) == pytest.approx(4.39, abs=0.03)
    assert mos(0, 0) > mos(0.01, 0) > mos(0.05, 0) > mos(0.2, 0) > mos(1, 0) >= 1
    assert mos(0, 0) > mos(0, 40) > mos(0, 200)
    assert mos(0.02, 5, "G729") < mos(0.02, 5, "PCMA")
    assert 1 <= mos(5, 1e6) <= mos(-1, -1) <= 4.5
