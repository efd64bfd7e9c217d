"""A robot's voice: RTP from a socket of its own, our music in A-law, and a count of what came back.

This module must never send to anybody but the address that was agreed on.
"""

import asyncio
from pathlib import Path

import vorzimmer.media
from vorzimmer.audio.codecs import coder
from vorzimmer.audio.wav import read
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.rtp import packet
from vorzimmer.sdp.plan import Agreed

MUSIC = Path(vorzimmer.media.__file__).parent / "sounds" / "default.wav"
FRAME_S = 0.02
SAMPLES = 160


def spoken() -> bytes:
    """The shipped music as A-law at 8 kHz, in whole frames."""
    encoded = coder("PCMA").encode(read(MUSIC.read_bytes(), 8000).pcm)
    return encoded[: len(encoded) // SAMPLES * SAMPLES]


class Voice(asyncio.DatagramProtocol):
    """One robot's audio socket; it speaks while `speak` was given an address."""

    def __init__(self, clock: Clock, chance: Chance, melody: bytes) -> None:
        self._clock = clock
        self._melody = melody
        self._ssrc = chance.number(1, 2**32 - 1)
        self._sent = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._to: Address | None = None
        self._payload_type = 8
        self._next: Alarm | None = None
        self._due = 0.0
        self.heard = 0

    async def open(self, host: str) -> Address:
        """Bind; the address for SDP."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0))
        return Address(*self._transport.get_extra_info("sockname")[:2])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard += 1

    def speak(self, agreed: Agreed | None) -> None:
        """Speak to what was agreed on, or fall silent (None, or on hold)."""
        self._to = agreed.remote if agreed is not None and agreed.sends else None
        if agreed is not None and agreed.formats:
            self._payload_type = agreed.formats[0].payload_type
        if self._to is not None and self._next is None:
            self._due = self._clock.now()
            self._tick()

    def close(self) -> None:
        """Fall silent for good."""
        self._to = None
        if self._transport is not None:
            self._transport.close()

    def _tick(self) -> None:
        self._next = None
        if self._to is None or self._transport is None or self._transport.is_closing():
            return
        at = self._sent * SAMPLES % len(self._melody)
        data = packet.build(
            self._melody[at : at + SAMPLES],
            payload_type=self._payload_type,
            sequence=self._sent,
            timestamp=self._sent * SAMPLES,
            ssrc=self._ssrc,
        )
        self._transport.sendto(data, (self._to.host, self._to.port))
        self._sent += 1
        self._due += FRAME_S
        self._next = self._clock.call_at(self._due, self._tick)
