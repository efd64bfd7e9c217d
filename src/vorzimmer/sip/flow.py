"""Flows and packets: the whole of what the engine knows about transports.

The engine names where bytes go; sockets, connections and names are the business of ``net``. This module must never
hold a socket.
"""

import msgspec

from vorzimmer.kernel.address import Address


class Flow(msgspec.Struct, frozen=True):
    """One path between a listener of ours and a peer (RFC 5626 section 2).

    `transport` is ``udp``, ``tcp``, ``tls``, ``ws`` or ``wss``; `connection` tells connections apart and is 0 for
    datagrams. `listener` is the name of our listening socket, by which advertised addresses are found. `peer_names` are
    the SIP domains and host names that the certificate of the peer proves (RFC 5922), in lower case; empty without one.
    """

    transport: str
    local: Address
    remote: Address
    connection: int = 0
    listener: str = ""
    peer_names: tuple[str, ...] = ()

    @property
    def reliable(self) -> bool:
        """True where the transport itself retransmits (RFC 3261 section 17)."""
        return self.transport != "udp"

    @property
    def secure(self) -> bool:
        """True on TLS and WSS."""
        return self.transport in {"tls", "wss"}


class Hop(msgspec.Struct, frozen=True):
    """Where a request of ours goes when no flow is known: `net` finds or opens one (RFC 3263).

    `host` may be a name. `transport` "" lets its DNS choose (NAPTR), `port` 0 asks for SRV records or means the usual
    port. `listener` pins the listener to send from, empty lets `net` choose. `avoid`: servers that were tried in vain.
    """

    transport: str
    host: str
    port: int
    listener: str = ""
    avoid: tuple[Address, ...] = ()


class Packet(msgspec.Struct, frozen=True):
    """Bytes on their way out. `transaction` names the client transaction to tell when sending fails, if any."""

    data: bytes
    to: Flow | Hop
    transaction: str = ""
