"""Trunks between the company file and the wire: what a record comes to, and whose call arrives over which trunk.

A call is a trunk's only by where its packets come from; then the trunk decides the company, and only its own numbers
can be reached (docs/trunks.md). This module must never believe a From, nor challenge a carrier.
"""

import hashlib
from collections.abc import Callable, Iterator

from vorzimmer.app.house import House
from vorzimmer.calls.world import Identified, Refusal
from vorzimmer.directory.numbers import NumberPlan
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.trunk.settings import TRUNK, Trunk
from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.text import safe_name
from vorzimmer.presence.trunk_line import TrunkSpec, is_literal, split_source
from vorzimmer.presence.trunks import Trunks
from vorzimmer.routing.model import Caller, Diverted, line_device
from vorzimmer.sip.digest import Account
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.headers import NameAddr, parse_name_addr
from vorzimmer.sip.identity import asserted, is_anonymous, wants_privacy
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.sent_on import SentOn, sent_on
from vorzimmer.sip.uri import SipUri, TelUri, parse

MOST_DIVERSIONS = 5
"""As many forwards as a call may have inside (FEATURES.md PRE-0)."""

_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061}

Inner = Callable[[Request, Flow], Identified | Refusal]
CallsOf = Callable[[str, str], int]


def specs_of(house: House, company: str) -> Iterator[TrunkSpec]:
    """The enabled trunks of a company as presence drives them."""
    book = house.book(company)
    for trunk in book.all(TRUNK):
        if trunk.enabled and (spec := _spec(trunk, book, house.trunk_password(company, trunk.id))).targets:
            yield spec


def _spec(trunk: Trunk, book: Snapshot, password: str | None) -> TrunkSpec:
    registrar = _uri(trunk.registrar) if trunk.kind == "register" else None
    near = _uri(trunk.proxy) or registrar
    literal = [source for source in trunk.peers if "/" not in source]
    targets = (_hop(trunk, near.host, near.port),) if near else tuple(_peer(trunk, source) for source in literal)
    domain = (registrar or near).host if registrar or near else split_source(literal[0])[0] if literal else ""  # type: ignore[union-attr]  # one of both is there
    company = book.company.id
    return TrunkSpec(
        company,
        trunk.id,
        targets,
        domain,
        sources=trunk.peers,
        registrar=str(SipUri("sip", "", registrar.host, registrar.port)) if registrar else "",
        account=Account(trunk.username, password) if trunk.username and password else None,
        realm=trunk.realm or "",
        from_domain=trunk.from_domain or "",
        transport=trunk.transport,
        token=_token(company, trunk.id),
        expires=trunk.expires_s,
        probe_s=trunk.options_s,
        proxied=trunk.proxy is not None,
        identity=trunk.identity,
        form=trunk.number_format,
        plan=NumberPlan.of(book.company),
    )


def _uri(text: str | None) -> SipUri | None:
    try:
        found = parse(text) if text else None
    except PeerError:
        return None
    return found if isinstance(found, SipUri) else None


def _peer(trunk: Trunk, source: str) -> Hop:
    return _hop(trunk, *split_source(source))


def _hop(trunk: Trunk, host: str, port: int | None) -> Hop:
    """A name without a port is looked up by SRV (RFC 3263); an address has its usual port."""
    usual = _PORTS[trunk.transport] if is_literal(host) else 0
    return Hop(trunk.transport, host, port or usual)


def _token(company: str, trunk: str) -> str:
    """The user part of our Contact: tells trunks of one carrier apart, and says nothing about who they are."""
    return "t" + hashlib.sha256(f"{company}/{trunk}".encode()).hexdigest()[:16]


class LineIdentifier:
    """calls.world.Identify: a trunk by its address, everybody else by digest. `calls_of` counts a device's calls."""

    def __init__(self, house: House, trunks: Trunks, calls_of: CallsOf, inner: Inner) -> None:
        self._house = house
        self._trunks = trunks
        self._calls_of = calls_of
        self._inner = inner

    def __call__(self, request: Request, flow: Flow) -> Identified | Refusal:
        specs = self._trunks.at(flow)
        if not specs:
            return self._inner(request, flow)
        if request.method != "INVITE" or "Replaces" in request.headers:
            return Refusal(403, "Forbidden")
        if sum(one.times for one in sent_on(request.headers)) > MOST_DIVERSIONS:
            return Refusal(482, "Loop Detected")
        found = list(self._called(request, specs))
        if not found or len({spec.company for spec, _ in found}) > 1:
            return Refusal(404, "Not Found")
        spec, number = found[0]
        return self._identified(request, spec, number)

    def _identified(self, request: Request, spec: TrunkSpec, number: str) -> Identified | Refusal:
        trunk = self._house.book(spec.company).find(TRUNK, spec.id)
        if trunk is None:
            return Refusal(404, "Not Found")
        device = line_device(spec.id, "in")
        taken = sum(self._calls_of(spec.company, line_device(spec.id, way)) for way in ("in", "out"))
        if trunk.channels.total is not None and taken >= trunk.channels.total:
            return Refusal(503, "No Channel")
        who = caller_of(request, spec, device)
        name = self._house.outsider(spec.company, who.number) if who.number else ""
        caller = Caller(None, device, who.number, name or who.name, who.private)
        return Identified(
            spec.company, caller, trunk=spec.id, dialled=number, diverted=diverted_by(request.headers, spec)
        )

    def _called(self, request: Request, specs: tuple[TrunkSpec, ...]) -> Iterator[tuple[TrunkSpec, str]]:
        """Which trunk's number is called: by the Request-URI, else by To or P-Called-Party-ID."""
        wanted = list(_wanted(request))
        named = [spec for spec in specs if spec.token in wanted]
        for user in wanted:
            found = [(spec, number) for spec in named or specs if (number := self._own(spec, user))]
            if found:
                yield from found
                return
        for spec in named:
            numbers = self._house.book(spec.company).find(TRUNK, spec.id)
            if numbers is not None and len(numbers.numbers) == 1 and numbers.numbers[0].number:
                yield spec, numbers.numbers[0].number

    def _own(self, spec: TrunkSpec, user: str) -> str | None:
        """The number as E.164 if it is this trunk's; a trunk without a list has all numbers of its company."""
        number = spec.plan.received(user)
        book = self._house.book(spec.company)
        trunk = book.find(TRUNK, spec.id)
        if number is None or trunk is None:
            return None
        known = trunk.covers(number) if trunk.numbers else book.at_number(number) is not None
        return number if known else None


def diverted_by(headers: Headers, spec: TrunkSpec) -> tuple[Diverted, ...]:
    """Who sent the call on before it came to us, as far as his number can be read; nobody is left out, so that a
    forward which comes back from outside again and again ends (PRE-0)."""
    return tuple(_diverted(one, spec) for one in sent_on(headers))


def _diverted(one: SentOn, spec: TrunkSpec) -> Diverted:
    address = one.address
    number = spec.plan.received(_user(f"<{address.uri_text}>")) if address is not None else None
    if address is None or number is None:
        return Diverted("", one.reason, private=True, times=one.times)
    return Diverted(number, one.reason, name=safe_name(address.display), times=one.times)


def _wanted(request: Request) -> Iterator[str]:
    for text in (request.uri, request.headers.get("To"), request.headers.get("P-Called-Party-ID")):
        user = _user(text)
        if user:
            yield user


def _user(text: str) -> str:
    try:
        uri = parse_name_addr(text).uri if "<" in text else parse(text.partition(";tag=")[0])
    except PeerError:
        return ""
    if isinstance(uri, TelUri):
        return uri.digits
    return uri.user.partition(";")[0] if isinstance(uri, SipUri) else ""


def caller_of(request: Request, spec: TrunkSpec, device: str) -> Caller:
    """Who calls, as the carrier says: P-Asserted-Identity, else From (RFC 3325); a number that cannot be read is none.

    A trunk is trusted with names and numbers of the outside, and with nothing about ours."""
    said = [*asserted(request.headers), *_from(request)]
    numbers = (number for each in said if (number := spec.plan.received(_user(f"<{each.uri_text}>"))))
    names = (name for each in said if (name := safe_name(each.display)))
    return Caller(None, device, next(numbers, None), next(names, ""), wants_privacy(request.headers))


def _from(request: Request) -> tuple[NameAddr, ...]:
    try:
        sender = parse_name_addr(request.headers.get("From"))
    except PeerError:
        return ()
    return () if is_anonymous(sender) else (sender,)
