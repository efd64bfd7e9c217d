"""Properties of a mix: nobody hears himself, nobody is missed, nothing is clipped, however loud and many they are."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vorzimmer.audio.mixing import FULL, Mixer
from vorzimmer.audio.pcm import samples_of
from vorzimmer.audio.stream import Decimator, Interpolator

Wave = np.ndarray[tuple[int], np.dtype[np.int16]]

LOUDNESS = st.sampled_from((0, 1, 300, 8_000, 20_000, 32_767))
frames = st.integers(1, 8).flatmap(
    lambda count: st.lists(st.lists(LOUDNESS, min_size=count, max_size=count), min_size=1, max_size=6)
)
"""Some frames, and in each how loud everybody is."""


def noise(loudness: int, who: int, frame: int) -> Wave:
    """Everybody has a voice of his own, that is like nobody else's."""
    return (np.random.default_rng((who, frame)).uniform(-1, 1, 160) * loudness).astype("<i2")


@given(frames, st.booleans())
@settings(max_examples=150, deadline=None)
def test_everybody_hears_the_sum_of_all_others_and_at_most_softer(loud: list[list[int]], everybody: bool) -> None:
    mixer = Mixer()
    for number, each in enumerate(loud):
        said = [noise(loudness, who, number) for who, loudness in enumerate(each)]
        before = mixer.loudness
        mixed = mixer.mix([one.tobytes() for one in said], everybody=everybody)
        total = np.sum([one.astype(np.int64) for one in said], axis=0)
        wanted = [total - one for one in said] + [total] * everybody
        assert len(mixed) == len(wanted)
        for heard, sum_ in zip(mixed, wanted, strict=True):
            wave = samples_of(heard).astype(np.int64)
            low, high = sorted((min(before, mixer.loudness), max(before, mixer.loudness)))
            if mixer.loudness < before:
                low = high = mixer.loudness  # turned down at once
            assert (np.abs(wave) <= np.abs(sum_) * high + 2).all()
            assert (np.abs(wave) >= np.abs(sum_) * low - 2).all()
            assert (np.sign(wave) * np.sign(sum_) >= 0).all()


@given(st.integers(2, 10), st.integers(0, 3))
@settings(max_examples=50, deadline=None)
def test_ten_full_scale_parties_are_never_clipped(count: int, phase: int) -> None:
    """The loudest sample of a sum fits just so; where a sum is not the loudest it stays below."""
    mixer = Mixer()
    at = np.arange(160)
    for number in range(3):
        waves = [np.sin((at + 160 * number) * (0.05 + 0.01 * who) + phase) * 32_767 for who in range(count)]
        said = [wave.astype("<i2") for wave in waves]
        total = np.sum([one.astype(np.int64) for one in said], axis=0)
        sums = [total - one for one in said]
        peak = max(int(np.abs(one).max()) for one in sums)
        for heard, sum_ in zip(mixer.mix([one.tobytes() for one in said]), sums, strict=True):
            full = np.abs(samples_of(heard).astype(int)) >= FULL
            assert (np.abs(sum_[full]) >= peak - peak / FULL - 1).all()


@given(st.lists(st.integers(1, 10), min_size=1, max_size=4))
def test_loudness_comes_back_within_a_second(parties: list[int]) -> None:
    mixer = Mixer()
    for count in parties:
        mixer.mix([np.full(160, 32_767, dtype="<i2").tobytes()] * count)
    quiet = noise(1000, 1, 0).tobytes()
    for _ in range(50):
        mixed = mixer.mix([quiet, bytes(320)])
    assert mixer.loudness == 1.0
    assert mixed == (bytes(320), quiet)


def test_nobody_is_nothing() -> None:
    mixer = Mixer()
    assert mixer.mix([]) == mixer.mix([], everybody=True) == ()
    assert mixer.mix([b"\x05\x00"], everybody=True) == (b"\x00\x00", b"\x05\x00")
    assert mixer.mix([b"", b""]) == (b"", b"")


@given(st.integers(100, 2500), st.lists(st.integers(1, 40), min_size=4, max_size=8))
@settings(max_examples=40, deadline=None)
def test_more_samples_are_the_same_sound_however_it_is_cut(hertz: int, sizes: list[int]) -> None:
    total = 8 * sum(sizes)
    narrow = (np.sin(2 * np.pi * hertz * np.arange(total) / 8000) * 12_000).astype("<i2").tobytes()
    up, at, pieces = Interpolator(8_000, 16_000), 0, []
    for size in sizes:
        pieces.append(up.feed(narrow[at : at + 16 * size]))
        assert len(pieces[-1]) == 32 * size
        at += 16 * size
    assert b"".join(pieces) == Interpolator(8_000, 16_000).feed(narrow)
    back = samples_of(Decimator(16_000, 8_000).feed(b"".join(pieces))).astype(int)
    delay = 22  # both filters together, in samples at 8 kHz
    if total > 2 * delay:
        assert np.abs(back[delay + 22 :] - samples_of(narrow).astype(int)[22 : total - delay]).max() < 300
