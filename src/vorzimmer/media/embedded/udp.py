"""The sockets of the media workers: pairs of UDP ports for RTP and RTCP on the running event loop.

This module must never look into a packet.
"""

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import cast

from vorzimmer.media.embedded.relay import Where
from vorzimmer.media.embedded.wires import Receiver

EXPEDITED = 46
"""The mark of voice: DSCP EF (RFC 3246), in the upper six bits of the traffic class (RFC 2474)."""

RECEIVE_BUFFER = 256 * 1024
"""Bytes a socket may hold while the worker is busy."""


def _ignore(data: bytes, source: Where, now: float) -> None:
    """Before a session is there to take it."""


class UdpPort(asyncio.DatagramProtocol):
    """One bound socket."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.receive: Receiver = _ignore
        self._now = now

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:
        self.receive(data, addr, self._now())

    def error_received(self, exc: Exception) -> None:
        """The phone's host said that nobody listens: its silence will be noticed."""


class UdpPair:
    """session.Pair over two sockets, or over one for a bridge (`control` None)."""

    def __init__(self, port: int, rtp: UdpPort, control: UdpPort | None) -> None:
        self._port = port
        self._rtp = rtp
        self._control = control
        self.send: Callable[[bytes | bytearray, Where], None] = rtp.transport.sendto

    @property
    def port(self) -> int:
        return self._port

    def aim(self, rtp: Receiver, rtcp: Receiver) -> None:
        self._rtp.receive = rtp
        if self._control:
            self._control.receive = rtcp

    def send_control(self, data: bytes, to: Where) -> None:
        if self._control:
            self._control.transport.sendto(data, to)

    def close(self) -> None:
        self._rtp.transport.close()
        if self._control:
            self._control.transport.close()


async def bind(host: str, port: int, now: Callable[[], float], *, dscp: int = EXPEDITED) -> UdpPair:
    """Both ports of a pair, or with port 0 a single one that the system chooses. Raises OSError when one is taken."""
    first = _bound(host, port, dscp)
    try:
        second = _bound(host, port + 1, dscp) if port else None
    except OSError:
        first.close()
        raise
    rtp = await _attach(first, now)
    control = await _attach(second, now) if second else None
    return UdpPair(port or first.getsockname()[1], rtp, control)


def _bound(host: str, port: int, dscp: int) -> socket.socket:
    six = ip_address(host).version == 6
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if six:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, dscp << 2)
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


async def _attach(sock: socket.socket, now: Callable[[], float]) -> UdpPort:
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_datagram_endpoint(lambda: UdpPort(now), sock=sock)
    return protocol
