"""The hot path: one datagram in, a rewritten header, the same payload out. No decoding, no waiting, no allocation
beyond the packet itself.

An :class:`Inlet` is what we receive from a phone, an :class:`Outlet` the one continuous stream that a phone hears. An
outlet keeps its SSRC, and its sequence numbers and timestamps go on across every change of source (RFC 3550 5.1), so
that hold, music and transfer sound like one stream. This module must never open a socket or read a clock: bytes,
source address and time come in, `send` takes bytes and destination.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from struct import Struct

from vorzimmer.kernel.address import Address
from vorzimmer.rtp.learning import Learning
from vorzimmer.rtp.statistics import Reception

Where = tuple[object, ...]
"""A socket address as asyncio gives it: host, port, and for IPv6 flow and scope."""

Head = tuple[int, int, int, int, int]
"""A fixed RTP header: flags, marker and payload type, sequence number, timestamp, SSRC (RFC 3550 5.1)."""

Send = Callable[[bytes | bytearray, Where], None]

HEADER = Struct("!BBHII")
BLOCKED = (-1,) * 128
"""The payload type map of somebody who hears nothing."""

MAX_SSRCS = 64
"""SSRCs remembered of one endpoint, against a phone that makes up a new one with every packet."""

MAX_DROPOUT = 3000
MAX_MISORDER = 100
"""RFC 3550 A.1: beyond these a sequence number means that the phone has started anew, not that packets were lost."""

FRAMES_PER_SECOND = 50


@dataclass(slots=True, eq=False)
class Outlet:
    """The stream a phone hears. `map` gives the payload type out for each one in, -1 for those that stay behind."""

    send: Send
    ssrc: int
    seq: int
    timestamp: int
    to: Where | None = None
    map: tuple[int, ...] = BLOCKED
    fresh: bool = True
    packets: int = 0
    octets: int = 0
    last: float = -1.0
    rate: int = 8000
    _seq_shift: int = 0
    _time_shift: int = 0
    _since_switch: int = 0

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
        self._since_switch += 1
        packet = bytearray(data)
        HEADER.pack_into(packet, 0, first, (second & 0x80) | number, seq, timestamp, self.ssrc)
        self.packets += 1
        self.octets += len(packet) - 12
        self.send(packet, to)

    def play(self, payload: bytes, number: int, clock: tuple[int, int], now: float) -> None:
        """Send a frame of our own; `clock` is (RTP clock in Hz, ticks since the frame before)."""
        to = self.to
        if to is None:
            return
        rate, ticks = clock
        marker = 0x80 if self.fresh else 0
        self.timestamp = self._resumed(rate, now) if self.fresh else (self.timestamp + ticks) & 0xFFFFFFFF
        self.fresh = False
        self.seq = (self.seq + 1) & 0xFFFF
        self.last = now
        self.packets += 1
        self.octets += len(payload)
        self.send(HEADER.pack(0x80, marker | number, self.seq, self.timestamp, self.ssrc) + payload, to)

    def _switch(self, seq: int, timestamp: int, rate: int, now: float) -> None:
        self.fresh = False
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


@dataclass(slots=True, eq=False)
class Inlet:
    """What comes from one phone.

    `rates` gives the RTP clock of each payload type the phone may send, 0 for those it may not. `learning` decides
    whose packets are believed; a believed one of `source` and `ssrc` passes without asking it. `old` are SSRCs of the
    call that had this port before. `moved` is told a newly learned source and may refuse it; `digits` takes telephone
    events.
    """

    digits: Callable[[Head, bytes, float], None]
    moved: Callable[[Where], bool]
    old: frozenset[int] = frozenset()
    learning: Learning = field(default_factory=Learning)
    reception: Reception = field(default_factory=Reception)
    rates: tuple[int, ...] = (0,) * 128
    event: int = -1
    source: Where | None = None
    ssrc: int = -1
    listeners: tuple[Outlet, ...] = ()
    last: float = -1.0
    events: int = 0
    dropped: int = 0
    ssrcs: set[int] = field(default_factory=set)
    _rate: int = 0

    def receive(self, data: bytes, source: Where, now: float) -> None:
        """One datagram from the network. Anything that is not this phone's RTP is counted in `dropped`."""
        if len(data) < 12:
            self.dropped += 1
            return
        head = HEADER.unpack_from(data)
        first, second, seq, timestamp, ssrc = head
        kind = second & 127
        rate = self.rates[kind]
        if not rate or first & 0xC0 != 0x80:
            self.dropped += 1
            return
        if (source != self.source or ssrc != self.ssrc) and not self._admit(source, ssrc, seq, now):
            self.dropped += 1
            return
        self.last = now
        if kind == self.event:
            self.events += 1
            self.digits(head, data[12:], now)
        else:
            self.reception.packet(ssrc, seq, timestamp, now, rate=rate, size=len(data) - 12)
            if rate != self._rate:
                self._other_clock(rate)
        for outlet in self.listeners:
            outlet.relay(data, head, rate, now)

    def agree(self, remote: Address | None, now: float) -> None:
        """A description was agreed: where another address is named, learn anew (RFC 3264 8.3.1)."""
        self.learning.configure(remote, now)
        if self.learning.locked is None:
            self.source = None

    def _admit(self, source: Where, ssrc: int, seq: int, now: float) -> bool:
        """Symmetric RTP for a packet that is not simply the next of the believed stream."""
        if ssrc in self.old:
            return False
        address = Address(str(source[0]), int(str(source[1])))
        if self.source is not None and source != self.source:
            self._remember()
        if not self.learning.accept(address, ssrc, seq, now):
            return False
        if source != self.source and self.learning.locked == address:
            if not self.moved(source):
                return False
            self.source = source
        if ssrc != self.ssrc:
            self._new_stream(ssrc)
        return True

    def _remember(self) -> None:
        """Tell the learning when the believed source was last heard: it was not asked for those packets."""
        if self.learning.locked is not None:
            self.learning.accept(self.learning.locked, self.ssrc, 0, self.last)

    def _new_stream(self, ssrc: int) -> None:
        self.ssrc = ssrc
        if len(self.ssrcs) < MAX_SSRCS:
            self.ssrcs.add(ssrc)
        for outlet in self.listeners:
            outlet.fresh = True

    def _other_clock(self, rate: int) -> None:
        """Another codec with another clock begins: its timestamps do not go on from the former ones."""
        if self._rate:
            for outlet in self.listeners:
                outlet.fresh = True
        self._rate = rate
