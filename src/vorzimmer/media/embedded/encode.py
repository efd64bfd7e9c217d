"""Encoders for what we play, by codec name. Each keeps its codec's state and takes frames of 20 ms, 16 bit mono.

This module must never decode: what phones send is passed on as it is.
"""

import audioop
from collections.abc import Callable

import av
import G722
import numpy as np

from vorzimmer.kernel.errors import LocalError

SAMPLE_RATES = {"PCMA": 8000, "PCMU": 8000, "G722": 16000, "OPUS": 48000}
"""Samples per second that each encoder wants; not the RTP clock."""


def encoder(name: str) -> Callable[[bytes], bytes]:
    """A fresh encoder. Raises LocalError for a codec we cannot play in."""
    match name:
        case "PCMA":
            return lambda samples: audioop.lin2alaw(samples, 2)
        case "PCMU":
            return lambda samples: audioop.lin2ulaw(samples, 2)
        case "G722":
            codec = G722.G722(16000, 64000)
            return lambda samples: bytes(codec.encode(np.frombuffer(samples, np.int16)))
        case "OPUS":
            return _opus()
    raise LocalError(f"no encoder for {name}")


def _opus() -> Callable[[bytes], bytes]:
    context = av.CodecContext.create("libopus", "w")
    context.sample_rate = 48000
    context.layout = "mono"
    context.format = "s16"
    context.bit_rate = 32000
    context.options = {"frame_duration": "20"}

    def encode(samples: bytes) -> bytes:
        frame = av.AudioFrame.from_ndarray(np.frombuffer(samples, np.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate = 48000
        return b"".join(bytes(packet) for packet in context.encode(frame))

    return encode
