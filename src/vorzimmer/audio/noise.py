"""Comfort noise (RFC 3389): what is heard while the other side sends nothing because nobody speaks.

Only the level of the payload is used; the colour is that of a quiet room. This module must never be random: the noise
is one fixed second, so that tests hear the same.
"""

from functools import lru_cache

import numpy as np

_PERIOD = 9_973
"""Samples of the noise: a prime, so that frames do not line up with it."""

_FULL_SCALE = 32_768.0


def level(payload: bytes) -> float | None:
    """The level in dBov of a comfort noise payload (0 is the loudest, RFC 3389 section 3.1), None for an empty one."""
    return -float(payload[0] & 0x7F) if payload else None


def frame(dbov: float, position: int, samples: int) -> bytes:
    """`samples` of noise at this level, going on at `position` (in samples)."""
    amplitude = min(_FULL_SCALE * 10 ** (dbov / 20), 3_000.0)  # a sender that claims a roaring room is not believed
    at = np.arange(position, position + samples) % _PERIOD
    return (_room()[at] * amplitude).round().clip(-32_768, 32_767).astype("<i2").tobytes()


@lru_cache(maxsize=1)
def _room() -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    """Noise of RMS 1, softly falling towards high frequencies; from a congruential sequence, so always the same."""
    state = np.empty(_PERIOD, dtype=np.uint32)
    seed = 12_345
    for n in range(_PERIOD):
        seed = (1_664_525 * seed + 1_013_904_223) & 0xFFFFFFFF
        state[n] = seed
    white = state.astype(np.float64) / 2**31 - 1
    soft = white + 0.6 * np.roll(white, 1) + 0.2 * np.roll(white, 2)
    room: np.ndarray[tuple[int], np.dtype[np.float32]] = (soft / np.sqrt(np.mean(soft**2))).astype(np.float32)
    return room
