"""An adaptive jitter buffer: packets in as they come, packets out in order at the pace of whoever plays them.

The delay follows what was measured: it is long enough for 95 of 100 packets of the last seconds, 20 to 200 ms. An empty
buffer makes the player stretch what it has (that is how the delay grows, and how a slow sender's clock is made up for);
too long a delay asks it to play two packets in the time of one. A pause in the sender's speech (timestamps jump,
numbers do not) begins anew at the right delay. This module must never wait, decode, or hold more than a second.
"""

from collections import deque
from enum import Enum
from typing import NamedTuple

from vorzimmer.rtp.packet import signed16, signed32

LEAST, MOST = 0.020, 0.200
"""Seconds of delay that are aimed at."""

EXCESS = 0.030
"""Seconds beyond the aim that are tolerated before two packets are played as one; a multiple of it is cut at once."""

CUT = 0.200

CAPACITY = 100
"""Packets that are held: a second with 10 ms each, and what a hostile sender can make us keep."""

PATIENCE = 3
"""Times that an empty buffer asks the player to stretch before the sender counts as silent."""

_WINDOW = 150
_RECOUNT = 8
_QUANTILE = 0.95
_PAUSE = 0.060
_DISCONTINUITY = 0.5
_MAX_DROPOUT = 3_000
_MAX_GAP = 25
_STRAGGLERS = 10


class Packet(NamedTuple):
    """One packet of sound: `ticks` of the RTP clock long (0: it holds none, only its number counts)."""

    sequence: int
    timestamp: int
    payload_type: int
    payload: bytes
    ticks: int


class Gap(Enum):
    """Why there is no packet: LOST is followed by others, STARVED may still come, WAITING is nothing to play at all."""

    LOST = "lost"
    STARVED = "starved"
    WAITING = "waiting"


class _Held(NamedTuple):
    packet: Packet
    timestamp: int
    arrival: float


class JitterBuffer:
    """The buffer of one sender. Mutable, one owner; `now` in seconds from any start.

    `late` counts what came after its turn, `lost` what never came in time, `cut` what was left out so that
    the delay gets shorter.
    """

    __slots__ = (
        "_base", "_due", "_held", "_highest", "_last_timestamp", "_next", "_playing", "_rate", "_recount", "_ssrc",
        "_starved", "_stragglers", "_transits", "cut", "delay", "duplicates", "late", "lost", "target",
    )  # fmt: skip

    def __init__(self) -> None:
        self.late = self.lost = self.cut = self.duplicates = 0
        self.target = 2 * LEAST
        self.delay = 0.0
        self._ssrc = -1
        self._rate = 0
        self._restart(-1, 8_000)

    def _restart(self, ssrc: int, rate: int) -> None:
        """Another stream: what is still held of the former one is forgotten."""
        self._ssrc, self._rate = ssrc, rate
        self._held: dict[int, _Held] = {}
        self._transits: deque[float] = deque(maxlen=_WINDOW)
        self._base = 0.0
        self._recount = 0
        self._highest = -1
        self._last_timestamp = 0
        self._next = -1
        self._due = 0
        self._playing = False
        self._starved = 0
        self._stragglers = 0

    def clear(self) -> None:
        """Forget the stream: what comes next begins anew."""
        self._restart(-1, self._rate)

    @property
    def rate(self) -> int:
        """The RTP clock of the stream in Hz."""
        return self._rate

    @property
    def too_long(self) -> bool:
        """Whether the player should take two packets in the time of one."""
        return self.delay > self.target + EXCESS and self._next in self._held

    def put(self, packet: Packet, ssrc: int, rate: int, now: float) -> bool:
        """A packet has come; False when it is late or was there before. `rate` is its RTP clock in Hz."""
        if ssrc != self._ssrc or rate != self._rate:
            self._restart(ssrc, rate)
        number = self._number(packet.sequence)
        timestamp = self._last_timestamp + signed32(packet.timestamp - self._last_timestamp)
        if packet.ticks:
            self._measure(now - timestamp / rate)
        if number < self._next:
            return self._straggler(packet, ssrc, rate, now)
        self._stragglers = 0
        if number in self._held:
            self.duplicates += 1
            return False
        if number > self._highest:
            self._highest, self._last_timestamp = number, timestamp
        self._held[number] = _Held(packet, timestamp, now)
        if len(self._held) > CAPACITY:
            self._skip_to_rest()
        return True

    def take(self, now: float) -> Packet | Gap:
        """The next packet to play, or why there is none."""
        while True:
            if not self._held:
                return self._empty()
            if not self._playing and not self._begin(now):
                return Gap.WAITING
            held = self._held.get(self._next)
            if held is None:
                if self._grows():
                    return Gap.STARVED
                if self._catch_up():
                    continue
                return Gap.LOST
            if self._starts_anew(held):
                self._playing = False
                continue
            if self._play(held, now):
                return held.packet

    def _number(self, sequence: int) -> int:
        """The sequence number without its wrap; a jump means that the sender began anew (RFC 3550 A.1)."""
        if self._highest < 0:
            return sequence + 0x10000
        number = self._highest + signed16(sequence - self._highest)
        if abs(number - self._highest) > _MAX_DROPOUT:
            self._restart(self._ssrc, self._rate)
            return sequence + 0x10000
        return number

    def _straggler(self, packet: Packet, ssrc: int, rate: int, now: float) -> bool:
        """Late; several of them in a row are a sender that began anew a little before where it was."""
        self._stragglers += 1
        if self._stragglers > _STRAGGLERS:
            self._restart(ssrc, rate)
            return self.put(packet, ssrc, rate, now)
        self.late += 1
        return False

    def _measure(self, transit: float) -> None:
        if self._transits and abs(transit - self._transits[-1]) > _DISCONTINUITY:
            self._transits.clear()  # the sender's clock stood still or was set: what was measured says nothing now
            self._recount = 0
        self._transits.append(transit)
        self._base = min(self._base, transit) if len(self._transits) > 1 else transit
        self._recount += 1
        if self._recount % _RECOUNT == 0:
            ordered = sorted(self._transits)
            self._base = ordered[0]
            usual = ordered[int(_QUANTILE * (len(ordered) - 1))] - self._base
            self.target = min(max(usual + LEAST / 2, LEAST), MOST)

    def _empty(self) -> Gap:
        if not self._playing:
            return Gap.WAITING
        self._starved += 1
        if self._starved > PATIENCE:
            self._playing = False
            return Gap.WAITING
        return Gap.STARVED

    def _begin(self, now: float) -> bool:
        """The first packet after a pause waits until its time: the shortest way it could have had, and the delay."""
        number = min(self._held)
        held = self._held[number]
        if now < min(self._base + held.timestamp / self._rate, held.arrival) + self.target:
            return False
        if self._next >= 0:
            self.lost += number - self._next
        self._next, self._due = number, held.timestamp
        self._playing = True
        self._starved = 0
        return True

    def _grows(self) -> bool:
        """The next one is missing while the delay is shorter than it should be: it may still be on its way."""
        if self.delay >= self.target:
            return False
        self.delay += LEAST
        return True

    def _catch_up(self) -> bool:
        """The next one is missing: True when playing goes on without a trace of it, False to make up for one."""
        gap = min(self._held) - self._next
        covered = gap if gap > _MAX_GAP else min(gap, self._starved)
        self._starved = 0
        self.lost += covered or 1
        self._next += covered or 1
        self._due = self._held[min(self._held)].timestamp  # a jump of timestamps over what is missing is no pause
        return covered > 0

    def _starts_anew(self, held: _Held) -> bool:
        """After a pause in speech the delay may be another one: timestamps jumped although no packet is missing."""
        return held.packet.ticks > 0 and held.timestamp - self._due >= _PAUSE * self._rate

    def _play(self, held: _Held, now: float) -> bool:
        """Take it out; False for one that holds no sound, or that is left out because the delay is far too long."""
        del self._held[self._next]
        self._next += 1
        self._starved = 0
        if not held.packet.ticks:
            return False
        self._due = held.timestamp + held.packet.ticks
        self.delay = now - self._base - held.timestamp / self._rate
        if self.delay > self.target + CUT and self._held:
            self.cut += 1
            return False
        return True

    def _skip_to_rest(self) -> None:
        """More than can be held: the oldest goes."""
        first = min(self._held)
        del self._held[first]
        self.cut += 1
        if self._playing and first >= self._next:
            self.lost += first - self._next
            self._next = first + 1
            if self._held:
                self._due = self._held[min(self._held)].timestamp
