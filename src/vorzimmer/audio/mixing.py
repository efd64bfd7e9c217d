"""Many talk at once, and everybody hears all the others: sums of 16-bit mono PCM that are never too loud.

A sum that would exceed full scale is turned down as a whole, at once, and comes back gently: ten people who shout sound
like ten people who shout, not like a broken line. This module must never let anybody hear himself, wrap around, or clip
a sample.
"""

from collections.abc import Sequence

import numpy as np

_Rows = np.ndarray[tuple[int, int], np.dtype[np.float32]]

FULL = 32_767.0
"""The loudest sample."""

RECOVERY = 0.04
"""How much of full loudness comes back with each frame of 20 ms: all of it within half a second."""


class Mixer:
    """The sums of one conversation at one sample rate, frame by frame. Mutable, one owner.

    `loudness` is what the last frame was multiplied with at its end: 1.0 unless many were loud.
    """

    __slots__ = ("loudness",)

    def __init__(self) -> None:
        self.loudness = 1.0

    def mix(self, frames: Sequence[bytes], *, everybody: bool = False) -> tuple[bytes, ...]:
        """For each of `frames` (all of one length) the sum of all others; with `everybody` the sum of all behind them,
        for those who say nothing now."""
        if not frames:
            return ()
        count = len(frames)
        said = np.frombuffer(b"".join(frames), dtype="<i2").reshape(count, -1).astype(np.float32)
        total = said.sum(axis=0)
        rows: _Rows = np.empty((count + everybody, len(total)), dtype=np.float32)
        np.subtract(total, said, out=rows[:count])
        if everybody:
            rows[count] = total
        self._soften(rows)
        mixed = rows.astype("<i2").tobytes()
        size = 2 * len(total)
        return tuple([mixed[at : at + size] for at in range(0, len(rows) * size, size)]) if size else (b"",) * len(rows)

    def _soften(self, rows: _Rows) -> None:
        """Turn all down so far that the loudest sample of the loudest fits."""
        peak = max(float(rows.max()), -float(rows.min())) if rows.size else 0.0
        before, fits = self.loudness, min(1.0, FULL / peak) if peak else 1.0
        self.loudness = fits if fits <= before else min(fits, before + RECOVERY)
        if self.loudness < before:
            rows *= np.float32(fits)
        elif before < 1.0:
            rows *= np.linspace(before, self.loudness, rows.shape[1], dtype=np.float32)
