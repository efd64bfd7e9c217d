"""Names to addresses, as a port: the system's resolver now, NAPTR and SRV (RFC 3263) behind the same door later.

This module must never block the loop.
"""

import asyncio
import socket
from typing import Protocol

from vorzimmer.kernel.address import Address
from vorzimmer.sip.flow import Hop


class Resolver(Protocol):
    """Where a Hop with a name leads."""

    async def resolve(self, hop: Hop) -> tuple[Address, ...]:
        """Addresses in the order to try; raises OSError where there is none."""


class SystemResolver:
    """getaddrinfo: /etc/hosts, then A and AAAA."""

    async def resolve(self, hop: Hop) -> tuple[Address, ...]:
        """As the port says."""
        kind = socket.SOCK_DGRAM if hop.transport == "udp" else socket.SOCK_STREAM
        found = await asyncio.get_running_loop().getaddrinfo(hop.host, hop.port, type=kind)
        return tuple(dict.fromkeys(Address(str(entry[4][0]), int(entry[4][1])) for entry in found))
