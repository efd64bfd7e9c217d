"""Real workers, sockets and sound: a tone through every pair of codecs and through SRTP, at the pace of phones."""

import asyncio
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np
from tests.media_rig import LoopClock, Phone, Workers, start_workers

from vorzimmer.audio import detect
from vorzimmer.kernel.ids import CallId, EndpointId
from vorzimmer.media.embedded.encode import SAMPLE_RATES, decoder, encoder
from vorzimmer.media.port import Codec, MediaPlan, OpenSpec, Peer, Srtp
from vorzimmer.rtp import packet
from vorzimmer.rtp.srtp import SrtpReceiver, SrtpSender

ALL = (Codec("PCMA", 8), Codec("PCMU", 0), Codec("G722", 9), Codec("OPUS", 107, 48000, 2))
SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM")
LENGTHS = dict(zip(SUITES, (30, 30, 28, 44), strict=True))
FRAMES = 75
HERTZ = (425.0, 1000.0)


@dataclass(slots=True)
class Talker:
    """One phone that says its own tone in its codec, plain or SRTP."""

    phone: Phone
    endpoint: EndpointId
    codec: Codec
    hertz: float
    keys: Srtp | None = None
    said: int = 0
    sequence: int = 60_000
    ready: list[bytes] = field(default_factory=list)

    def prepare(self) -> None:
        """Everything that will be said, so that saying it takes no time."""
        encode, rate = encoder(self.codec.name), SAMPLE_RATES[self.codec.name]
        sender = SrtpSender(self.keys.suite, self.keys.receive_key) if self.keys else None
        for number in range(FRAMES):
            at = np.arange(number * rate // 50, (number + 1) * rate // 50) / rate
            data = packet.build(
                encode((np.sin(2 * np.pi * self.hertz * at) * 8000).astype("<i2").tobytes()),
                payload_type=self.codec.payload_type,
                sequence=self.sequence + number,
                timestamp=number * self.codec.rate // 50,
                ssrc=self.phone.ssrc,
            )
            sealed = sender.protect(data) if sender else data
            assert sealed is not None
            self.ready.append(sealed)

    def say(self) -> None:
        self.phone.transport.sendto(self.ready[self.said], tuple(self.phone.to))
        self.said += 1

    def heard(self) -> bytes:
        """The PCM of what came, in this phone's codec."""
        receiver = SrtpReceiver(self.keys.suite, self.keys.send_key) if self.keys else None
        decode, pcm = decoder(self.codec.name), b""
        for data in self.phone.drain():
            if packet.is_rtcp(data):
                continue  # the port beside may be another phone's
            plain = receiver.open(data) if receiver else data
            assert plain is not None
            header = packet.parse(plain)
            assert header is not None
            assert header.payload_type == self.codec.payload_type
            pcm += decode(plain[header.start : header.end])
        return pcm


async def _talker(workers: Workers, number: int, codec: Codec, keys: Srtp | None = None) -> Talker:
    endpoint = EndpointId(f"end{number}")
    phone = await workers.opened(OpenSpec(endpoint, CallId(f"call{number // 2}"), "four"))
    plan = MediaPlan(phone.address, (codec,), (codec,), srtp=keys)
    await workers.media.configure(endpoint, plan)
    return Talker(phone, endpoint, codec, HERTZ[number % 2], keys)


async def _talk(workers: Workers, pairs: list[tuple[Talker, Talker]]) -> None:
    for one, other in pairs:
        await workers.media.hear(one.endpoint, Peer(other.endpoint))
        await workers.media.hear(other.endpoint, Peer(one.endpoint))
    for one, other in pairs:
        one.prepare()
        other.prepare()
    clock = LoopClock()
    start = clock.now()
    for frame in range(FRAMES):
        for pair in pairs:
            for talker in pair:
                talker.say()
        await clock.sleep(max(0.0, start + 0.02 * (frame + 1) - clock.now()))
    heard = -1
    while heard != (heard := sum(talker.phone.heard.qsize() for pair in pairs for talker in pair)):
        await clock.sleep(0.2)  # on a busy computer the phones still read what has come long ago


def _assert_hears(listener: Talker, speaker: Talker) -> None:
    pcm, rate = listener.heard(), SAMPLE_RATES[listener.codec.name]
    # The purest half second: a computer that is busy with other tests lets the phones themselves stumble.
    tone = max(
        (detect.tone(pcm[at : at + rate], rate) for at in range(0, len(pcm) - rate, rate // 5)), key=lambda t: t.purity
    )
    names = f"{speaker.codec.name} to {listener.codec.name}"
    assert abs(tone.frequency - speaker.hertz) < 5, names
    assert tone.purity > 0.8, names
    assert len(pcm) > 1.2 * 2 * rate, names


def test_a_tone_through_every_pair_of_codecs(tmp_path: Path) -> None:
    async def body() -> None:
        workers = await start_workers(tmp_path)
        try:
            pairs = []
            for number, (one, other) in enumerate(product(ALL, ALL)):
                a = await _talker(workers, 2 * number, one)
                pairs.append((a, await _talker(workers, 2 * number + 1, other)))
            await _talk(workers, pairs)
            for one, other in pairs:
                _assert_hears(one, other)
                _assert_hears(other, one)
            for pair in pairs:
                found = await workers.media.statistics(pair[0].endpoint)
                assert (found.received, found.refused, found.lost) == (FRAMES, 0, 0)
        finally:
            await workers.stop()

    asyncio.run(body())


def test_rfc3711_every_suite_both_ways_beside_plain_and_other_codecs(tmp_path: Path) -> None:
    async def body() -> None:
        workers = await start_workers(tmp_path)
        try:
            pairs = []
            for number, suite in enumerate(SUITES):
                keys = [Srtp(suite, bytes([n]) * LENGTHS[suite], bytes([n + 9]) * LENGTHS[suite]) for n in (1, 2)]
                a = await _talker(workers, 4 * number, ALL[0], keys[0])
                pairs.append((a, await _talker(workers, 4 * number + 1, ALL[number], keys[1])))
                c = await _talker(workers, 4 * number + 2, ALL[0], keys[0])
                pairs.append((c, await _talker(workers, 4 * number + 3, ALL[number])))
            for pair in pairs:
                pair[0].sequence = 65_500  # the roll-over counter turns in the middle
            await _talk(workers, pairs)
            for one, other in pairs:
                _assert_hears(one, other)
                _assert_hears(other, one)
        finally:
            await workers.stop()

    asyncio.run(body())


def test_nobody_speaks_and_nothing_is_heard(tmp_path: Path) -> None:
    async def body() -> None:
        workers = await start_workers(tmp_path)
        try:
            a, b = await _talker(workers, 0, ALL[0]), await _talker(workers, 1, ALL[3])
            await workers.media.hear(b.endpoint, Peer(a.endpoint))
            await LoopClock().sleep(0.3)
            assert b.heard() == b""
        finally:
            await workers.stop()

    asyncio.run(body())


def test_a_secure_phone_across_two_workers(tmp_path: Path) -> None:
    async def body() -> None:
        workers = await start_workers(tmp_path, 2)
        try:
            keys = Srtp(SUITES[0], bytes(30), bytes(range(30)))
            pair = (await _talker(workers, 1, ALL[0], keys), await _talker(workers, 2, ALL[2]))
            await _talk(workers, [pair])
            _assert_hears(*pair)
            _assert_hears(*pair[::-1])
        finally:
            await workers.stop()

    asyncio.run(body())
