"""Where to send and whom to believe: symmetric RTP (RFC 4961) that a stranger's packets do not move.

The address of the SDP comes first. A phone behind NAT sends from somewhere else: then the source of its first valid
packets is learned and locked. A locked source moves only on a new offer, or when it has been silent for two seconds and
the new packets carry its SSRC, which somebody who is not on the path cannot know. A source that equals the signalled
address always wins over a learned one, so that who is merely first gains nothing over the real phone.

A phone that changed its network and began a new stream, without an offer, is believed after five seconds of silence of
the old source when its RTCP has vouched for it: with the canonical name (CNAME) of before, which somebody who is not on
the path cannot know. What was proven by SRTP is believed from anywhere, at once.
This module must never look into a payload, and never believe one packet of an unknown source.
"""

from vorzimmer.kernel.address import Address

SILENCE = 2.0
"""Seconds after which a silent source may turn up elsewhere."""
FAREWELL = 0.5
"""Seconds for which packets of a source that a new offer has replaced are still taken for audio."""
DESERTED = 5.0
"""Seconds after which a silent source may be replaced by one with another SSRC."""
_CANDIDATES = 8


class Learning:
    """The policy for one endpoint's RTP (or RTCP). Mutable, one owner; `now` in seconds."""

    __slots__ = (
        "_candidates", "_former", "_former_until", "_heard", "_last_signalled", "_locked", "_signalled", "_ssrc",
        "_vouched", "refused",
    )  # fmt: skip

    def __init__(self) -> None:
        self._signalled: Address | None = None
        self._last_signalled: Address | None = None
        self._locked: Address | None = None
        self._ssrc = 0
        self._heard = 0.0
        self._former: Address | None = None
        self._former_until = 0.0
        self._vouched: tuple[str, int] | None = None
        self._candidates: dict[tuple[Address, int], int] = {}
        self.refused = 0

    @property
    def destination(self) -> Address | None:
        """Where to send now: the locked source, else the signalled address; None on hold and before any SDP."""
        return None if self._signalled is None else self._locked or self._signalled

    @property
    def locked(self) -> Address | None:
        """The source that is believed, None while learning."""
        return self._locked

    def configure(self, signalled: Address | None, now: float) -> None:
        """A new description was agreed. Another address is learned anew at once.

        With the same address, or on hold (None), the locked source stays. The former source is still heard for half a
        second after a change, but not learned: its packets may just be on their way.
        """
        self._signalled = signalled
        if signalled is None or signalled == self._last_signalled:
            return
        self._last_signalled = signalled
        if self._locked != signalled:
            self.forget(now)

    def forget(self, now: float) -> None:
        """Learn anew although the SDP names the same address: signalling shows that the phone changed its network."""
        self._former, self._former_until = self._locked, now + FAREWELL
        self._locked = None
        self._candidates.clear()

    def accept(self, source: Address, ssrc: int, sequence: int, now: float, *, authentic: bool = False) -> bool:
        """Whether to believe a valid packet, learning from it. Counts what it does not believe in `refused`.

        `authentic`: the packet proves who sent it (SRTP).
        """
        if source == self._locked:
            self._ssrc, self._heard = ssrc, now
            return True
        if source == self._signalled or authentic or self._believes(source, ssrc, sequence, now):
            self._lock(source, ssrc, now)
            return True
        if source == self._former and now < self._former_until:
            return True
        self.refused += 1
        return False

    def _believes(self, source: Address, ssrc: int, sequence: int, now: float) -> bool:
        if self._last_signalled is None or (source == self._former and now < self._former_until):
            return False
        if self._locked is None:
            return self._proven(source, ssrc, sequence)
        silent = now - self._heard
        if ssrc == self._ssrc:
            return silent >= SILENCE
        vouched = self._vouched == (source.host, ssrc)
        return vouched and silent >= DESERTED and self._proven(source, ssrc, sequence)

    def vouch(self, host: str, ssrc: int) -> None:
        """RTCP from `host` has named this SSRC with the phone's canonical name (RFC 3550 section 6.5.1)."""
        self._vouched = (host, ssrc)

    def _proven(self, source: Address, ssrc: int, sequence: int) -> bool:
        """RFC 3550 A.1: two packets in a row. Several candidates are watched, so that noise keeps no phone out."""
        due = self._candidates.pop((source, ssrc), -1)
        if sequence == due:
            return True
        if len(self._candidates) >= _CANDIDATES:
            self._candidates.pop(next(iter(self._candidates)))
        self._candidates[source, ssrc] = (sequence + 1) & 0xFFFF
        return False

    def _lock(self, source: Address, ssrc: int, now: float) -> None:
        self._locked, self._ssrc, self._heard = source, ssrc, now
        self._candidates.clear()
