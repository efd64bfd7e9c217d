"""Sums and laws of 16-bit mono PCM: A-law and mu-law (ITU-T G.711), mixing, levels, resampling.

The one place that knows ``audioop`` (until 3.12 of the standard library, then the package audioop-lts). This module
must never wrap around at full scale: sums saturate.
"""

import math
import warnings
from collections.abc import Sequence

import numpy as np
import soxr

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

WIDTH = 2
QUIET = -120.0
"""The level of digital silence, in dBFS."""
_FULL = 32_768.0


def alaw_encode(pcm: bytes) -> bytes:
    """A-law, one byte a sample."""
    return audioop.lin2alaw(pcm, WIDTH)


def alaw_decode(data: bytes) -> bytes:
    """PCM of A-law."""
    return audioop.alaw2lin(data, WIDTH)


def ulaw_encode(pcm: bytes) -> bytes:
    """Mu-law, one byte a sample."""
    return audioop.lin2ulaw(pcm, WIDTH)


def ulaw_decode(data: bytes) -> bytes:
    """PCM of mu-law."""
    return audioop.ulaw2lin(data, WIDTH)


def silence(samples: int) -> bytes:
    """That many samples of nothing."""
    return bytes(WIDTH * samples)


def gain(pcm: bytes, decibels: float) -> bytes:
    """Louder or softer, saturating."""
    return audioop.mul(pcm, WIDTH, 10 ** (decibels / 20))


def level(pcm: bytes) -> float:
    """The RMS level in dB relative to full scale: a full-scale sine is -3, silence QUIET."""
    rms = audioop.rms(pcm, WIDTH) if pcm else 0
    return 20 * math.log10(rms / _FULL) if rms else QUIET


def samples_of(pcm: bytes) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    """A read-only view as an array; an odd last byte is left out."""
    return np.frombuffer(pcm, dtype="<i2", count=len(pcm) // WIDTH)


def mix(frames: Sequence[bytes]) -> bytes:
    """The saturated sum; shorter frames count as silent at their end, no frames give nothing."""
    return _saturated(_stacked(frames).sum(axis=0, dtype=np.int32)) if frames else b""


def _stacked(frames: Sequence[bytes]) -> "np.ndarray[tuple[int, int], np.dtype[np.int16]]":
    """One row a frame, the shorter ones with silence at their end."""
    longest = max(map(len, frames))
    joined = b"".join(frame.ljust(longest, b"\0") for frame in frames)
    return np.frombuffer(joined, dtype="<i2").reshape(len(frames), longest // WIDTH)


def _saturated(wide: "np.ndarray[tuple[int, ...], np.dtype[np.int32]]") -> bytes:
    return wide.clip(-32_768, 32_767).astype("<i2").tobytes()


def resample(pcm: bytes, source: int, target: int) -> bytes:
    """A whole sound at another rate (Hz). For streams use :class:`Resampler`: edges of pieces would click."""
    if source == target or not pcm:
        return pcm
    return np.asarray(soxr.resample(samples_of(pcm), source, target)).astype("<i2").tobytes()


class Resampler:
    """A stream at another rate. Mutable, one per direction; some milliseconds stay inside until `last`."""

    __slots__ = ("_stream",)

    def __init__(self, source: int, target: int) -> None:
        self._stream = soxr.ResampleStream(source, target, 1, dtype="int16", quality="LQ")

    def feed(self, pcm: bytes, last: bool = False) -> bytes:
        """What comes out for `pcm`; `last` empties it."""
        return np.asarray(self._stream.resample_chunk(samples_of(pcm), last=last)).astype("<i2").tobytes()
