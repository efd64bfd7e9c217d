"""DNS over the network (dnspython), with the machine's own hosts file in front as on any computer.

This module must never keep an answer; ``name_cache`` does.
"""

import asyncio
import socket
from pathlib import Path
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.resolver

from vorzimmer.net.advertise import is_ipv6, is_literal
from vorzimmer.net.names import Answer, Kind, Naptr, Srv

HOSTS = Path("/etc/hosts")
HOSTS_KEPT = 30.0
"""Seconds for which a name from the hosts file is good."""

LIFETIME = 5.0
"""Seconds for one question, all servers and repetitions together."""


class DnsNames:
    """net.names.Names by the resolvers of this machine (/etc/resolv.conf), or by `servers` at `port`."""

    def __init__(self, servers: tuple[str, ...] = (), port: int = 53, hosts: Path = HOSTS) -> None:
        self._servers = servers
        self._port = port
        self._hosts = hosts
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def ask(self, name: str, kind: Kind) -> Answer:
        """As the port says."""
        if kind in {"A", "AAAA"}:
            near = self._near(name, six=kind == "AAAA")
            if near is not None:
                return near
            if "." not in name.rstrip("."):  # the search list and other local means know such names
                return await _system(name, six=kind == "AAAA")
        try:
            found = await self._asked().resolve(name, kind, lifetime=LIFETIME, raise_on_no_answer=True)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return Answer((), HOSTS_KEPT)
        except (dns.exception.DNSException, UnicodeError, ValueError) as error:
            raise OSError(f"DNS: {error}") from error
        return Answer(tuple(_read(each, kind) for each in found), float(found.rrset.ttl if found.rrset else 0))

    def _asked(self) -> dns.asyncresolver.Resolver:
        if self._resolver is None:  # made late: a machine without a resolver can still call numeric addresses
            self._resolver = dns.asyncresolver.Resolver(configure=not self._servers)
            if self._servers:
                self._resolver.nameservers, self._resolver.port = list(self._servers), self._port
        return self._resolver

    def _near(self, name: str, *, six: bool) -> Answer | None:
        """What the hosts file says; a name that it knows is asked of nobody else."""
        wanted = name.lower().rstrip(".")
        try:
            lines = self._hosts.read_text(errors="replace").splitlines()
        except OSError:
            lines = []
        rows = [line.partition("#")[0].split() for line in lines]
        known = [row[0] for row in rows if wanted in (each.lower() for each in row[1:]) and is_literal(row[0])]
        if wanted == "localhost" and not known:
            known = ["127.0.0.1"]
        return Answer(tuple(each for each in known if is_ipv6(each) == six), HOSTS_KEPT) if known else None


async def _system(name: str, *, six: bool) -> Answer:
    family = socket.AF_INET6 if six else socket.AF_INET
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, None, family=family, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}:
            return Answer((), HOSTS_KEPT)
        raise
    return Answer(tuple(dict.fromkeys(str(entry[4][0]) for entry in found)), HOSTS_KEPT)


def _read(record: Any, kind: Kind) -> Any:
    if kind == "SRV":
        return Srv(record.priority, record.weight, record.port, record.target.to_text(omit_final_dot=True).strip("."))
    if kind == "NAPTR":
        flags, service = (part.decode("latin-1") for part in (record.flags, record.service))
        replacement = record.replacement.to_text(omit_final_dot=True)
        return Naptr(record.order, record.preference, flags, service, replacement)
    return str(record.address)
