"""Conversations of many in a worker's table, without sockets: who hears whom, in which codec, how long, and digits."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from tests.media_table import G722, OPUS, PCMA, PCMU, Bench, FakePair, headers, voice

from vorzimmer.audio import detect
from vorzimmer.audio.pcm import level, samples_of
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.embedded.encode import SAMPLE_RATES, decoder, encoder
from vorzimmer.media.port import Codec, DigitHeard, MediaError, Mix, Music, Nothing, Peer
from vorzimmer.rtp import packet
from vorzimmer.rtp.events import decode, digit_packets
from vorzimmer.testing.loop import run

HERTZ = (440, 620, 850, 1130, 1510, 1940)
ENDS = tuple(EndpointId(letter) for letter in "abcdef")
A, B, C, D, E, F = ENDS
NOISE_13 = 13


class Talker:
    """A phone that says its own tone, and knows what it has heard."""

    def __init__(self, bench: Bench, end: EndpointId, pair: FakePair, codec: Codec) -> None:
        self.bench, self.end, self.pair, self.codec = bench, end, pair, codec
        self.hertz = HERTZ[ENDS.index(end)]
        self.phone = voice(bench, pair, end, ssrc=ENDS.index(end) + 50)
        self.encode = encoder(codec.name)
        self.position = 0
        self.speaks = True
        self.loud = 6000.0

    def send(self) -> None:
        rate = SAMPLE_RATES[self.codec.name]
        at = np.arange(self.position, self.position + rate // 50) / rate
        self.position += rate // 50
        pcm = (np.sin(2 * np.pi * self.hertz * at) * self.loud).astype("<i2").tobytes()
        self.phone.sequence += 1
        self.phone.timestamp += self.codec.rate // 50
        self.phone.raw(self.encode(pcm), self.codec.payload_type, self.phone.sequence, self.phone.timestamp)

    def heard(self) -> bytes:
        """What the phone would play of all it was sent since it last forgot, without what belongs to the beginning."""
        decode_one = decoder(self.codec.name)
        found = [(packet.parse(data), data) for data, _ in self.pair.sent]
        return b"".join(decode_one(d[h.start : h.end]) for h, d in found if h and h.payload_type != 101)

    def hears(self, other: "Talker") -> bool:
        rate = SAMPLE_RATES[self.codec.name]
        return power(self.heard()[rate // 2 :], rate, other.hertz) > 0.05


def power(pcm: bytes, rate: int, hertz: float) -> float:
    """The part of a loud tone's amplitude that is there at this frequency."""
    wave = samples_of(pcm).astype(np.float64) * np.hanning(len(pcm) // 2)
    at = np.exp(-2j * np.pi * hertz * np.arange(len(wave)) / rate)
    return float(abs((wave * at).sum()) * 4 / max(len(wave), 1) / 6000)


class Talk:
    """Some phones in a mix of all of them."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.phones: dict[EndpointId, Talker] = {}

    async def come(self, end: EndpointId, codec: Codec = PCMA, **plan: object) -> Talker:
        pair = await self.bench.open(end, **({"codecs": (codec,), "receive_codecs": (codec,)} | plan))
        self.phones[end] = Talker(self.bench, end, pair, codec)
        return self.phones[end]

    async def mix(self, *ends: EndpointId) -> None:
        members = ends or tuple(self.phones)
        for end in members:
            await self.bench.table.hear(end, Mix(members))

    def go_on(self, frames: int) -> None:
        for _ in range(frames):
            self.bench.now += 0.02
            for each in self.phones.values():
                if each.speaks:
                    each.send()
            self.bench.translate()

    def forget(self) -> None:
        for each in self.phones.values():
            each.pair.sent.clear()

    def everybody_hears_all_others(self) -> None:
        for one in self.phones.values():
            heard = {other.end for other in self.phones.values() if one.hears(other)}
            assert heard == {other.end for other in self.phones.values() if other.speaks} - {one.end}, one.end


CODECS = (
    (PCMA, PCMA, PCMA),
    (PCMA, PCMU, PCMA, PCMU),
    (PCMA, G722, OPUS),
    (G722, G722, PCMU, OPUS, PCMA, G722),
)


@pytest.mark.parametrize("codecs", CODECS, ids=lambda codecs: "-".join(codec.name for codec in codecs))
def test_everybody_hears_all_others_and_nobody_himself_whatever_the_codecs(codecs: tuple[Codec, ...]) -> None:
    async def body() -> None:
        talk = Talk()
        for end, codec in zip(ENDS, codecs, strict=False):
            await talk.come(end, codec)
        await talk.mix()
        talk.go_on(60)
        talk.everybody_hears_all_others()
        for each in talk.phones.values():
            assert 55 <= len(each.pair.sent) <= 60
            seen = headers(each.pair)
            assert len({head.ssrc for head in seen}) == 1
            assert {b.sequence - a.sequence for a, b in pairwise(seen)} == {1}
            assert {b.timestamp - a.timestamp for a, b in pairwise(seen)} == {each.codec.rate // 50}
        assert len(talk.bench.table.rooms) == 1

    run(body())


def test_a_wideband_phone_hears_wideband_and_a_narrowband_one_is_as_clear_as_relayed() -> None:
    async def body() -> None:
        talk = Talk()
        one, other, third = await talk.come(A, G722), await talk.come(B, G722), await talk.come(C)
        one.hertz, third.speaks, other.speaks = 5500, False, False
        await talk.mix()
        talk.go_on(50)
        assert power(other.heard()[16000:], 16000, 5500) > 0.4
        assert level(third.heard()[8000:]) < -50  # nothing of it folds down into the narrow band
        one.speaks, third.speaks = False, True
        talk.forget()
        talk.go_on(80)
        tone = detect.tone(other.heard()[16000:], 16000)
        assert abs(tone.frequency - 850) < 1
        assert tone.purity > 0.95

    run(body())


def test_six_full_scale_parties_are_turned_down_together_and_not_distorted() -> None:
    async def body() -> None:
        talk = Talk()
        for end in ENDS:
            (await talk.come(end)).loud = 32_767.0
        await talk.mix()
        talk.go_on(60)
        talk.everybody_hears_all_others()
        for each in talk.phones.values():
            wave = each.heard()[8000:]
            tones = sum((power(wave, 8000, hertz) * 6000) ** 2 / 2 for hertz in HERTZ)
            everything = float(np.mean(samples_of(wave).astype(np.float64) ** 2))
            assert 0.97 < tones / everything < 1.03  # what was clipped would sound of much else

    run(body())


def test_joining_and_leaving_is_heard_by_the_others_as_one_stream() -> None:
    async def body() -> None:
        talk = Talk()
        for end in (A, B, C):
            await talk.come(end)
        await talk.bench.join(A, B)
        talk.phones[C].speaks = False
        talk.go_on(20)
        assert not talk.bench.table.voices.busy  # two are relayed
        talk.phones[C].speaks = True
        await talk.mix(A, B, C)
        talk.go_on(40)
        await talk.come(D)
        talk.phones[D].pair.sent.clear()
        await talk.mix(A, B, C, D)
        talk.go_on(2)
        talk.forget()
        talk.go_on(50)
        talk.everybody_hears_all_others()
        assert all(len(each.pair.sent) >= 49 for each in talk.phones.values())  # nobody's stream has stopped for it
        talk.bench.table.close(B, talk.bench.now)
        del talk.phones[B]
        talk.forget()
        talk.go_on(50)
        talk.everybody_hears_all_others()
        assert talk.bench.table.find(A).source == Mix((A, C, D))
        talk.bench.table.close(D, talk.bench.now)
        del talk.phones[D]
        await talk.bench.join(A, C)
        talk.forget()
        talk.go_on(10)
        assert not talk.bench.table.voices.busy
        assert len(talk.bench.table.rooms) == 0
        assert len(talk.phones[A].pair.sent) == 10

    run(body())


def test_only_those_who_are_named_are_heard() -> None:
    """Somebody who only listens, one who hears one of two, and one who hears music: each has his own source."""

    async def body() -> None:
        talk = Talk()
        for end in (A, B, C, D):
            await talk.come(end)
        await talk.bench.table.hear(A, Mix((A, B)))
        await talk.bench.table.hear(B, Peer(A))
        await talk.bench.table.hear(C, Mix((A, B)))
        await talk.bench.table.hear(D, Mix((A, B, C)))
        talk.go_on(50)
        for one, wanted in ((A, {B}), (B, {A}), (C, {A, B}), (D, {A, B, C})):
            assert {each for each in (A, B, C, D) if talk.phones[one].hears(talk.phones[each])} == wanted

    run(body())


def test_who_says_nothing_costs_nothing_and_a_pause_ends_in_silence() -> None:
    async def body() -> None:
        talk = Talk()
        for end in (A, B, C):
            await talk.come(end)
        talk.phones[B].speaks = talk.phones[C].speaks = False
        await talk.mix()
        talk.go_on(50)
        decoded = talk.bench.table.voices.decoded
        assert decoded <= 50  # of one phone only
        first, second = ([data[12:] for data, _ in talk.phones[end].pair.sent] for end in (B, C))
        assert first == second  # encoded once for both
        assert level(talk.phones[A].heard()[1600:]) < -70  # he hears that nobody speaks
        talk.phones[A].speaks = False
        talk.forget()
        talk.go_on(200)
        assert 45 <= len(talk.phones[B].pair.sent) <= 60  # a second of silence, then nothing
        talk.forget()
        talk.phones[C].speaks = True
        talk.go_on(50)
        assert headers(talk.phones[A].pair)[0].marker
        assert talk.phones[A].hears(talk.phones[C])

    run(body())


def test_rfc3389_comfort_noise_adds_nothing_to_a_mix() -> None:
    async def body() -> None:
        talk = Talk()
        for end in (A, B, C):
            await talk.come(end, comfort_noise=NOISE_13)
            talk.phones[end].speaks = False
        await talk.mix()
        for number, end in enumerate((B, C)):
            phone = talk.phones[end].phone
            phone.raw(b"\x14", NOISE_13, phone.sequence + 1, phone.timestamp + 160 * number)
        talk.go_on(40)
        assert level(talk.phones[A].heard() or bytes(2)) < -70

    run(body())


def test_direction_and_plans_are_respected() -> None:
    async def body() -> None:
        talk = Talk()
        for end in (A, B, C):
            await talk.come(end)
        await talk.mix()
        talk.go_on(5)
        talk.bench.configure(B, receives=False)
        talk.bench.configure(C, sends=False)
        talk.go_on(3)
        talk.forget()
        talk.go_on(50)
        assert not talk.phones[A].hears(talk.phones[B])
        assert talk.phones[A].hears(talk.phones[C])
        assert talk.phones[C].pair.sent == []
        talk.bench.configure(B)
        talk.bench.configure(C, codecs=(G722,), receive_codecs=(G722,))
        talk.phones[C].codec, talk.phones[C].encode = G722, encoder("G722")
        talk.go_on(5)
        talk.forget()
        talk.go_on(60)
        talk.everybody_hears_all_others()

    run(body())


@pytest.mark.parametrize("ptime", [10, 30, 60])
def test_each_has_the_packet_length_that_it_asked_for(ptime: int) -> None:
    async def body() -> None:
        talk = Talk()
        await talk.come(A, ptime=ptime)
        await talk.come(B)
        await talk.come(C)
        await talk.mix()
        talk.go_on(60)
        assert {len(data) - 12 for data, _ in talk.phones[A].pair.sent} == {8 * ptime}
        talk.everybody_hears_all_others()

    run(body())


def test_rfc4733_digits_pass_to_all_others_of_one_at_a_time_and_are_reported() -> None:
    async def body() -> None:
        talk = Talk()
        await talk.come(A)
        await talk.come(B, dtmf=97)
        await talk.come(C, dtmf=None)
        await talk.come(D)
        await talk.mix()
        talk.go_on(20)
        talk.forget()
        for end in (A, D):  # D presses while A does
            phone = talk.phones[end].phone
            for each in digit_packets("5" if end == A else "7"):
                phone.sequence += 1
                phone.raw(each.payload, 101, phone.sequence, phone.timestamp + 160, each.marker)
        told = {end: presses(talk.phones[end].pair, 97 if end == B else 101) for end in (A, B, C, D)}
        assert told == {A: set(), B: {"5"}, C: set(), D: {"5"}}
        talk.bench.now += 1
        talk.bench.table.watch_digits(talk.bench.now)
        digits = {(e.endpoint, e.digit) for e in talk.bench.events if isinstance(e, DigitHeard)}
        assert digits == {(A, "5"), (D, "7")}
        stamps = {head.timestamp for head in headers(talk.phones[B].pair) if head.payload_type == 97}
        assert len(stamps) == 1

    run(body())


def presses(pair: FakePair, number: int) -> set[str]:
    found = [(packet.parse(data), data) for data, _ in pair.sent]
    events = [decode(data[h.start : h.end]) for h, data in found if h and h.payload_type == number]
    return {"0123456789*#ABCD"[event.code] for event in events if event}


def test_a_mix_of_unknown_endpoints_is_refused_and_changes_nothing() -> None:
    async def body() -> None:
        talk = Talk()
        await talk.come(A)
        await talk.come(B)
        await talk.bench.join(A, B)
        with pytest.raises(MediaError):
            await talk.bench.table.hear(A, Mix((A, B, C)))
        assert talk.bench.table.find(A).source == Peer(B)

    run(body())


def test_other_sources_end_a_mix_and_come_back_to_it() -> None:
    async def body() -> None:
        talk = Talk()
        for end in (A, B, C):
            await talk.come(end)
        await talk.mix()
        talk.go_on(10)
        await talk.bench.table.hear(A, Music())
        await talk.bench.table.hear(B, Nothing())
        talk.forget()
        talk.go_on(10)
        assert talk.phones[A].pair.sent == talk.phones[B].pair.sent == []  # no player's tick has passed
        assert len(talk.phones[C].pair.sent) == 10
        await talk.mix()
        talk.forget()
        talk.go_on(60)
        talk.everybody_hears_all_others()

    run(body())


def test_a_fault_in_one_conversation_silences_that_one_only() -> None:
    async def body() -> None:
        talk = Talk()
        failures: list[Exception] = []
        talk.bench.table.voices.failed = failures.append
        for end in ENDS:
            await talk.come(end)
        await talk.mix(A, B, C)
        await talk.mix(D, E, F)
        talk.go_on(20)

        def fault(data: bytes | bytearray, to: object) -> None:
            raise ZeroDivisionError

        talk.bench.table.find(A).outlet.send = fault
        talk.forget()
        talk.go_on(50)
        assert len(failures) == 1
        assert talk.phones[A].pair.sent == []
        assert all(talk.phones[one].hears(talk.phones[other]) for one, other in combinations((D, E, F), 2))

    run(body())
