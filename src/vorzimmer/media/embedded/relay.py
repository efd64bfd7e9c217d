"""The hot path: one datagram in, a rewritten header, the same payload out. No decoding, no waiting, no allocation
beyond the packet itself.

An :class:`Inlet` is what we receive from a phone, an :class:`Outlet` (in ``outlet``) the one continuous stream that a
phone hears. This module must never open a socket or read a clock: bytes, source address and time come in.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from vorzimmer.kernel.address import Address
from vorzimmer.media.embedded.outlet import BLOCKED, HEADER, Head, Outlet, Where
from vorzimmer.rtp.learning import Learning
from vorzimmer.rtp.packet import HEADER_BYTES, Header, parse
from vorzimmer.rtp.statistics import Reception

__all__ = ["BLOCKED", "HEADER", "Head", "Inlet", "Outlet", "Where"]

MAX_SSRCS = 64
"""SSRCs remembered of one endpoint, against a phone that makes up a new one with every packet."""

Decoded = Callable[[bytes, Header, int, float], None]
"""Takes a packet that somebody hears in another codec: datagram, header, RTP clock in Hz, time."""


def _nothing(data: bytes, source: Where, now: float) -> bool:
    return False


def _nobody(data: bytes, header: Header, rate: int, now: float) -> None:
    """Nobody needs it decoded."""


def _unmoved(source: Where) -> bool:
    """An endpoint that is gone follows nobody."""
    return False


@dataclass(slots=True, eq=False)
class Inlet:
    """What comes from one phone.

    `rates` gives the RTP clock of each payload type the phone may send, 0 for those it may not. `learning` decides
    whose packets are believed; a believed one of `source` and `ssrc` passes without asking it. `old` are SSRCs of the
    call that had this port before. `moved` is told a newly learned source and may refuse it; `digits` takes telephone
    events. `decoding`: somebody hears this phone in another codec; `decode` takes all packets then. `strange` is asked
    about what is no RTP of this phone's. `authentic`: every packet was proven (SRTP).
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
    decoding: bool = False
    decode: Decoded = _nobody
    strange: Callable[[bytes, Where, float], bool] = _nothing
    authentic: bool = False
    _rate: int = 0

    def forget(self) -> None:
        """The endpoint is gone: hold nobody that holds this, or only the garbage collector would find them all."""
        self.moved, self.strange, self.decode, self.listeners = _unmoved, _nothing, _nobody, ()

    def receive(self, data: bytes, source: Where, now: float) -> None:
        """One datagram from the network. Anything that is not this phone's RTP is counted in `dropped`."""
        if len(data) < HEADER_BYTES:
            self.dropped += not self.strange(data, source, now)
            return
        head = HEADER.unpack_from(data)
        first, second, seq, timestamp, ssrc = head
        kind = second & 127
        rate = self.rates[kind]
        if not rate or first & 0xC0 != 0x80:
            self.dropped += not self.strange(data, source, now)
            return
        if (source != self.source or ssrc != self.ssrc) and not self._admit(source, ssrc, seq, now):
            self.dropped += 1
            return
        self.last = now
        if kind == self.event:
            self._event(data, head, rate, now)
            return
        self.reception.packet(ssrc, seq, timestamp, now, rate=rate, size=len(data) - HEADER_BYTES)
        if rate != self._rate:
            self._other_clock(rate)
        if self.decoding:
            self._decode(data, rate, now)
        for outlet in self.listeners:
            outlet.relay(data, head, rate, now)

    def agree(self, remote: Address | None, now: float) -> None:
        """A description was agreed: where another address is named, learn anew (RFC 3264 8.3.1)."""
        self.learning.configure(remote, now)
        if self.learning.locked is None:
            self.source = None

    def listen(self, decode: Decoded) -> None:
        """Somebody hears this phone in another codec."""
        self.decoding, self.decode = True, decode

    def silence(self) -> None:
        """Nobody does any more."""
        self.decoding, self.decode = False, _nobody

    def _event(self, data: bytes, head: Head, rate: int, now: float) -> None:
        header = parse(data)
        if header is None:
            self.dropped += 1
            return
        self.events += 1
        self.digits(head, data[header.start : header.end], now)
        if self.decoding:
            self.decode(data, header, rate, now)
        for outlet in self.listeners:
            outlet.event(data, header, rate, now)

    def _decode(self, data: bytes, rate: int, now: float) -> None:
        header = parse(data)
        if header is not None:
            self.decode(data, header, rate, now)

    def _admit(self, source: Where, ssrc: int, seq: int, now: float) -> bool:
        """Symmetric RTP for a packet that is not simply the next of the believed stream."""
        if ssrc in self.old:
            return False
        address = Address(str(source[0]), int(str(source[1])))
        if self.source is not None and source != self.source:
            self._remember()
        if not self.learning.accept(address, ssrc, seq, now, authentic=self.authentic):
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
