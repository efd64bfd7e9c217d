"""Network namespaces of a test's own: a server behind 1:1 NAT, a phone inside and a phone outside.

What the phone outside sends to the public address is passed on to the server as a 1:1 NAT does: other destination, same
source and port. It is done here by hand, so that no firewall package and no kernel module is needed; the way back is
routed. Everything has the test's process id in its name and is removed at the end; nothing reaches a real network.
"""

import asyncio
import ctypes
import os
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

CLONE_NEWNET = 0x40000000
SERVER, INSIDE, OUTSIDE, PUBLIC = "10.77.1.1", "10.77.1.2", "198.51.100.20", "203.0.113.7"
GATEWAY = "10.77.2.1"


class NamespaceError(AssertionError):
    """This machine does not let the test make what it needs."""


def ip(*words: str) -> None:
    """Run ip or tc; raises NamespaceError in one sentence."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        tried = f"`{' '.join(words)}` failed: {done.stderr.strip()}"
        raise NamespaceError(f"network namespaces are needed (root and CAP_NET_ADMIN), but {tried}")


class Net:
    """Namespaces by role: server (10.77.1.1, seen from outside as 203.0.113.7), inside, outside."""

    def __init__(self) -> None:
        self.names = {role: f"vz{os.getpid()}{role}" for role in ("server", "inside", "outside")}

    def build(self) -> None:
        """Two links to the server; what goes out by the second is translated 1:1."""
        for name in self.names.values():
            ip("ip", "netns", "add", name)
            ip("ip", "-n", name, "link", "set", "lo", "up")
        server, inside, outside = self.names.values()
        ip("ip", "link", "add", "in0", "netns", server, "type", "veth", "peer", "name", "eth0", "netns", inside)
        ip("ip", "link", "add", "out0", "netns", server, "type", "veth", "peer", "name", "eth0", "netns", outside)
        addresses = (
            *((server, "in0", f"{SERVER}/24"), (inside, "eth0", f"{INSIDE}/24"), (server, "out0", f"{GATEWAY}/24")),
            *((outside, "eth0", "10.77.2.2/24"), (outside, "eth0", f"{OUTSIDE}/32")),
        )
        for name, device, address in addresses:
            ip("ip", "-n", name, "addr", "add", address, "dev", device)
            ip("ip", "-n", name, "link", "set", device, "up")
        ip("ip", "-n", server, "route", "add", "default", "via", "10.77.2.2", "src", SERVER)
        ip("ip", "-n", outside, "route", "add", f"{SERVER}/32", "via", GATEWAY, "src", OUTSIDE)
        ip("ip", "-n", outside, "addr", "add", f"{PUBLIC}/32", "dev", "lo")

    def remove(self) -> None:
        """What was made, and nothing else."""
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    @contextmanager
    def within(self, role: str) -> Iterator[None]:
        """Sockets that are opened meanwhile belong to that namespace, for ever."""
        with open("/proc/self/ns/net") as home, open(f"/run/netns/{self.names[role]}") as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET):
        raise NamespaceError(f"this process may not enter a network namespace: {os.strerror(ctypes.get_errno())}")


class Translator:
    """The 1:1 NAT for UDP ports of the public address: what arrives goes to the server, source and port are kept."""

    def __init__(self, net: Net, ports: range) -> None:
        with net.within("outside"):
            self._out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in ports]
        for port, each in zip(ports, self._sockets, strict=True):
            each.setblocking(False)
            each.bind((PUBLIC, port))
            asyncio.get_running_loop().add_reader(each, self._pass_on, each, port)
        self.passed: set[int] = set()

    def _pass_on(self, arrived: socket.socket, port: int) -> None:
        data, (host, source) = arrived.recvfrom(65535)
        self.passed.add(port)
        udp = struct.pack("!HHHH", source, port, 8 + len(data), 0)
        ends = socket.inet_aton(host) + socket.inet_aton(SERVER)
        # The kernel fills in identification and checksum; UDP may go without one on IPv4 (RFC 768).
        head = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(data), 0, 0, 64, socket.IPPROTO_UDP, 0)
        self._out.sendto(head + ends + udp + data, (SERVER, 0))

    def close(self) -> None:
        """All sockets."""
        for each in self._sockets:
            asyncio.get_running_loop().remove_reader(each)
            each.close()
        self._out.close()
