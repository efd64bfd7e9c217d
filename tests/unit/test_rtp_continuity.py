"""SSRC and sequence continuous for the listener across hold and transfer (media.port ``hear``)."""

from vorzimmer.rtp.continuity import Continuity, Stamp
from vorzimmer.rtp.packet import Header


def packet(sequence: int, timestamp: int, ssrc: int = 5, marker: bool = False) -> Header:
    return Header(8, marker, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc, 12, 172)


def test_a_relayed_source_keeps_its_own_spacing() -> None:
    stream = Continuity(1, 100, 10_000)
    assert stream.relayed(7, packet(50, 800), 0.0) == Stamp(100, 10_000, True)
    assert stream.relayed(7, packet(51, 960), 0.02) == Stamp(101, 10_160, False)
    assert stream.relayed(7, packet(54, 1_440), 0.08) == Stamp(104, 10_640, False)
    assert stream.relayed(7, packet(53, 1_280), 0.081) == Stamp(103, 10_480, False)
    assert stream.relayed(7, packet(55, 1_600, marker=True), 0.1) == Stamp(105, 10_800, True)


def test_a_change_of_source_goes_on_with_the_next_number_and_a_marker() -> None:
    stream = Continuity(1, 100, 0)
    stream.relayed(7, packet(50, 800), 0.0)
    stream.relayed(7, packet(51, 960), 0.02)
    assert stream.produced(8, 160, 1.02) == Stamp(102, 8_160, True)
    assert stream.produced(8, 160, 1.04) == Stamp(103, 8_320, False)
    assert stream.relayed(7, packet(99, 77), 1.06) == Stamp(104, 8_480, True)
    assert stream.relayed(7, packet(100, 237), 1.08) == Stamp(105, 8_640, False)


def test_the_same_source_with_a_new_ssrc_is_a_change() -> None:
    stream = Continuity(1, 100, 0)
    stream.relayed(7, packet(50, 800), 0.0)
    assert stream.relayed(7, packet(9_000, 5, ssrc=6), 0.02) == Stamp(101, 160, True)


def test_timestamps_advance_at_least_one_packet_and_never_go_back() -> None:
    stream = Continuity(1, 100, 0)
    stream.produced(8, 160, 0.0)
    stream.produced(8, 160, 0.0)
    assert stream.relayed(7, packet(1, 1), 0.0) == Stamp(102, 320, True)


def test_what_is_older_than_the_switch_is_dropped() -> None:
    stream = Continuity(1, 100, 0)
    stream.relayed(7, packet(50, 800), 0.0)
    assert stream.relayed(7, packet(49, 640), 0.0) is None
    assert stream.relayed(7, packet(51, 960), 0.02) == Stamp(101, 160, False)


def test_rfc3550_a_1_a_stray_is_dropped_and_a_restart_is_a_change() -> None:
    stream = Continuity(1, 100, 0)
    stream.relayed(7, packet(50, 800), 0.0)
    assert stream.relayed(7, packet(20_000, 1), 0.02) is None
    assert stream.relayed(7, packet(51, 960), 0.02) == Stamp(101, 160, False)
    assert stream.relayed(7, packet(20_500, 1), 0.04) is None
    assert stream.relayed(7, packet(20_501, 161), 0.06) == Stamp(102, 480, True)


def test_numbers_wrap_on_both_sides() -> None:
    stream = Continuity(1, 65_535, 2**32 - 160)
    assert stream.relayed(7, packet(65_535, 2**32 - 160), 0.0) == Stamp(65_535, 2**32 - 160, True)
    assert stream.relayed(7, packet(0, 0), 0.02) == Stamp(0, 0, False)
    assert stream.relayed(7, packet(1, 160), 0.04) == Stamp(1, 160, False)


def test_a_pause_anchors_anew() -> None:
    stream = Continuity(1, 100, 0)
    stream.produced(8, 160, 0.0)
    stream.pause()
    assert stream.produced(8, 160, 2.0) == Stamp(101, 16_000, True)


def test_another_clock_takes_over_at_the_switch() -> None:
    stream = Continuity(1, 100, 0)
    stream.produced(8, 160, 0.0)
    assert stream.relayed(7, packet(1, 0), 0.02, rate=48_000) == Stamp(101, 960, True)
    assert stream.relayed(7, packet(2, 960), 0.04, rate=48_000) == Stamp(102, 1_920, False)
