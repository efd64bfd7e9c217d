"""One continuous stream for a listener, whoever talks: SSRC, sequence and timestamps go on across hold and transfer.

A phone takes a new SSRC or a jump in its sequence as loss or as another speaker; so what we send to one listener has
one numbering for its whole life, whether a peer is relayed or music is played (RFC 3550 section 5.1; media.port
``hear``). This module must never give the same sequence number to two different packets.
"""

from typing import NamedTuple

from vorzimmer.rtp.packet import Header, signed16, signed32

_MAX_DROPOUT = 3_000
_MAX_MISORDER = 100
_PACKET_SECONDS = 0.02


class Stamp(NamedTuple):
    """The numbers for one outgoing packet. `marker`: first after a change of source (RFC 3551 section 4.1)."""

    sequence: int
    timestamp: int
    marker: bool


class Continuity:
    """The numbering towards one listener. Mutable, one owner.

    `source` names who is heard now, by any int the owner likes; together with the sender's SSRC it decides whether the
    source has changed. `rate` is the clock in Hz of the payload that is sent.
    """

    __slots__ = (
        "_anchor", "_anchor_at", "_first", "_in_sequence", "_in_timestamp", "_jump", "_key", "_rate", "_sequence",
        "_started", "_timestamp", "ssrc",
    )  # fmt: skip

    def __init__(self, ssrc: int, sequence: int, timestamp: int) -> None:
        """All three chosen at random by the owner (RFC 3550 section 5.1)."""
        self.ssrc = ssrc
        self._sequence = sequence - 1
        self._timestamp = self._anchor = timestamp
        self._anchor_at = 0.0
        self._rate = 8_000
        self._started = False
        self._key: tuple[int, int] | None = None
        self._first = sequence
        self._in_sequence = self._in_timestamp = 0
        self._jump = -1

    def relayed(self, source: int, header: Header, now: float, rate: int = 8_000) -> Stamp | None:
        """The numbers for a packet that is passed on; None drops it: older than the switch, or a stray."""
        if (source, header.ssrc) != self._key:
            return self._switched(source, header, now, rate)
        ahead = signed16(header.sequence - self._in_sequence)
        if not -_MAX_MISORDER < ahead < _MAX_DROPOUT:
            return self._jumped(source, header, now, rate)
        sequence = self._sequence + ahead
        timestamp = self._timestamp + signed32(header.timestamp - self._in_timestamp)
        if sequence < self._first:
            return None
        if ahead > 0:
            self._sequence, self._timestamp = sequence, timestamp
            self._in_sequence, self._in_timestamp = header.sequence, header.timestamp
        return _stamp(sequence, timestamp, header.marker)

    def _jumped(self, source: int, header: Header, now: float, rate: int) -> Stamp | None:
        """As in RFC 3550 A.1 two packets in a row make a jump true: a phone that restarted under its old SSRC."""
        if header.sequence != self._jump:
            self._jump = (header.sequence + 1) & 0xFFFF
            return None
        return self._switched(source, header, now, rate)

    def _switched(self, source: int, header: Header, now: float, rate: int) -> Stamp:
        self._key = (source, header.ssrc)
        self._in_sequence, self._in_timestamp = header.sequence, header.timestamp
        return self._anchored(now, rate)

    def produced(self, source: int, samples: int, now: float, rate: int = 8_000) -> Stamp:
        """The numbers for the next packet that we make ourselves; `samples` is how many clock units it lasts.

        A pause (we were silent for a while) is not a change of source: call ``pause`` for it.
        """
        if (source, -1) != self._key:
            self._key = (source, -1)
            stamp = self._anchored(now, rate)
        else:
            self._sequence += 1
            self._timestamp = self._in_timestamp
            stamp = _stamp(self._sequence, self._timestamp, False)
        self._in_timestamp = self._timestamp + samples
        return stamp

    def pause(self) -> None:
        """The listener will hear nothing for a while; whatever comes next is anchored anew, with a marker."""
        self._key = None

    def _anchored(self, now: float, rate: int) -> Stamp:
        """The next sequence number, and a timestamp as far on as time since the last anchor (20 ms at least)."""
        if self._started:
            gone = round((now - self._anchor_at) * self._rate)
            self._timestamp = max(self._timestamp + round(_PACKET_SECONDS * rate), self._anchor + gone)
        self._started = True
        self._sequence += 1
        self._first, self._jump = self._sequence, -1
        self._anchor, self._anchor_at, self._rate = self._timestamp, now, rate
        return _stamp(self._sequence, self._timestamp, True)


def _stamp(sequence: int, timestamp: int, marker: bool) -> Stamp:
    return Stamp(sequence & 0xFFFF, timestamp & 0xFFFFFFFF, marker)
