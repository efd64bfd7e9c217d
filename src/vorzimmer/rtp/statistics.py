"""What was received and how well: sequence, loss, jitter (RFC 3550 A.1, A.3, A.8) and a MOS estimate (ITU-T G.107).

Whether a source may talk at all is for ``learning``; here every packet that was accepted counts, so there is no
probation. This module must never judge a packet by who sent it.
"""

from vorzimmer.rtp.packet import signed32
from vorzimmer.rtp.rtcp import ReportBlock

_MAX_DROPOUT = 3_000
_MAX_MISORDER = 100
_NO_JUMP = -1
_NEAR = 1 << 30
"""Differences of timestamps beyond this have wrapped around."""


class Reception:
    """Running statistics of what one endpoint receives, across changes of the sender's SSRC. Mutable, one owner."""

    __slots__ = (
        "_base", "_bytes_before", "_cycles", "_expected_before", "_expected_reported", "_jitter", "_jump", "_lsr",
        "_lsr_at", "_max", "_rate", "_received_before", "_received_reported", "_received_ssrc", "_size", "_sized_from",
        "_ssrc", "_timestamp", "_when",
    )  # fmt: skip

    def __init__(self) -> None:
        self._received_before = 0
        self._received_ssrc = 0
        self._bytes_before = 0
        self._size = 0
        self._sized_from = 0
        self._expected_before = 0
        self._ssrc: int | None = None
        self._rate = 8_000
        self._lsr = 0
        self._lsr_at = 0.0
        self._begin(0)

    def _begin(self, sequence: int) -> None:
        self._base = self._max = sequence
        self._cycles = 0
        self._jump = _NO_JUMP
        self._received_before += self._received_ssrc
        self._received_ssrc = 0
        self._expected_reported = 0
        self._received_reported = 0
        self._jitter = 0.0
        self._timestamp: int | None = None
        self._when = 0.0

    def packet(self, ssrc: int, sequence: int, timestamp: int, now: float, *, rate: int = 8_000, size: int = 0) -> None:
        """Count one accepted packet: `now` in seconds, `rate` its clock in Hz, `size` its bytes.

        Give no telephone-events here: their timestamps stand still and would look like jitter.
        """
        if ssrc == self._ssrc and sequence == self._max + 1 and size == self._size:  # the usual packet, in a few steps
            self._max = sequence
            self._received_ssrc += 1
        else:
            self._unusual(ssrc, sequence, size)
        if self._timestamp is not None and rate == self._rate:  # RFC 3550 A.8, in timestamp units
            difference = (now - self._when) * rate - (timestamp - self._timestamp)
            if not -_NEAR < difference < _NEAR:
                difference = (now - self._when) * rate - signed32(timestamp - self._timestamp)
            self._jitter += (abs(difference) - self._jitter) / 16
        self._timestamp, self._when, self._rate = timestamp, now, rate

    def _unusual(self, ssrc: int, sequence: int, size: int) -> None:
        if size != self._size:
            self._bytes_before, self._sized_from, self._size = self.received_bytes, self.received, size
        if ssrc != self._ssrc:
            self._change(ssrc, sequence)
        if self._in_sequence(sequence):
            self._received_ssrc += 1
        else:
            self._received_before += 1

    @property
    def received(self) -> int:
        """Packets that were counted, over all sources."""
        return self._received_before + self._received_ssrc

    @property
    def received_bytes(self) -> int:
        """Their bytes; packets of one size in a row are counted together."""
        return self._bytes_before + (self.received - self._sized_from) * self._size

    def _change(self, ssrc: int, sequence: int) -> None:
        if self._ssrc is not None:
            self._expected_before += max(self._expected(), self._received_ssrc)
        self._ssrc = ssrc
        self._lsr = 0
        self._begin(sequence)

    def _in_sequence(self, sequence: int) -> bool:
        """RFC 3550 A.1: False only for the first packet after a jump, which may be a stray."""
        ahead = (sequence - self._max) & 0xFFFF
        if ahead < _MAX_DROPOUT:
            if sequence < self._max:
                self._cycles += 1 << 16
            self._max = sequence
        elif ahead <= 0x10000 - _MAX_MISORDER:
            if sequence != self._jump:
                self._jump = (sequence + 1) & 0xFFFF
                return False
            self._expected_before += max(self._expected(), self._received_ssrc)
            self._begin(sequence)
        return True

    def sender_report(self, ntp: int, now: float) -> None:
        """Remember the sender's report, so that ours lets it measure the round trip."""
        self._lsr, self._lsr_at = (ntp >> 16) & 0xFFFFFFFF, now

    def _expected(self) -> int:
        return self._cycles + self._max - self._base + 1 if self._ssrc is not None else 0

    @property
    def highest(self) -> int:
        """The extended highest sequence number received from the current source."""
        return self._cycles + self._max

    @property
    def expected(self) -> int:
        """Packets that should have come, over all sources."""
        return self._expected_before + self._expected()

    @property
    def lost(self) -> int:
        """Packets lost in all; duplicates never make it negative."""
        return max(0, self.expected - self.received)

    @property
    def loss(self) -> float:
        """The lost part, 0..1."""
        return self.lost / self.expected if self.expected else 0.0

    @property
    def jitter_ms(self) -> float:
        """Interarrival jitter in milliseconds (RFC 3550 section 6.4.1)."""
        return self._jitter * 1_000 / self._rate

    def block(self, now: float) -> ReportBlock | None:
        """The block for our next report (it begins a new interval for the fraction), None before the first packet."""
        if self._ssrc is None:
            return None
        expected, received = self._expected(), self._received_ssrc
        due = expected - self._expected_reported
        missing = due - (received - self._received_reported)
        self._expected_reported, self._received_reported = expected, received
        fraction = min(255, (missing << 8) // due) if due > 0 and missing > 0 else 0
        since = int((now - self._lsr_at) * 65_536) & 0xFFFFFFFF if self._lsr else 0
        return ReportBlock(self._ssrc, fraction, expected - received, self.highest, int(self._jitter), self._lsr, since)


# Equipment impairment and robustness against random loss: G.113 for G.711 with concealment; for wideband codecs on the
# narrowband scale there is no standard value, so these are cautious estimates.
_IMPAIRMENT = {"PCMA": (0.0, 25.1), "PCMU": (0.0, 25.1), "G722": (0.0, 20.0), "OPUS": (0.0, 30.0)}
_UNKNOWN = (11.0, 19.0)


def mos(loss: float, jitter_ms: float, codec: str = "PCMA", delay_ms: float = 40.0) -> float:
    """An estimated MOS, 1..4.5, from loss (0..1), jitter and one-way delay in ms (G.107 simplified, G.107 annex B).

    The playout buffer is taken as twice the jitter, and everything beyond these three as perfect.
    """
    impairment, robustness = _IMPAIRMENT.get(codec.upper(), _UNKNOWN)
    percent = 100 * min(max(loss, 0.0), 1.0)
    equipment = impairment + (95 - impairment) * percent / (percent + robustness)
    delay = delay_ms + 2 * max(jitter_ms, 0.0)
    late = 0.024 * delay + (0.11 * (delay - 177.3) if delay > 177.3 else 0.0)
    return _opinion(93.2 - late - equipment)


def _opinion(rating: float) -> float:
    if rating <= 0:
        return 1.0
    return max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
