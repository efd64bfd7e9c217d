"""Properties of RTP: any bytes, wraps anywhere, one continuous numbering whatever is heard."""

from hypothesis import given, settings
from hypothesis import strategies as st

from vorzimmer.kernel.address import Address
from vorzimmer.rtp import rtcp
from vorzimmer.rtp.events import DigitReceiver, digit_packets
from vorzimmer.rtp.learning import Learning
from vorzimmer.rtp.packet import Header, build, parse
from vorzimmer.rtp.statistics import Reception

u16, u32 = st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1)


@given(st.binary(max_size=64) | st.binary(max_size=64).map(lambda b: b"\xb2\x08" + b))
def test_any_bytes_are_a_packet_or_none(data: bytes) -> None:
    header = parse(data)
    if header is not None:
        assert 12 <= header.start <= header.end <= len(data)
    rtcp.parse(data)
    rtcp.parse(b"\x82\xca" + data)


@given(st.binary(max_size=20), u16, u32, u32, st.integers(0, 255))
def test_what_is_built_reads_back(payload: bytes, sequence: int, timestamp: int, ssrc: int, second: int) -> None:
    number, mark = second & 0x7F, second > 0x7F
    data = build(payload, payload_type=number, sequence=sequence, timestamp=timestamp, ssrc=ssrc, marker=mark)
    header = parse(data)
    assert header == Header(number, mark, sequence, timestamp, ssrc, 12, 12 + len(payload))


@given(u16, st.lists(st.integers(1, 50), min_size=1, max_size=200))
@settings(max_examples=60)
def test_loss_is_exact_wherever_the_sequence_wraps(start: int, steps: list[int]) -> None:
    reception, at = Reception(), start
    reception.packet(1, at, 0, 0.0)
    for step in steps:
        at += step
        reception.packet(1, at & 0xFFFF, 0, 0.0)
    assert reception.highest - start == at - start
    assert reception.lost == sum(steps) - len(steps)


@given(st.text("0123456789*#ABCD", min_size=1, max_size=6), u32, st.integers(20, 20_000))
@settings(max_examples=60, deadline=None)
def test_every_press_is_heard_once_while_one_end_arrives(digits: str, start: int, length: int) -> None:
    receiver, heard, at = DigitReceiver(), "", start
    for digit in digits:
        packets = digit_packets(digit, length)
        kept = [p for n, p in enumerate(packets) if n % 3 or n >= len(packets) - 2]
        for p in kept + kept[-1:]:
            heard += "".join(d.digit for d in receiver.packet(1, (at + p.timestamp) & 0xFFFFFFFF, p.payload, 0.0))
        at += length * 8 + 800
    assert heard == digits


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4), u16, st.floats(0, 1.9)), max_size=80))
@settings(max_examples=60)
def test_no_stranger_moves_a_phone_that_talks(packets: list[tuple[int, int, int, float]]) -> None:
    phone = Address("192.0.2.9", 4_000)
    policy = Learning()
    policy.configure(Address("10.0.0.5", 4_000), 0.0)
    for sequence in (1, 2):
        policy.accept(phone, 4, sequence, 0.0)
    now = 0.0
    for host, ssrc, sequence, pause in packets:
        assert not policy.accept(Address(f"203.0.113.{host}", 4_000), ssrc, sequence, now + pause)
        now += pause
        assert policy.accept(phone, 4, 3, now)
    assert policy.destination == phone
