"""Turns hops into flows: finds a connection to use again, or resolves and opens one, target after target.

Packets wait meanwhile, in order. This module must never look into a message or wait on behalf of the engine: what takes
time ends in ``found`` or ``failed``.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from vorzimmer.kernel.address import Address
from vorzimmer.net.advertise import DEFAULT_PORTS, is_ipv6, is_literal, is_wildcard
from vorzimmer.net.avoided import Avoided
from vorzimmer.net.listeners import Listener, Listeners
from vorzimmer.net.pump import Sink
from vorzimmer.net.resolver import Resolver, Target
from vorzimmer.net.stream import Connection, Origin, Table
from vorzimmer.sip.flow import Flow, Hop, Packet

LARGE = 1_300
"""Bytes above which a request should not be a datagram (RFC 3261 section 18.1.1)."""

DIALLED = frozenset({"tcp", "tls"})
"""Transports by which we open connections; browsers come to us."""


@dataclass(slots=True)
class _Dial:
    """Packets that wait for their Hop to become a flow."""

    packets: list[Packet] = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None


@dataclass(frozen=True, slots=True)
class Reached:
    """A flow, and whether there is another server to try after it."""

    flow: Flow
    spare: bool = False


class Dialler:
    """For one set of listeners. `send_on(flow, data)` is False where nothing could be sent; `client` gives the TLS
    context of the moment."""

    def __init__(
        self,
        listeners: Listeners,
        table: Table,
        resolver: Resolver,
        *,
        send_on: Callable[[Flow, bytes], bool],
        client: Callable[[], ssl.SSLContext | None],
    ) -> None:
        self._listeners = listeners
        self._table = table
        self._resolver = resolver
        self._send_on = send_on
        self._client = client
        self.avoided = Avoided(table.clock)
        self._dials: dict[Hop, _Dial] = {}
        self._opening: dict[tuple[str, str, Address], asyncio.Task[Flow]] = {}

    def send(self, packet: Packet, hop: Hop) -> None:
        """Send or queue a packet; failures are told to the sink."""
        for address in hop.avoid:  # the engine asks for another server, so that one has failed
            self.avoided.failed(address)
        dial = self._dials.get(hop)
        if dial is not None:  # keep the order: a CANCEL must not overtake its INVITE
            self._queue(dial, packet)
            return
        literal = _literal(hop)
        flow = self._ready(hop, literal) if literal is not None else None
        if flow is not None:
            self._deliver(packet, Reached(flow))
        elif literal is not None and (literal.transport not in DIALLED or self._listener(hop, literal) is None):
            self.failed(packet)
        else:
            dial = self._dials[hop] = _Dial([packet])
            dial.task = asyncio.get_running_loop().create_task(self._dial(hop, large=len(packet.data) > LARGE))

    def failed(self, packet: Packet) -> None:
        """Nothing could be sent."""
        self._table.counts.failed += 1
        if packet.transaction:
            self._sink.failed(packet.transaction)

    async def close(self) -> None:
        """Give up what is under way."""
        dials = [dial.task for dial in self._dials.values() if dial.task is not None]
        tasks = [*dials, *self._opening.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def _sink(self) -> Sink:
        return self._table.sink()

    def _queue(self, dial: _Dial, packet: Packet) -> None:
        if len(dial.packets) < self._table.limits.queued:
            dial.packets.append(packet)
        else:
            self.failed(packet)

    def _deliver(self, packet: Packet, reached: Reached) -> None:
        instead = None
        if packet.transaction:
            instead = self._sink.found(packet.transaction, reached.flow, spare=reached.spare)
        if not self._send_on(reached.flow, packet.data if instead is None else instead):
            self.failed(packet)

    # -- ways that are open -----------------------------------------------------------------------------------------
    def _listener(self, hop: Hop, target: Target) -> Listener | None:
        return self._listeners.of_hop(hop, target.transport, ipv6=is_ipv6(target.address.host))

    def _ready(self, hop: Hop, target: Target) -> Flow | None:
        """The flow to `target` that needs no opening."""
        if target.transport == "udp":
            listener = self._listener(hop, target)
            fits = listener is not None and is_ipv6(listener.local.host) == is_ipv6(target.address.host)
            return listener.udp.flow_to(target.address) if listener is not None and listener.udp and fits else None
        connection = self._table.to_peer(target.transport, hop.host, target.address)
        return connection.flow if connection is not None else None

    def _proven(self, hop: Hop) -> Flow | None:
        """The connection that the peer itself has opened, where its certificate says that it is the host we want and it
        has asked for that (RFC 5923 section 5). A request that fails there goes on to what DNS says."""
        if hop.transport not in {"tls", ""}:
            return None
        found = self._table.of_name(hop.host, hop.port)
        return found.flow if found is not None and found.flow.remote not in hop.avoid else None

    # -- ways that are not ------------------------------------------------------------------------------------------
    async def _dial(self, hop: Hop, *, large: bool) -> None:
        reached: Reached | None = None
        try:
            reached = await self._reach(hop, large=large)
        except (OSError, ValueError):  # TimeoutError and ssl.SSLError are OSErrors; an impossible name is a ValueError
            pass
        finally:
            waiting = self._dials.pop(hop).packets
        for packet in waiting:
            if reached is None:
                self.failed(packet)
            else:
                self._deliver(packet, reached)

    async def _reach(self, hop: Hop, *, large: bool) -> Reached:
        """Try the targets of a hop in order; the last error is raised."""
        proven = self._proven(hop)
        if proven is not None:
            return Reached(proven, spare=True)
        error = OSError(f"no listener reaches {hop.host}")
        targets = await self._targets(hop, large=large)
        for index, target in enumerate(targets):
            spare = any(self._usable(hop, other) for other in targets[index + 1 :])
            flow = self._ready(hop, target)
            if flow is not None:
                return Reached(flow, spare)
            if not self._usable(hop, target):
                continue
            try:
                return Reached(await self._opened(hop, target), spare)
            except OSError as failure:
                self.avoided.failed(target.address)
                error = failure
        raise error

    async def _targets(self, hop: Hop, *, large: bool) -> list[Target]:
        literal = _literal(hop)
        if literal is not None:
            return [literal]
        async with asyncio.timeout(self._table.limits.connect):
            found = await self._resolver.resolve(hop, self._listeners.able(large=large))
        targets = self.avoided.in_order(found, hop.avoid)
        if large and not hop.transport:
            targets.sort(key=lambda target: target.transport == "udp")
        return targets

    def _usable(self, hop: Hop, target: Target) -> bool:
        listener = self._listener(hop, target)
        if listener is None or target.transport not in {"udp", *DIALLED}:
            return False
        return target.transport != "udp" or is_ipv6(listener.local.host) == is_ipv6(target.address.host)

    async def _opened(self, hop: Hop, target: Target) -> Flow:
        """The connection to a target: opened once, however many ask for it meanwhile (RFC 5923 section 5)."""
        key = (target.transport, hop.host, target.address)
        task = self._opening.get(key)
        if task is None:
            task = self._opening[key] = asyncio.get_running_loop().create_task(self._connect(hop, target))
            task.add_done_callback(lambda done: self._over(key, done))
        return await asyncio.shield(task)

    def _over(self, key: tuple[str, str, Address], done: "asyncio.Task[Flow]") -> None:
        self._opening.pop(key, None)
        if not done.cancelled():
            done.exception()  # whoever waited may be gone; then nobody else looks at it

    async def _connect(self, hop: Hop, target: Target) -> Flow:
        listener = self._listener(hop, target)
        if listener is None:
            raise OSError(f"no listener reaches {target.address}")
        address, bound = target.address, listener.local.host
        origin = Origin(target.transport, listener.name, listener.local.port, hop.host)
        tls = (self._client() or ssl.create_default_context()) if target.transport == "tls" else None
        source = (bound, 0) if not is_wildcard(bound) and is_ipv6(bound) == is_ipv6(address.host) else None
        async with asyncio.timeout(self._table.limits.connect):
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
        self.avoided.works(target.address)
        return connection.flow


def _literal(hop: Hop) -> Target | None:
    """The only target of a numeric host (RFC 3263 section 4.1: UDP unless something else is said)."""
    if not is_literal(hop.host):
        return None
    transport = hop.transport or "udp"
    return Target(transport, Address(hop.host, hop.port or DEFAULT_PORTS.get(transport, 5060)))
