"""Where to send and whom to believe: symmetric RTP (RFC 4961) that a stranger's packets do not move.

The address of the SDP comes first. A phone behind NAT sends from somewhere else: then the source of its first valid
packets is learned and locked. A locked source moves only on a new offer, or when it has been silent for two seconds and
the new packets carry its SSRC, which somebody who is not on the path cannot know. A source that equals the signalled
address always wins over a learned one, so that who is merely first gains nothing over the real phone.
This module must never look into a payload, and never believe one packet of an unknown source.
"""

from vorzimmer.kernel.address import Address

SILENCE = 2.0
"""Seconds after which a silent source may turn up elsewhere."""
FAREWELL = 0.5
"""Seconds for which packets of a source that a new offer has replaced are still taken for audio."""
_CANDIDATES = 8


class Learning:
    """The policy for one endpoint's RTP (or RTCP). Mutable, one owner; `now` in seconds."""

    __slots__ = (
        "_candidates", "_former", "_former_until", "_heard", "_last_signalled", "_locked", "_signalled", "_ssrc",
        "refused",
    )  # fmt: skip

    def __init__(self) -> None:
        self._signalled: Address | None = None
        self._last_signalled: Address | None = None
        self._locked: Address | None = None
        self._ssrc = 0
        self._heard = 0.0
        self._former: Address | None = None
        self._former_until = 0.0
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

    def accept(self, source: Address, ssrc: int, sequence: int, now: float) -> bool:
        """Whether to believe a valid packet, learning from it. Counts what it does not believe in `refused`."""
        if source == self._locked:
            self._ssrc, self._heard = ssrc, now
            return True
        if source == self._signalled or self._believes(source, ssrc, sequence, now):
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
        return ssrc == self._ssrc and now - self._heard >= SILENCE

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
