"""What a listener hears of us: music, tones, prompts, in every codec, encoded once for all (FEATURES.md 0.4, 0.6)."""

from pathlib import Path

import av
import numpy as np
import pytest
from tests.media_rig import write_prompt
from tests.media_table import G722, OPUS, PCMA, PCMU, A, B, Bench, FakePair, headers, voice

from vorzimmer.audio import codecs, detect
from vorzimmer.media.embedded.player import LATEST, TICK, Beat
from vorzimmer.media.port import Codec, File, MediaError, Music, Nothing, Peer, Source, SourceEnded, Tone
from vorzimmer.testing.loop import run


def _decoded(pair: FakePair, codec: Codec) -> tuple[bytes, int]:
    payloads = [data[12:] for data, _ in pair.sent]
    if codec.name != "OPUS":
        coder = codecs.coder(codec.name)
        return b"".join(coder.decode(payload) for payload in payloads), coder.rate
    context = av.CodecContext.create("libopus", "r")
    context.sample_rate = 48000
    context.layout = "mono"
    frames = [frame for payload in payloads for frame in context.decode(av.Packet(payload))]
    wave = np.concatenate([frame.to_ndarray().astype(np.float64)[0] for frame in frames])
    wave = wave * 32767 if np.abs(wave).max() <= 2 else wave
    return wave.astype("<i2").tobytes(), 48000


@pytest.mark.parametrize("codec", [PCMA, PCMU, G722, OPUS], ids=lambda codec: codec.name)
@pytest.mark.parametrize("kind", ["ringback", "dial"])
def test_german_tones_are_425_hz_in_every_codec(codec: Codec, kind: str) -> None:
    async def body() -> None:
        bench = Bench()
        at_a = await bench.open(A, codecs=(codec,), receive_codecs=(codec,))
        await bench.table.hear(A, Tone(kind))
        bench.play(45)
        pcm, rate = _decoded(at_a, codec)
        assert detect.tone(pcm, rate).frequency == pytest.approx(425, abs=5)
        first, second = headers(at_a)[:2]
        assert first.payload_type == codec.payload_type
        assert second.timestamp - first.timestamp == codec.rate // 50

    run(body())


def test_busy_follows_its_cadence_for_ever() -> None:
    async def body() -> None:
        bench = Bench()
        at_a = await bench.open(A)
        await bench.table.hear(A, Tone("busy"))
        bench.play(48 * 5)
        spells = detect.spells(*_decoded(at_a, PCMA))
        assert [round(spell.start, 1) for spell in spells] == [0.0, 1.0, 1.9, 2.9, 3.8]

    run(body())


def test_music_is_heard_and_goes_on_after_its_end() -> None:
    async def body() -> None:
        bench = Bench()
        at_a = await bench.open(A)
        await bench.table.hear(A, Music())
        bench.play(800)
        pcm, rate = _decoded(at_a, PCMA)
        assert len(at_a.sent) == 800
        second = rate * 2
        assert not any(detect.silent(pcm[at : at + second]) for at in range(0, len(pcm) - second, second))

    run(body())


def test_prompt_of_700_hz_is_heard_once_and_ends(tmp_path: Path) -> None:
    write_prompt(tmp_path / "prompt.wav", 0.5)
    source = File(str(tmp_path / "prompt.wav"))

    async def body() -> None:
        bench = Bench()
        at_a = await bench.open(A)
        await bench.table.hear(A, source)
        bench.play(100)
        assert len(at_a.sent) == 25
        assert detect.tone(*_decoded(at_a, PCMA)).frequency == pytest.approx(700, abs=5)
        assert bench.events == [SourceEnded(A, source)]
        await bench.table.hear(A, source)
        bench.play(100)
        assert len(at_a.sent) == 50

    run(body())


@pytest.mark.parametrize(("loops", "frames"), [(1, 10), (3, 30), (0, 100)])
def test_prompt_loops(tmp_path: Path, loops: int, frames: int) -> None:
    write_prompt(tmp_path / "prompt.wav", 0.2)

    async def body() -> None:
        bench = Bench()
        at_a = await bench.open(A)
        await bench.table.hear(A, File(str(tmp_path / "prompt.wav"), loops))
        bench.play(100)
        assert len(at_a.sent) == frames

    run(body())


def test_company_music_comes_from_its_folder_only(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    write_prompt(tmp_path / "music" / "ours.wav", 0.5, 600)
    write_prompt(tmp_path / "secret.wav", 0.5, 600)

    async def body() -> None:
        bench = Bench(music=str(tmp_path / "music"))
        at_a = await bench.open(A)
        await bench.table.hear(A, Music("ours.wav"))
        bench.play(50)
        assert detect.tone(*_decoded(at_a, PCMA)).frequency == pytest.approx(600, abs=5)
        for name in ("../secret.wav", str(tmp_path / "secret.wav"), "none.wav", "a\0b", ""):
            with pytest.raises(MediaError):
                await bench.table.hear(A, Music(name))

    run(body())


@pytest.mark.parametrize("source", [Tone("no such tone"), File("/nonexistent.wav"), File("/dev/null")])
def test_unplayable_sources_are_refused_and_change_nothing(source: Source) -> None:
    async def body() -> None:
        bench = Bench()
        at_a = await bench.open(A)
        await bench.table.hear(A, Tone("dial"))
        with pytest.raises(MediaError):
            await bench.table.hear(A, source)
        bench.play(1)
        assert len(at_a.sent) == 1

    run(body())


def test_same_music_is_encoded_once_for_all_who_hear_it() -> None:
    async def body() -> None:
        bench = Bench()
        at_a, at_b = await bench.open(A), await bench.open(B)
        await bench.table.hear(A, Music())
        bench.play(10)
        await bench.table.hear(B, Music())
        bench.play(10)
        playing = bench.table.player.playing
        assert playing[A].track is playing[B].track
        assert [data[12:] for data, _ in at_a.sent[:10]] == [data[12:] for data, _ in at_b.sent]

    run(body())


def test_music_waits_for_the_plan_and_goes_on_in_another_codec() -> None:
    async def body() -> None:
        bench = Bench()
        at_a = await bench.open(A, remote=None)
        await bench.table.hear(A, Music())
        bench.play(5)
        assert at_a.sent == []
        bench.configure(A)
        bench.play(5)
        bench.configure(A, codecs=(G722,), receive_codecs=(G722,))
        bench.play(5)
        assert [each.payload_type for each in headers(at_a)] == [8] * 5 + [9] * 5
        numbers = [each.sequence for each in headers(at_a)]
        assert numbers == list(range(numbers[0], numbers[0] + 10))

    run(body())


def test_hearing_the_same_music_again_does_not_begin_anew() -> None:
    async def body() -> None:
        bench = Bench()
        await bench.open(A)
        await bench.table.hear(A, Music())
        bench.play(5)
        await bench.table.hear(A, Music())
        bench.play(1)
        assert bench.table.player.playing[A].index == 6

    run(body())


def test_nothing_sends_nothing() -> None:
    async def body() -> None:
        bench = Bench()
        at_a, at_b = await bench.open(A), await bench.open(B)
        await bench.table.hear(A, Music())
        await bench.table.hear(A, Nothing())
        bench.play(5)
        voice(bench, at_b, B).say(5)
        assert at_a.sent == []
        await bench.table.hear(A, Peer(B))
        bench.play(5)
        assert at_a.sent == []

    run(body())


def test_one_beat_for_all_makes_up_for_a_short_delay_and_skips_a_long_one() -> None:
    beat = Beat(10.0)
    assert len(list(beat.due(10.05))) == 3
    assert list(beat.due(10.05)) == []
    assert len(list(beat.due(20.0))) == LATEST + 1
    assert beat.at == pytest.approx(20.0 + TICK, abs=TICK)
