"""Properties of sound: frames join without a seam, mixes stay in bounds, garbage is refused."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from vorzimmer.audio import pcm, tones, wav
from vorzimmer.kernel.errors import PeerError

frames = st.lists(st.lists(st.integers(-32_768, 32_767), max_size=20), max_size=6)


def packed(values: list[int]) -> bytes:
    return b"".join(v.to_bytes(2, "little", signed=True) for v in values)


@given(
    st.sampled_from(tones.KINDS),
    st.sampled_from(sorted(tones.ZONES)),
    st.integers(0, 200_000),
    st.lists(st.integers(0, 700), max_size=8),
)
@settings(max_examples=150, deadline=None)
def test_a_tone_is_the_same_however_it_is_cut(kind: str, zone: str, start: int, sizes: list[int]) -> None:
    at, pieces = start, []
    for size in sizes:
        pieces.append(tones.frame(kind, zone, at, size))
        assert len(pieces[-1]) == 2 * size
        at += size
    assert b"".join(pieces) == tones.frame(kind, zone, start, sum(sizes))


@given(st.sampled_from(tones.KINDS), st.sampled_from(sorted(tones.ZONES)), st.integers(0, 200_000))
@settings(max_examples=100, deadline=None)
def test_a_tone_never_jumps(kind: str, zone: str, start: int) -> None:
    wave = pcm.samples_of(tones.frame(kind, zone, start, 800)).astype(int)
    # The steepest slope of the highest tone (1800 Hz in SIT) at a quarter of full scale.
    assert abs(wave[1:] - wave[:-1]).max() <= (11_600 if kind in {"sit", "unavailable"} else 4_200)


@given(frames)
def test_a_mix_is_the_clipped_sum(parts: list[list[int]]) -> None:
    longest = max((len(p) for p in parts), default=0)
    sums = [sum(p[n] for p in parts if n < len(p)) for n in range(longest)]
    assert list(pcm.samples_of(pcm.mix([packed(p) for p in parts]))) == [max(-32_768, min(32_767, s)) for s in sums]


@given(st.binary(max_size=120) | st.binary(max_size=120).map(lambda b: b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + b))
@settings(max_examples=150)
def test_wav_garbage_is_a_sound_or_a_peer_error(data: bytes) -> None:
    with contextlib.suppress(PeerError):
        wav.read(data, 8_000)
