"""Hearing across codecs in a worker's table, without sockets: tone, silence, digits, pauses, changes of codec."""

from collections.abc import Callable
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.media_table import G722, OPUS, PCMA, PCMU, A, B, Bench, C, FakePair, headers, voice

from vorzimmer.audio import detect
from vorzimmer.audio.pcm import level
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.embedded.encode import SAMPLE_RATES, Packer, decoder, encoder
from vorzimmer.media.port import Codec, DigitHeard, File, Music, Nothing, Peer, Srtp
from vorzimmer.rtp import packet
from vorzimmer.rtp.events import decode, digit_packets
from vorzimmer.testing.loop import run

ALL = (PCMA, PCMU, G722, OPUS)
PAIRS = [(one, other) for one, other in product(ALL, ALL) if one is not other]
NOISE_13 = 13


class Speaker:
    """A phone that says a tone in a codec, 20 ms at a time; the worker's slots run in between."""

    def __init__(self, bench: Bench, pair: FakePair, endpoint: EndpointId, codec: Codec, ptime: int = 20) -> None:
        self.bench, self.codec, self.ptime = bench, codec, ptime
        self.phone = voice(bench, pair, endpoint)
        self.position = 0
        self.use(codec)

    def use(self, codec: Codec) -> None:
        self.codec = codec
        self.encode, self.packer = encoder(codec.name), Packer(codec, self.ptime)

    def say(self, frames: int, hertz: float = 440.0, *, lost: Callable[[int], bool] = lambda number: False) -> None:
        rate = SAMPLE_RATES[self.codec.name]
        for number in range(frames):
            self.bench.now += 0.02
            at = np.arange(self.position, self.position + rate // 50) / rate
            self.position += rate // 50
            pcm = (np.sin(2 * np.pi * hertz * at) * 8000).astype("<i2").tobytes()
            for payload in self.packer.add(self.encode(pcm)):
                self.phone.sequence += 1
                self.phone.timestamp += self.packer.ticks
                if not lost(number):
                    self.phone.raw(payload, self.codec.payload_type, self.phone.sequence, self.phone.timestamp)
            self.bench.translate()

    def pause(self, frames: int, *, ticks: int = 160) -> None:
        for _ in range(frames):
            self.bench.now += 0.02
            self.phone.timestamp += ticks
            self.bench.translate()


def heard(pair: FakePair, codec: Codec) -> bytes:
    """What the phone would play of the packets in its codec."""
    decode_one = decoder(codec.name)
    found = [(packet.parse(data), data) for data, _ in pair.sent]
    return b"".join(
        decode_one(data[head.start : head.end])
        for head, data in found
        if head and head.payload_type == codec.payload_type
    )


async def pair_of(speaks: Codec, hears: Codec, **plan: object) -> tuple[Bench, FakePair, FakePair]:
    """A speaks to B."""
    bench = Bench()
    at_a = await bench.open(A, codecs=(speaks,), receive_codecs=(speaks,))
    at_b = await bench.open(B, **({"codecs": (hears,), "receive_codecs": (hears,)} | plan))
    await bench.join(A, B)
    return bench, at_a, at_b


def is_one_stream(pair: FakePair) -> None:
    seen = headers(pair)
    assert len({each.ssrc for each in seen}) <= 1
    for before, after in pairwise(seen):
        assert (after.sequence - before.sequence) & 0xFFFF == 1


@pytest.mark.parametrize(("speaks", "hears"), PAIRS, ids=lambda codec: codec.name)
def test_a_tone_crosses_from_any_codec_to_any_other(speaks: Codec, hears: Codec) -> None:
    async def body() -> None:
        bench, at_a, at_b = await pair_of(speaks, hears)
        Speaker(bench, at_a, A, speaks).say(100)
        pcm = heard(at_b, hears)
        rate = SAMPLE_RATES[hears.name]
        tone = detect.tone(pcm[rate // 2 :], rate)
        assert abs(tone.frequency - 440) < 5
        assert tone.purity > 0.9
        assert 95 <= len(at_b.sent) <= 100
        stamps = {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(headers(at_b)[3:])}
        assert stamps == {hears.rate // 50}
        is_one_stream(at_b)
        assert at_a.sent == []

    run(body())


def test_the_same_codec_is_never_decoded() -> None:
    async def body() -> None:
        bench, at_a, at_b = await pair_of(PCMA, PCMA)
        Speaker(bench, at_a, A, PCMA).say(10)
        assert not bench.table.voices.busy
        assert bench.table.voices.decoded == 0
        assert len(at_b.sent) == 10

    run(body())


def test_only_the_codec_that_the_listener_lacks_is_translated() -> None:
    async def body() -> None:
        bench = Bench()
        at_a = await bench.open(A, codecs=(PCMA, G722), receive_codecs=(PCMA, G722))
        at_b = await bench.open(B)
        await bench.join(A, B)
        speaker = Speaker(bench, at_a, A, PCMA)
        speaker.say(50)
        assert bench.table.voices.decoded == 0
        speaker.use(G722)
        speaker.say(50, 700)
        assert 45 <= bench.table.voices.decoded <= 50
        speaker.use(PCMA)
        speaker.say(50)
        assert bench.table.voices.decoded <= 55
        is_one_stream(at_b)
        pcm = heard(at_b, PCMA)
        spoken = [detect.tone(pcm[2 * 8000 * n + 3200 : 2 * 8000 * (n + 1) - 3200], 8000) for n in range(3)]
        assert [round(each.frequency) for each in spoken] == [440, 700, 440]

    run(body())


@pytest.mark.parametrize(("incoming", "outgoing"), [(20, 40), (30, 20), (60, 20), (20, 30), (40, 60), (20, 10)])
def test_packets_of_other_lengths_both_ways(incoming: int, outgoing: int) -> None:
    async def body() -> None:
        bench, at_a, at_b = await pair_of(PCMA, PCMU, ptime=outgoing)
        Speaker(bench, at_a, A, PCMA, incoming).say(120)
        assert {len(data) - 12 for data, _ in at_b.sent} == {8 * outgoing}
        assert detect.tone(heard(at_b, PCMU)[8000:], 8000).purity > 0.98
        assert {b.timestamp - a.timestamp for a, b in pairwise(headers(at_b)[4:])} == {8 * outgoing}

    run(body())


@pytest.mark.parametrize("ptime", [10, 30, 40, 60])
def test_music_is_packed_as_the_phone_asked(ptime: int) -> None:
    async def body() -> None:
        bench = Bench()
        at_a = await bench.open(A, ptime=ptime)
        await bench.table.hear(A, Music())
        bench.play(60)
        assert len(at_a.sent) == 1200 // ptime
        assert {len(data) - 12 for data, _ in at_a.sent} == {8 * ptime}
        assert {b.timestamp - a.timestamp for a, b in pairwise(headers(at_a))} == {8 * ptime}

    run(body())


def test_what_a_phone_does_not_say_is_not_heard_and_ends() -> None:
    async def body() -> None:
        bench, at_a, at_b = await pair_of(PCMA, G722)
        speaker = Speaker(bench, at_a, A, PCMA)
        speaker.say(50)
        speaker.pause(200)
        sent = len(at_b.sent)
        assert sent < 50 + 60
        pcm = heard(at_b, G722)
        assert level(pcm[-16000:]) < -60
        speaker.say(50)
        assert len(at_b.sent) > sent + 40
        assert [each.marker for each in headers(at_b)].count(True) == 2
        gap = headers(at_b)[sent].timestamp - headers(at_b)[sent - 1].timestamp
        assert 8000 * 2 < gap < 8000 * 4

    run(body())


def test_lost_packets_are_covered_up() -> None:
    async def body() -> None:
        bench, at_a, at_b = await pair_of(PCMA, PCMU)
        Speaker(bench, at_a, A, PCMA).say(200, lost=lambda number: number % 20 == 10)
        assert 195 <= len(at_b.sent) <= 202
        tone = detect.tone(heard(at_b, PCMU), 8000)
        assert abs(tone.frequency - 440) < 5
        assert tone.purity > 0.8
        assert detect.spells(heard(at_b, PCMU)[3200:], 8000)[0].end > 3.0

    run(body())


def test_rfc4733_digits_pass_between_translated_frames_as_one_press() -> None:
    async def body() -> None:
        bench, at_a, at_b = await pair_of(OPUS, PCMA, dtmf=96)
        bench.configure(A, codecs=(OPUS,), receive_codecs=(OPUS,))
        speaker = Speaker(bench, at_a, A, OPUS)
        speaker.say(50)
        phone = speaker.phone
        start = phone.timestamp + 960
        for each in digit_packets("5", 200, rate=48000):
            bench.now += 0.02
            phone.sequence += 1
            phone.timestamp += 960
            phone.raw(each.payload, 101, phone.sequence, start, each.marker)
            bench.translate()
        speaker.say(50)
        events = [(packet.parse(data), data) for data, _ in at_b.sent]
        pressed = [(head, decode(data[12:])) for head, data in events if head and head.payload_type == 96]
        assert len({head.timestamp for head, _ in pressed}) == 1
        assert [event.duration for _, event in pressed if event and event.end] == [1600] * 3
        assert [event.digit for event in bench.events if isinstance(event, DigitHeard)] == ["5"]
        is_one_stream(at_b)
        assert len(at_b.sent) > 100

    run(body())


def test_rfc3389_comfort_noise_is_heard_where_it_is_translated() -> None:
    async def body() -> None:
        bench, at_a, at_b = await pair_of(PCMA, G722)
        bench.configure(A, comfort_noise=NOISE_13)
        speaker = Speaker(bench, at_a, A, PCMA)
        speaker.say(50)
        speaker.phone.sequence += 1
        speaker.phone.timestamp += 160
        speaker.phone.raw(b"\x2d", NOISE_13, speaker.phone.sequence, speaker.phone.timestamp)
        at_b.sent.clear()
        speaker.pause(200)
        assert len(at_b.sent) > 190
        assert -50 < level(heard(at_b, G722)[16000:]) < -40

    run(body())


def test_rfc3389_comfort_noise_is_relayed_only_to_who_takes_it() -> None:
    async def body() -> None:
        bench, at_a, at_b = await pair_of(PCMA, PCMA)
        bench.configure(A, comfort_noise=NOISE_13)
        phone = voice(bench, at_a, A)
        phone.say(2)
        phone.say(1, NOISE_13, b"\x2d")
        assert [each.payload_type for each in headers(at_b)] == [8, 8]
        bench.configure(B, comfort_noise=NOISE_13)
        phone.say(1, NOISE_13, b"\x2d")
        assert [each.payload_type for each in headers(at_b)] == [8, 8, 13]
        assert [each.sequence - headers(at_b)[0].sequence for each in headers(at_b)] == [0, 1, 2]
        assert bench.table.statistics(A).refused == 0

    run(body())


def test_several_listeners_each_hear_their_codec() -> None:
    async def body() -> None:
        bench, at_a, at_b = await pair_of(G722, PCMA)
        at_c = await bench.open(C, codecs=(OPUS,), receive_codecs=(OPUS,))
        await bench.table.hear(C, Peer(A))
        Speaker(bench, at_a, A, G722).say(100)
        assert abs(detect.tone(heard(at_b, PCMA)[8000:], 8000).frequency - 440) < 5
        assert abs(detect.tone(heard(at_c, OPUS)[48000:], 48000).frequency - 440) < 5
        await bench.table.hear(C, Nothing())
        bench.table.close(B, bench.now)
        assert not bench.table.voices.busy

    run(body())


def test_a_listener_who_changes_its_codec_goes_on_in_one_stream() -> None:
    async def body() -> None:
        bench, at_a, at_b = await pair_of(PCMA, PCMU)
        speaker = Speaker(bench, at_a, A, PCMA)
        for codec in (OPUS, PCMA, G722, PCMU):
            speaker.say(20)
            bench.configure(B, codecs=(codec,), receive_codecs=(codec,))
        speaker.say(20)
        is_one_stream(at_b)
        assert {each.payload_type for each in headers(at_b)} == {0, 107, 8, 9}

    run(body())


def test_translated_audio_is_sealed_for_a_secure_phone() -> None:
    async def body() -> None:
        keys = Srtp("AES_CM_128_HMAC_SHA1_80", bytes(30), bytes(range(30)))
        bench, at_a, at_b = await pair_of(PCMA, PCMU, srtp=keys)
        Speaker(bench, at_a, A, PCMA).say(20)
        assert {len(data) for data, _ in at_b.sent} == {12 + 160 + 10}

    run(body())


@pytest.mark.sources
def test_a_voice_that_fails_falls_silent_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        bench, at_a, at_b = await pair_of(PCMA, PCMU)
        at_c = await bench.open(C, codecs=(OPUS,), receive_codecs=(OPUS,))
        await bench.table.hear(C, Peer(B))
        failures = list[Exception]()
        bench.table.voices.failed = failures.append
        first, second = Speaker(bench, at_a, A, PCMA), Speaker(bench, at_b, B, PCMU)
        first.say(10)
        before = len(at_b.sent)
        monkeypatch.setattr("vorzimmer.media.embedded.voice.decoder", lambda name: 1 / 0)
        second.say(10)
        monkeypatch.undo()
        assert [type(each) for each in failures] == [ZeroDivisionError]
        first.say(10)
        assert len(at_b.sent) > before + 5
        assert at_c.sent == []
        await bench.table.hear(C, Nothing())
        bench.table.close(B, bench.now)

    run(body())


hostile = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.sampled_from(ALL)),
        st.tuples(st.just("bytes"), st.tuples(st.sampled_from((0, 8, 9, 13, 101, 107)), st.binary(max_size=200))),
        st.tuples(st.just("wait"), st.integers(1, 80)),
        st.tuples(st.just("listener"), st.sampled_from(ALL)),
        st.tuples(st.just("source"), st.sampled_from((Peer(A), Music(), Nothing()))),
        st.tuples(st.just("jump"), st.integers(0, 70000)),
    ),
    max_size=20,
)


@given(hostile)
@settings(max_examples=40, deadline=None)
def test_a_translated_listener_hears_one_stream_whatever_happens(script: list[tuple[str, object]]) -> None:
    async def body() -> None:
        bench, at_a, at_b = await pair_of(PCMA, PCMU)
        bench.configure(A, codecs=ALL, receive_codecs=ALL, comfort_noise=NOISE_13)
        speaker = Speaker(bench, at_a, A, PCMA)
        for step in script:
            match step:
                case ("say", Codec() as codec):
                    if codec is not speaker.codec:
                        speaker.use(codec)
                    speaker.say(5)
                case ("bytes", (int(kind), bytes(payload))):
                    speaker.phone.say(1, kind, payload)
                    bench.translate()
                case ("wait", int(frames)):
                    speaker.pause(frames)
                case ("listener", Codec() as codec):
                    bench.configure(B, codecs=(codec,), receive_codecs=(codec,))
                case ("source", Peer() | Music() | Nothing() | File() as source):
                    await bench.table.hear(B, source)
                    bench.play(3)
                case ("jump", int(far)):
                    speaker.phone.sequence = (speaker.phone.sequence + far) & 0xFFFF
        is_one_stream(at_b)

    run(body())
