"""The UDP listener: a datagram in, a datagram out, as short as Python allows.

This module must never look into a message beyond its length.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable

from vorzimmer.kernel.address import Address
from vorzimmer.net.pump import Sink
from vorzimmer.sip.flow import Flow

RECEIVE_BUFFER = 4 * 1024 * 1024
"""Bytes asked for SO_RCVBUF: room for a registration storm while the loop is busy."""

SinkOf = Callable[[], Sink]


class UdpListener(asyncio.DatagramProtocol):
    """One UDP socket. `name` and `local` go into every flow."""

    def __init__(self, name: str, local: Address, sink: SinkOf, limit: int) -> None:
        self._name = name
        self._local = local
        self._sink = sink
        self._limit = limit
        self._transport: asyncio.DatagramTransport | None = None
        self._error: Exception | None = None
        self._closed = asyncio.get_running_loop().create_future()
        self.oversized = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the socket is ready."""
        self._transport = transport  # type: ignore[assignment]  # datagram endpoints only ever get datagram transports

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """asyncio: one datagram. Oversized ones are dropped and counted: there is no room to answer a flood."""
        if len(data) > self._limit:
            self.oversized += 1
            return
        self._sink().received(data, Flow("udp", self._local, Address(addr[0], addr[1]), 0, self._name))

    def error_received(self, exc: Exception) -> None:
        """asyncio: sending failed (also called from within ``sendto``)."""
        self._error = exc

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the socket is closed."""
        self._transport = None
        if not self._closed.done():
            self._closed.set_result(None)

    def flow_to(self, remote: Address) -> Flow:
        """The flow between this socket and `remote`."""
        return Flow("udp", self._local, remote, 0, self._name)

    def send(self, data: bytes, to: Address) -> bool:
        """Send one datagram; False where the system refuses (no route, too large, port 0)."""
        if self._transport is None:
            return False
        self._error = None
        try:
            self._transport.sendto(data, to)
        except (OSError, ValueError, OverflowError):
            return False
        return self._error is None

    async def close(self) -> None:
        """Close the socket and wait until it is gone, so that its port is free."""
        if self._transport is not None:
            self._transport.close()
            await self._closed


async def serve_udp(sock: socket.socket, listener: UdpListener) -> None:
    """Serve a bound socket. It may hold datagrams from before (docs/adr/0006), which arrive before this returns:
    whoever answers them must know the listener by then."""
    with contextlib.suppress(OSError):  # a smaller buffer works too
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: listener, sock=sock)
