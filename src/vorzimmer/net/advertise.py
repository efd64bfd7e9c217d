"""Listener and advertise texts of the command line, and which address of ours a peer must see.

Behind 1:1 NAT or in a container the address that a socket is bound to means nothing to the peer; Via, Contact and SDP
then carry the advertised one, which may differ per listener and per network the peer is in. This module must never open
a socket.
"""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import StartError

TRANSPORTS = ("udp", "tcp", "tls", "ws", "wss")
DEFAULT_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061, "ws": 80, "wss": 443}

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Advertise:
    """Peers in `network` (None: everywhere) see `host` and `port` (0: the listener's). `host` "" means *no* other
    address than the listener's own: for the inside network of a server that advertises to the outside."""

    host: str
    port: int = 0
    network: IpNetwork | None = None

    def covers(self, peer: str) -> bool:
        """True if a peer at this literal address is meant."""
        if self.network is None:
            return True
        ip = _ip(peer)
        return ip is not None and ip.version == self.network.version and ip in self.network


@dataclass(frozen=True, slots=True)
class ListenerSpec:
    """One listening socket to open."""

    transport: str
    host: str
    port: int
    advertise: tuple[Advertise, ...] = ()

    @property
    def name(self) -> str:
        """How messages and flows call it, e.g. ``udp:[::1]:5060``."""
        return f"{self.transport}:{Address(self.host, self.port)}"


def parse_listener(text: str, advertise: tuple[Advertise, ...] = ()) -> ListenerSpec:
    """Read ``udp:HOST[:PORT]`` and its like, with brackets around IPv6; raises StartError with what is wrong."""
    transport, colon, rest = text.partition(":")
    if not colon or transport not in TRANSPORTS:
        raise StartError(f"listener {text!r}: expected udp:HOST:PORT, or {', '.join(TRANSPORTS[1:])} in place of udp")
    host, port = _host_port(rest, f"listener {text!r}")
    if _ip(host) is None:
        raise StartError(f"listener {text!r}: the host must be an IP address (IPv6 in brackets)")
    return ListenerSpec(transport, host, DEFAULT_PORTS[transport] if port is None else port, advertise)


def parse_advertise(text: str) -> Advertise:
    """Read ``ADDRESS[:PORT][@NETWORK]`` or ``self@NETWORK``; raises StartError.

    ``203.0.113.7`` for everybody, ``203.0.113.7:5070@0.0.0.0/0``, ``self@10.0.0.0/8`` for peers that see the server's
    own address.
    """
    address, at, network_text = text.partition("@")
    network: IpNetwork | None = None
    if at:
        try:
            network = ipaddress.ip_network(network_text, strict=False)
        except ValueError:
            raise StartError(f"advertise {text!r}: {network_text!r} is no network such as 10.0.0.0/8") from None
    if address == "self":
        return Advertise("", 0, network)
    host, port = _host_port(address, f"advertise {text!r}")
    if _ip(host) is None:
        raise StartError(f"advertise {text!r}: the address must be an IP address (IPv6 in brackets)")
    return Advertise(host, port or 0, network)


def advertised(rules: tuple[Advertise, ...], own: Address, peer: str) -> Address:
    """The address that the peer at literal address `peer` must see: the narrowest rule that covers it, else `own`."""
    covering = [rule for rule in rules if rule.covers(peer)]
    if not covering:
        return own
    best = max(covering, key=lambda rule: -1 if rule.network is None else rule.network.prefixlen)
    return Address(best.host or own.host, best.port or own.port)


def is_literal(host: str) -> bool:
    """True for an IPv4 or IPv6 address, False for a name that has to be resolved."""
    return _ip(host) is not None


def is_ipv6(host: str) -> bool:
    """True for a literal IPv6 address."""
    return ":" in host


def is_wildcard(host: str) -> bool:
    """True for 0.0.0.0 and ::, which no peer can be told."""
    ip = _ip(host)
    return ip is not None and ip.is_unspecified


@lru_cache(maxsize=4096)
def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _host_port(text: str, what: str) -> tuple[str, int | None]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") > 1:
        raise StartError(f"{what}: write IPv6 addresses in brackets, [::1]:5060")
    else:
        host, _, port = text.partition(":")
    if not port:
        return host, None
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise StartError(f"{what}: {port!r} is no port")
    return host, int(port)
