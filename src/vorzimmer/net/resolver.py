"""Where a Hop leads: NAPTR, SRV, A and AAAA as RFC 3263 section 4 says, in the order to try.

Numeric hosts ask nobody, an explicit port asks for no SRV. This module must never block the loop, and never follow more
records than it is willing to try.
"""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.chance import Chance
from vorzimmer.net.advertise import DEFAULT_PORTS, is_literal
from vorzimmer.net.names import Names, Naptr, Srv
from vorzimmer.sip.flow import Hop

MAX_TARGETS = 16
"""Servers of one name that are looked at: a hostile zone must not keep us busy."""

_SERVICES = {"SIPS+D2T": "tls", "SIP+D2T": "tcp", "SIP+D2U": "udp"}
_PREFIX = {"udp": "_sip._udp.", "tcp": "_sip._tcp.", "tls": "_sips._tcp."}


class Target(NamedTuple):
    """One server of a Hop."""

    transport: str
    address: Address


class Resolver(Protocol):
    """Where a Hop with a name leads."""

    async def resolve(self, hop: Hop, able: Sequence[str]) -> tuple[Target, ...]:
        """Targets in the order to try, by transports in `able` only where the Hop leaves it open; raises OSError where
        there is none."""


class SystemResolver:
    """getaddrinfo alone: /etc/hosts, then A and AAAA."""

    async def resolve(self, hop: Hop, able: Sequence[str]) -> tuple[Target, ...]:
        """As the port says."""
        transport = hop.transport or (able[0] if able else "udp")
        port = hop.port or DEFAULT_PORTS.get(transport, 5060)
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        found = await asyncio.get_running_loop().getaddrinfo(hop.host, port, type=kind)
        addresses = dict.fromkeys(Address(str(entry[4][0]), int(entry[4][1])) for entry in found)
        return tuple(Target(transport, address) for address in addresses)


class DnsResolver:
    """RFC 3263 over any Names."""

    def __init__(self, names: Names, chance: Chance) -> None:
        self._names = names
        self._chance = chance

    async def resolve(self, hop: Hop, able: Sequence[str]) -> tuple[Target, ...]:
        """As the port says."""
        if hop.host.lower().rstrip(".").endswith(".invalid"):  # RFC 6761 section 6.4; WS phones call themselves so
            raise OSError(f"{hop.host} is no name by design")
        if hop.port:
            found = await self._by_port(hop, able)
        elif hop.transport:
            found = await self._by_srv(hop.host, hop.transport)
        else:
            found = await self._by_naptr(hop.host, able)
        if not found:
            raise OSError(f"DNS knows no server of {hop.host}")
        return tuple(dict.fromkeys(found))[:MAX_TARGETS]

    async def _by_port(self, hop: Hop, able: Sequence[str]) -> list[Target]:
        """RFC 3263 sections 4.1 and 4.2: with a port, no SRV and no NAPTR; UDP unless something else is said."""
        transport = hop.transport or ("udp" if "udp" in able or not able else able[0])
        return await self._addresses(transport, hop.host, hop.port)

    async def _by_srv(self, host: str, transport: str) -> list[Target]:
        records = await self._srv(f"{_PREFIX[transport]}{host}") if transport in _PREFIX else None
        if records is None:
            return await self._addresses(transport, host, DEFAULT_PORTS.get(transport, 5060))
        return await self._servers(records, transport)

    async def _by_naptr(self, host: str, able: Sequence[str]) -> list[Target]:
        """RFC 3263 section 4.1: NAPTR; without any, SRV of each transport we speak; without any, UDP by address."""
        records = (await self._names.ask(host, "NAPTR")).records
        naptr = naptr_in_order((each for each in records if isinstance(each, Naptr)), able)
        found: list[Target] = []
        for transport, name in naptr[:MAX_TARGETS]:
            found += await self._servers(await self._srv(name) or (), transport)
        if naptr:
            return found
        none = True
        for transport in (each for each in able if each in _PREFIX):
            services = await self._srv(f"{_PREFIX[transport]}{host}")
            none = none and services is None
            found += await self._servers(services or (), transport)
        plain = "udp" if "udp" in able or not able else able[0]
        return await self._addresses(plain, host, DEFAULT_PORTS[plain]) if none else found

    async def _srv(self, name: str) -> tuple[Srv, ...] | None:
        """The records in order; None without any. A lone "." means that the service is not there (RFC 2782)."""
        records = [each for each in (await self._names.ask(name, "SRV")).records if isinstance(each, Srv)]
        if not records:
            return None
        return tuple(each for each in srv_in_order(records, self._chance) if each.target)

    async def _servers(self, records: Sequence[Srv], transport: str) -> list[Target]:
        found: list[Target] = []
        for record in records[:MAX_TARGETS]:
            try:
                found += await self._addresses(transport, record.target, record.port)
            except OSError:  # one server's name is broken, the next is there for that
                continue
        return found

    async def _addresses(self, transport: str, host: str, port: int) -> list[Target]:
        """IPv4 first: over UDP a broken IPv6 path costs a caller seconds of silence."""
        if is_literal(host):
            return [Target(transport, Address(host, port))]
        four, six = await asyncio.gather(
            self._names.ask(host, "A"), self._names.ask(host, "AAAA"), return_exceptions=True
        )
        if isinstance(four, BaseException) and isinstance(six, BaseException):
            raise four
        answers = [each for each in (four, six) if not isinstance(each, BaseException)]
        texts = [text for answer in answers for text in answer.records if isinstance(text, str)]
        return [Target(transport, Address(text, port)) for text in texts[:MAX_TARGETS]]


def naptr_in_order(records: Iterable[Naptr], able: Sequence[str]) -> list[tuple[str, str]]:
    """Transport and SRV name of the services that we can use, by order, then preference (RFC 3403, RFC 3263 4.1)."""
    usable = [each for each in records if each.flags.lower() == "s" and _SERVICES.get(each.service.upper()) in able]
    usable.sort(key=lambda each: (each.order, each.preference))
    return [(_SERVICES[each.service.upper()], each.replacement) for each in usable]


def srv_in_order(records: Iterable[Srv], chance: Chance) -> list[Srv]:
    """By priority; within one, drawn by weight without putting back (RFC 2782)."""
    groups: dict[int, list[Srv]] = {}
    for record in sorted(records):
        groups.setdefault(record.priority, []).append(record)
    return [record for group in groups.values() for record in _drawn(group, chance)]


def _drawn(group: list[Srv], chance: Chance) -> Iterable[Srv]:
    left = sorted(group, key=lambda each: each.weight > 0)
    while left:
        mark = chance.number(0, sum(each.weight for each in left)) if len(left) > 1 else 0
        total = 0
        for record in left:
            total += record.weight
            if total >= mark:
                break
        left.remove(record)
        yield record
