"""Digits that a phone presses (RFC 4733), reported once each, beside the relaying of their packets.

This module must never decide what a digit means.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.embedded.relay import Head
from vorzimmer.media.port import DigitHeard
from vorzimmer.rtp.events import Digit, DigitReceiver

PATIENCE = 0.25
"""Seconds without a packet after which a press is over although its end was lost."""


@dataclass(slots=True)
class DigitWatch:
    """The digits of one endpoint. `rate` is the clock of the telephone events in Hz."""

    endpoint: EndpointId
    heard: Callable[[DigitHeard], None]
    rate: int = 8000
    _last: float = -1.0
    _receiver: DigitReceiver = field(default_factory=DigitReceiver)

    def packet(self, head: Head, payload: bytes, now: float) -> None:
        """One telephone-event packet."""
        self._last = now
        self._report(self._receiver.packet(head[4], head[3], payload, now, rate=self.rate))

    def tick(self, now: float) -> None:
        """Now and then: a press whose end was lost is over."""
        if self._last >= 0 and now - self._last >= PATIENCE:
            self._last = -1.0
            self._report(self._receiver.tick(now))

    def _report(self, digits: tuple[Digit, ...]) -> None:
        for digit in digits:
            self.heard(DigitHeard(self.endpoint, digit.digit, digit.milliseconds))
