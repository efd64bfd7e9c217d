"""The sockets of a media worker: pairs of UDP ports for RTP and RTCP, all read by one loop of our own.

One event of the loop reads every socket that has something, a datagram each, instead of one event and two system calls
for every datagram. This module must never look into a packet.
"""

import asyncio
import select
import socket
from collections.abc import Callable
from ipaddress import ip_address

from vorzimmer.media.embedded.relay import Where
from vorzimmer.media.embedded.wires import Receiver

EXPEDITED = 46
"""The mark of voice: DSCP EF (RFC 3246), in the upper six bits of the traffic class (RFC 2474)."""

RECEIVE_BUFFER = 256 * 1024
"""Bytes a socket may hold while the worker is busy."""

LONGEST = 2048
"""Bytes of a datagram that are read; no RTP that phones send is longer than an Ethernet frame."""

BATCH = 64
"""Sockets that are read before the loop may do something else: a third of a millisecond."""


def _ignore(data: bytes, source: Where, now: float) -> None:
    """Before a session is there to take it."""


class UdpPort:
    """One bound socket; `receive` gets its datagrams."""

    __slots__ = ("_sendto", "receive", "recvfrom", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.receive: Receiver = _ignore
        self.sock = sock
        self.recvfrom = sock.recvfrom
        self._sendto = sock.sendto

    def send(self, data: bytes | bytearray, to: Where) -> None:
        """Send, or lose it as a network would: the queue is full, there is no way to this address."""
        sendto = self._sendto
        try:
            sendto(data, to)
        except OSError:
            return


class Hub:
    """All media sockets of the running event loop. `now` gives the time in seconds, `dscp` marks what is sent."""

    def __init__(self, now: Callable[[], float], dscp: int = EXPEDITED) -> None:
        self._now = now
        self._dscp = dscp
        self._poll = select.epoll()
        self._ports: dict[int, UdpPort] = {}
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._poll.fileno(), self._read)

    def bind(self, host: str, port: int) -> "UdpPair":
        """Both ports of a pair, or with port 0 a single one that the system chooses. Raises OSError for a taken one."""
        first = _bound(host, port, self._dscp)
        try:
            second = _bound(host, port + 1, self._dscp) if port else None
        except OSError:
            first.close()
            raise
        return UdpPair(self, self._watch(first), self._watch(second) if second else None)

    def forget(self, port: UdpPort) -> None:
        """Close this socket."""
        if self._ports.pop(port.sock.fileno(), None):
            self._poll.unregister(port.sock.fileno())
        port.sock.close()

    def close(self) -> None:
        """Stop reading; the sockets that are open still are closed."""
        self._loop.remove_reader(self._poll.fileno())
        for port in list(self._ports.values()):
            self.forget(port)
        self._poll.close()

    def _watch(self, sock: socket.socket) -> UdpPort:
        port = self._ports[sock.fileno()] = UdpPort(sock)
        self._poll.register(sock.fileno(), select.EPOLLIN)
        return port

    def _read(self) -> None:
        """One datagram of every socket that has some; what is left makes the loop call again."""
        ports, now = self._ports, self._now()
        for number, _ in self._poll.poll(0, BATCH):
            port = ports.get(number)
            if port is None:
                continue
            recvfrom, receive = port.recvfrom, port.receive  # called as methods, slots are looked up the slow way
            try:
                data, source = recvfrom(LONGEST)
            except OSError:
                continue  # an error that a peer's host has reported: its silence will be noticed
            try:
                receive(data, source, now)
            except Exception as error:  # noqa: BLE001 -- whatever one packet does, the other calls go on
                self._loop.call_exception_handler({"message": "media packet", "exception": error})


class UdpPair:
    """wires.Pair over two sockets, or over one for a bridge (`control` None)."""

    def __init__(self, hub: Hub, rtp: UdpPort, control: UdpPort | None) -> None:
        self._hub = hub
        self._port: int = rtp.sock.getsockname()[1]
        self._rtp = rtp
        self._control = control
        self.send: Callable[[bytes | bytearray, Where], None] = rtp.send

    @property
    def port(self) -> int:
        return self._port

    def aim(self, rtp: Receiver, rtcp: Receiver) -> None:
        self._rtp.receive = rtp
        if self._control:
            self._control.receive = rtcp

    def send_control(self, data: bytes, to: Where) -> None:
        if self._control:
            self._control.send(data, to)

    def close(self) -> None:
        self._hub.forget(self._rtp)
        if self._control:
            self._hub.forget(self._control)


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
