"""What a worker is told at its start: where it listens, under which address phones see it, and which ports are its own.

This module must never open anything; it only describes and splits.
"""

from ipaddress import ip_address

import msgspec

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import LocalError

DRAIN_SECONDS = 5.0
"""A released port pair is used again after this long without a packet, so that a new call cannot hear an old one."""

ALONE_SECONDS = 600.0
"""A worker that control has left alone for so long ends its sessions (ARCHITECTURE.md, Processes)."""

SILENT_SECONDS = 30.0
"""No RTP from a phone that should send, for so long, is reported (issue 2: a phone that vanishes)."""


class Listener(msgspec.Struct, frozen=True):
    """One network side of the server.

    `bind` is the literal address sockets are bound to, `advertised` the one phones are told (another one behind 1:1
    NAT or in a container; "" means the same), `low`..`high` the UDP ports, both included. RTP is on even ports.
    """

    name: str
    bind: str
    advertised: str = ""
    low: int = 20000
    high: int = 29999

    @property
    def family(self) -> int:
        """4 or 6, from the bind address."""
        return ip_address(self.bind).version

    @property
    def host(self) -> str:
        """The address that goes into SDP."""
        return self.advertised or self.bind


class WorkerConfig(msgspec.Struct, frozen=True):
    """One worker process.

    `forbidden` are (host, low, high) ranges that belong to the media workers of this server: nothing is ever sent
    there. `music` is the folder of the companies' music files, "" for none. `dscp` marks what is sent (RFC 2474).
    """

    socket: str
    listeners: tuple[Listener, ...]
    index: int = 0
    forbidden: tuple[tuple[str, int, int], ...] = ()
    music: str = ""
    drain: float = DRAIN_SECONDS
    alone: float = ALONE_SECONDS
    silent: float = SILENT_SECONDS
    dscp: int = 46

    def is_own(self, address: Address) -> bool:
        """Whether `address` is a media port of this server."""
        hosts = {address.host, _any(address.host)}
        return any(host in hosts and low <= address.port <= high for host, low, high in self.forbidden)


def split(
    listeners: tuple[Listener, ...], sockets: tuple[str, ...], music: str = "", *, dscp: int = 46
) -> tuple[WorkerConfig, ...]:
    """One configuration per socket path; the port ranges are divided among the workers without overlap.

    Raises :class:`LocalError` when a range has not one pair of ports for every worker.
    """
    forbidden = tuple(
        (host, each.low, each.high + 1) for each in listeners for host in dict.fromkeys((each.bind, each.host))
    )
    count = len(sockets)
    return tuple(
        WorkerConfig(path, tuple(_share(each, index, count) for each in listeners), index, forbidden, music, dscp=dscp)
        for index, path in enumerate(sockets)
    )


def _share(listener: Listener, index: int, count: int) -> Listener:
    first = listener.low + listener.low % 2
    pairs = (listener.high + 1 - first) // 2
    if pairs < count:
        raise LocalError(f"media ports {listener.low}-{listener.high} are too few for {count} workers")
    low = first + 2 * (pairs * index // count)
    high = first + 2 * (pairs * (index + 1) // count) - 1
    return Listener(listener.name, listener.bind, listener.advertised, low, high)


def _any(host: str) -> str:
    return "::" if ":" in host else "0.0.0.0"
