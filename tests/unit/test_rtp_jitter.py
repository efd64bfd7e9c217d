"""The adaptive jitter buffer: order, loss, delay, drift, pauses (issue 3, point 4)."""

from collections.abc import Iterable

from vorzimmer.rtp.jitter import CAPACITY, Gap, JitterBuffer, Packet


def packet(number: int, *, gap: int = 0, ticks: int = 160) -> Packet:
    return Packet(number & 0xFFFF, (number * 160 + gap) & 0xFFFFFFFF, 8, number.to_bytes(4), ticks)


class Playout:
    """A sender and a player on one clock: arrivals by time, a frame taken every 20 ms."""

    def __init__(self) -> None:
        self.buffer = JitterBuffer()
        self.heard: list[int | Gap] = []
        self.delays: list[float] = []

    def run(self, arrivals: Iterable[tuple[float, int]], *, until: float, start: float = 0.0) -> None:
        """`arrivals` are (seconds, packet number) in any order."""
        waiting = sorted(arrivals)
        tick = start
        while tick < until:
            while waiting and waiting[0][0] <= tick:
                at, number = waiting.pop(0)
                self.buffer.put(packet(number), 7, 8000, at)
            self.take(tick)
            tick = round(tick + 0.02, 6)

    def take(self, now: float) -> None:
        taken = self.buffer.take(now)
        if isinstance(taken, Packet) and self.buffer.too_long:
            self.heard.append(int.from_bytes(taken.payload))
            taken = self.buffer.take(now)
        self.delays.append(self.buffer.delay)
        self.heard.append(int.from_bytes(taken.payload) if isinstance(taken, Packet) else taken)

    @property
    def numbers(self) -> list[int]:
        return [each for each in self.heard if isinstance(each, int)]


def test_a_steady_stream_comes_out_whole_after_at_most_60_ms() -> None:
    playout = Playout()
    playout.run(((n * 0.02 + 0.005, n) for n in range(500)), until=10.2)
    assert playout.numbers == list(range(500))
    assert playout.heard.count(Gap.LOST) == 0
    assert max(playout.delays) < 0.060
    assert playout.buffer.target == 0.020


def test_what_comes_out_of_order_is_put_in_order() -> None:
    playout = Playout()
    order = [n ^ 1 for n in range(200)]
    playout.run(((place * 0.02, n) for place, n in enumerate(order)), until=4.2)
    assert playout.numbers[20:] == sorted(playout.numbers)[20:]
    assert len(playout.numbers) > 190


def test_the_delay_grows_with_jitter_and_shrinks_again() -> None:
    playout = Playout()
    calm = [(n * 0.02, n) for n in range(200)]
    rough = [(n * 0.02 + (0.12 if n % 3 == 0 else 0.0), n) for n in range(200, 500)]
    playout.run(calm + rough, until=10.0)
    assert playout.buffer.target > 0.1
    late = playout.buffer.late
    playout.run([(n * 0.02, n) for n in range(500, 1000)], until=20.0, start=10.0)
    assert playout.buffer.target == 0.020
    assert playout.delays[-1] < 0.060
    assert playout.buffer.late - late < 10


def test_loss_is_told_once_for_each_packet() -> None:
    playout = Playout()
    playout.run(((n * 0.02, n) for n in range(300) if n % 10), until=6.1)
    assert playout.numbers == [n for n in range(300) if n % 10]
    assert playout.buffer.lost == 29
    assert playout.heard.count(Gap.LOST) + playout.heard.count(Gap.STARVED) >= 29
    assert max(playout.delays[50:]) < 0.080


def test_a_burst_of_loss_costs_no_lasting_delay() -> None:
    playout = Playout()
    playout.run(((n * 0.02, n) for n in range(300) if not 100 <= n < 108), until=6.1)
    assert playout.numbers == [n for n in range(300) if not 100 <= n < 108]
    assert playout.buffer.lost == 8
    assert playout.delays[-20] < 0.080


def test_rfc3550_5_1_sequence_and_timestamp_wrap() -> None:
    playout = Playout()
    first = 65_500
    for n in range(100):
        at = n * 0.02
        playout.buffer.put(packet(first + n)._replace(timestamp=(2**32 - 3200 + n * 160) % 2**32), 7, 8000, at)
        playout.take(at)
    assert playout.numbers == list(range(first, first + len(playout.numbers)))
    assert len(playout.numbers) > 95


def test_drift_of_the_senders_clock_is_made_up_for() -> None:
    for factor in (0.99, 1.01):
        playout = Playout()
        playout.run(((n * 0.02 * factor, n) for n in range(3000)), until=3000 * 0.02 * factor)
        assert max(playout.delays) < 0.090
        assert playout.numbers == sorted(playout.numbers)
        assert len(playout.numbers) > 2980


def test_a_pause_in_speech_begins_anew_without_counting_loss() -> None:
    playout = Playout()
    playout.run([(n * 0.02, n) for n in range(100)], until=2.2)
    for n in range(100, 200):
        playout.buffer.put(packet(n, gap=8000 * 3), 7, 8000, 3.0 + n * 0.02)
        playout.take(3.0 + n * 0.02)
    playout.run([], start=7.0, until=7.2)
    assert playout.numbers == list(range(200))
    assert playout.buffer.lost == 0


def test_a_sender_whose_timestamps_stand_still_in_a_pause_is_played_at_once() -> None:
    playout = Playout()
    playout.run([(n * 0.02, n) for n in range(100)], until=2.2)
    playout.run([(32 + n * 0.02, n) for n in range(100, 300)], start=30.0, until=38.2)
    assert playout.numbers == list(range(300))
    assert playout.buffer.target < 0.06
    assert playout.delays[-1] < 0.08


def test_another_ssrc_or_clock_is_another_stream() -> None:
    buffer = JitterBuffer()
    buffer.put(packet(1000), 7, 8000, 0.0)
    buffer.put(packet(1), 8, 8000, 0.1)
    taken = buffer.take(1.0)
    assert isinstance(taken, Packet)
    assert taken.sequence == 1
    buffer.put(packet(2), 8, 48000, 1.1)
    assert isinstance(buffer.take(2.0), Packet)
    assert buffer.take(2.0) is Gap.STARVED


def test_late_and_repeated_packets_are_counted_and_dropped() -> None:
    playout = Playout()
    playout.run([(n * 0.02, n) for n in range(50)], until=1.0)
    assert not playout.buffer.put(packet(3), 7, 8000, 1.0)
    assert playout.buffer.late == 1
    assert playout.buffer.put(packet(60), 7, 8000, 1.0)
    assert not playout.buffer.put(packet(60), 7, 8000, 1.0)
    assert playout.buffer.duplicates == 1


def test_a_phone_that_begins_anew_a_little_before_is_heard_soon() -> None:
    playout = Playout()
    playout.run([(n * 0.02, n) for n in range(500, 600)], until=12.0)
    playout.run([(12 + n * 0.02, n) for n in range(400, 480)], start=12.0, until=13.8)
    assert playout.numbers[-1] >= 470


def test_a_telephone_event_is_no_loss() -> None:
    buffer = JitterBuffer()
    for n in range(10):
        buffer.put(packet(n, ticks=0 if 3 <= n < 6 else 160), 7, 8000, n * 0.02)
    heard = [buffer.take(0.06 + n * 0.02) for n in range(10)]
    assert [each.sequence for each in heard if isinstance(each, Packet)] == [0, 1, 2, 6, 7, 8, 9]
    assert buffer.lost == 0


def test_a_flood_is_bounded() -> None:
    buffer = JitterBuffer()
    for n in range(2_000):
        buffer.put(packet(n), 7, 8000, 0.0)
    taken = [buffer.take(0.1 + n / 1000) for n in range(2 * CAPACITY)]
    assert 0 < sum(isinstance(each, Packet) for each in taken) <= CAPACITY
