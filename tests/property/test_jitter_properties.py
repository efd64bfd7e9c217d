"""Whatever a network does to a stream, it comes out in order, each packet once, with a bounded delay."""

from hypothesis import given, settings
from hypothesis import strategies as st

from vorzimmer.rtp.jitter import CUT, MOST, Gap, JitterBuffer, Packet

fates = st.lists(
    st.tuples(
        st.floats(0, 0.4),  # how long this packet is on its way, in seconds
        st.sampled_from((1, 1, 1, 1, 1, 1, 0, 2)),  # how often it arrives
        st.sampled_from((0, 0, 0, 0, 0, 0, 0, 1600)),  # a pause in speech before it, in ticks
    ),
    min_size=1,
    max_size=150,
)


@given(fates, st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.sampled_from((80, 160, 240, 320, 480)))
@settings(max_examples=150, deadline=None)
def test_any_pattern_of_loss_reordering_and_jitter(
    stream: list[tuple[float, int, int]], sequence: int, timestamp: int, ticks: int
) -> None:
    buffer, arrivals, at = JitterBuffer(), list[tuple[float, int, int]](), 0
    for number, (way, times, pause) in enumerate(stream):
        at += pause
        arrivals += [(at / 8000 + way + 0.001 * copy, number, at) for copy in range(times)]
        at += ticks
    arrivals.sort()
    heard, tick, end = list[int](), 0.0, at / 8000 + 1.0
    while tick < end:
        while arrivals and arrivals[0][0] <= tick:
            when, number, since = arrivals.pop(0)
            said = Packet((sequence + number) & 0xFFFF, (timestamp + since) & 0xFFFFFFFF, 8, number.to_bytes(2), ticks)
            buffer.put(said, 7, 8000, when)
        taken = buffer.take(tick)
        if isinstance(taken, Packet):
            heard.append(int.from_bytes(taken.payload))
            assert buffer.delay <= MOST + CUT + 0.5  # no way is longer than 0.4 s
        else:
            assert taken in set(Gap)
        tick += ticks / 8000
    assert heard == sorted(set(heard))


@given(
    st.lists(
        st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), st.integers(0, 2), st.integers(0, 5760)),
        max_size=200,
    )
)
@settings(max_examples=100, deadline=None)
def test_garbage_neither_raises_nor_piles_up(packets: list[tuple[int, int, int, int]]) -> None:
    buffer, now = JitterBuffer(), 0.0
    for number, (sequence, timestamp, ssrc, ticks) in enumerate(packets):
        buffer.put(Packet(sequence, timestamp, 8, b"", ticks), ssrc, (8000, 48000)[number % 7 == 0], now)
        if number % 3 == 0:
            buffer.take(now)
        now += 0.005
    for _ in range(250):
        buffer.take(now)
        now += 0.02
    assert buffer.take(now) is Gap.WAITING
