"""Traces in a running server: the ring fed by engine and calls, its views for who asks, copies for a capture server.

This module must never hand out a message that has not been redacted, nor hold up a call: what cannot be sent to the
capture server at once is dropped.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from vorzimmer.app.rpc import Method, Params
from vorzimmer.features.texts import DEFAULT_LANGUAGE, render
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.clock import Clock
from vorzimmer.kernel.errors import VorzimmerError
from vorzimmer.observe.tracing import hep
from vorzimmer.observe.tracing.ring import Decision, Message, Ring, call_id_of
from vorzimmer.observe.tracing.view import View, datagram_of
from vorzimmer.routing.model import Because
from vorzimmer.sip.flow import Flow, Hop

Copy = Callable[[bytes], None]
"""Sends one HEP packet."""


class NoTraceError(VorzimmerError):
    """Nothing is kept of that call."""


class Tracer:
    """calls.ports.Tracing over a ring; ``wire`` is the engine's tap."""

    def __init__(self, clock: Clock, ring: Ring | None = None) -> None:
        self.ring = ring or Ring()
        self._clock = clock
        self._copy: Copy | None = None
        self._agent = 0

    @property
    def _epoch(self) -> float:
        """The POSIX time of monotonic 0."""
        return self._clock.wall().timestamp() - self._clock.now()

    def copy_to(self, send: Copy, agent: int) -> None:
        """Send a redacted copy of every message as HEP from now on."""
        self._copy, self._agent = send, agent

    def wire(self, data: bytes, to: Flow | Hop, sent: bool) -> None:
        """A whole message as it crosses the wire."""
        message = Message(self._clock.now(), data, to, sent)
        self.ring.message(message)
        if self._copy is not None and isinstance(to, Flow):
            datagram = datagram_of(message, self._epoch)
            correlation = call_id_of(data)
            self._copy(hep.packet(datagram, agent=self._agent, reliable=to.reliable, correlation=correlation))

    def leg(self, call: str, call_id: str) -> None:
        """As the port says."""
        self.ring.leg(call, call_id)

    def decided(self, call: str, because: tuple[Because, ...]) -> None:
        """As the port says."""
        self.ring.decision(call, Decision(self._clock.now(), because))

    def methods(self) -> dict[str, Method]:
        """What web may ask."""
        return {"trace": self._trace, "trace_of": self._trace_of}

    async def _trace_of(self, params: Params) -> dict[str, Any] | None:
        """The same, None where nothing is kept."""
        return await self._trace(params) if self.ring.of(params["name"]) is not None else None

    async def _trace(self, params: Params) -> dict[str, Any]:
        """``lines`` (the ladder), ``messages`` and ``pcap`` of a call or a SIP Call-ID; raises NoTraceError."""
        trace = self.ring.of(params["name"])
        if trace is None:
            raise NoTraceError(
                f"nothing is kept of {params['name']}: traces are of the newest calls, and end with the server"
            )
        words = partial(render, language=params.get("language") or DEFAULT_LANGUAGE)
        view = View(trace, words, self._epoch)
        return {"lines": view.lines(), "messages": view.messages(), "pcap": view.pcap()}


async def hep_sender(target: Address) -> Callable[[bytes], None]:
    """A datagram socket to a capture server; what it cannot take is dropped."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(target.host, target.port))
    return transport.sendto
