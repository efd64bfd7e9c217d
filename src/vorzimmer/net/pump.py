"""The pump: drives the pure engine with bytes and deadlines, hands on its events, sends its packets.

One turn is: handle every event, do what must come before sending, send every packet, until all is empty; then one alarm
at the engine's next deadline.
It works over sockets (``net.transports``) and over the in-memory network of simulations alike. This module must never
look into a message, and no failing handler may stop it: that is reported as a bug and the turn goes on.
"""

from collections.abc import Callable
from typing import Protocol

from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.sip.engine import Engine
from vorzimmer.sip.events import Event, Malformed
from vorzimmer.sip.flow import Flow, Hop, Packet

Handler = Callable[[Event], None]
"""Takes an event within the turn; must not wait."""

OnBug = Callable[[str, Exception], None]
"""Told what the pump was doing and what was raised; the place to log a traceback and count it."""


class Sink(Protocol):
    """What transports report to (the pump)."""

    def received(self, data: bytes, flow: Flow) -> None:
        """A datagram, or any piece of a stream."""

    def closed(self, flow: Flow) -> None:
        """The connection of `flow` is gone."""

    def found(self, transaction: str, flow: Flow, *, spare: bool = False) -> bytes | None:
        """The Hop of a packet has become `flow`; `spare` if its DNS names another server. Gives back the bytes to send
        instead of the packet's, None where those are right."""

    def failed(self, transaction: str) -> None:
        """A packet could not be sent (no route, refused, unknown name, connection gone)."""

    def reading(self, flow: Flow) -> int | None:
        """The number of the message of this stream that has begun and not ended; None between messages."""

    def waited(self, seconds: float) -> None:
        """The datagram that is looked at now has waited so long."""


class Transports(Protocol):
    """Sending side of a network, real or simulated."""

    def attach(self, sink: Sink) -> None:
        """Report to `sink` from now on."""

    def send(self, packet: Packet) -> None:
        """Send or queue; failures come back through the sink, never as an exception."""

    def close_flow(self, flow: Flow) -> None:
        """Close the connection of `flow` after what is already written; datagram flows ignore it."""


Reading = Callable[[Flow], int | None]
"""Which message of a stream has begun and not ended, by its number; None between messages."""


def _between_messages(flow: Flow) -> int | None:
    """Without an engine that tells, no peer counts as slow."""
    return None


class Pump:
    """calls.ports.Signalling over any Transports. All methods run on the loop's thread and return at once."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        transports: Transports,
        *,
        on_bug: OnBug,
        reading: Reading = _between_messages,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._transports = transports
        self._on_bug = on_bug
        self._reading = reading
        self._handler: Handler = _ignore
        self._draining = False
        self._kicked: Alarm | None = None
        self._alarm: Alarm | None = None
        self._armed = 0.0
        self._closed = False
        self._first: list[Callable[[], None]] = []
        transports.attach(self)

    @property
    def engine(self) -> Engine:
        """The engine that this pump drives."""
        return self._engine

    def now(self) -> float:
        """Monotonic seconds, for the engine's `now` arguments."""
        return self._clock.now()

    def handle_with(self, handler: Handler) -> None:
        """Hand every event to `handler` from now on (until then events are dropped)."""
        self._handler = handler

    def kick(self) -> None:
        """Commands were given to the engine: drain it in this turn, or go on if a drain is under way."""
        if self._draining or self._kicked is not None or self._closed:
            return
        self._kicked = self._clock.call_at(self._clock.now(), self._on_kick)

    def before_sending(self, work: Callable[[], None]) -> None:
        """Do `work` in this turn, before the next packet leaves."""
        self._first.append(work)
        self.kick()

    def close(self) -> None:
        """Stop for good: no alarm stays behind, and what still arrives is dropped."""
        self._closed = True
        for alarm in (self._kicked, self._alarm):
            if alarm is not None:
                alarm.cancel()
        self._kicked = self._alarm = None

    # -- Sink -------------------------------------------------------------------------------------------------------
    def received(self, data: bytes, flow: Flow) -> None:
        """Feed bytes to the engine and drain it at once."""
        self._feed("receiving", lambda: self._engine.receive(data, flow, self._clock.now()))

    def closed(self, flow: Flow) -> None:
        """Tell the engine that a connection is gone."""
        self._feed("closing a flow", lambda: self._engine.flow_closed(flow, self._clock.now()))

    def found(self, transaction: str, flow: Flow, *, spare: bool = False) -> bytes | None:
        """Tell the engine which flow a Hop has become."""
        if not transaction or self._closed:
            return None
        instead: bytes | None = None
        try:
            instead = self._engine.flow_found(transaction, flow, self._clock.now(), spare=spare)
        except Exception as error:  # noqa: BLE001 -- as in _guarded
            self._on_bug("finding a flow", error)
        self._turn()
        return instead

    def failed(self, transaction: str) -> None:
        """Tell the engine that a request of its could not be sent."""
        if transaction:
            self._feed("failing a packet", lambda: self._engine.send_failed(transaction, self._clock.now()))

    def reading(self, flow: Flow) -> int | None:
        """Which message of this stream the engine is in the middle of."""
        return self._reading(flow)

    def waited(self, seconds: float) -> None:
        """Tell the engine how far we are behind."""
        self._engine.waited(seconds, self._clock.now())

    # -- turns ------------------------------------------------------------------------------------------------------
    def _feed(self, doing: str, feed: Callable[[], None]) -> None:
        if self._closed:
            return
        self._guarded(doing, feed)
        self._turn()

    def _turn(self) -> None:
        if self._draining:
            return
        self._draining = True
        try:
            while self._drain_once() and not self._closed:
                pass
        finally:
            self._draining = False
        self._arm()

    def _drain_once(self) -> bool:
        """Handle what there is; False when the engine had nothing more. A close comes after the packets before it."""
        broken: list[Flow] = []
        worked = False
        while (event := self._engine.next_event()) is not None:
            worked = True
            if isinstance(event, Malformed) and event.fatal:
                broken.append(event.flow)
            self._hand(event)
        if self._first:
            worked, first, self._first = True, self._first, []
            for work in first:
                self._guarded("before sending", work)
        for packet in self._engine.to_send(self._clock.now()):
            worked = True
            self._send(packet)
        for flow in broken:
            self._guarded("closing a flow", lambda flow=flow: self._transports.close_flow(flow))  # type: ignore[misc]
        return worked

    def _hand(self, event: Event) -> None:
        try:
            self._handler(event)
        except Exception as error:  # noqa: BLE001 -- a bug in one call's handling must not end all others
            self._on_bug(f"handling {type(event).__name__}", error)

    def _send(self, packet: Packet) -> None:
        try:
            self._transports.send(packet)
        except Exception as error:  # noqa: BLE001 -- as above: one peer's packet must not end the others'
            self._on_bug("sending", error)

    def _guarded(self, doing: str, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 -- as above: whatever the bug, the next packet is another call's
            self._on_bug(doing, error)

    # -- alarms -----------------------------------------------------------------------------------------------------
    def _arm(self) -> None:
        """One alarm at the next deadline. A later deadline keeps the earlier alarm, which then only re-arms: cheaper
        than cancelling with every message, since most deadlines move away."""
        due = None if self._closed else self._engine.get_timer()
        if self._alarm is not None:
            if due is not None and self._armed <= due:
                return
            self._alarm.cancel()
            self._alarm = None
        if due is not None:
            self._armed = due
            self._alarm = self._clock.call_at(due, self._on_alarm)

    def _on_alarm(self) -> None:
        # Loops may fire a rounding error early; the engine must then still see its deadline as reached.
        now = self._clock.now()
        self._engine.late(now - self._armed, now)
        now = max(now, self._armed)
        self._alarm = None
        self._feed("a timer", lambda: self._engine.handle_timer(now))

    def _on_kick(self) -> None:
        self._kicked = None
        if not self._closed:
            self._turn()


def _ignore(event: Event) -> None:
    """Before somebody listens, events have nobody to go to."""


__all__ = ["Flow", "Handler", "Hop", "OnBug", "Pump", "Sink", "Transports"]
