"""Audio codecs behind one face, so that a worker asks for a name and gets ``encode`` and ``decode``.

Opus lives with media, since it needs PyAV. This module must never resample in silence: a coder says at which rate it
takes and gives PCM.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from G722 import G722 as _G722

from vorzimmer.audio import pcm
from vorzimmer.kernel.errors import LocalError


class Coder(Protocol):
    """One direction of one stream. `rate` is that of the PCM in Hz, not the RTP clock."""

    @property
    def rate(self) -> int: ...
    def encode(self, pcm: bytes) -> bytes: ...
    def decode(self, data: bytes) -> bytes: ...


class G711:
    """A-law or mu-law at 8000 Hz; it keeps no state."""

    __slots__ = ("_decode", "_encode")

    def __init__(self, encode: Callable[[bytes], bytes], decode: Callable[[bytes], bytes]) -> None:
        self._encode, self._decode = encode, decode

    @property
    def rate(self) -> int:
        """Always 8000."""
        return 8_000

    def encode(self, pcm: bytes) -> bytes:
        """One byte a sample."""
        return self._encode(pcm)

    def decode(self, data: bytes) -> bytes:
        """Two bytes a sample."""
        return self._decode(data)


class G722:
    """ITU-T G.722 at 64 kbit/s; `rate` is 16000, or 8000 for a mixer that works in narrowband. Mutable."""

    __slots__ = ("_coder", "_rate")

    def __init__(self, rate: int = 16_000) -> None:
        if rate not in {8_000, 16_000}:
            raise LocalError(f"G.722 works at 8000 or 16000 Hz, not {rate}")
        self._rate = rate
        self._coder = _G722(rate, 64_000)

    @property
    def rate(self) -> int:
        """The rate of the PCM in Hz."""
        return self._rate

    def encode(self, pcm_: bytes) -> bytes:
        """160 bytes for 20 ms."""
        return bytes(self._coder.encode(pcm.samples_of(pcm_)))

    def decode(self, data: bytes) -> bytes:
        """PCM at our rate."""
        return np.asarray(self._coder.decode(bytes(data)), dtype="<i2").tobytes() if data else b""


def coder(name: str, rate: int | None = None) -> Coder:
    """A fresh coder for PCMA, PCMU or G722 (`rate` 8000 or 16000, default 16000). Raises LocalError for others."""
    if name == "G722":
        return G722(rate or 16_000)
    if name == "PCMA":
        return G711(pcm.alaw_encode, pcm.alaw_decode)
    if name == "PCMU":
        return G711(pcm.ulaw_encode, pcm.ulaw_decode)
    raise LocalError(f"no coder for {name}")


_SILK_AND_HYBRID_MS = (10, 20, 40, 60)
_CELT_TENTHS = (25, 50, 100, 200)


def opus_ticks(payload: bytes) -> int:
    """Samples at 48 kHz in an Opus packet, from its first bytes (RFC 6716 section 3.1); 0 for one that is broken."""
    if not payload:
        return 0
    kind, code = payload[0] >> 3, payload[0] & 3
    if kind < 12:
        tenths = 10 * _SILK_AND_HYBRID_MS[kind & 3]
    elif kind < 16:
        tenths = 10 * _SILK_AND_HYBRID_MS[kind & 1]
    else:
        tenths = _CELT_TENTHS[kind & 3]
    if code == 3 and len(payload) < 2:
        return 0
    frames = payload[1] & 0x3F if code == 3 else 1 if code == 0 else 2
    ticks = frames * tenths * 48 // 10
    return ticks if ticks <= 120 * 48 else 0


def ticks(name: str, payload: bytes) -> int:
    """Units of the RTP clock that a payload lasts: a byte each for G.711 and G.722 (RFC 3551 section 4.5.2)."""
    return opus_ticks(payload) if name == "OPUS" else len(payload)
