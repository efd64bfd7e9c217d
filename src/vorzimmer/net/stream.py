"""TCP and TLS connections: bytes in both directions, and every way a peer can misuse one.

Framing is the engine's; what is bounded here are connections in total and per address, idle time, peers that connect
and say nothing, and peers that do not read. This module must never look into a message.
"""

import asyncio
import itertools
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.net.peer_names import is_wrong, names_on
from vorzimmer.net.pump import Sink
from vorzimmer.net.sockets import mark
from vorzimmer.sip.flow import Flow


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what peers may cost us. Times in seconds, sizes in bytes."""

    message: int = 65_535
    connections: int = 10_000
    per_address: int = 1_000
    """An office of phones behind one NAT address comes from one address."""
    idle: float = 4_000.0
    """Longer than the longest registration that we grant (3,600 s), so that a phone without keep-alives stays."""
    silent: float = 30.0
    """From connecting to the first byte."""
    slow: float = 30.0
    """From the first byte of a message to its last."""
    stalled: float = 30.0
    """How long a peer may leave our bytes unread once its window is full."""
    unread: int = 1024 * 1024
    """Bytes waiting for a peer that does not read."""
    ping: float = 30.0
    """How often a WebSocket phone is pinged; one that says nothing for three times as long is gone."""
    connect: float = 10.0
    """For resolving, connecting and the TLS handshake of a connection that we open."""
    queued: int = 200
    """Packets that wait for one connection to open."""
    dscp: int = 24
    """The mark of signalling on the network: CS3 (RFC 4594 section 4.2); 0 marks nothing."""
    sweep: float = 5.0
    """How often connections are looked over."""


@dataclass(slots=True)
class Counts:
    """What happened, for the metrics; they only ever grow."""

    accepted: int = 0
    opened: int = 0
    refused: int = 0
    silent: int = 0
    slow: int = 0
    idle: int = 0
    unread: int = 0
    failed: int = 0
    handshakes: int = 0


@dataclass(slots=True)
class Origin:
    """Where a connection comes from: the listener it belongs to and, if we opened it, the name that we asked for."""

    transport: str
    listener: str
    port: int
    name: str = ""


class Table:
    """All open connections, by id and by peer."""

    def __init__(self, clock: Clock, limits: Limits, sink: Callable[[], Sink]) -> None:
        self.clock = clock
        self.limits = limits
        self.sink = sink
        self.counts = Counts()
        # Ids go up across restarts: a flow that outlived a restart in bytes must never name somebody else's connection.
        self._ids = itertools.count(int(self.clock.wall().timestamp() * 1000) << 12)
        self._by_id: dict[int, Connection] = {}
        self._by_peer: dict[tuple[str, str, Address], Connection] = {}
        self._by_name: dict[str, Connection] = {}
        self._per_address: Counter[str] = Counter()
        """Open connections and those that are still entering (a TLS handshake)."""
        self._entering = 0
        self._alarm: Alarm | None = None

    def __len__(self) -> int:
        return len(self._by_id)

    def next_id(self) -> int:
        """A connection id that was never used, also not before a restart."""
        return next(self._ids)

    def of_flow(self, flow: Flow) -> "Connection | None":
        """The open connection of exactly this flow."""
        found = self._by_id.get(flow.connection)
        return found if found is not None and found.flow.remote == flow.remote else None

    def to_peer(self, transport: str, name: str, remote: Address) -> "Connection | None":
        """An open connection to reuse (RFC 3261 section 18); over TLS only one opened for the same host name."""
        return self._by_peer.get((transport, name if transport == "tls" else "", remote))

    def of_name(self, name: str, port: int) -> "Connection | None":
        """An open TLS connection to us whose peer has proven by its certificate that it is `name`, and has said that it
        may be used for requests to that port of it, 0 for any (RFC 5923 sections 5 and 9)."""
        found = self._by_name.get(name.lower().rstrip("."))
        return found if found is not None and found.alias and port in {0, found.alias} else None

    def reserve(self, host: str) -> bool:
        """Let a connection from `host` enter; False where a bound is reached. ``admit`` or ``release`` follows."""
        full = len(self._by_id) + self._entering >= self.limits.connections
        if full or self._per_address[host] >= self.limits.per_address:
            self.counts.refused += 1
            return False
        self._entering += 1
        self._per_address[host] += 1
        return True

    def release(self, host: str) -> None:
        """The connection never came to be."""
        self._entering -= 1
        self._leave(host)

    def admit(self, connection: "Connection") -> None:
        """Enter a connection: one that we opened, or one that has a place reserved."""
        if connection.ours:
            self.counts.opened += 1
            self._per_address[connection.flow.remote.host] += 1
        else:
            self.counts.accepted += 1
            self._entering -= 1
        self._by_id[connection.flow.connection] = connection
        self._by_peer[connection.peer] = connection
        if not connection.ours:
            self._by_name.update(dict.fromkeys(connection.flow.peer_names, connection))
        self._arm()

    def remove(self, connection: "Connection") -> None:
        """Forget a closed connection and say so."""
        if self._by_id.pop(connection.flow.connection, None) is None:
            return
        if self._by_peer.get(connection.peer) is connection:
            del self._by_peer[connection.peer]
        for name in connection.flow.peer_names:
            if self._by_name.get(name) is connection:
                del self._by_name[name]
        self._leave(connection.flow.remote.host)
        if not self._by_id and self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self.sink().closed(connection.flow)

    def close(self) -> list["Connection"]:
        """Close all connections; wait for each with ``wait_closed``."""
        open_now = list(self._by_id.values())
        for connection in open_now:
            connection.abort()
        return open_now

    def _leave(self, host: str) -> None:
        self._per_address[host] -= 1
        if not self._per_address[host]:
            del self._per_address[host]

    def _arm(self) -> None:
        if self._alarm is None:
            self._alarm = self.clock.call_at(self.clock.now() + self.limits.sweep, self._sweep)

    def _sweep(self) -> None:
        self._alarm = None
        now = self.clock.now()
        for connection in list(self._by_id.values()):
            connection.look_over(now)
        if self._by_id:
            self._arm()


class Connection(asyncio.Protocol):
    """One TCP or TLS connection."""

    flow: Flow
    peer: tuple[str, str, Address]

    def __init__(self, table: Table, origin: Origin) -> None:
        self._table = table
        self._origin = origin
        self._transport: asyncio.Transport | None = None
        self.admitted = False
        self.alias = 0
        """The port of the peer whose requests may go over this connection (RFC 5923), 0 for none."""
        """True once it is in the table and `flow` is set."""
        self._active = table.clock.now()
        self._heard = False
        self._last_heard = self._active
        self.patience = 0.0
        """Seconds of silence after which it counts as broken, 0 for the usual ones."""
        self._reading: tuple[int, float] | None = None
        self._given_up = False
        self._stalled_since: float | None = None
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def ours(self) -> bool:
        """True if we opened it."""
        return bool(self._origin.name)

    @property
    def connected(self) -> bool:
        """True while bytes can be sent."""
        return self.admitted and self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: connected (and the TLS handshake is done)."""
        remote: tuple[Any, ...] | None = transport.get_extra_info("peername")
        local: tuple[Any, ...] | None = transport.get_extra_info("sockname")
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by shape only
        if not remote or not local:  # the peer was gone before we looked
            self._transport.abort()
            return
        mark(transport.get_extra_info("socket"), self._table.limits.dscp)
        origin = self._origin
        secured: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if self.ours and is_wrong(secured, origin.name):
            self._transport.abort()
            return
        here, there = Address(local[0], origin.port), Address(remote[0], remote[1])
        proven = names_on(secured)
        self.flow = Flow(origin.transport, here, there, self._table.next_id(), origin.listener, proven)
        self.peer = (origin.transport, origin.name if origin.transport == "tls" else "", there)
        self.admitted = True
        self._table.admit(self)

    def data_received(self, data: bytes) -> None:
        """asyncio: a piece of the stream."""
        if self._transport is None or self._transport.is_closing():
            return  # what follows a message that broke the stream means nothing
        self._active = self._last_heard = self._table.clock.now()
        self._heard = True
        self._table.sink().received(data, self.flow)

    def pause_writing(self) -> None:
        """asyncio: the peer does not keep up."""
        self._stalled_since = self._table.clock.now()

    def resume_writing(self) -> None:
        """asyncio: the peer has caught up."""
        self._stalled_since = None

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: closed by either side."""
        self._transport = None
        if not self._done.done():
            self._done.set_result(None)
        if self.admitted:
            self._table.remove(self)

    def send(self, data: bytes) -> bool:
        """Write; False if it is closing or the peer has left too much unread, which closes it."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        transport.write(data)
        self._active = self._table.clock.now()
        if transport.get_write_buffer_size() <= self._table.limits.unread:
            return True
        self._table.counts.unread += 1
        self.abort()
        return False

    def close(self) -> None:
        """Close after what is written has gone out; a peer that does not read is cut off by the sweep."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    async def wait_closed(self) -> None:
        """Wait until the connection is gone."""
        await self._done

    def look_over(self, now: float) -> None:
        """End the connection if it is idle, silent, slow or stalled at monotonic time `now`."""
        why = self._overdue(now)
        if why and not self._given_up:
            self._given_up = True
            setattr(self._table.counts, why, getattr(self._table.counts, why) + 1)
            self.abort()

    def _overdue(self, now: float) -> str:
        limits = self._table.limits
        if self._stalled_since is not None and now - self._stalled_since > limits.stalled:
            return "unread"
        if not self._heard and not self.ours and now - self._active > limits.silent:
            return "silent"
        if self.patience and now - self._last_heard > self.patience:
            return "silent"
        if self._reading_for(now) > limits.slow:
            return "slow"
        return "idle" if now - self._active > limits.idle else ""

    def _reading_for(self, now: float) -> float:
        """Seconds for which the sweeps have seen one and the same message unfinished."""
        message = self._table.sink().reading(self.flow)
        if message is None:
            self._reading = None
        elif self._reading is None or self._reading[0] != message:
            self._reading = (message, now)
        return now - self._reading[1] if self._reading is not None else 0.0
