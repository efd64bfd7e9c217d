"""The SRTP contexts of one endpoint, kept for as long as it lives (RFC 3711), and its way to its ports.

The same keys again - a re-INVITE, a move - go on with their roll-over counters; so do keys that come back later, for a
second context of one sending key would repeat its keystream. While the keys change, packets under the former ones may
still be on their way and are believed for a moment. This module must never let a packet through that it cannot prove.
"""

from dataclasses import dataclass, field

from vorzimmer.kernel.errors import LocalError
from vorzimmer.media.embedded.relay import Inlet, Outlet, Where
from vorzimmer.media.embedded.wires import Pair, Receiver
from vorzimmer.media.port import MediaError, MediaPlan, Srtp
from vorzimmer.rtp.packet import is_rtcp
from vorzimmer.rtp.srtp import SrtpReceiver, SrtpSender

FAREWELL = 2.0
"""Seconds for which packets under the former keys are still believed."""

KEPT = 16
"""Keys of one direction that an endpoint may use in its life; a re-INVITE with another is refused after that."""

Key = tuple[str, bytes]


@dataclass(slots=True, eq=False)
class Guard:
    """Both directions of one endpoint. `refused` counts what could not be proven."""

    sender: SrtpSender | None = None
    receiver: SrtpReceiver | None = None
    refused: int = 0
    _former: SrtpReceiver | None = None
    _former_until: float = 0.0
    _senders: dict[Key, SrtpSender] = field(default_factory=dict)
    _receivers: dict[Key, SrtpReceiver] = field(default_factory=dict)

    def agree(self, keys: Srtp | None, now: float) -> None:
        """Take these keys (None: plain RTP). Raises MediaError for keys that do not fit, and changes nothing then."""
        if keys is None:
            self.sender = self.receiver = self._former = None
            return
        sending, receiving = (keys.suite, keys.send_key), (keys.suite, keys.receive_key)
        try:
            sender = self._senders.get(sending) or SrtpSender(*sending)
            receiver = self._receivers.get(receiving) or SrtpReceiver(*receiving)
        except LocalError as error:
            raise MediaError(str(error)) from error
        if sending not in self._senders and len(self._senders) >= KEPT:
            raise MediaError("too many SRTP keys in one call")
        if receiver is not self.receiver:
            self._former, self._former_until = self.receiver, now + FAREWELL
        self.sender = self._senders[sending] = sender
        self.receiver = self._receivers[receiving] = receiver
        while len(self._receivers) > KEPT:
            del self._receivers[next(iter(self._receivers))]

    def open(self, data: bytes, now: float) -> bytes | None:
        """The RTP in an SRTP packet, None (and counted) where it is not the phone's."""
        plain = self.receiver.open(data) if self.receiver else None
        if plain is None and self._former and now < self._former_until:
            plain = self._former.open(data)
        if plain is None:
            self.refused += 1
        return plain

    def open_control(self, data: bytes, now: float) -> bytes | None:
        """The RTCP in an SRTCP packet, None (and counted) where it is not the phone's."""
        plain = self.receiver.open_control(data) if self.receiver else None
        if plain is None and self._former and now < self._former_until:
            plain = self._former.open_control(data)
        if plain is None:
            self.refused += 1
        return plain


def _unheard(data: bytes, source: Where, now: float) -> None:
    """Nobody is there to hear it."""


@dataclass(slots=True, eq=False)
class Channel:
    """One endpoint's way to its pair of ports: plain or SRTP, RTCP beside or on the same port (RFC 5761).

    `control` takes the RTCP that was heard.
    """

    pair: Pair
    inlet: Inlet
    outlet: Outlet
    control: Receiver
    guard: Guard = field(default_factory=Guard)
    mux: bool = False

    def __post_init__(self) -> None:
        self.inlet.strange = self._beside
        self._aim()

    def agree(self, plan: MediaPlan, now: float) -> None:
        """Raises MediaError for keys that do not fit; nothing has changed then."""
        self.guard.agree(plan.srtp, now)
        self.mux = plan.rtcp_mux
        self.inlet.authentic = self.guard.receiver is not None
        self._aim()

    def forget(self) -> None:
        """The endpoint is gone: see ``Inlet.forget``."""
        self.inlet.forget()
        self.control, self.outlet.send = _unheard, self.pair.send

    def send_control(self, data: bytes, to: Where) -> None:
        """Send RTCP the way that was agreed."""
        sender = self.guard.sender
        sealed = sender.protect_control(data) if sender else data
        if sealed is not None:
            (self.pair.send if self.mux else self.pair.send_control)(sealed, to)

    def _aim(self) -> None:
        safe = self.guard.receiver is not None
        self.outlet.send = self._send_sealed if self.guard.sender else self.pair.send
        self.pair.aim(
            self._receive_sealed if safe else self.inlet.receive, self._control_sealed if safe else self.control
        )

    def _send_sealed(self, data: bytes | bytearray, to: Where) -> None:
        sender = self.guard.sender
        sealed = sender.protect(data) if sender else None
        if sealed is not None:
            self.pair.send(sealed, to)

    def _receive_sealed(self, data: bytes, source: Where, now: float) -> None:
        if self.mux and is_rtcp(data):
            self._control_sealed(data, source, now)
            return
        plain = self.guard.open(data, now)
        if plain is None:
            self.inlet.dropped += 1
        else:
            self.inlet.receive(plain, source, now)

    def _control_sealed(self, data: bytes, source: Where, now: float) -> None:
        plain = self.guard.open_control(data, now)
        if plain is not None:
            self.control(plain, source, now)

    def _beside(self, data: bytes, source: Where, now: float) -> bool:
        """What is no RTP of the phone's: with rtcp-mux it may be its RTCP."""
        if not self.mux or not is_rtcp(data) or self.guard.receiver:
            return False
        self.control(data, source, now)
        return True
