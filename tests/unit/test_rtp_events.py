"""Digits by telephone-events (RFC 4733)."""

import pytest

from vorzimmer.rtp.events import DIGITS, Digit, DigitReceiver, Event, EventPacket, decode, digit_packets, encode


def hear(
    packets: list[EventPacket], base: int = 1_000, ssrc: int = 1, receiver: DigitReceiver | None = None
) -> list[Digit]:
    receiver = receiver or DigitReceiver()
    heard: list[Digit] = []
    for p in packets:
        heard += receiver.packet(ssrc, (base + p.timestamp) & 0xFFFFFFFF, p.payload, p.offset_ms / 1_000)
    return heard + list(receiver.tick(1_000.0))


def test_rfc4733_2_3_the_payload() -> None:
    event = Event(11, True, 10, 1_280)
    assert encode(event) == b"\x0b\x8a\x05\x00"
    assert decode(encode(event)) == event
    assert decode(b"\x0b\x8a\x05") is None
    assert DigitReceiver().packet(1, 5, b"\x0b\x8a\x05", 0.0) == ()


def test_rfc4733_2_5_1_4_a_press_ends_with_three_equal_packets() -> None:
    packets = digit_packets("5", 100)
    events = [decode(p.payload) for p in packets]
    assert [e.duration for e in events if e] == [160, 320, 480, 640, 800, 800, 800]
    assert [e.end for e in events if e] == [False] * 4 + [True] * 3
    assert [p.marker for p in packets] == [True] + [False] * 6
    assert {p.timestamp for p in packets} == {0}
    assert [p.offset_ms for p in packets] == [0, 20, 40, 60, 80, 100, 120]


@pytest.mark.parametrize("digit", DIGITS)
def test_rfc4733_3_2_every_digit_is_heard_once(digit: str) -> None:
    assert hear(list(digit_packets(digit, 160))) == [Digit(digit, 160)]


def test_not_a_digit_is_refused() -> None:
    with pytest.raises(ValueError):
        digit_packets("x")


def test_rfc4733_2_5_2_2_lost_start_duplicates_and_disorder() -> None:
    packets = list(digit_packets("7", 160))
    assert hear(packets[4:]) == [Digit("7", 160)]
    assert hear([p for p in packets for _ in range(3)]) == [Digit("7", 160)]
    assert hear(packets[-1:]) == [Digit("7", 160)]
    assert hear([packets[0], packets[-1], *packets[1:]]) == [Digit("7", 160)]


def test_rfc4733_2_5_2_2_lost_ends_end_by_patience_or_by_the_next_press() -> None:
    packets = list(digit_packets("7", 160))
    assert hear(packets[:5]) == [Digit("7", 100)]
    receiver = DigitReceiver()
    assert receiver.packet(1, 1_000, packets[0].payload, 0.0) == ()
    assert receiver.tick(0.1) == ()
    assert receiver.packet(1, 9_000, digit_packets("8", 20)[0].payload, 0.1) == (Digit("7", 20), Digit("8", 20))
    assert receiver.packet(1, 1_000, packets[-1].payload, 0.12) == ()
    assert receiver.tick(9.0) == ()


def test_the_same_digit_twice_is_two_presses() -> None:
    receiver = DigitReceiver()
    packets = list(digit_packets("4", 80))
    assert hear(packets, 1_000, receiver=receiver) + hear(packets, 3_000, receiver=receiver) == [Digit("4", 80)] * 2


def test_rfc4733_2_5_1_3_a_long_press_goes_on_in_segments() -> None:
    packets = digit_packets("0", 20_000)
    assert len({p.timestamp for p in packets}) == 3
    assert all(e is not None and e.duration <= 0xFFFF for e in (decode(p.payload) for p in packets))
    assert [p.marker for p in packets].count(True) == 1
    assert hear(list(packets), base=2**32 - 70_000) == [Digit("0", 20_000)]
    assert hear([p for n, p in enumerate(packets) if n % 10]) == [Digit("0", 20_000)]


def test_a_second_press_long_after_a_long_one_is_no_segment() -> None:
    receiver = DigitReceiver()
    long = [p for p in digit_packets("0", 5_000) if not (decode(p.payload) or Event(0, True, 0, 0)).end]
    for p in long:
        receiver.packet(1, p.timestamp, p.payload, p.offset_ms / 1_000)
    again = receiver.packet(1, 48_000, digit_packets("0", 20)[0].payload, 6.0)
    assert [d.digit for d in again] == ["0", "0"]


def test_rfc4733_6_other_events_are_no_digits() -> None:
    assert DigitReceiver().packet(1, 5, encode(Event(16, True, 10, 160)), 0.0) == ()


def test_a_new_source_may_begin_with_older_timestamps() -> None:
    receiver = DigitReceiver()
    packets = list(digit_packets("4", 80))
    first = hear(packets, 90_000, receiver=receiver)
    assert first + hear(packets, 89_000, ssrc=2, receiver=receiver) == [Digit("4", 80)] * 2


def test_a_digit_at_the_opus_clock_lasts_as_long() -> None:
    packets = digit_packets("9", 100, rate=48_000)
    receiver = DigitReceiver()
    heard = [d for p in packets for d in receiver.packet(1, 0, p.payload, 0.0, rate=48_000)]
    assert heard == [Digit("9", 100)]
