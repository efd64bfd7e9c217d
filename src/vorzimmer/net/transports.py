"""All listeners and connections of a server behind the port that the pump drives.

Sends to flows, hands hops to the dialler, and knows which address of ours a peer must see. This module must never look
into a message or wait on behalf of the engine.
"""

import asyncio
import socket
import ssl
from dataclasses import dataclass, field

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.clock import Clock
from vorzimmer.kernel.errors import LocalError, StartError
from vorzimmer.net.acceptor import Acceptor
from vorzimmer.net.advertise import ListenerSpec, advertised, is_ipv6, is_literal, is_wildcard
from vorzimmer.net.dialling import Dialler
from vorzimmer.net.listeners import Listener, Listeners
from vorzimmer.net.pump import Sink
from vorzimmer.net.resolver import Resolver, SystemResolver
from vorzimmer.net.sockets import mark, open_socket, source_address, start_error
from vorzimmer.net.stream import Connection, Counts, Limits, Origin, Table
from vorzimmer.net.udp import UdpListener, serve_udp
from vorzimmer.net.websocket import WebSocketConnection
from vorzimmer.sip.flow import Flow, Hop, Packet

SECURE = frozenset({"tls", "wss"})
WEB = frozenset({"ws", "wss"})

ROUTE_KEPT = 60.0
"""Seconds for which our address on a route is believed."""

ROUTES_KNOWN = 4096

_OUTSIDE = {4: "192.0.2.1", 6: "2001:db8::1"}
"""Documentation addresses: the route to them is the default route."""


@dataclass(slots=True)
class TlsContexts:
    """For connections that come in (None: no TLS listener possible) and that we open; may be exchanged at any time."""

    server: ssl.SSLContext | None = None
    client: ssl.SSLContext | None = None
    by_listener: dict[str, ssl.SSLContext] = field(default_factory=dict)
    """Instead of `server`, where a listener asks for other certificates."""


class SocketTransports:
    """net.pump.Transports over real sockets. Attach a sink before the first ``listen``. `web_origins`: pages that may
    open a WebSocket, empty for all."""

    def __init__(
        self,
        clock: Clock,
        *,
        limits: Limits | None = None,
        tls: TlsContexts | None = None,
        resolver: Resolver | None = None,
        web_origins: frozenset[str] = frozenset(),
    ) -> None:
        self._clock = clock
        self._web_origins = web_origins
        self._limits = limits or Limits()
        self._tls = tls or TlsContexts()
        self._sink: Sink | None = None
        self._listeners = Listeners()
        self._sources: dict[str, tuple[float, str]] = {}
        self._table = Table(clock, self._limits, self._attached)
        self._dialler = Dialler(
            self._listeners,
            self._table,
            resolver or SystemResolver(),
            send_on=self._send_on,
            client=lambda: self._tls.client,
        )

    # -- for app ----------------------------------------------------------------------------------------------------
    async def listen(self, spec: ListenerSpec, sock: socket.socket | None = None) -> Listener:
        """Open one listener, on a socket that is bound already if one is given (docs/adr/0006); raises StartError with
        one clear line."""
        if spec.transport in SECURE and self._tls.server is None:
            raise StartError(f"cannot listen on {spec.name}: there is no certificate")
        sock = sock or open_socket(spec)
        mark(sock, self._limits.dscp)
        host, port = sock.getsockname()[:2]
        spec = ListenerSpec(spec.transport, spec.host, port, spec.advertise)
        listener = Listener(spec, Address(host, port))
        self._listeners.add(listener)
        try:
            if spec.transport == "udp":
                listener.udp = UdpListener(spec.name, listener.local, self._attached, self._limits.message)
                await serve_udp(sock, listener.udp)
            else:
                listener.acceptor = self._accepting(sock, spec)
        except OSError as error:
            self._listeners.remove(spec.name)
            sock.close()
            raise start_error(spec, error) from None
        return listener

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Open listeners in the order they were opened."""
        return tuple(self._listeners)

    def expects(self, flow: Flow, seconds: float) -> None:
        """Close the connection of `flow` once nothing has come over it for so long (RFC 5626 section 4.4.1)."""
        connection = self._table.of_flow(flow)
        if connection is not None:
            connection.patience = seconds

    def aliased(self, flow: Flow, port: int) -> None:
        """The peer of an open connection, whom its certificate proves, takes requests to that port of it here, too."""
        connection = self._table.of_flow(flow)
        if connection is not None:
            connection.alias = port

    @property
    def counts(self) -> Counts:
        """Counters for the metrics."""
        return self._table.counts

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._table)

    @property
    def servers_avoided(self) -> int:
        """Servers of others that failed lately and are tried last."""
        return len(self._dialler.avoided)

    async def close(self) -> None:
        """Close everything and wait until ports are free."""
        await self._dialler.close()
        for listener in self._listeners:
            if listener.acceptor is not None:
                await listener.acceptor.close()
        gone = self._table.close()
        await asyncio.gather(*(connection.wait_closed() for connection in gone))
        for listener in self._listeners:
            if listener.udp is not None:
                await listener.udp.close()
        self._listeners.clear()

    # -- Transports -------------------------------------------------------------------------------------------------
    def attach(self, sink: Sink) -> None:
        """As the port says."""
        self._sink = sink

    def send(self, packet: Packet) -> None:
        """As the port says; a datagram to a flow leaves within this call."""
        to = packet.to
        if isinstance(to, Hop):
            self._dialler.send(packet, to)
        elif not self._send_on(to, packet.data):
            self._dialler.failed(packet)

    def close_flow(self, flow: Flow) -> None:
        """As the port says."""
        connection = self._table.of_flow(flow)
        if connection is not None:
            connection.close()

    def sent_by(self, to: Flow | Hop) -> Address:
        """Our address as the peer at `to` must see it (EngineConfig.sent_by)."""
        open_now = self._listeners
        if isinstance(to, Flow):
            listener = open_now.of_flow(to)
        else:
            listener = open_now.of_hop(to, to.transport or "udp", ipv6=is_ipv6(to.host))
        if listener is None:
            return to.local if isinstance(to, Flow) else Address("127.0.0.1", to.port)
        own, peer = (to.local, to.remote.host) if isinstance(to, Flow) else (listener.local, to.host)
        own = Address(listener.local.host if is_wildcard(own.host) else own.host, listener.local.port)
        if is_wildcard(own.host):
            own = Address(self._source(peer, is_ipv6(own.host)), own.port)
        return advertised(listener.spec.advertise, own, peer) if listener.spec.advertise else own

    # -- flows ------------------------------------------------------------------------------------------------------
    def _send_on(self, flow: Flow, data: bytes) -> bool:
        if flow.transport == "udp":
            listener = self._listeners.of_flow(flow)
            return listener is not None and listener.udp is not None and listener.udp.send(data, flow.remote)
        connection = self._table.of_flow(flow)
        return connection is not None and connection.send(data)

    # -- plumbing ---------------------------------------------------------------------------------------------------
    def _accepting(self, sock: socket.socket, spec: ListenerSpec) -> Acceptor:
        tls = self._tls.by_listener.get(spec.name, self._tls.server) if spec.transport in SECURE else None
        origin, origins = Origin(spec.transport, spec.name, spec.port), self._web_origins

        def make() -> Connection:
            web = spec.transport in WEB
            return WebSocketConnection(self._table, origin, origins) if web else Connection(self._table, origin)

        return Acceptor(sock, self._table, tls, make)

    def _source(self, peer: str, ipv6: bool) -> str:
        """Our address on the route to a peer, asked of the system once a minute: routes come and go."""
        literal = peer if is_literal(peer) and is_ipv6(peer) == ipv6 else _OUTSIDE[6 if ipv6 else 4]
        now = self._clock.now()
        known = self._sources.get(literal)
        if known is not None and now - known[0] < ROUTE_KEPT:
            return known[1]
        if len(self._sources) >= ROUTES_KNOWN:
            self._sources.clear()
        found = source_address(literal)
        self._sources[literal] = (now, found)
        return found

    def _attached(self) -> Sink:
        if self._sink is None:
            raise LocalError("attach a sink before listening")
        return self._sink
