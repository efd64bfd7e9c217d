"""What a phone says, as frames of PCM: its packets through a jitter buffer and a decoder, gaps covered up.

There is a voice only for a phone whom somebody hears in another codec. This module must never send, read a clock, or
trust a payload: what cannot be decoded counts as lost.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from vorzimmer.audio import noise
from vorzimmer.audio.codecs import ticks
from vorzimmer.audio.pcm import WIDTH
from vorzimmer.audio.stream import Concealer, merged
from vorzimmer.kernel.errors import LocalError
from vorzimmer.media.embedded.encode import SAMPLE_RATES, Decode, decoder
from vorzimmer.rtp.jitter import Gap, JitterBuffer, Packet
from vorzimmer.rtp.packet import Header

FRAMES = 50
"""Frames a second."""

LINGER = 50
"""Frames of silence that are still sent when a phone has stopped: a pause in speech sounds less like a broken line."""

NOISE_FRAMES = 30 * FRAMES
"""Comfort noise goes on for so long after its last packet."""

SQUEEZE_EVERY = 5
"""Frames between two that are played as one, unless the delay is far too long."""

COMFORT_NOISE = "CN"
EVENT = "EVENT"
"""Names of payload types that hold no speech: for a pause, and for digits, which only keep their place."""


class Frame(NamedTuple):
    """20 ms of sound at `rate` Hz that came as `payload_type`; `pause` if the phone has said nothing of it."""

    pcm: bytes
    rate: int
    payload_type: int
    pause: bool = False


@dataclass(slots=True, eq=False)
class Voice:
    """One phone's voice. `names` gives the codec of each payload type that is decoded."""

    names: dict[int, str]
    buffer: JitterBuffer = field(default_factory=JitterBuffer)
    rate: int = 8000
    _payload_type: int = -1
    _decoders: dict[int, Decode] = field(default_factory=dict)
    _concealer: Concealer = field(default_factory=Concealer)
    _ready: bytes = b""
    _opus_head: bytes = b""
    _noise: float | None = None
    _quiet: int = LINGER
    _position: int = 0
    _squeezed: int = 0
    _hushed: bool = False

    def put(self, data: bytes, header: Header, rate: int, now: float) -> None:
        """A packet of the phone's. A telephone event only keeps its place; what everybody hears as it is ends the voice
        until something has to be decoded again."""
        payload = data[header.start : header.end]
        name = self.names.get(header.payload_type)
        if name is None:
            self._stop()
            return
        length, clock = 0, self.buffer.rate
        if name == COMFORT_NOISE:
            length = clock // FRAMES
        elif name != EVENT:
            length, clock = ticks(name, payload), rate
        self._hushed = name == EVENT
        packet = Packet(header.sequence, header.timestamp, header.payload_type, payload, length)
        self.buffer.put(packet, header.ssrc, clock, now)

    def agree(self, names: dict[int, str]) -> None:
        """Other payload types are decoded from now on; those that stay keep their codec's state."""
        for number in [each for each in self._decoders if names.get(each) != self.names.get(each)]:
            del self._decoders[number]
        self.names = names

    def frame(self, now: float) -> Frame | None:
        """The next 20 ms, None when the phone has been silent for a while."""
        pause = False
        while len(self._ready) < self._size:
            taken = self.buffer.take(now)
            if isinstance(taken, Packet):
                self._hear(taken, now)
            elif taken is Gap.LOST or (taken is Gap.STARVED and self._may_stretch):
                self._ready += self._made_up()
            else:
                pause = not self._ready
                if not self._pause():
                    return None
        return self._cut(pause)

    @property
    def _may_stretch(self) -> bool:
        return self._noise is None and not self._hushed and not self._concealer.exhausted

    def _stop(self) -> None:
        self.buffer.clear()
        self._ready, self._noise, self._quiet = b"", None, LINGER

    @property
    def _size(self) -> int:
        return self.rate // FRAMES * WIDTH

    def _hear(self, packet: Packet, now: float) -> None:
        if self.names.get(packet.payload_type) == COMFORT_NOISE:
            self._noise = noise.level(packet.payload)
            self._quiet = 0
            return
        pcm = self._decoded(packet)
        self._squeezed += 1
        urgent = self._squeezed >= SQUEEZE_EVERY
        if self.buffer.too_long and urgent:
            following = self.buffer.take(now)
            if isinstance(following, Packet) and following.payload_type == packet.payload_type:
                pcm, self._squeezed = merged(pcm, self._decoded(following)), 0
        if pcm:
            self._noise, self._quiet = None, 0
            self._ready += self._concealer.heard(pcm)

    def _decoded(self, packet: Packet) -> bytes:
        name = self.names.get(packet.payload_type)
        if name is None or name in {COMFORT_NOISE, EVENT}:
            return b""
        if packet.payload_type != self._payload_type:
            self._payload_type, self.rate = packet.payload_type, SAMPLE_RATES[name]
            self._ready, self._concealer = b"", Concealer()
        if packet.payload_type not in self._decoders:
            self._decoders[packet.payload_type] = decoder(name)
        self._opus_head = packet.payload[:1] if name == "OPUS" else b""
        try:
            return self._decoders[packet.payload_type](packet.payload)
        except LocalError:
            return b""

    def _made_up(self) -> bytes:
        """For a packet that is missing: Opus knows how itself, from the kind of its last packet (RFC 6716 4.4)."""
        made = self._concealer.missing(self.rate // FRAMES)
        if not self._opus_head or self._concealer.exhausted:
            return made
        try:
            return self._decoders[self._payload_type](bytes([self._opus_head[0] & 0xFC])) or made
        except LocalError:
            return made

    def _pause(self) -> bool:
        """Nothing comes: comfort noise where the phone asked for it, else silence, and after a while nothing."""
        self._quiet += 1
        if self._hushed or self._quiet > (LINGER if self._noise is None else NOISE_FRAMES):
            self._ready = b""
            return False
        missing = self._size - len(self._ready)
        samples = missing // WIDTH
        self._ready += bytes(missing) if self._noise is None else noise.frame(self._noise, self._position, samples)
        self._position += samples
        return True

    def _cut(self, pause: bool) -> Frame:
        size = self._size
        pcm, self._ready = self._ready[:size], self._ready[size:]
        return Frame(pcm, self.rate, self._payload_type, pause)
