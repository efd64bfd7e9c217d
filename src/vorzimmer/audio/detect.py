"""What is in a recording: which tone, how pure, when, or silence. Tests assert with this what people would hear.

Works on half a second and more; frequencies are right within a hertz or two. This module must never guess: a recording
without a clear tone has low purity, silence has frequency 0.
"""

from typing import NamedTuple

import numpy as np

from vorzimmer.audio.pcm import QUIET, level, samples_of

SILENT = -50.0
"""dBFS below which a phone's output counts as silent (coding noise of A-law is at about -65)."""
_WINDOW_SECONDS = 0.02
_SHORTEST_SECONDS = 0.06


class Heard(NamedTuple):
    """The strongest frequency in Hz, the part 0..1 of all energy within 15 Hz of it, and the level in dBFS."""

    frequency: float
    purity: float
    level: float


class Spell(NamedTuple):
    """A stretch of sound between silences, in seconds from the start of the recording."""

    start: float
    end: float
    heard: Heard


_Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


def tone(pcm: bytes, rate: int) -> Heard:
    """The strongest tone in the whole of `pcm`."""
    loudness = level(pcm)
    if loudness <= QUIET or len(pcm) < 64:
        return Heard(0.0, 0.0, loudness)
    power, step = _spectrum(pcm, rate)
    top = int(np.argmax(power))
    near = max(1, round(15 / step))
    purity = float(power[max(0, top - near) : top + near + 1].sum() / power.sum())
    return Heard(_refined(power, top) * step, purity, loudness)


def _spectrum(pcm: bytes, rate: int) -> tuple[_Floats, float]:
    """Power per bin and the width of a bin in Hz, without DC, padded so that bins are at most 1 Hz apart."""
    wave = samples_of(pcm).astype(np.float64)
    size = 1 << max(len(wave), rate).bit_length()
    window = np.hanning(len(wave))
    power = np.abs(np.fft.rfft((wave - wave.mean()) * window, size)) ** 2
    power[: max(1, round(20 * size / rate))] = 0.0
    return power + 1e-12, rate / size


def _refined(power: _Floats, top: int) -> float:
    """The peak of a parabola through the three highest points, on a logarithmic scale."""
    if not 0 < top < len(power) - 1:
        return float(top)
    left, middle, right = np.log(power[top - 1 : top + 2])
    bend = left - 2 * middle + right
    return top + float(0.5 * (left - right) / bend) if bend else float(top)


def peaks(pcm: bytes, rate: int, count: int = 2) -> tuple[float, ...]:
    """The `count` strongest frequencies at least 15 Hz apart, lowest first: dual tones."""
    if level(pcm) <= QUIET or len(pcm) < 64:
        return ()
    power, step = _spectrum(pcm, rate)
    near, found = max(1, round(15 / step)), []
    for _ in range(count):
        top = int(np.argmax(power))
        found.append(_refined(power, top) * step)
        power[max(0, top - near) : top + near + 1] = 1e-12
    return tuple(sorted(found))


def hears(pcm: bytes, rate: int, frequency: float, *, tolerance: float = 5.0, purity: float = 0.5) -> bool:
    """Whether the loud part of `pcm` is mostly this one tone: within `tolerance` Hz, with that purity at least."""
    loud = [s for s in spells(pcm, rate) if abs(s.heard.frequency - frequency) <= tolerance]
    return any(s.heard.purity >= purity for s in loud)


def silent(pcm: bytes, *, below: float = SILENT) -> bool:
    """Whether no more than coding noise is to be heard, over the whole of `pcm`."""
    return level(pcm) < below


def spells(pcm: bytes, rate: int, *, below: float = SILENT) -> tuple[Spell, ...]:
    """All stretches of at least 60 ms that sound, each with its tone; gaps under 60 ms do not divide."""
    size = 2 * int(_WINDOW_SECONDS * rate)
    loud = [level(pcm[at : at + size]) >= below for at in range(0, len(pcm), size)]
    return tuple(_spell(pcm, rate, a * size, b * size) for a, b in _runs(loud))


def _runs(loud: list[bool]) -> list[tuple[int, int]]:
    bridge = round(_SHORTEST_SECONDS / _WINDOW_SECONDS)
    runs: list[tuple[int, int]] = []
    for at, sounds in enumerate(loud):
        if not sounds:
            continue
        if runs and at - runs[-1][1] < bridge:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return [(a, b) for a, b in runs if b - a >= bridge]


def _spell(pcm: bytes, rate: int, start: int, end: int) -> Spell:
    end = min(end, len(pcm))
    return Spell(start / 2 / rate, end / 2 / rate, tone(pcm[start:end], rate))
