"""Relaying without sockets: learning, continuity, payload types, digits, statistics (issue 2, point 5)."""

import itertools

import pytest
from tests.media_table import OPUS, PCMA, PCMU, A, B, Bench, C, FakePair, Voice, headers, voice, where

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.port import Codec, DigitHeard, MediaError, Music, Nothing, Peer
from vorzimmer.rtp.events import digit_packets
from vorzimmer.testing.loop import run


def _press(phone: Voice, digit: str, payload_type: int = 101) -> None:
    start = phone.timestamp + 160
    for each in digit_packets(digit):
        phone.bench.now += 0.02
        phone.sequence += 1
        phone.timestamp += 160
        phone.raw(each.payload, payload_type, phone.sequence, start + each.timestamp, each.marker)


async def _pair() -> tuple[Bench, FakePair, FakePair]:
    bench = Bench()
    at_a, at_b = await bench.open(A), await bench.open(B)
    await bench.join(A, B)
    return bench, at_a, at_b


def _to(pair: FakePair) -> object:
    return pair.sent[-1][1]


def test_relay_rewrites_the_header_and_keeps_the_payload() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        voice(bench, at_a, A).say(1, payload=b"hello" * 32)
        data, to = at_b.sent[0]
        assert data[12:] == b"hello" * 32
        assert to == tuple(where(B))
        assert headers(at_b)[0].ssrc != 7
        assert at_a.sent == []

    run(body())


def test_attackers_packets_do_not_move_a_locked_session() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        voice(bench, at_a, A).say(5)
        attacker = Voice(bench, at_a, ("203.0.113.66", 6666), ssrc=99)
        attacker.say(50)
        knowing = Voice(bench, at_a, ("203.0.113.66", 6666), ssrc=7, sequence=1005)
        bench.now -= 1.0  # still within two seconds of the phone's last packet
        knowing.say(5)
        voice(bench, at_b, B).say(1)
        assert _to(at_a) == tuple(where(A))
        assert len(at_b.sent) == 5

    run(body())


def test_phone_behind_nat_is_learned_from_its_packets() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        Voice(bench, at_a, ("203.0.113.5", 40001)).say(3)
        voice(bench, at_b, B).say(1)
        assert _to(at_a) == ("203.0.113.5", 40001)

    run(body())


def test_signalled_address_wins_over_whoever_was_first() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        Voice(bench, at_a, ("203.0.113.66", 6666), ssrc=99).say(3)
        voice(bench, at_a, A).say(1)
        voice(bench, at_b, B).say(1)
        assert _to(at_a) == tuple(where(A))

    run(body())


def test_nat_change_after_two_seconds_with_the_same_ssrc() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        phone = voice(bench, at_a, A)
        phone.say(5)
        bench.now += 1.5
        phone.source = ("203.0.113.5", 40002)
        phone.say(1)
        voice(bench, at_b, B).say(1)
        assert _to(at_a) == tuple(where(A))
        bench.now += 0.6
        phone.say(1)
        voice(bench, at_b, B).say(1)
        assert _to(at_a) == ("203.0.113.5", 40002)

    run(body())


def test_silence_does_not_let_another_ssrc_in() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        voice(bench, at_a, A).say(5)
        bench.now += 10
        Voice(bench, at_a, ("203.0.113.66", 6666), ssrc=99).say(5)
        voice(bench, at_b, B).say(1)
        assert _to(at_a) == tuple(where(A))

    run(body())


def test_new_offer_moves_the_session() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        voice(bench, at_a, A).say(5)
        bench.configure(A, remote=Address("203.0.113.7", 5000))
        voice(bench, at_b, B).say(1)
        assert _to(at_a) == ("203.0.113.7", 5000)

    run(body())


def test_hold_with_port_zero_and_resume_keep_the_learned_address() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        Voice(bench, at_a, ("203.0.113.5", 40001)).say(3)
        bench.configure(A, remote=None)
        voice(bench, at_b, B).say(1)
        assert at_a.sent == []
        bench.configure(A)
        voice(bench, at_b, B).say(1)
        assert _to(at_a) == ("203.0.113.5", 40001)

    run(body())


def test_never_sends_to_ports_of_our_own() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        for host in ("192.0.2.1", "203.0.113.9"):
            with pytest.raises(MediaError):
                bench.configure(A, remote=Address(host, 20010))
        bench.configure(A, remote=Address("10.0.0.9", 5000))
        Voice(bench, at_a, ("192.0.2.1", 20010), ssrc=3).say(5)
        voice(bench, at_b, B).say(1)
        assert _to(at_a) == ("10.0.0.9", 5000)
        assert at_b.sent == []

    run(body())


def test_one_stream_across_hold_music_resume_and_transfer() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        at_c = await bench.open(C)
        phone_b, phone_c = voice(bench, at_b, B), voice(bench, at_c, C, ssrc=55, sequence=40000, timestamp=77)
        phone_b.say(10)
        await bench.table.hear(A, Music())
        bench.play(25)
        bench.now += 3.0
        await bench.table.hear(A, Peer(B))
        phone_b.say(10)
        await bench.table.hear(A, Nothing())
        phone_b.say(50)
        await bench.table.hear(A, Peer(C))
        phone_c.say(10)
        phone_c.ssrc, phone_c.sequence = 56, 3
        phone_c.say(5)
        seen = headers(at_a)
        assert len(seen) == 60
        assert {each.ssrc for each in seen} == {seen[0].ssrc}
        steps = [(b.sequence - a.sequence) & 0xFFFF for a, b in itertools.pairwise(seen)]
        assert set(steps) == {1}
        gaps = [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in itertools.pairwise(seen)]
        assert min(gaps) >= 160
        assert max(gaps) <= 8000 * 5
        assert gaps[34] >= 8000 * 3 - 160  # three seconds of silence passed in timestamps, as in the room
        assert [n for n, each in enumerate(seen) if each.marker] == [0, 10, 35, 45, 55]

    run(body())


def test_lost_packets_stay_visible_to_the_listener() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        phone = voice(bench, at_a, A)
        phone.say(3)
        phone.sequence += 2
        phone.timestamp += 320
        phone.say(1)
        seen = headers(at_b)
        assert seen[-1].sequence - seen[-2].sequence == 3
        assert seen[-1].timestamp - seen[-2].timestamp == 480

    run(body())


def test_reordered_packets_keep_their_order_numbers_but_not_across_a_switch() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        phone = voice(bench, at_a, A)
        phone.say(3)
        phone.raw(b"5", 8, 1005, 9000 + 5 * 160)
        phone.raw(b"4", 8, 1004, 9000 + 4 * 160)
        seen = headers(at_b)
        assert seen[-2].sequence - seen[-1].sequence == 1
        await bench.table.hear(B, Nothing())
        await bench.table.hear(B, Peer(A))
        phone.raw(b"7", 8, 1007, 9000 + 7 * 160)
        phone.raw(b"6", 8, 1006, 9000 + 6 * 160)
        assert at_b.sent[-1][0][12:] == b"7"

    run(body())


def test_a_phone_that_restarts_its_numbers_is_no_jump_for_the_listener() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        phone = voice(bench, at_a, A)
        phone.say(3)
        phone.sequence, phone.timestamp = 40000, 5
        phone.say(3)
        numbers = [each.sequence for each in headers(at_b)]
        assert numbers == list(range(numbers[0], numbers[0] + 6))

    run(body())


def test_payload_types_are_rewritten_by_name() -> None:
    async def body() -> None:
        bench = Bench()
        opus_a, opus_b = OPUS, Codec("OPUS", 96, 48000, 2)
        at_a = await bench.open(A, codecs=(opus_a, PCMU), receive_codecs=(opus_a, PCMU), receive_dtmf=97)
        at_b = await bench.open(B, codecs=(opus_b, PCMU), receive_codecs=(opus_b, PCMU), dtmf=110)
        await bench.join(A, B)
        phone = voice(bench, at_a, A)
        phone.say(1, 107)
        phone.say(1, 0)
        _press(phone, "1", 97)
        kinds = [each.payload_type for each in headers(at_b)]
        assert kinds[:2] == [96, 0]
        assert set(kinds[2:]) == {110}
        phone.say(1, 8)  # never agreed
        assert len(headers(at_b)) == len(kinds)

    run(body())


def test_rfc4733_digits_are_relayed_and_reported_once() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        phone = voice(bench, at_a, A)
        phone.say(3)
        _press(phone, "5")
        _press(phone, "*")
        phone.say(3)
        heard = [event for event in bench.events if isinstance(event, DigitHeard)]
        assert [(each.endpoint, each.digit) for each in heard] == [(A, "5"), (A, "*")]
        assert heard[0].milliseconds == 160
        assert [each.payload_type for each in headers(at_b)].count(101) == 20
        numbers = [each.sequence for each in headers(at_b)]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))

    run(body())


def test_rfc4733_2_1_events_count_in_the_clock_that_was_agreed_whatever_the_codec() -> None:
    async def body() -> None:
        bench = Bench()
        opus = Codec("OPUS", 107, 48000, 2)
        more = {"codecs": (opus,), "receive_codecs": (opus,), "dtmf": 101, "receive_dtmf": 101}
        at_a = await bench.open(A, **more, dtmf_rate=8000)
        at_b = await bench.open(B, **more)  # the clock of its codec
        await bench.join(A, B)
        _press(voice(bench, at_a, A), "5")
        heard = [event for event in bench.events if isinstance(event, DigitHeard)]
        assert [each.milliseconds for each in heard] == [160]
        last = [data for data, _ in at_b.sent if data[1] & 127 == 101][-1]
        assert int.from_bytes(last[14:16], "big") == 160 * 48  # milliseconds in units of 48,000 Hz

    run(body())


def test_rfc4733_lost_end_is_reported_after_a_moment() -> None:
    async def body() -> None:
        bench, at_a, _ = await _pair()
        phone = voice(bench, at_a, A)
        phone.say(1)
        phone.sequence += 1
        phone.raw(digit_packets("7")[0].payload, 101, phone.sequence, phone.timestamp)
        bench.table.watch_digits(bench.now + 0.1)
        assert bench.events == []
        bench.table.watch_digits(bench.now + 0.3)
        assert [event.digit for event in bench.events if isinstance(event, DigitHeard)] == ["7"]

    run(body())


def test_digits_that_a_phone_cannot_take_leave_no_gap() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        bench.configure(B, dtmf=None)
        phone = voice(bench, at_a, A)
        phone.say(3)
        _press(phone, "5")
        phone.say(3)
        numbers = [each.sequence for each in headers(at_b)]
        assert numbers == list(range(numbers[0], numbers[0] + 6))

    run(body())


def test_rfc3550_a3_statistics_match_synthetic_loss() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        phone = voice(bench, at_a, A)
        for number in range(1000):
            if number % 10 == 3:
                phone.sequence += 1
                phone.timestamp += 160
                bench.now += 0.02
            else:
                phone.say(1)
        _press(phone, "1")
        phone.say(1)
        stats = bench.table.statistics(A)
        assert stats.received == 900 + 10 + 1
        assert stats.lost == 100
        assert stats.loss == pytest.approx(0.099, abs=0.002)
        assert stats.jitter_ms < 0.5
        assert 1.0 < stats.mos < 4.0
        assert bench.table.statistics(B).sent == 911
        assert bench.table.statistics(B).mos == 0.0
        assert at_b.sent

    run(body())


def test_rfc3550_a8_jitter_of_an_uneven_network() -> None:
    async def body() -> None:
        bench, at_a, _ = await _pair()
        phone = voice(bench, at_a, A)
        for number in range(500):
            bench.now += 0.01 if number % 2 else -0.01
            phone.say(1)
        stats = bench.table.statistics(A)
        assert stats.jitter_ms == pytest.approx(10, abs=1)
        assert stats.lost == 0

    run(body())


@pytest.mark.parametrize("data", [b"", b"\x80", bytes(12), b"\x00" * 200, b"\x80\xc8" + bytes(30), b"\xff" * 60])
def test_garbage_is_dropped(data: bytes) -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        voice(bench, at_a, A).say(1)
        at_a.rtp(data, tuple(where(A)), bench.now)
        at_a.rtcp(data, tuple(where(A)), bench.now)
        assert len(at_b.sent) == 1

    run(body())


def test_packets_before_a_plan_are_not_relayed() -> None:
    async def body() -> None:
        bench = Bench()
        at_b = await bench.open(B)
        at_a = await bench.open(EndpointId("a"), receive_codecs=())
        await bench.join(A, B)
        voice(bench, at_a, A).say(3)
        assert at_b.sent == []

    run(body())


def test_codec_without_common_name_is_silence() -> None:
    async def body() -> None:
        bench, at_a, at_b = await _pair()
        bench.configure(B, codecs=(PCMU,), receive_codecs=(PCMU,))
        voice(bench, at_a, A).say(3)
        assert at_b.sent == []
        bench.configure(B, codecs=(PCMU, PCMA), receive_codecs=(PCMU, PCMA))
        voice(bench, at_a, A, sequence=1003).say(3)
        assert len(at_b.sent) == 3

    run(body())
