"""The one continuous stream that a phone hears, whatever its source: another phone's packets, or frames of our own.

An outlet keeps its SSRC, and its sequence numbers and timestamps go on across every change of source (RFC 3550 5.1),
so that hold, music, transfer and a change of codec sound like one stream. This module must never open a socket or read
a clock: `send` takes bytes and destination, the time comes in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct

from vorzimmer.rtp.events import scaled
from vorzimmer.rtp.packet import HEADER_BYTES, Header

Where = tuple[object, ...]
"""A socket address as asyncio gives it: host, port, and for IPv6 flow and scope."""

Head = tuple[int, int, int, int, int]
"""A fixed RTP header: flags, marker and payload type, sequence number, timestamp, SSRC (RFC 3550 5.1)."""

Send = Callable[[bytes | bytearray, Where], None]

HEADER = Struct("!BBHII")
BLOCKED = (-1,) * 128
"""The payload type map of somebody who hears nothing."""

MAX_DROPOUT = 3000
MAX_MISORDER = 100
"""RFC 3550 A.1: beyond these a sequence number means that the phone has started anew, not that packets were lost."""

FRAMES_PER_SECOND = 50


@dataclass(slots=True, eq=False)
class Outlet:
    """The stream a phone hears. `map` gives the payload type out for each one in, -1 for those that stay behind.

    `fresh`: the next relayed packet begins a new source. `event_rate` is the clock of this phone's events in Hz.
    """

    send: Send
    ssrc: int
    seq: int
    timestamp: int
    to: Where | None = None
    map: tuple[int, ...] = BLOCKED
    fresh: bool = True
    packets: int = 0
    last: float = -1.0
    rate: int = 8000
    event_rate: int = 8000
    _playing: bool = False
    _event: tuple[int, int, int] = (-1, -1, 0)
    _seq_shift: int = 0
    _time_shift: int = 0
    _since_switch: int = 0
    _octets: int = 0
    _size: int = HEADER_BYTES
    _sized_from: int = 0

    def renew(self) -> None:
        """Another source begins: with a marker, at the time it is then."""
        self.fresh = True
        self._playing = False

    def relay(self, data: bytes, head: Head, rate: int, now: float) -> None:
        """Send `data` (its header is `head`) on as part of this stream. `rate` is the RTP clock in Hz."""
        to = self.to
        first, second, seq, timestamp, _ = head
        number = self.map[second & 127]
        if number < 0 or to is None:
            self._seq_shift -= 1  # what stays behind (a digit the phone cannot take) must not look like loss
            return
        if self.fresh:
            self._switch(seq, timestamp, rate, now)
            second |= 0x80
        seq = (seq + self._seq_shift) & 0xFFFF
        timestamp = (timestamp + self._time_shift) & 0xFFFFFFFF
        ahead = (seq - self.seq) & 0xFFFF
        if ahead < MAX_DROPOUT:
            self.seq = seq
            self.timestamp = timestamp
            self.last = now
        elif ahead < 0x10000 - MAX_MISORDER:
            self.fresh = True
            self.relay(data, head, rate, now)
            return
        elif 0x10000 - ahead >= self._since_switch:
            return  # from before the switch: its number belongs to the former source
        if self._since_switch < MAX_MISORDER:
            self._since_switch += 1
        size = len(data)
        if size != self._size:
            self._resize(size)
        packet = bytearray(data)
        HEADER.pack_into(packet, 0, first, (second & 0x80) | number, seq, timestamp, self.ssrc)
        self.packets += 1
        send = self.send  # called as a method, a slot is looked up the slow way
        send(packet, to)

    @property
    def octets(self) -> int:
        """Bytes of payload that were sent; packets of one size in a row are counted together."""
        return self._octets + (self.packets - self._sized_from) * (self._size - HEADER_BYTES)

    def _resize(self, size: int) -> None:
        self._octets, self._sized_from, self._size = self.octets, self.packets, size

    def event(self, data: bytes, header: Header, rate: int, now: float) -> None:
        """A telephone event: relayed, in the clock of this phone's events, also between frames of our own."""
        if self._playing:
            self.press(
                data[header.start : header.end], header._replace(payload_type=self.map[header.payload_type]), rate, now
            )
            return
        if rate != self.event_rate:
            data = data[: header.start] + scaled(data[header.start : header.end], rate, self.event_rate)
            header = header._replace(end=len(data))
        second = header.payload_type | header.marker << 7
        self.relay(data, (data[0], second, header.sequence, header.timestamp, header.ssrc), rate, now)

    def press(self, payload: bytes, header: Header, rate: int, now: float) -> None:
        """A telephone event of somebody whose audio is not relayed; `header` has the payload type of this phone, -1 if
        it takes none."""
        if header.payload_type < 0 or self.to is None:
            return
        if self._event[:2] != (header.ssrc, header.timestamp):
            self._event = (header.ssrc, header.timestamp, self._resumed(self.rate, now))
        sent = payload if rate == self.event_rate else scaled(payload, rate, self.event_rate)
        self._put(sent, header.payload_type | header.marker << 7, self._event[2])

    def play(self, payload: bytes, number: int, clock: tuple[int, int], now: float) -> None:
        """Send a frame of our own; `clock` is (RTP clock in Hz, ticks of the frame before)."""
        if self.to is None:
            return
        rate, ticks = clock
        begins = not self._playing
        self.timestamp = self._resumed(rate, now) if begins else (self.timestamp + ticks) & 0xFFFFFFFF
        self._playing = self.fresh = True
        self.last = now
        self._put(payload, number | begins << 7, self.timestamp)

    def _put(self, payload: bytes, second: int, timestamp: int) -> None:
        self.seq = (self.seq + 1) & 0xFFFF
        if len(payload) + HEADER_BYTES != self._size:
            self._resize(len(payload) + HEADER_BYTES)
        self.packets += 1
        if self.to is not None:
            self.send(HEADER.pack(0x80, second, self.seq, timestamp, self.ssrc) + payload, self.to)

    def _switch(self, seq: int, timestamp: int, rate: int, now: float) -> None:
        self.fresh = self._playing = False
        self._since_switch = 0
        self._seq_shift = self.seq + 1 - seq
        self._time_shift = self._resumed(rate, now) - timestamp

    def _resumed(self, rate: int, now: float) -> int:
        """The timestamp with which another source goes on: wall time passed, and at least one frame (RFC 3550 5.1)."""
        self.rate = rate
        if self.last < 0:
            return self.timestamp
        passed = max(round((now - self.last) * rate), rate // FRAMES_PER_SECOND)
        return (self.timestamp + passed) & 0xFFFFFFFF
