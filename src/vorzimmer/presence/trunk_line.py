"""One trunk as it stands now: where it goes, whether it is registered and answers, and who may speak for it.

A trunk is known by where its packets come from or by its certificate, never by what they claim. This module must never
send, wait, or hold a right that another trunk has.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from vorzimmer.directory.numbers import NumberForm, NumberPlan
from vorzimmer.kernel.address import Address
from vorzimmer.sip.digest import Account
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.headers import parse_name_addr
from vorzimmer.sip.registering import Registering
from vorzimmer.sip.transaction import Proof
from vorzimmer.sip.uri import SipUri

_USUAL = frozenset({0, 5060, 5061})
_STRENGTH = {"udp": 0, "tcp": 1, "ws": 1, "tls": 2, "wss": 2}


def nobody(flow: Flow) -> bool:
    """No flow is a peer's."""
    return False


@dataclass(frozen=True, slots=True)
class TrunkSpec:
    """A trunk as configured. `targets` are where requests go, best first; `sources` further addresses, networks and
    names that its calls come from; `token` the user part of our Contact, by which the carrier's calls find this trunk;
    `probe_s` the seconds between two OPTIONS, 0 for none; `proxied`: the target is a proxy of our choice."""

    company: str
    id: str
    targets: tuple[Hop, ...]
    domain: str
    sources: tuple[str, ...] = ()
    registrar: str = ""
    account: Account | None = None
    realm: str = ""
    from_domain: str = ""
    transport: str = "udp"
    token: str = ""
    expires: int = 600
    probe_s: int = 45
    proxied: bool = False
    identity: str = "pai"
    form: NumberForm = "e164"
    plan: NumberPlan = field(default_factory=NumberPlan)

    @property
    def names(self) -> frozenset[str]:
        """The host names by which it is configured, in lower case: what a certificate of the carrier may prove."""
        hosts = [hop.host for hop in self.targets] + [split_source(source)[0] for source in self.sources]
        return frozenset(host.lower().rstrip(".") for host in hosts if not is_literal(host) and "/" not in host)

    @property
    def registers(self) -> bool:
        """Whether the trunk is an account to be registered."""
        return bool(self.registrar)


@dataclass(frozen=True, slots=True)
class Line:
    """What one call needs to go out over a trunk: the hop, how numbers and identities are written, who we are."""

    trunk: str
    hop: Hop
    domain: str
    from_domain: str
    identity: str
    form: NumberForm
    plan: NumberPlan
    username: str
    local: Address
    account: Account | None = None
    realm: str = ""
    speaks: Callable[[Flow], bool] = nobody
    """Whether somebody over a flow is a peer of this trunk."""
    route: tuple[str, ...] = ()


class TrunkLine:
    """The state of one trunk. `hops` are its targets: names are looked up, and failed over, where packets are sent."""

    def __init__(self, spec: TrunkSpec, registering: Registering | None, now: float) -> None:
        self.spec = spec
        self.registering = registering
        self.hops = spec.targets
        self.hosts: frozenset[Address] = frozenset()
        """Where its calls come from; port 0 for any."""
        self.dead: dict[Hop, str] = {}
        """Hops that do not answer, and why."""
        self.resolve_at = now
        """When its names are looked up again."""
        self.probe_at: float | None = now + 1 if spec.probe_s else None
        self.told_up = True
        self.why = ""
        self._proof = Proof(spec.account, spec.realm, self.speaks) if spec.account is not None else None

    # -- going out --------------------------------------------------------------------------------------------------
    def up(self, now: float) -> bool:
        """Whether calls may go out: until the first word is heard, a trunk is given a try."""
        machine = self.registering
        if machine is not None and not (machine.fresh or machine.registered(now)):
            return False
        return any(hop not in self.dead for hop in self.hops)

    def reason(self) -> str:
        """Why it is down, for people."""
        if self.registering is not None and self.registering.why:
            return self.registering.why
        return next(iter(self.dead.values()), self.why)

    @property
    def realm(self) -> str:
        """Whose challenges are answered: as configured, else whose challenge came from the registrar."""
        nonces = self.registering.nonces if self.registering is not None else ()
        return self.spec.realm or (nonces[-1].realm if nonces else "")

    @property
    def proof(self) -> Proof | None:
        """As whom we ask for its health."""
        if self._proof is not None:
            self._proof.realm = self.realm
        return self._proof

    def lines(self, sent_by: Callable[[Hop], Address]) -> tuple[Line, ...]:
        """Every hop, those that answer first; where the registrar has named a way, that one (RFC 3608)."""
        spec = self.spec
        route = self.registering.route if self.registering is not None else ()
        hops = sorted(self.hops, key=lambda each: each in self.dead)
        account = spec.account
        realm = self.realm
        return tuple(
            Line(
                spec.id,
                hop,
                spec.domain,
                spec.from_domain or spec.domain,
                spec.identity,
                spec.form,
                spec.plan,
                account.username if account else "",
                sent_by(hop),
                account,
                realm,
                self.speaks,
                route,
            )
            for hop in self._on_route(route, tuple(hops))
        )

    def _on_route(self, route: tuple[str, ...], hops: tuple[Hop, ...]) -> tuple[Hop, ...]:
        """A configured proxy stays the first hop; else the first of the Service-Route is, over no weaker transport."""
        uri = parse_name_addr(route[0]).uri if route and not self.spec.proxied else None
        if not isinstance(uri, SipUri) or any(uri.host == hop.host and uri.port in {None, hop.port} for hop in hops):
            return hops
        usual = (5061 if self.spec.transport == "tls" else 5060) if is_literal(uri.host) else 0
        return (Hop(self.spec.transport, uri.host, uri.port or usual),)

    def target(self) -> Hop | None:
        """Where to register now."""
        alive = [hop for hop in self.hops if hop not in self.dead] or list(self.hops)
        return alive[(self.registering.target if self.registering else 0) % len(alive)] if alive else None

    # -- coming in --------------------------------------------------------------------------------------------------
    def speaks(self, flow: Flow) -> bool:
        """Whether a request over this flow comes from this trunk: a name that a verified certificate proves (RFC 5922)
        or the address, over a transport that is no weaker than the configured one (a UDP source can be forged)."""
        if not self.spec.names.isdisjoint(flow.peer_names):
            return True
        if _STRENGTH.get(flow.transport, 0) < _STRENGTH.get(self.spec.transport, 0):
            return False
        host, port = flow.remote
        known = Address(host, 0) in self.hosts or flow.remote in self.hosts or (flow.reliable and self._has(host))
        return known or any(_matches(source, Address(host, port)) for source in self.spec.sources)

    def _has(self, host: str) -> bool:
        return any(address.host == host for address in self.hosts)

    def found(self, addresses: Iterable[tuple[Hop, tuple[Address, ...]]]) -> None:
        """What names have come to; what was known stays where nothing was found."""
        hosts: set[Address] = set()
        for hop, found in addresses:
            # A port that was written into the setting tells two services of one host apart (datagrams only).
            hosts.update(Address(a.host, 0 if hop.port in _USUAL else hop.port) for a in found)
        if hosts:
            self.hosts = frozenset(hosts)

    def due(self) -> float:
        """When something is to be done next."""
        times = [self.resolve_at]
        if self.probe_at is not None:
            times.append(self.probe_at)
        if self.registering is not None and self.registering.due is not None:
            times.append(self.registering.due)
        if self.registering is not None and self.registering.until and self.told_up:
            times.append(self.registering.until)
        return min(times)


def _matches(source: str, remote: Address) -> bool:
    """An address, a network, or an address with a port. Names are matched by what they resolve to."""
    host, port = split_source(source)
    if port is not None and port != remote.port:
        return False
    try:
        return ip_address(remote.host.partition("%")[0]) in ip_network(host, strict=False)
    except ValueError:
        return False


def split_source(source: str) -> tuple[str, int | None]:
    """Host (or network) and port of ``192.0.2.9:5070``, ``[2001:db8::1]:5060``, ``192.0.2.0/24``, ``trunk.example``."""
    if source.startswith("["):
        host, _, rest = source[1:].partition("]")
        return host, int(rest[1:]) if rest.startswith(":") and rest[1:].isdigit() else None
    host, colon, port = source.rpartition(":")
    if colon and ":" not in host and port.isdigit():
        return host, int(port)
    return source, None


def is_literal(host: str) -> bool:
    """Whether a host is an address or a network."""
    try:
        ip_network(host, strict=False)
    except ValueError:
        return False
    return True
