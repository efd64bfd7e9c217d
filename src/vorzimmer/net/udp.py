"""The UDP listener: a datagram in, a datagram out, as short as Python allows.

The socket is emptied at every chance into two queues: what goes on with calls, and what begins something new. So the
kernel drops nothing while we are busy, calls in progress go first, and it is known how long everybody has waited. This
module must never look further into a message than to tell the two apart.
"""

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

from vorzimmer.kernel.address import Address
from vorzimmer.net.pump import Sink
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.urgency import begins_something

RECEIVE_BUFFER = 4 * 1024 * 1024
"""Bytes asked for SO_RCVBUF: room for a registration storm while the loop is busy."""

DRAIN = 256
"""Datagrams taken from the socket at once."""

TURN = 16
"""Datagrams handled before the loop may do something else."""

FLOWS_KNOWN = 16_384
"""Flows kept, one an address: a phone's next datagram need not make its flow anew."""

MOST_WAITING = 20_000
"""Datagrams that wait here; beyond that they stay in the socket until the kernel drops them."""

SinkOf = Callable[[], Sink]
Sender = tuple[Any, ...]
"""Host, port, and for IPv6 two numbers more."""

Waiting = tuple[bytes, Sender, float]
"""A datagram, its sender, and when it was taken from the socket."""


class UdpListener:
    """One UDP socket. `name` and `local` go into every flow."""

    def __init__(self, name: str, local: Address, sink: SinkOf, limit: int) -> None:
        self._name = name
        self._local = local
        self._sink = sink
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._room = bytearray(65_536)
        self._urgent: deque[Waiting] = deque()
        self._fresh: deque[Waiting] = deque()
        self._flows: dict[Sender, Flow] = {}
        self._working = False
        self.oversized = 0
        self.unsent = 0

    def serve(self, sock: socket.socket) -> None:
        """Read from a bound socket from now on."""
        sock.setblocking(False)
        self._socket = sock
        self._loop.add_reader(sock, self._readable)

    # -- in ---------------------------------------------------------------------------------------------------------
    def _readable(self) -> None:
        now = self._loop.time()
        if len(self._urgent) + len(self._fresh) < MOST_WAITING:
            self._take(now)
        if not self._working:
            self._work()

    def _take(self, now: float) -> None:
        """Up to DRAIN datagrams into the queues."""
        assert self._socket is not None
        read, room = self._socket.recvfrom_into, self._room
        for _ in range(DRAIN):
            try:
                size, addr = read(room)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # an ICMP answer to something we sent: its transaction will time out
            if size > self._limit:
                self.oversized += 1
                continue
            data = bytes(room[:size])
            queue = self._fresh if begins_something(data) else self._urgent
            queue.append((data, addr, now))

    def _work(self) -> None:
        """Handle a few; go on in the next turn of the loop if there are more."""
        self._working = False
        if not self._urgent and not self._fresh:
            return
        sink, now = self._sink(), self._loop.time()
        for _ in range(TURN):
            queue = self._urgent or self._fresh
            if not queue or self._socket is None:
                return
            data, addr, since = queue.popleft()
            if queue is self._fresh:
                sink.waited(now - since)
            sink.received(data, self._flows.get(addr) or self._met(addr))
        if self._urgent or self._fresh:
            self._working = True
            self._loop.call_soon(self._work)

    def _met(self, addr: Sender) -> Flow:
        """The flow of an address that was not heard of before, or long ago."""
        if len(self._flows) >= FLOWS_KNOWN:
            self._flows.clear()
        found = self._flows[addr] = self.flow_to(Address(addr[0], addr[1]))
        return found

    # -- out --------------------------------------------------------------------------------------------------------
    def flow_to(self, remote: Address) -> Flow:
        """The flow between this socket and `remote`."""
        return Flow("udp", self._local, remote, 0, self._name)

    def send(self, data: bytes, to: Address) -> bool:
        """Send one datagram; False where the system refuses (no route, too large, port 0). A full send buffer loses it,
        as any network may."""
        if self._socket is None:
            return False
        try:
            self._socket.sendto(data, to)
        except (BlockingIOError, InterruptedError):
            self.unsent += 1
        except (OSError, ValueError, OverflowError):
            return False
        return True

    async def close(self) -> None:
        """Close the socket, so that its port is free."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None


async def serve_udp(sock: socket.socket, listener: UdpListener) -> None:
    """Serve a bound socket. It may hold datagrams from before (docs/adr/0006): whoever answers them must know the
    listener by then."""
    with contextlib.suppress(OSError):  # a smaller buffer works too
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    listener.serve(sock)
