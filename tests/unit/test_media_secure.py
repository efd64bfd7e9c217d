"""SRTP, rtcp-mux and RTCP of a worker's endpoints, without sockets (RFC 3711, RFC 5761, RFC 3550 section 6)."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from tests.media_table import A, B, Bench, FakePair, Voice, headers, voice, where

from vorzimmer.kernel.address import Address
from vorzimmer.media.port import MediaError, Srtp
from vorzimmer.rtp import packet, rtcp
from vorzimmer.rtp.srtp import SrtpReceiver, SrtpSender
from vorzimmer.testing.loop import run

SUITE = "AES_CM_128_HMAC_SHA1_80"
OURS, THEIRS = bytes(range(30)), bytes(range(100, 130))
KEYS = Srtp(SUITE, OURS, THEIRS)


@dataclass(slots=True)
class SecurePhone:
    """A phone that speaks SRTP into `pair`, and reads what was sent to it."""

    voice: Voice
    sender: SrtpSender = field(default_factory=lambda: SrtpSender(SUITE, THEIRS))
    receiver: SrtpReceiver = field(default_factory=lambda: SrtpReceiver(SUITE, OURS))

    def say(self, count: int = 1, payload: bytes = bytes(160)) -> None:
        phone = self.voice
        for _ in range(count):
            phone.bench.now += 0.02
            phone.sequence += 1
            phone.timestamp += 160
            phone.pair.rtp(self.sealed(payload), phone.source, phone.bench.now)

    def sealed(self, payload: bytes) -> bytes:
        phone = self.voice
        plain = packet.build(
            payload, payload_type=8, sequence=phone.sequence, timestamp=phone.timestamp, ssrc=phone.ssrc
        )
        sealed = self.sender.protect(plain)
        assert sealed is not None
        return sealed

    def heard(self) -> list[bytes]:
        """The payloads that it could open."""
        opened = [self.receiver.open(data) for data, _ in self.voice.pair.sent]
        self.voice.pair.sent.clear()
        return [data[12:] for data in opened if data is not None]


async def _joined(**plan_of_a: object) -> tuple[Bench, FakePair, FakePair, SecurePhone]:
    """A speaks SRTP, B plain RTP."""
    bench = Bench()
    at_a = await bench.open(A, **({"srtp": KEYS} | plan_of_a))
    at_b = await bench.open(B)
    await bench.join(A, B)
    return bench, at_a, at_b, SecurePhone(voice(bench, at_a, A))


def test_rfc3711_a_secure_phone_and_a_plain_one_hear_each_other() -> None:
    async def body() -> None:
        bench, _, at_b, phone = await _joined()
        phone.say(3, b"from a" * 20)
        assert [data[12:] for data, _ in at_b.sent] == [b"from a" * 20] * 3
        voice(bench, at_b, B).say(3, payload=b"from b" * 20)
        assert phone.heard() == [b"from b" * 20] * 3

    run(body())


def test_rfc3711_two_secure_legs_are_encrypted_anew() -> None:
    async def body() -> None:
        bench, _, at_b, a = await _joined()
        keys = Srtp("AEAD_AES_256_GCM", bytes(range(44)), bytes(range(50, 94)))
        bench.configure(B, srtp=keys)
        a.say(2, b"secret" * 20)
        receiver = SrtpReceiver(keys.suite, keys.send_key)
        assert [receiver.open(data) for data, _ in at_b.sent] != [None, None]
        assert all(b"secret" not in data for data, _ in at_b.sent)

    run(body())


def test_rfc3711_what_is_not_authentic_is_dropped_counted_and_teaches_nothing() -> None:
    async def body() -> None:
        bench, at_a, at_b, phone = await _joined()
        Voice(bench, at_a, ("203.0.113.66", 6666)).say(10)
        voice(bench, at_a, A).say(10)
        data = phone.sealed(bytes(160))
        at_a.rtp(data[:-1] + bytes([data[-1] ^ 1]), tuple(where(A)), bench.now)
        assert at_b.sent == []
        assert bench.table.statistics(A).refused == 21
        assert bench.table.statistics(A).received == 0
        voice(bench, at_b, B).say(1)
        assert at_a.sent[-1][1] == tuple(where(A))

    run(body())


def test_rfc3711_a_replayed_packet_is_not_heard_again() -> None:
    async def body() -> None:
        bench, at_a, at_b, phone = await _joined()
        data = phone.sealed(bytes(160))
        for _ in range(5):
            at_a.rtp(data, tuple(where(A)), bench.now)
        assert len(at_b.sent) == 1

    run(body())


def test_a_secure_phone_with_another_address_and_ssrc_is_followed_at_once() -> None:
    async def body() -> None:
        bench, at_a, at_b, phone = await _joined()
        phone.say(5)
        phone.voice.source, phone.voice.ssrc = ("203.0.113.77", 7777), 4711
        phone.say(1)
        voice(bench, at_b, B).say(1)
        assert at_a.sent[-1][1] == ("203.0.113.77", 7777)

    run(body())


def test_rfc3711_3_3_1_the_roll_over_counter_survives_a_new_offer_with_the_same_keys() -> None:
    async def body() -> None:
        bench, _, at_b, phone = await _joined()
        phone.voice.sequence = 65_500
        phone.say(30)
        other = voice(bench, at_b, B)
        other.say(1)
        bench.table.find(A).outlet.seq = 65_500  # as after 22 minutes
        bench.table.find(A).outlet.renew()
        other.say(30)
        for _ in range(3):
            bench.configure(A, srtp=KEYS)
            phone.voice.sequence &= 0xFFFF
            phone.say(40)
            other.say(40)
        assert len(at_b.sent) == 30 + 120
        assert len(phone.heard()) == 151

    run(body())


def test_new_keys_take_over_and_the_former_ones_are_believed_for_a_moment() -> None:
    async def body() -> None:
        bench, _, at_b, phone = await _joined()
        phone.say(3)
        bench.configure(A, srtp=Srtp(SUITE, THEIRS, OURS))
        phone.say(2)
        new = SecurePhone(phone.voice, SrtpSender(SUITE, OURS), SrtpReceiver(SUITE, THEIRS))
        new.say(3)
        assert len(at_b.sent) == 8
        bench.now += 3
        phone.say(5)
        assert len(at_b.sent) == 8
        voice(bench, at_b, B).say(2)
        assert len(new.heard()) == 2

    run(body())


def test_rfc3711_9_1_keys_that_come_back_never_repeat_a_keystream() -> None:
    async def body() -> None:
        bench, _, at_b, phone = await _joined()
        before = bench.table.find(A).channel.guard.sender
        bench.configure(A, srtp=Srtp(SUITE, THEIRS, OURS))
        bench.configure(A, srtp=None)
        bench.configure(A, srtp=KEYS)
        assert bench.table.find(A).channel.guard.sender is before
        voice(bench, at_b, B).say(1)
        assert len(phone.heard()) == 1

    run(body())


def test_keys_of_the_wrong_length_are_refused_and_change_nothing() -> None:
    async def body() -> None:
        bench, _, at_b, phone = await _joined()
        with pytest.raises(MediaError, match="30 bytes"):
            bench.configure(A, srtp=Srtp(SUITE, b"short", b"short"))
        phone.say(1)
        assert len(at_b.sent) == 1

    run(body())


def _report_of(phone: SecurePhone | Voice, ssrc: int, cname: str = "phone") -> bytes:
    block = rtcp.ReportBlock(ssrc, 0, 5, 100, 80)
    who = phone.voice.ssrc if isinstance(phone, SecurePhone) else phone.ssrc
    return rtcp.receiver_report(rtcp.ReceiverReport(who, (block,))) + rtcp.source_description(
        rtcp.SourceDescription(who, cname)
    )


def test_rfc5761_reports_share_the_port_both_ways() -> None:
    async def body() -> None:
        bench = Bench()
        at_a, at_b = await bench.open(A, rtcp_mux=True), await bench.open(B)
        await bench.join(A, B)
        phone = voice(bench, at_a, A)
        phone.say(5)
        voice(bench, at_b, B).say(100)
        at_a.rtp(_report_of(phone, headers(at_a)[0].ssrc), tuple(where(A)), bench.now)
        assert bench.table.statistics(A).far_loss == 0.05
        assert bench.table.statistics(A).far_jitter_ms == 10
        assert len(at_b.sent) == 5
        at_a.sent.clear()
        bench.report()
        assert at_a.control == []
        assert {to for data, to in at_a.sent if packet.is_rtcp(data)} == {tuple(where(A))}

    run(body())


def test_rfc3711_3_4_reports_are_sealed_too() -> None:
    async def body() -> None:
        bench, at_a, at_b, phone = await _joined()
        phone.say(5)
        voice(bench, at_b, B).say(100)
        report = _report_of(phone, bench.table.find(A).outlet.ssrc)
        at_a.rtcp(report, tuple(where(A)), bench.now)
        assert bench.table.statistics(A).far_loss == 0
        sealed = phone.sender.protect_control(report)
        assert sealed is not None
        at_a.rtcp(sealed, tuple(where(A)), bench.now)
        assert bench.table.statistics(A).far_loss == 0.05
        bench.report()
        opened = phone.receiver.open_control(at_a.control[0][0])
        assert opened is not None
        assert any(isinstance(each, rtcp.SenderReport) for each in rtcp.parse(opened))

    run(body())


def test_rfc3605_reports_go_where_the_description_says() -> None:
    async def body() -> None:
        bench = Bench()
        at_a = await bench.open(A, remote_rtcp=Address(where(A).host, 4999))
        voice(bench, at_a, A).say(5)
        bench.report()
        assert {to for _, to in at_a.control} == {(where(A).host, 4999)}

    run(body())


def test_reports_never_go_to_a_host_that_only_a_description_names() -> None:
    async def body() -> None:
        bench = Bench()
        at_a = await bench.open(A, remote_rtcp=Address("203.0.113.66", 53))
        voice(bench, at_a, A).say(5)
        bench.report()
        assert {to for _, to in at_a.control} == {(where(A).host, 4001)}

    run(body())


def test_rfc3550_6_3_7_goodbye_at_the_end() -> None:
    async def body() -> None:
        bench = Bench()
        at_a = await bench.open(A)
        voice(bench, at_a, A).say(5)
        bench.table.close(A, bench.now)
        assert any(isinstance(each, rtcp.Goodbye) for each in rtcp.parse(at_a.control[-1][0]))
        sent = len(at_a.control)
        bench.report(20)
        assert len(at_a.control) == sent

    run(body())


def test_rfc3550_6_3_1_intervals_are_random_around_five_seconds() -> None:
    async def body() -> None:
        bench = Bench()
        at_a = await bench.open(A)
        phone = voice(bench, at_a, A)
        times, start = list[float](), bench.now
        while bench.now < start + 200:
            phone.say(1)
            before = len(at_a.control)
            bench.table.reports.send_due(bench.now)
            times += [bench.now] * (len(at_a.control) - before)
        gaps = [b - a for a, b in pairwise(times)]
        assert 2.0 <= min(gaps) < 3.0
        assert 5.0 < max(gaps) <= 6.2
        assert 3.5 < sum(gaps) / len(gaps) < 4.7

    run(body())


def test_rfc3550_6_4_1_the_round_trip_is_measured() -> None:
    async def body() -> None:
        bench = Bench()
        at_a, at_b = await bench.open(A), await bench.open(B)
        await bench.join(A, B)
        phone = voice(bench, at_a, A)
        phone.say(5)
        voice(bench, at_b, B).say(5)
        bench.report()
        sent = next(each for each in rtcp.parse(at_a.control[-1][0]) if isinstance(each, rtcp.SenderReport))
        lsr = (sent.ntp >> 16) & 0xFFFFFFFF
        at = sent.ntp / 2**32
        block = rtcp.ReportBlock(sent.ssrc, 0, 0, 5, 0, lsr, 65_536)
        at_a.rtcp(rtcp.receiver_report(rtcp.ReceiverReport(phone.ssrc, (block,))), tuple(where(A)), at + 1.25)
        trip = bench.table.statistics(A).round_trip_ms
        assert trip is not None
        assert 249 < trip < 251

    run(body())


def test_rfc3550_6_5_1_a_phone_on_another_network_is_known_by_its_canonical_name() -> None:
    async def body() -> None:
        bench = Bench()
        at_a, at_b = await bench.open(A), await bench.open(B)
        await bench.join(A, B)
        phone = voice(bench, at_a, A)
        phone.say(5)
        at_a.rtcp(_report_of(phone, 1, "f00f"), (where(A).host, 4001), bench.now)
        bench.now += 6
        moved = Voice(bench, at_a, ("203.0.113.9", 999), ssrc=8)
        stranger = Voice(bench, at_a, ("203.0.113.66", 999), ssrc=9)
        at_a.rtcp(_report_of(stranger, 1, "guess"), ("203.0.113.66", 1000), bench.now)
        at_a.rtcp(_report_of(moved, 1, "f00f"), ("203.0.113.9", 1000), bench.now)
        stranger.say(50)
        assert len(at_b.sent) == 5
        moved.say(5)
        assert len(at_b.sent) == 9
        voice(bench, at_b, B).say(1)
        assert at_a.sent[-1][1] == ("203.0.113.9", 999)

    run(body())
