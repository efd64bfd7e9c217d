"""Digits as RFC 4733 telephone-events: sending them with three ends, hearing each exactly once.

A digit may come with its start lost, its ends lost, packets twice or out of order, or longer than one duration field
can say. This module must never report the same press twice, and never lose one of which a single packet arrived.
"""

import struct
from typing import NamedTuple

from vorzimmer.rtp.packet import Buffer, signed32

DIGITS = "0123456789*#ABCD"
_WIRE = struct.Struct("!BBH")
_LONGEST = 0xFFFF
_PATIENCE = 0.2
"""Seconds without a packet after which an event whose ends were lost is over."""
_STALE_SECONDS = 5


class Event(NamedTuple):
    """One payload: `code` 0..255 (0-15 are DIGITS), `volume` in -dBm0, `duration` in timestamp units."""

    code: int
    end: bool
    volume: int
    duration: int


class Digit(NamedTuple):
    """A complete press and how long it lasted."""

    digit: str
    milliseconds: int


class EventPacket(NamedTuple):
    """One packet to send: `offset_ms` after the start of the event, its timestamp that many units after the start's."""

    offset_ms: int
    timestamp: int
    marker: bool
    payload: bytes


def decode(payload: Buffer) -> Event | None:
    """The event in a payload, None if it is too short (RFC 4733 section 2.3)."""
    if len(payload) < 4:
        return None
    code, flags, duration = _WIRE.unpack_from(payload)
    return Event(code, bool(flags & 0x80), flags & 0x3F, duration)


def encode(event: Event) -> bytes:
    """The four bytes of an event."""
    return _WIRE.pack(event.code, (0x80 if event.end else 0) | event.volume & 0x3F, event.duration)


def scaled(payload: Buffer, rate: int, target: int) -> bytes:
    """An event counted in another clock (Hz): RFC 4733 section 2.1 has events share the clock of the audio beside."""
    event = decode(payload)
    if event is None:
        return bytes(payload)
    return encode(event._replace(duration=min(event.duration * target // rate, _LONGEST)))


def digit_packets(
    digit: str, milliseconds: int = 160, *, rate: int = 8_000, ptime: int = 20, volume: int = 10
) -> tuple[EventPacket, ...]:
    """All packets of one press in order: marker on the first, three ends at the last (RFC 4733 section 2.5.1.4).

    An event beyond 65535 units goes on in segments with timestamps of their own (section 2.5.1.3). Raises ValueError
    for something that is not a digit.
    """
    code = DIGITS.index(digit.upper())
    step = rate * ptime // 1_000
    total = max(step, milliseconds * rate // 1_000)
    room = _LONGEST // step * step
    packets = []
    for number, reached in enumerate(range(step, total + step, step)):
        segment = (reached - 1) // room * room
        event = Event(code, reached >= total, volume, min(reached, total) - segment)
        packets.append(EventPacket(number * ptime, segment, number == 0, encode(event)))
    last = packets[-1]
    repeats = (last._replace(offset_ms=last.offset_ms + ptime * n, marker=False) for n in (1, 2))
    return (*packets, *repeats)


class _Press:
    """An event that is going on."""

    __slots__ = ("before", "code", "duration", "rate", "seen", "timestamp")

    def __init__(self, event: Event, timestamp: int, now: float, rate: int) -> None:
        self.code, self.duration, self.timestamp, self.seen, self.rate = (
            event.code,
            event.duration,
            timestamp,
            now,
            rate,
        )
        self.before = 0

    def digit(self) -> tuple[Digit, ...]:
        if self.code >= len(DIGITS):
            return ()
        return (Digit(DIGITS[self.code], (self.before + self.duration) * 1_000 // self.rate),)

    def goes_on(self, event: Event, timestamp: int) -> bool:
        """RFC 4733 section 2.5.1.3: the next segment of a long event begins where this one ended."""
        silent = signed32(timestamp - self.timestamp) - self.duration
        long_enough = self.duration >= _LONGEST // 2
        return event.code == self.code and long_enough and 0 <= silent <= _PATIENCE * self.rate


class DigitReceiver:
    """Hears the digits of one source. Mutable, one owner; ask ``tick`` now and then for events whose ends were lost."""

    __slots__ = ("_done", "_press", "_ssrc")

    def __init__(self) -> None:
        self._ssrc: int | None = None
        self._press: _Press | None = None
        self._done: int | None = None

    def packet(self, ssrc: int, timestamp: int, payload: Buffer, now: float, *, rate: int = 8_000) -> tuple[Digit, ...]:
        """The digits that this packet completes (none, one, or two when the ends before it were lost)."""
        event = decode(payload)
        if event is None:
            return ()
        heard = self._new_source(ssrc) if ssrc != self._ssrc else ()
        if self._old(timestamp, rate):
            return heard
        press = self._press
        if press is not None and press.timestamp != timestamp:
            if press.goes_on(event, timestamp):
                self._next_segment(press, timestamp)
            else:
                heard += self._finish()
        return heard + self._heard(event, timestamp, now, rate)

    def _new_source(self, ssrc: int) -> tuple[Digit, ...]:
        heard = self._finish()
        self._ssrc, self._done = ssrc, None
        return heard

    def _old(self, timestamp: int, rate: int) -> bool:
        """A repeated end, or a late packet of something already over. What is much older is a restarted phone."""
        if self._press is not None:
            return -_STALE_SECONDS * rate < signed32(timestamp - self._press.timestamp) < 0
        if self._done is None:
            return False
        return -_STALE_SECONDS * rate < signed32(timestamp - self._done) <= 0

    def _next_segment(self, press: _Press, timestamp: int) -> None:
        press.before += signed32(timestamp - press.timestamp)
        press.timestamp, press.duration = timestamp, 0

    def _heard(self, event: Event, timestamp: int, now: float, rate: int) -> tuple[Digit, ...]:
        press = self._press
        if press is None:
            press = self._press = _Press(event, timestamp, now, rate)
        press.duration = max(press.duration, event.duration)
        press.seen = now
        return self._finish() if event.end else ()

    def tick(self, now: float) -> tuple[Digit, ...]:
        """The digit whose ends were lost, once nothing has come for 0.2 s."""
        press = self._press
        return self._finish() if press is not None and now - press.seen >= _PATIENCE else ()

    def _finish(self) -> tuple[Digit, ...]:
        press, self._press = self._press, None
        if press is None:
            return ()
        self._done = press.timestamp
        return press.digit()
