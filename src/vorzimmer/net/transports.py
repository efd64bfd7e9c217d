"""All listeners and connections of a server behind the port that the pump drives.

Sends to flows, turns hops into flows (reusing a connection, or resolving and opening one), and knows which address of
ours a peer must see. This module must never look into a message or wait on behalf of the engine: what takes time ends
in ``found`` or ``failed``.
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
from vorzimmer.net.pump import Sink
from vorzimmer.net.resolver import Resolver, SystemResolver
from vorzimmer.net.sockets import open_socket, source_address, start_error
from vorzimmer.net.stream import Connection, Counts, Limits, Origin, Table
from vorzimmer.net.udp import UdpListener, serve_udp
from vorzimmer.sip.flow import Flow, Hop, Packet

ROUTE_KEPT = 60.0
"""Seconds for which our address on a route is believed."""

ROUTES_KNOWN = 4096

_OUTSIDE = {4: "192.0.2.1", 6: "2001:db8::1"}
"""Documentation addresses: the route to them is the default route."""


@dataclass(frozen=True, slots=True)
class TlsContexts:
    """For connections that come in (None: no TLS listener possible) and that we open."""

    server: ssl.SSLContext | None = None
    client: ssl.SSLContext | None = None


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


@dataclass(slots=True)
class _Dial:
    """Packets that wait for their Hop to become a flow."""

    packets: list[Packet] = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None


class SocketTransports:
    """net.pump.Transports over real sockets. Attach a sink before the first ``listen``."""

    def __init__(
        self,
        clock: Clock,
        *,
        limits: Limits | None = None,
        tls: TlsContexts | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        self._clock = clock
        self._limits = limits or Limits()
        self._tls = tls or TlsContexts()
        self._resolver = resolver or SystemResolver()
        self._sink: Sink | None = None
        self._listeners: dict[str, Listener] = {}
        self._dials: dict[Hop, _Dial] = {}
        self._sources: dict[str, tuple[float, str]] = {}
        self._table = Table(clock, self._limits, self._attached)

    # -- for app ----------------------------------------------------------------------------------------------------
    async def listen(self, spec: ListenerSpec, sock: socket.socket | None = None) -> Listener:
        """Open one listener, on a socket that is bound already if one is given (docs/adr/0006); raises StartError with
        one clear line."""
        if spec.transport == "tls" and self._tls.server is None:
            raise StartError(f"cannot listen on {spec.name}: there is no certificate")
        sock = sock or open_socket(spec)
        host, port = sock.getsockname()[:2]
        spec = ListenerSpec(spec.transport, spec.host, port, spec.advertise)
        listener = Listener(spec, Address(host, port))
        self._listeners[spec.name] = listener
        try:
            if spec.transport == "udp":
                listener.udp = UdpListener(spec.name, listener.local, self._attached, self._limits.message)
                await serve_udp(sock, listener.udp)
            else:
                listener.acceptor = self._accepting(sock, spec)
        except OSError as error:
            del self._listeners[spec.name]
            sock.close()
            raise start_error(spec, error) from None
        return listener

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Open listeners in the order they were opened."""
        return tuple(self._listeners.values())

    @property
    def counts(self) -> Counts:
        """Counters for the metrics."""
        return self._table.counts

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._table)

    async def close(self) -> None:
        """Close everything and wait until ports are free."""
        dials = [dial.task for dial in self._dials.values() if dial.task is not None]
        for task in dials:
            task.cancel()
        await asyncio.gather(*dials, return_exceptions=True)
        for listener in self._listeners.values():
            if listener.acceptor is not None:
                await listener.acceptor.close()
        gone = self._table.close()
        await asyncio.gather(*(connection.wait_closed() for connection in gone))
        for listener in self._listeners.values():
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
            self._send_to_hop(packet, to)
        elif not self._send_on(to, packet.data):
            self._failed(packet)

    def close_flow(self, flow: Flow) -> None:
        """As the port says."""
        connection = self._table.of_flow(flow)
        if connection is not None:
            connection.close()

    def sent_by(self, to: Flow | Hop) -> Address:
        """Our address as the peer at `to` must see it (EngineConfig.sent_by)."""
        listener = self._of_flow(to) if isinstance(to, Flow) else self._of_hop(to, is_ipv6(to.host))
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
            listener = self._of_flow(flow)
            return listener is not None and listener.udp is not None and listener.udp.send(data, flow.remote)
        connection = self._table.of_flow(flow)
        return connection is not None and connection.send(data)

    def _of_flow(self, flow: Flow) -> Listener | None:
        """The flow's listener, or after a restart with other listeners one that reaches the same peers."""
        found = self._listeners.get(flow.listener)
        return found or self._matching(flow.transport, is_ipv6(flow.remote.host))

    def _of_hop(self, hop: Hop, ipv6: bool) -> Listener | None:
        pinned = self._listeners.get(hop.listener)
        if pinned is not None and pinned.spec.transport == hop.transport:
            return pinned
        found = self._matching(hop.transport, ipv6)
        return found if found or is_literal(hop.host) else self._matching(hop.transport, not ipv6)

    def _matching(self, transport: str, ipv6: bool) -> Listener | None:
        for listener in self._listeners.values():
            if listener.spec.transport == transport and is_ipv6(listener.local.host) == ipv6:
                return listener
        return None

    # -- hops -------------------------------------------------------------------------------------------------------
    def _send_to_hop(self, packet: Packet, hop: Hop) -> None:
        dial = self._dials.get(hop)
        if dial is not None:  # keep the order: a CANCEL must not overtake its INVITE
            self._queue(dial, packet)
            return
        flow = self._ready(hop, Address(hop.host, hop.port)) if is_literal(hop.host) else None
        if flow is not None:
            self._deliver(packet, flow)
        elif is_literal(hop.host) and (hop.transport == "udp" or self._of_hop(hop, is_ipv6(hop.host)) is None):
            self._failed(packet)
        else:
            dial = self._dials[hop] = _Dial([packet])
            dial.task = asyncio.get_running_loop().create_task(self._dial(hop))

    def _queue(self, dial: _Dial, packet: Packet) -> None:
        if len(dial.packets) < self._limits.queued:
            dial.packets.append(packet)
        else:
            self._failed(packet)

    def _ready(self, hop: Hop, address: Address) -> Flow | None:
        """The flow to `address` that needs no opening."""
        if hop.transport == "udp":
            listener = self._of_hop(hop, is_ipv6(address.host))
            fits = listener is not None and is_ipv6(listener.local.host) == is_ipv6(address.host)
            return listener.udp.flow_to(address) if listener is not None and listener.udp and fits else None
        connection = self._table.to_peer(hop.transport, hop.host, address)
        return connection.flow if connection is not None else None

    def _deliver(self, packet: Packet, flow: Flow) -> None:
        if packet.transaction:
            self._attached().found(packet.transaction, flow)
        if not self._send_on(flow, packet.data):
            self._failed(packet)

    def _failed(self, packet: Packet) -> None:
        self._table.counts.failed += 1
        if packet.transaction:
            self._attached().failed(packet.transaction)

    async def _dial(self, hop: Hop) -> None:
        flow: Flow | None = None
        try:
            async with asyncio.timeout(self._limits.connect):
                flow = await self._reach(hop)
        except (OSError, ValueError):  # TimeoutError and ssl.SSLError are OSErrors; an impossible name is a ValueError
            pass
        finally:
            waiting = self._dials.pop(hop).packets
        for packet in waiting:
            if flow is None:
                self._failed(packet)
            else:
                self._deliver(packet, flow)

    async def _reach(self, hop: Hop) -> Flow:
        """Try the addresses of a hop in order; the last error is raised."""
        literal = (Address(hop.host, hop.port),)
        error = OSError(f"no listener reaches {hop.host}")
        for address in literal if is_literal(hop.host) else await self._resolver.resolve(hop):
            flow = self._ready(hop, address)
            if flow is not None:
                return flow
            listener = self._of_hop(hop, is_ipv6(address.host))
            if listener is None or hop.transport == "udp":
                continue
            try:
                return await self._connect(hop, address, listener)
            except OSError as failure:
                error = failure
        raise error

    async def _connect(self, hop: Hop, address: Address, listener: Listener) -> Flow:
        origin = Origin(hop.transport, listener.name, listener.local.port, hop.host)
        tls = (self._tls.client or ssl.create_default_context()) if hop.transport == "tls" else None
        bound = listener.local.host
        source = (bound, 0) if not is_wildcard(bound) and is_ipv6(bound) == is_ipv6(address.host) else None
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self._table, origin),
            address.host,
            address.port,
            ssl=tls,
            server_hostname=hop.host if tls else None,
            local_addr=source,
        )
        if not connection.connected:
            raise OSError(f"{address} closed the connection at once")
        return connection.flow

    # -- plumbing ---------------------------------------------------------------------------------------------------
    def _accepting(self, sock: socket.socket, spec: ListenerSpec) -> Acceptor:
        tls = self._tls.server if spec.transport == "tls" else None
        return Acceptor(sock, self._table, Origin(spec.transport, spec.name, spec.port), tls)

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
