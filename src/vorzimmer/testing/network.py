"""A network in memory, in virtual time, with weather: what simulations run on instead of sockets.

Datagrams are lost, doubled, delayed and overtaken as the seed says; streams are delayed and cut into pieces but stay in
order. A node is a ``net.pump.Transports``, so that real pumps and engines talk through it unchanged. This module must
never open a socket or use chance of its own.
"""

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Clock
from vorzimmer.net.pump import Sink
from vorzimmer.sip.flow import Flow, Hop, Packet
from vorzimmer.testing.ladder import Ladder, Rung, first_line


@dataclass(frozen=True, slots=True)
class Weather:
    """Chances from 0 to 1 per datagram; delays in seconds, drawn evenly between `fast` and `slow`."""

    loss: float = 0.0
    twice: float = 0.0
    late: float = 0.0
    """Chance to be held back by `lateness`, so that later packets overtake."""
    lateness: float = 0.8
    fast: float = 0.001
    slow: float = 0.005
    split: float = 0.0
    """Chance that a piece of a stream arrives in two pieces."""


FAIR = Weather()
ROUGH = Weather(loss=0.1, twice=0.1, late=0.1, fast=0.001, slow=0.08, split=0.5)

CONNECT_TIMEOUT = 10.0
"""Seconds until a connection to a host that is cut off fails."""


@dataclass(slots=True)
class _Pipe:
    """One direction of a stream: pieces in flight, oldest first, and when the last of them arrives. None is the end."""

    node: "Node"
    flow: Flow
    pieces: deque[bytes | None] = field(default_factory=deque)
    last: float = 0.0


class Network:
    """Joins nodes. `chance` seeded means that the whole run repeats."""

    def __init__(self, clock: Clock, chance: Chance, weather: Weather = FAIR) -> None:
        self.clock = clock
        self.weather = weather
        self.ladder = Ladder()
        self.in_flight = 0
        self._chance = chance
        self._nodes: dict[Address, Node] = {}
        self._cut: set[str] = set()
        self._ids = itertools.count(1)

    def join(
        self,
        name: str,
        address: Address,
        *,
        public: Address | None = None,
        transports: tuple[str, ...] = ("udp", "tcp"),
    ) -> "Node":
        """A new node at `address`; behind a NAT others see it as `public` while it believes in `address`."""
        node = Node(self, name, address, public or address, transports)
        if node.public in self._nodes:
            raise AssertionError(f"{node.public} is taken by {self._nodes[node.public].name}")
        self._nodes[node.public] = node
        return node

    def leave(self, node: "Node") -> None:
        """Take a node away: what is under way to it is lost."""
        self._nodes.pop(node.public, None)

    def move(self, node: "Node", public: Address) -> None:
        """The NAT in front of a node gives it another address or port: what is under way to the old one is lost."""
        if public in self._nodes:
            raise AssertionError(f"{public} is taken by {self._nodes[public].name}")
        self._nodes.pop(node.public, None)
        node.public = public
        self._nodes[public] = node

    def cut(self, name: str) -> None:
        """Pull the plug of the node `name`: nothing reaches it, nothing leaves it, and nobody is told."""
        self._cut.add(name)

    def mend(self, name: str) -> None:
        """Plug it in again."""
        self._cut.discard(name)

    def is_cut(self, *nodes: "Node") -> bool:
        """True if one of the nodes is cut off."""
        return any(node.name in self._cut for node in nodes)

    def at(self, address: Address) -> "Node | None":
        """Who is reached at `address`."""
        return self._nodes.get(address)

    def next_id(self) -> int:
        """A connection id, unique in the network."""
        return next(self._ids)

    # -- weather ----------------------------------------------------------------------------------------------------
    def happens(self, chance: float) -> bool:
        """True with this chance; draws nothing at 0, so that fair weather does not depend on the seed."""
        return chance > 0 and self._chance.fraction() < chance

    def delay(self) -> float:
        """Seconds on the wire."""
        weather = self.weather
        extra = weather.lateness if self.happens(weather.late) else 0.0
        return weather.fast + (weather.slow - weather.fast) * self._chance.fraction() + extra

    def cut_point(self, size: int) -> int:
        """Where a piece of `size` bytes is split, 0 for not at all."""
        return self._chance.number(1, size - 1) if size > 1 and self.happens(self.weather.split) else 0

    def later(self, seconds: float, arrive: Callable[[], None]) -> None:
        """Let something arrive; counted in `in_flight` until then."""
        self.in_flight += 1
        self.clock.call_at(self.clock.now() + seconds, lambda: self._arrived(arrive))

    def _arrived(self, arrive: Callable[[], None]) -> None:
        self.in_flight -= 1
        arrive()

    def note(self, source: "Node", target: str, data: bytes, fate: str = "") -> None:
        """Put a message on the ladder."""
        self.ladder.add(Rung(self.clock.now(), source.name, target, first_line(data), fate))


class Node:
    """One host on the network: a ``net.pump.Transports``."""

    def __init__(
        self, network: Network, name: str, local: Address, public: Address, transports: tuple[str, ...]
    ) -> None:
        self.network = network
        self.name = name
        self.local = local
        self.public = public
        self.transports = transports
        self._sink: Sink | None = None
        self._dials: dict[Hop, list[Packet]] = {}
        self._pipes: dict[int, _Pipe] = {}
        """Connection id to the way to the other end."""

    # -- Transports -------------------------------------------------------------------------------------------------
    def attach(self, sink: Sink) -> None:
        """As the port says."""
        self._sink = sink

    def send(self, packet: Packet) -> None:
        """As the port says."""
        if isinstance(packet.to, Flow):
            self._send_on(packet.to, packet)
        elif packet.to.transport in {"udp", ""}:
            self._deliver(packet, self.flow_to(Address(packet.to.host, packet.to.port or 5060)))
        else:
            self._dial(packet, packet.to)

    def close_flow(self, flow: Flow) -> None:
        """As the port says."""
        pipe = self._pipes.pop(flow.connection, None)
        if pipe is not None:
            self._push(pipe, None)
            self._tell_closed(flow)

    def sent_by(self, to: Flow | Hop) -> Address:
        """What a phone writes into Via and Contact: its own idea of its address."""
        return self.local

    # -- for tests --------------------------------------------------------------------------------------------------
    def flow_to(self, remote: Address) -> Flow:
        """The datagram flow to a peer."""
        return Flow("udp", self.local, remote, 0, self.name)

    def restart(self) -> None:
        """The process at this host dies and a new one starts: connections are gone and peers are told, datagrams under
        way arrive once somebody attaches again."""
        pipes, self._pipes, self._dials, self._sink = self._pipes, {}, {}, None
        for pipe in pipes.values():
            self._push(pipe, None)

    def leave(self, *, politely: bool = True) -> None:
        """Leave the network; `politely` closes connections so that peers notice, else they find out by themselves."""
        if not politely:
            self._pipes = {}
        self.restart()
        self.network.leave(self)

    @property
    def connections(self) -> int:
        """Streams open at this end."""
        return len(self._pipes)

    # -- datagrams --------------------------------------------------------------------------------------------------
    def _send_on(self, flow: Flow, packet: Packet) -> None:
        if not flow.reliable:
            self._datagram(packet.data, flow.remote)
            return
        pipe = self._pipes.get(flow.connection)
        if pipe is None:
            self._tell_failed(packet)
            return
        self.network.note(self, pipe.node.name, packet.data)
        self._push(pipe, packet.data)

    def _datagram(self, data: bytes, to: Address) -> None:
        network = self.network
        target = network.at(to)
        if target is None or network.is_cut(self, target) or network.happens(network.weather.loss):
            network.note(self, target.name if target else str(to), data, "lost")
            return
        network.note(self, target.name, data)
        network.later(network.delay(), lambda: self._arrive(data, to))
        if network.happens(network.weather.twice):
            network.note(self, target.name, data, "twice")
            network.later(network.delay(), lambda: self._arrive(data, to))

    def _arrive(self, data: bytes, to: Address) -> None:
        target = self.network.at(to)
        if target is not None and target._sink is not None and not self.network.is_cut(target):
            target._sink.received(data, Flow("udp", target.local, self.public, 0, target.name))

    # -- streams ----------------------------------------------------------------------------------------------------
    def _dial(self, packet: Packet, hop: Hop) -> None:
        waiting = self._dials.get(hop)
        if waiting is not None:
            waiting.append(packet)
            return
        flow = self.open_flow(hop)
        if flow is not None:
            self._deliver(packet, flow)
            return
        self._dials[hop] = [packet]
        target = self.network.at(Address(hop.host, hop.port or 5060))
        away = target is not None and self.network.is_cut(self, target)
        self.network.later(CONNECT_TIMEOUT if away else 2 * self.network.delay(), lambda: self._connected(hop))

    def open_flow(self, hop: Hop) -> Flow | None:
        """The connection to `hop`, None where there is none."""
        remote = Address(hop.host, hop.port or 5060)
        for ident, pipe in self._pipes.items():
            if pipe.flow.transport == hop.transport and pipe.node.public == remote:
                return Flow(hop.transport, self.local, remote, ident, self.name)
        return None

    def _connected(self, hop: Hop) -> None:
        packets = self._dials.pop(hop, [])
        target = self.network.at(Address(hop.host, hop.port or 5060))
        deaf = target is None or target._sink is None or hop.transport not in target.transports
        if target is None or deaf or self.network.is_cut(self, target):
            for packet in packets:
                self._tell_failed(packet)
            return
        flow = self._connect(hop.transport, target)
        for packet in packets:
            self._deliver(packet, flow)

    def _connect(self, transport: str, target: "Node") -> Flow:
        here, there = self.network.next_id(), self.network.next_id()
        outgoing = Flow(transport, self.local, target.public, here, self.name)
        incoming = Flow(transport, target.local, self.public, there, target.name)
        self._pipes[here] = _Pipe(target, incoming)
        target._pipes[there] = _Pipe(self, outgoing)
        return outgoing

    def _push(self, pipe: _Pipe, data: bytes | None) -> None:
        cut = self.network.cut_point(len(data or b""))
        pieces = [data[:cut], data[cut:]] if data and cut else [data]
        for piece in pieces:
            now = self.network.clock.now()
            pipe.last = max(pipe.last, now + self.network.delay())
            pipe.pieces.append(piece)
            self.network.later(pipe.last - now, lambda: self._pull(pipe))

    def _pull(self, pipe: _Pipe) -> None:
        """The oldest piece arrives: timers of the same instant have no order of their own."""
        piece = pipe.pieces.popleft()
        node = pipe.node
        if pipe.flow.connection not in node._pipes or self.network.is_cut(self, node):
            return
        if piece is None:
            node._pipes.pop(pipe.flow.connection)
            node._tell_closed(pipe.flow)
        elif node._sink is not None:
            node._sink.received(piece, pipe.flow)

    # -- telling ----------------------------------------------------------------------------------------------------
    def _deliver(self, packet: Packet, flow: Flow) -> None:
        instead = self._sink.found(packet.transaction, flow) if packet.transaction and self._sink is not None else None
        self._send_on(flow, packet if instead is None else Packet(instead, packet.to, packet.transaction))

    def _tell_closed(self, flow: Flow) -> None:
        if self._sink is not None:
            self._sink.closed(flow)

    def _tell_failed(self, packet: Packet) -> None:
        if packet.transaction and self._sink is not None:
            self._sink.failed(packet.transaction)
