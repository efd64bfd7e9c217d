"""The open listeners, and which of them serves a flow or a hop. This module must never send."""

from collections.abc import Iterator
from dataclasses import dataclass

from vorzimmer.kernel.address import Address
from vorzimmer.net.acceptor import Acceptor
from vorzimmer.net.advertise import ListenerSpec, is_ipv6, is_literal
from vorzimmer.net.udp import UdpListener
from vorzimmer.sip.flow import Flow, Hop


@dataclass(slots=True)
class Listener:
    """An open listener: its spec with the real port, and what serves the socket."""

    spec: ListenerSpec
    local: Address
    udp: UdpListener | None = None
    acceptor: Acceptor | None = None

    @property
    def name(self) -> str:
        """As in Flow.listener."""
        return self.spec.name


class Listeners:
    """All of a server, in the order they were opened."""

    def __init__(self) -> None:
        self._open: dict[str, Listener] = {}

    def __iter__(self) -> Iterator[Listener]:
        return iter(tuple(self._open.values()))

    def add(self, listener: Listener) -> None:
        """Open."""
        self._open[listener.name] = listener

    def remove(self, name: str) -> None:
        """Closed."""
        del self._open[name]

    def clear(self) -> None:
        """All are closed."""
        self._open.clear()

    def of_flow(self, flow: Flow) -> Listener | None:
        """The flow's listener, or after a restart with other listeners one that reaches the same peers."""
        found = self._open.get(flow.listener)
        return found or self.matching(flow.transport, ipv6=is_ipv6(flow.remote.host))

    def of_hop(self, hop: Hop, transport: str, *, ipv6: bool) -> Listener | None:
        """Who would send to an address of `hop` by `transport`."""
        pinned = self._open.get(hop.listener)
        if pinned is not None and pinned.spec.transport == transport:
            return pinned
        found = self.matching(transport, ipv6=ipv6)
        return found if found or is_literal(hop.host) else self.matching(transport, ipv6=not ipv6)

    def matching(self, transport: str, *, ipv6: bool) -> Listener | None:
        """The first listener of that kind."""
        for listener in self._open.values():
            if listener.spec.transport == transport and is_ipv6(listener.local.host) == ipv6:
                return listener
        return None

    def able(self, *, large: bool) -> tuple[str, ...]:
        """The transports by which we can call somebody, in the order we like them; over a stream first where a request
        is too large for a datagram (RFC 3261 section 18.1.1)."""
        wanted = ("tls", "tcp", "udp") if large else ("tls", "udp", "tcp")
        open_now = {listener.spec.transport for listener in self._open.values()}
        return tuple(each for each in wanted if each in open_now)
