"""Encoders and decoders by codec name: those of ``audio``, and Opus, which needs PyAV.

Each keeps its codec's state for one stream. This module must never decide what is decoded or for whom.
"""

from collections.abc import Callable

import av
import numpy as np

from vorzimmer.audio.codecs import coder
from vorzimmer.kernel.errors import LocalError
from vorzimmer.media.port import Codec

SAMPLE_RATES = {"PCMA": 8000, "PCMU": 8000, "G722": 16000, "OPUS": 48000}
"""Samples per second of each codec's sound; not the RTP clock (G.722, RFC 3551 4.5.2)."""

OPUS_BITS = 32000
"""Bits per second for music, prompts and transcoded speech, mono."""

OPUS_COMPLEXITY = 5
"""Of 10: half the CPU time of the most complex, hardly worse for speech at this rate."""

Encode = Callable[[bytes], bytes]
Decode = Callable[[bytes], bytes]


def encoder(name: str, rate: int | None = None) -> Encode:
    """A fresh encoder for frames of 20 ms; `rate` of the PCM where another than SAMPLE_RATES is taken.

    G.722 takes 8000 or 16000 Hz, Opus 8000, 16000 or 48000. Raises LocalError for a codec that we do not have.
    """
    return opus(rate or SAMPLE_RATES["OPUS"]) if name == "OPUS" else coder(name, rate).encode


def takes(name: str, rate: int) -> int:
    """The sample rate at which a sound of `rate` Hz is best given to the encoder of this codec."""
    return rate if name == "OPUS" else min(rate, SAMPLE_RATES[name])


def decoder(name: str) -> Decode:
    """A fresh decoder to SAMPLE_RATES. Raises LocalError for a codec that we do not have."""
    return opus_decoder() if name == "OPUS" else coder(name).decode


def opus(rate: int = 48000) -> Encode:
    """Opus from mono, one packet a frame."""
    context = av.CodecContext.create("libopus", "w")
    context.sample_rate = rate
    context.layout = "mono"
    context.format = "s16"
    context.bit_rate = OPUS_BITS
    context.options = {"frame_duration": "20", "application": "voip", "compression_level": str(OPUS_COMPLEXITY)}

    def encode(samples: bytes) -> bytes:
        frame = av.AudioFrame.from_ndarray(np.frombuffer(samples, np.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate = rate
        return b"".join(bytes(packet) for packet in context.encode(frame))

    return encode


def opus_decoder() -> Decode:
    """Opus to 48000 Hz mono. A payload of the first byte alone makes up a lost frame (RFC 6716 section 4.4)."""
    context = av.CodecContext.create("libopus", "r")
    context.sample_rate = SAMPLE_RATES["OPUS"]
    context.layout = "mono"

    def decode(payload: bytes) -> bytes:
        try:
            return b"".join(frame.to_ndarray().tobytes() for frame in context.decode(av.Packet(payload)))
        except av.FFmpegError as error:
            raise LocalError(f"no Opus: {error}") from error

    return decode


class Packer:
    """Cuts what is encoded every 20 ms into packets of the time that was agreed; Opus stays at 20 ms.

    G.711 and G.722 are eight bytes a millisecond, which is also their RTP clock.
    """

    __slots__ = ("_rest", "_size", "ticks")

    def __init__(self, codec: Codec, ptime: int) -> None:
        fits = codec.rate == 8000 and 10 <= ptime <= 120
        self._size = 8 * ptime if fits and ptime != 20 else 0
        self._rest = b""
        self.ticks = self._size or codec.rate // 50

    def add(self, payload: bytes) -> tuple[bytes, ...]:
        """The packets that are complete now."""
        if not self._size:
            return (payload,) if payload else ()
        rest, size = self._rest + payload, self._size
        whole = len(rest) // size * size
        self._rest = rest[whole:]
        return tuple(rest[at : at + size] for at in range(0, whole, size))

    def flush(self) -> tuple[bytes, ...]:
        """The last packet, which may be shorter."""
        rest, self._rest = self._rest, b""
        return (rest,) if rest else ()
