"""The music on hold that is shipped: composed for this project, so it is free of collecting-society fees (FEATURES.md
0.6), and synthesised, so it needs no file. This module must never read anything.
"""

import numpy as np
from numpy.typing import NDArray

RATE = 16000
BEAT = 0.4
_CHORDS = ((57, 60, 64, 69), (53, 57, 60, 65), (48, 55, 60, 64), (55, 59, 62, 67))
"""Four chords as MIDI notes: A minor, F, C, G; each is broken up and down over eight beats."""
_ORDER = (0, 1, 2, 3, 2, 1, 2, 1)


def melody() -> bytes:
    """16 bit mono samples at RATE of one round, about 13 s; its end joins its beginning."""
    notes = [chord[step] for chord in _CHORDS for step in _ORDER]
    length = round(len(notes) * BEAT * RATE)
    song = np.zeros(length)
    for number, note in enumerate(notes):
        _add(song, round(number * BEAT * RATE), _note(note, 3 * BEAT))
        if number % 8 == 0:
            _add(song, round(number * BEAT * RATE), 0.8 * _note(note - 12, 7 * BEAT))
    return bytes((song / np.abs(song).max() * 9000).astype("<i2").tobytes())


def _note(midi: int, seconds: float) -> NDArray[np.float64]:
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = 440.0 * 2 ** ((midi - 69) / 12)
    wave = sum(np.sin(2 * np.pi * pitch * n * time) / n**2 for n in (1, 2, 3))
    envelope = np.minimum(time / 0.02, 1.0) * np.exp(-2.5 * time / seconds) * np.minimum((seconds - time) / 0.05, 1.0)
    return np.asarray(wave * envelope)


def _add(song: NDArray[np.float64], at: int, note: NDArray[np.float64]) -> None:
    """Notes that ring beyond the end are heard at the beginning: the round has no seam."""
    where = (at + np.arange(len(note))) % len(song)
    np.add.at(song, where, note)
