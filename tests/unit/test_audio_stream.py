"""Streams of frames: fewer samples, gaps covered up, noise for comfort (issue 3, point 4)."""

import numpy as np
import pytest

from vorzimmer.audio import codecs, detect, noise
from vorzimmer.audio.pcm import level, samples_of
from vorzimmer.audio.stream import FADE, Concealer, Decimator, merged
from vorzimmer.kernel.errors import LocalError


def sine(hertz: float, rate: int, seconds: float = 1.0) -> bytes:
    return (np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate) * 8000).astype("<i2").tobytes()


def framed(pcm: bytes, rate: int) -> list[bytes]:
    size = rate // 50 * 2
    return [pcm[at : at + size] for at in range(0, len(pcm), size)]


@pytest.mark.parametrize(("source", "target"), [(16000, 8000), (48000, 16000), (48000, 8000)])
def test_fewer_samples_keep_the_tone_and_lose_what_does_not_fit(source: int, target: int) -> None:
    inside, outside = Decimator(source, target), Decimator(source, target)
    kept = b"".join(inside.feed(frame) for frame in framed(sine(1000, source), source))
    assert len(kept) == target * 2
    assert abs(detect.tone(kept, target).frequency - 1000) < 2
    assert detect.tone(kept, target).purity > 0.99
    gone = b"".join(outside.feed(frame) for frame in framed(sine(target * 0.6, source), source))
    assert level(gone) < level(kept) - 40


def test_rates_that_do_not_divide_are_our_fault() -> None:
    with pytest.raises(LocalError):
        Decimator(8000, 16000)


def test_a_gap_is_covered_up_softer_each_time_and_then_silent() -> None:
    concealer = Concealer()
    frame = sine(400, 8000, 0.02)
    assert concealer.heard(frame) == frame
    levels = [level(concealer.missing(160)) for _ in FADE]
    assert levels == sorted(levels, reverse=True)
    assert concealer.exhausted
    assert concealer.missing(160) == bytes(320)
    back = samples_of(concealer.heard(frame))
    assert np.abs(back[:10]).max() <= np.abs(samples_of(frame)[:10]).max()
    assert concealer.heard(frame) == frame


def test_before_the_first_frame_there_is_nothing_to_repeat() -> None:
    assert Concealer().missing(160) == bytes(320)


def test_two_frames_in_the_time_of_one_begin_like_the_first_and_end_like_the_second() -> None:
    one, other = sine(400, 8000, 0.02), sine(700, 8000, 0.02)
    both = samples_of(merged(one, other))
    assert len(both) == 160
    assert abs(int(both[1]) - int(samples_of(one)[1])) < 200
    assert both[-1] == samples_of(other)[-1]
    assert merged(b"", other) == other


@pytest.mark.parametrize("dbov", [-30.0, -50.0, -70.0])
def test_rfc3389_noise_has_the_level_that_was_asked_for(dbov: float) -> None:
    frames = b"".join(noise.frame(dbov, 160 * n, 160) for n in range(100))
    assert abs(level(frames) - dbov) < 1.0
    assert detect.tone(frames, 8000).purity < 0.2


def test_rfc3389_3_1_the_level_is_in_the_first_byte() -> None:
    assert noise.level(b"\x28abc") == -40.0
    assert noise.level(b"\xa8") == -40.0
    assert noise.level(b"") is None
    assert level(noise.frame(0.0, 0, 1600)) < -15


@pytest.mark.parametrize(
    ("payload", "ticks"),
    [
        (b"\x08abc", 960),  # SILK, 20 ms
        (b"\x18abc", 2880),  # SILK, 60 ms
        (b"\x78abc", 960),  # hybrid, 20 ms
        (b"\x80abc", 120),  # CELT, 2.5 ms
        (b"\xf9abc", 1920),  # CELT, two of 20 ms
        (b"\xfb\x03abc", 2880),  # CELT, three of 20 ms
        (b"\xfb", 0),
        (b"\x1b\x3f", 0),  # more than 120 ms
        (b"", 0),
    ],
)
def test_rfc6716_3_1_length_of_an_opus_packet(payload: bytes, ticks: int) -> None:
    assert codecs.ticks("OPUS", payload) == ticks


def test_rfc3551_a_byte_of_g711_and_g722_is_a_tick() -> None:
    assert [codecs.ticks(name, bytes(160)) for name in ("PCMA", "PCMU", "G722")] == [160] * 3
