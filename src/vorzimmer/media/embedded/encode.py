"""Encoders for what we play, by codec name: those of ``audio``, and Opus, which needs PyAV.

Each keeps its codec's state and takes frames of 20 ms. This module must never decode: what phones send is passed on.
"""

from collections.abc import Callable

import av
import numpy as np

from vorzimmer.audio.codecs import coder

SAMPLE_RATES = {"PCMA": 8000, "PCMU": 8000, "G722": 16000, "OPUS": 48000}
"""Samples per second that each encoder takes; not the RTP clock (G.722, RFC 3551 4.5.2)."""

OPUS_BITS = 32000
"""Bits per second for music and prompts, mono."""


def encoder(name: str) -> Callable[[bytes], bytes]:
    """A fresh encoder. Raises LocalError for a codec we cannot play in."""
    return opus() if name == "OPUS" else coder(name).encode


def opus() -> Callable[[bytes], bytes]:
    """Opus from 48000 Hz mono, one packet a frame."""
    context = av.CodecContext.create("libopus", "w")
    context.sample_rate = 48000
    context.layout = "mono"
    context.format = "s16"
    context.bit_rate = OPUS_BITS
    context.options = {"frame_duration": "20"}

    def encode(samples: bytes) -> bytes:
        frame = av.AudioFrame.from_ndarray(np.frombuffer(samples, np.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate = 48000
        return b"".join(bytes(packet) for packet in context.encode(frame))

    return encode
