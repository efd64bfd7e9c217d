"""Composes the music on hold that is shipped: ours, so no collecting society (GEMA) has a claim on it.

A slow arpeggio over six chords, from sines with a soft attack and a long decay; the end rings into the beginning, so it
loops without a seam. No partial comes near 425 Hz, so that nobody takes it for a tone. The result is the same on every
run: ``python tools/make_music.py`` writes src/vorzimmer/media/sounds/default.wav.
"""

from pathlib import Path

import numpy as np

from vorzimmer.audio import wav

RATE = 16_000
STEP = 0.25
TARGET = Path(__file__).resolve().parent.parent / "src" / "vorzimmer" / "media" / "sounds" / "default.wav"

NOTES = {
    "C3": 130.81, "D3": 146.83, "E3": 164.81, "F3": 174.61, "G3": 196.0, "A3": 220.0,
    "C4": 261.63, "D4": 293.66, "E4": 329.63, "F4": 349.23,
    "C5": 523.25, "D5": 587.33, "E5": 659.26, "F5": 698.46, "G5": 783.99, "A5": 880.0, "C6": 1046.5,
}  # fmt: skip
CHORDS = (
    ("C3", "E4 C5 E5 G5 C6 G5 E5 C5"),
    ("A3", "C4 C5 E5 A5 C6 A5 E5 C5"),
    ("F3", "F4 C5 F5 A5 C6 A5 F5 C5"),
    ("G3", "D4 D5 F5 G5 A5 G5 F5 D5"),
    ("E3", "E4 C5 E5 G5 C6 G5 E5 D5"),
    ("D3", "F4 C5 D5 F5 A5 F5 D5 C5"),
)
ORDER = (0, 1, 2, 3, 4, 1, 5, 3, 0, 2, 5, 3)

_Wave = np.ndarray[tuple[int], np.dtype[np.float64]]


def note(name: str, seconds: float, loudness: float, partial: float) -> _Wave:
    """One soft note; `partial` is the share of its third harmonic."""
    at = np.arange(int(seconds * RATE)) / RATE
    frequency = NOTES[name]
    wave = np.sin(2 * np.pi * frequency * at) + partial * np.sin(6 * np.pi * frequency * at)
    fade = np.minimum(1.0, (seconds - at) / 0.2)
    return np.asarray(loudness * wave * np.minimum(1.0, at / 0.03) * np.exp(-2.2 * at / seconds * 1.5) * fade)


def add(song: _Wave, wave: _Wave, start: float) -> None:
    """Lay `wave` into the loop; what reaches beyond the end sounds at the beginning."""
    places = (int(start * RATE) + np.arange(len(wave))) % len(song)
    song[places] += wave


def compose() -> bytes:
    """The whole loop as PCM."""
    song = np.zeros(int(len(ORDER) * 8 * STEP * RATE))
    for bar, chord in enumerate(ORDER):
        bass, melody = CHORDS[chord]
        start = bar * 8 * STEP
        add(song, note(bass, 2.2, 0.55, 0.0), start)
        for beat, name in enumerate(melody.split()):
            add(song, note(name, 1.6, 0.28 if beat % 4 else 0.36, 0.05), start + beat * STEP)
    return (song / np.abs(song).max() * 0.35 * 32_767).astype("<i2").tobytes()


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(wav.write(compose(), RATE))
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")
