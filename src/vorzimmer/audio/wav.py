"""WAV files as bytes: read what people and phones leave, write what everybody reads.

Reads PCM of 8 to 32 bits, float, A-law and mu-law, any number of channels, and files whose header was never finished
(a recorder that was killed). Garbage is a :class:`PeerError` 400. This module must never trust a length in a header.
"""

import struct
from typing import NamedTuple

import numpy as np

from vorzimmer.audio.pcm import alaw_decode, resample, ulaw_decode
from vorzimmer.kernel.errors import PeerError

_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_FORMAT = struct.Struct("<HHIIHH")
_CHUNK = struct.Struct("<4sI")
_MAX_CHANNELS = 8


class Sound(NamedTuple):
    """Mono PCM and its rate in Hz."""

    pcm: bytes
    rate: int


class _Format(NamedTuple):
    kind: int
    channels: int
    rate: int
    bits: int


def read(data: bytes, rate: int | None = None) -> Sound:
    """The sound in a WAV file, mixed down to mono and, with `rate`, at that rate. Raises PeerError 400 on garbage."""
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise PeerError("not a WAV file")
    format_, body = _chunks(data)
    mono = _mono(_samples(body, format_), format_.channels)
    wanted = rate or format_.rate
    return Sound(resample(mono, format_.rate, wanted), wanted)


def _chunks(data: bytes) -> tuple[_Format, bytes]:
    at, format_ = 12, None
    while at + _CHUNK.size <= len(data):
        name, size = _CHUNK.unpack_from(data, at)
        at += _CHUNK.size
        if name == b"fmt ":
            format_ = _format(data[at : at + size])
        elif name == b"data":
            if format_ is None:
                break
            # A recorder that was killed leaves 0 or the largest size: then the sound goes on to the end of the file.
            return format_, data[at : at + size] if size else data[at:]
        at += size + size % 2
    raise PeerError("WAV file without format or data")


def _format(chunk: bytes) -> _Format:
    if len(chunk) < _FORMAT.size:
        raise PeerError("WAV file with a broken format")
    kind, channels, rate, _, _, bits = _FORMAT.unpack_from(chunk)
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        kind = int.from_bytes(chunk[24:26], "little")
    if not (1 <= channels <= _MAX_CHANNELS and 4_000 <= rate <= 192_000):
        raise PeerError("WAV file with an unusable rate or number of channels")
    return _Format(kind, channels, rate, bits)


_Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


def _samples(body: bytes, format_: _Format) -> _Floats:
    """All samples, interleaved, on the 16-bit scale."""
    kind, bits = format_.kind, format_.bits
    if (kind, bits) in {(_ALAW, 8), (_ULAW, 8)}:
        decode = alaw_decode if kind == _ALAW else ulaw_decode
        return np.frombuffer(decode(body), dtype="<i2").astype(np.float64)
    if (kind, bits) == (_FLOAT, 32):
        wave = np.frombuffer(body, dtype="<f4", count=len(body) // 4).astype(np.float64)
        return np.nan_to_num(wave, nan=0.0, posinf=1.0, neginf=-1.0) * 32_767
    if kind == _PCM and bits in {8, 16, 24, 32}:
        return _integers(body, bits // 8)
    raise PeerError("WAV file in a coding that is not supported")


def _integers(body: bytes, width: int) -> _Floats:
    count = len(body) // width
    if width == 1:
        return (np.frombuffer(body, dtype=np.uint8).astype(np.float64) - 128) * 256
    # The upper two bytes of little-endian integers are their 16-bit value.
    octets = np.frombuffer(body, dtype=np.uint8, count=count * width).reshape(count, width)
    return np.ascontiguousarray(octets[:, -2:]).view("<i2").reshape(count).astype(np.float64)


def _mono(samples: _Floats, channels: int) -> bytes:
    whole = len(samples) // channels * channels
    mono: _Floats = samples[:whole].reshape(-1, channels).mean(axis=1)
    return bytes(np.clip(np.round(mono), -32_768, 32_767).astype("<i2").tobytes())


def write(pcm: bytes, rate: int) -> bytes:
    """A 16-bit mono WAV file."""
    form = _FORMAT.pack(_PCM, 1, rate, rate * 2, 2, 16)
    body = _CHUNK.pack(b"fmt ", len(form)) + form + _CHUNK.pack(b"data", len(pcm)) + pcm
    return _CHUNK.pack(b"RIFF", 4 + len(body)) + b"WAVE" + body
