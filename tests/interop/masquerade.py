"""A home behind a translator of addresses and ports (NAPT): many phones at one public address, mappings that die.

It is made by hand of a link into a namespace of its own and sockets at the public side, so that no firewall package and
no kernel module is needed and a test can say when the box forgets. Like the meanest boxes it lets in only who was
spoken to, by address and port (RFC 4787 section 5); what comes in keeps a mapping alive.
"""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field

from tests.interop.netns import OUTSIDE, PUBLIC, SERVER, Net, ip

HOME, GATEWAY = "192.168.77.2", "192.168.77.1"
PHONE_MAC, BOX_MAC = "02:00:00:00:77:02", "02:00:00:00:77:01"
ALL = 3
"""ETH_P_ALL: frames of every kind."""


@dataclass
class Mapping:
    """One port of the home at one public port; times in seconds of the loop."""

    inside: int
    public: socket.socket
    spoken_to: set[tuple[str, int]] = field(default_factory=set)
    sent: float = 0.0
    used: float = 0.0
    came_in: int = 0


class Masquerade:
    """The box. A mapping that is not used for `idle_s` is forgotten; `reboot` forgets all of them."""

    def __init__(self, net: Net, idle_s: float = 30.0) -> None:
        self._net = net
        self._idle_s = idle_s
        self._loop = asyncio.get_running_loop()
        self.mappings: dict[int, Mapping] = {}
        self._old: list[socket.socket] = []
        self._build()
        with net.within("box"):
            self._link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
        self._link.bind(("home0", 0))
        self._link.setblocking(False)
        self._loop.add_reader(self._link, self._from_home)

    def _build(self) -> None:
        # The box has no address of its own, so that its kernel does nothing with what passes.
        outside = self._net.names["outside"]
        box, home = (self._net.names.setdefault(role, outside + role) for role in ("box", "home"))
        for name in (box, home):
            ip("ip", "netns", "add", name)
        ip("ip", "link", "add", "home0", "netns", box, "type", "veth", "peer", "name", "eth0", "netns", home)
        for name, device, mac in ((box, "home0", BOX_MAC), (home, "eth0", PHONE_MAC)):
            ip("ip", "-n", name, "link", "set", device, "address", mac)
            ip("ip", "-n", name, "link", "set", device, "up")
        ip("ip", "-n", home, "link", "set", "lo", "up")
        ip("ip", "-n", home, "addr", "add", f"{HOME}/24", "dev", "eth0")
        ip("ip", "-n", home, "neigh", "add", GATEWAY, "lladdr", BOX_MAC, "dev", "eth0", "nud", "permanent")
        ip("ip", "-n", home, "route", "add", "default", "via", GATEWAY)

    def _from_home(self) -> None:
        frame, (_, _, direction, *_) = self._link.recvfrom(65535)
        if direction == socket.PACKET_OUTGOING or frame[12:14] != b"\x08\x00" or frame[23] != socket.IPPROTO_UDP:
            return
        packet = frame[14:]
        start = (packet[0] & 15) * 4
        source, port, size = struct.unpack("!HHH", packet[start : start + 6])
        mapping = self._mapping(source)
        there = (socket.inet_ntoa(packet[16:20]), port)
        mapping.spoken_to.add(there)
        mapping.sent = mapping.used = self._loop.time()
        # Nobody may be there, as with the private addresses that an SDP may name.
        with contextlib.suppress(OSError):
            mapping.public.sendto(packet[start + 8 : start + size], there)

    def _mapping(self, source: int) -> Mapping:
        mapping = self.mappings.get(source)
        if mapping is not None and self._loop.time() - mapping.used > self._idle_s:
            self._forget(mapping)
            mapping = None
        if mapping is None:
            with self._net.within("outside"):
                public = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            public.bind((OUTSIDE, 0))
            public.setblocking(False)
            mapping = self.mappings[source] = Mapping(source, public)
            self._loop.add_reader(public, self._from_outside, mapping)
        return mapping

    def _from_outside(self, mapping: Mapping) -> None:
        data, (host, port) = mapping.public.recvfrom(65535)
        # The way back through the server's own 1:1 NAT is done here too: its packets come from the public address.
        there = (PUBLIC if host == SERVER else host, port)
        alive = self._loop.time() - mapping.used <= self._idle_s
        if there not in mapping.spoken_to or not alive:
            return
        mapping.used = self._loop.time()
        mapping.came_in += 1
        ends = socket.inet_aton(there[0]) + socket.inet_aton(HOME)
        head = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(data), 0, 0, 64, socket.IPPROTO_UDP, 0)
        head = head[:10] + struct.pack("!H", _checksum(head + ends)) + ends
        udp = struct.pack("!HHHH", port, mapping.inside, 8 + len(data), 0)
        self._link.send(_mac(PHONE_MAC) + _mac(BOX_MAC) + b"\x08\x00" + head + udp + data)

    def _forget(self, mapping: Mapping) -> None:
        self._loop.remove_reader(mapping.public)
        mapping.public.close()
        self.mappings.pop(mapping.inside, None)

    def port_of(self, inside: int) -> int:
        """The public port that stands for one of the home's."""
        return int(self.mappings[inside].public.getsockname()[1])

    def reboot(self) -> None:
        """All mappings are gone; the next packets out get other ports. The old ones stay taken, as nobody's."""
        self._old += [each.public for each in self.mappings.values()]
        for each in [*self.mappings.values()]:
            self._loop.remove_reader(each.public)
        self.mappings.clear()

    def close(self) -> None:
        """All sockets; the namespace goes with the net."""
        for each in [*self.mappings.values()]:
            self._forget(each)
        for old in self._old:
            old.close()
        self._loop.remove_reader(self._link)
        self._link.close()


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _checksum(head: bytes) -> int:
    total = sum(struct.unpack(f"!{len(head) // 2}H", head))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
