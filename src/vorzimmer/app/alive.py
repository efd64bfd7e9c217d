"""Sends the small datagrams that keep phones behind NAT reachable, from one alarm for all of them.

This module must never decide whom, or when: the wheel does.
"""

from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.net.pump import Transports
from vorzimmer.presence.bindings import Bindings
from vorzimmer.presence.keepalive import PING, KeepAlive
from vorzimmer.sip.flow import Packet


class Alive:
    """One per control process."""

    def __init__(self, bindings: Bindings, clock: Clock, transports: Transports) -> None:
        self._bindings = bindings
        self._clock = clock
        self._transports = transports
        self._alarm: Alarm | None = None
        self.wheel = KeepAlive()

    def changed(self, device: str) -> None:
        """The bindings of a device have changed."""
        self.wheel.update(device, self._bindings.bindings(device), self._clock.now())
        if self._alarm is None:
            self._arm()

    def _arm(self) -> None:
        due = self.wheel.next()
        self._alarm = None if due is None else self._clock.call_at(due, self._turn)

    def _turn(self) -> None:
        for flow in self.wheel.due(self._clock.now()):
            self._transports.send(Packet(PING, flow))
        self._arm()

    def close(self) -> None:
        """Leave no alarm behind."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
