"""Opening sockets, and saying in one line why it did not work.

This module must never share a port: a second server on the same port has to fail.
"""

import contextlib
import errno
import socket
from functools import lru_cache
from typing import Protocol

from vorzimmer.kernel.errors import StartError
from vorzimmer.net.advertise import ListenerSpec, is_ipv6, is_wildcard

_PROBLEMS = {
    errno.EADDRINUSE: "the port is taken by another program",
    errno.EACCES: "no permission to open this port (below 1024 it takes CAP_NET_BIND_SERVICE)",
    errno.EPERM: "no permission to open this port",
    errno.EADDRNOTAVAIL: "this machine does not have that address",
    errno.EAFNOSUPPORT: "this machine does not speak IPv6",
    errno.EMFILE: "too few file descriptors (raise ulimit -n)",
    errno.ENFILE: "the system has no file descriptors left",
}

BACKLOG = 1024
"""Connections that may wait to be accepted: every phone comes back at once after a restart."""


def open_socket(spec: ListenerSpec) -> socket.socket:
    """A bound, non-blocking socket for `spec`; raises StartError."""
    family = socket.AF_INET6 if is_ipv6(spec.host) else socket.AF_INET
    stream = spec.transport != "udp"
    try:
        sock = socket.socket(family, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    except OSError as error:
        raise start_error(spec, error) from None
    try:
        sock.setblocking(False)
        if (
            family == socket.AF_INET6
        ):  # so that udp:0.0.0.0 and udp:[::] live side by side and addresses stay what they are
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if stream:  # for UDP this would let a second server steal the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((spec.host, spec.port))
        if stream:
            sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise start_error(spec, error) from None
    return sock


class Markable(Protocol):
    """A socket, or what an event loop gives for one."""

    @property
    def family(self) -> int: ...

    def setsockopt(self, level: int, option: int, value: int, /) -> None: ...


def mark(sock: Markable | None, dscp: int) -> None:
    """Mark what a socket sends with a DSCP (RFC 2474), so that routers on the way prefer it; 0 leaves it alone. Where
    the system refuses, unmarked packets do as well."""
    if sock is None or not dscp:
        return
    six = sock.family == socket.AF_INET6
    level, option = (socket.IPPROTO_IPV6, socket.IPV6_TCLASS) if six else (socket.IPPROTO_IP, socket.IP_TOS)
    with contextlib.suppress(OSError):
        sock.setsockopt(level, option, dscp << 2)


def start_error(spec: ListenerSpec, error: OSError) -> StartError:
    """The one line for an operator."""
    problem = _PROBLEMS.get(error.errno or 0) or error.strerror or str(error)
    return StartError(f"cannot listen on {spec.name}: {problem}")


def source_address(peer: str) -> str:
    """Our address on the route to `peer` (a literal address); connecting a UDP socket sends nothing."""
    family, anywhere = (socket.AF_INET6, "::1") if is_ipv6(peer) else (socket.AF_INET, "127.0.0.1")
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((peer, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return anywhere


@lru_cache(maxsize=1024)
def has_address(host: str) -> bool:
    """Whether this machine has that literal address; binding a socket to it tells, and sends nothing."""
    try:
        with socket.socket(socket.AF_INET6 if is_ipv6(host) else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except (OSError, ValueError):
        return False
    return not is_wildcard(host)
