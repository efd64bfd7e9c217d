"""Which addresses a peer may name to us, in SDP, Contact, Refer-To or a 3xx.

A description that points at our own ports would make us talk to ourselves; one that points at loopback, link-local or
multicast addresses would make us a tool against our own network. Only the address decides here: who is asking is not
known, and nothing is resolved. After resolving a name, ask again with the result.
"""

import ipaddress
import re
from functools import lru_cache
from typing import Literal

import msgspec

from vorzimmer.kernel.address import Address

Reason = Literal["loopback", "link-local", "multicast", "unspecified", "reserved", "own port", "not an address"]

_IP = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class Own(msgspec.Struct, frozen=True):
    """Where we listen ourselves: literal hosts (bound and advertised) and inclusive port ranges on them."""

    hosts: frozenset[str] = frozenset()
    ports: tuple[tuple[int, int], ...] = ()

    def has(self, address: Address) -> bool:
        """Whether `address` is one of our own."""
        mine = _canonical_all(self.hosts)
        return _canonical(address.host) in mine and any(low <= address.port <= high for low, high in self.ports)


def refused(address: Address, listener_on_loopback: bool, own: Own) -> Reason | None:
    """Why a peer may not name `address`, None if it may. Names that are not literals pass, except ``localhost``."""
    ip = literal(address.host)
    if ip is None:
        return _refused_name(address.host, listener_on_loopback)
    if ip.is_loopback and not listener_on_loopback:
        return "loopback"
    if not ip.is_loopback and (reason := _refused_kind(ip)):
        return reason
    return "own port" if own.has(address) else None


@lru_cache(maxsize=4096)
def literal(host: str) -> _IP | None:
    """The address that `host` spells, None for a name. IPv4 inside IPv6 (mapped, NAT64, 6to4) comes out as IPv4."""
    try:
        ip = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    return (_inner(ip) or ip) if isinstance(ip, ipaddress.IPv6Address) else ip


@lru_cache(maxsize=4096)
def spelled(host: str) -> str | None:
    """The one spelling of an address that sockets use too, None for a name or an address with a zone."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return None if ip.scope_id is not None else str(ip.ipv4_mapped or ip)


def _inner(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    compatible = 1 < int(ip) < 2**32
    if compatible or ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _refused_kind(ip: _IP) -> Reason | None:
    if ip.is_unspecified or (ip.version == 4 and ip in _THIS_NETWORK):
        return "unspecified"
    if ip.is_link_local:
        return "link-local"
    if ip.is_multicast:
        return "multicast"
    reserved_v4 = ip.version == 4 and ip.is_reserved
    return "reserved" if reserved_v4 else None


def _refused_name(host: str, listener_on_loopback: bool) -> Reason | None:
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return None if listener_on_loopback else "loopback"
    # 127.1, 0x7f000001 and 2130706433 are names to us but loopback to some resolvers.
    last = name.rpartition(".")[2]
    return "not an address" if ":" in name or not last or _NUMBER.fullmatch(last) else None


@lru_cache(maxsize=64)
def _canonical_all(hosts: frozenset[str]) -> frozenset[str]:
    return frozenset(_canonical(host) for host in hosts)


@lru_cache(maxsize=4096)
def _canonical(host: str) -> str:
    return str(literal(host) or host.lower())
