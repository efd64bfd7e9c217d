"""A stream of frames made right: fewer or more samples per second, a gap covered up, two frames played in the time of
one.

All work on frames of 16-bit mono PCM as they come every 20 ms; the delay added is under 2 ms. This module must never
look ahead of what it was given.
"""

from functools import lru_cache

import numpy as np

from vorzimmer.audio.pcm import WIDTH, samples_of
from vorzimmer.kernel.errors import LocalError

_Floats = np.ndarray[tuple[int], np.dtype[np.float32]]

FADE = (0.8, 0.5, 0.25)
"""How loud the first, second and third made-up frame in a row are; after that there is silence."""


class Decimator:
    """From `source` to `target` Hz, a whole number of times fewer, with a low pass. Mutable, one per direction.

    Raises LocalError for rates that are no multiple of each other.
    """

    __slots__ = ("_factor", "_history", "_taps")

    def __init__(self, source: int, target: int) -> None:
        if source % target:
            raise LocalError(f"{source} Hz is no multiple of {target} Hz")
        self._factor = source // target
        self._taps = _low_pass(self._factor)
        self._history = np.zeros(len(self._taps) - 1, dtype=np.float32)

    def feed(self, pcm: bytes) -> bytes:
        """The frame at the lower rate; its length must be a multiple of the factor."""
        joined = np.concatenate((self._history, samples_of(pcm)), dtype=np.float32)
        self._history = joined[-len(self._history) :]
        windows = np.lib.stride_tricks.sliding_window_view(joined, len(self._taps))[:: self._factor]
        return (windows @ self._taps).round().clip(-32_768, 32_767).astype("<i2").tobytes()


class Interpolator:
    """From `source` to `target` Hz, a whole number of times more. Mutable, one per direction.

    Raises LocalError for rates that are no multiple of each other.
    """

    __slots__ = ("_history", "_phases")

    def __init__(self, source: int, target: int) -> None:
        if target % source:
            raise LocalError(f"{target} Hz is no multiple of {source} Hz")
        self._phases = _phases(target // source)
        self._history = np.zeros(len(self._phases) - 1, dtype=np.float32)

    def feed(self, pcm: bytes) -> bytes:
        """The frame at the higher rate."""
        joined = np.concatenate((self._history, samples_of(pcm)), dtype=np.float32)
        self._history = joined[len(joined) - len(self._history) :]
        windows = np.lib.stride_tricks.sliding_window_view(joined, len(self._phases))
        return (windows @ self._phases).round().clip(-32_768, 32_767).astype("<i2").tobytes()


@lru_cache(maxsize=8)
def _phases(factor: int) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    """The low pass, taken apart: one column for each of the samples that come in place of one."""
    taps = _low_pass(factor)
    padded = np.concatenate((taps, np.zeros(-len(taps) % factor, dtype=np.float32)))
    return np.ascontiguousarray(padded.reshape(-1, factor)[::-1] * factor, dtype=np.float32)


@lru_cache(maxsize=8)
def _low_pass(factor: int) -> _Floats:
    """A windowed sinc that ends a little below half the lower rate."""
    length = 22 * factor + 1
    n = np.arange(length) - (length - 1) / 2
    cut = 0.88 / factor
    taps = cut * np.sinc(cut * n) * np.blackman(length)
    made: _Floats = (taps / taps.sum()).astype(np.float32)
    return made


class Concealer:
    """Covers up what is missing: what was heard last once more, softer each time. Mutable, one per stream."""

    __slots__ = ("_last", "_missing")

    def __init__(self) -> None:
        self._last = b""
        self._missing = 0

    @property
    def exhausted(self) -> bool:
        """Whether so much is missing that only silence is left."""
        return self._missing >= len(FADE) or not self._last

    def heard(self, pcm: bytes) -> bytes:
        """A real frame; after a gap it is faded in, so that it does not click."""
        after_gap, self._missing = self._missing > 0, 0
        self._last = pcm
        return _ramped(pcm, 0.3, 1.0, min(80, len(pcm) // WIDTH)) if after_gap else pcm

    def missing(self, samples: int) -> bytes:
        """A made-up frame of so many samples."""
        if self.exhausted:
            return bytes(WIDTH * samples)
        start = FADE[self._missing - 1] if self._missing else 1.0
        end = FADE[self._missing]
        self._missing += 1
        size = WIDTH * samples
        tail = self._last[-size:]
        return _ramped((tail * (size // max(len(tail), 1) + 1))[:size], start, end, samples)


def _ramped(pcm: bytes, start: float, end: float, samples: int) -> bytes:
    """The first `samples` from one loudness to the other, the rest as loud as `end`."""
    sound = samples_of(pcm).astype(np.float32)
    sound[:samples] *= np.linspace(start, end, samples, dtype=np.float32)
    sound[samples:] *= end
    return sound.astype("<i2").tobytes()


def merged(first: bytes, second: bytes) -> bytes:
    """Two frames in the time of one, cross-faded: begins like the first and ends like the second."""
    size = min(len(first), len(second))
    if not size:
        return first or second
    one, other = (samples_of(each[:size]).astype(np.float32) for each in (first, second))
    fade = np.linspace(0.0, 1.0, len(one), dtype=np.float32)
    return (one * (1 - fade) + other * fade).astype("<i2").tobytes()
