"""A leg over a trunk: its ways in order, its INVITE, and what a failure makes of it. Pure.

Numbers and identities are written as the line wants them: From, P-Asserted-Identity or P-Preferred-Identity (RFC 3325),
Privacy (RFC 3323), and who sent the call on. This module must never decide whose number is shown, only write it, nor
put a withheld number anywhere but where the carrier alone reads it.
"""

from dataclasses import dataclass

from vorzimmer.calls.ports import Contact, Line
from vorzimmer.calls.sent_on import Lines, to_trunk
from vorzimmer.calls.world import World
from vorzimmer.kernel.address import Address
from vorzimmer.routing.model import Offer, Route, line_device
from vorzimmer.sip.engine import InviteSpec, Proof
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.identity import ANONYMOUS, ask_privacy, assert_identity, name_addr
from vorzimmer.sip.uri import SipUri


@dataclass(frozen=True, slots=True)
class Way:
    """One server of one trunk, and as whom we are seen there."""

    route: Route
    line: Line

    @property
    def device(self) -> str:
        """What stands for a device on this leg; an emergency call counts against no limit."""
        return line_device(self.route.trunk, "sos" if self.route.urgent else "out")


def ways_of(world: World, company: str, offer: Offer) -> tuple[Way, ...]:
    """Every way of an offer, in order. A second try with another number goes to the first server alone."""
    found: list[Way] = []
    for route in offer.routes:
        lines = world.lines.lines(company, route.trunk)
        found += [Way(route, line) for line in (lines[:1] if route.after else lines)]
    return tuple(found)


def rest(ways: tuple[Way, ...], status: int) -> tuple[Way, ...]:
    """The ways that are left after the first one has failed with `status`, the next one first."""
    for at, way in enumerate(ways[1:], start=1):
        again = way.route.after == status and way.route.trunk == ways[0].route.trunk
        if again or (not way.route.after and broken(status)):
            return ways[at:]
    return ()


def broken(status: int) -> bool:
    """Whether a final status tells of the trunk rather than of the number (another trunk may do better). What a line
    asks of us or sends us elsewhere with (401, 407, 3xx) is its own trouble, too."""
    return status in {401, 407, 408} or 300 <= status < 400 or 500 <= status < 600


def far_end(way: Way) -> Contact:
    """The far end of a way as a leg sees it."""
    hop, uri = way.line.hop, SipUri("sip", "", way.line.domain)
    flow = Flow(hop.transport or "udp", way.line.local, hop_address(way), 0, hop.listener)
    return Contact(way.device, str(uri), flow)


def hop_address(way: Way) -> Address:
    """Where the hop leads, as far as it is known before names are looked up."""
    return Address(way.line.hop.host, way.line.hop.port)


def proof_of(line: Line) -> Proof | None:
    """As whom requests over a line prove themselves."""
    return Proof(line.account, line.realm, line.speaks) if line.account is not None else None


def invite(way: Way, offer: Offer, body: bytes, limits: tuple[float, int]) -> InviteSpec:
    """The INVITE of `offer` over a way; `limits` are the seconds to ring and the hops left."""
    seconds, hops = limits
    target = _address(way.line, offer.target.id, way.line.domain)
    urgent = (("Priority", "emergency"),) if way.route.urgent else ()
    expires = ("Expires", str(int(seconds) + 5))
    return InviteSpec(
        uri=str(target),
        to=way.line.hop,
        local=_from(way),
        remote=f"<{target}>",
        body=body,
        extra=(*_identity(way), *_sent_on(way.line, offer, str(target)), *urgent, expires),
        max_forwards=hops - 1,
        route=way.line.route,
        proof=proof_of(way.line),
    )


def _address(line: Line, number: str, domain: str) -> SipUri:
    return SipUri("sip", line.plan.on_wire(number, line.form), domain, params=(("user", "phone"),))


def _ours(way: Way, number: str) -> SipUri:
    """A number of ours at this trunk; the account where there is none."""
    line = way.line
    user = line.plan.on_wire(number, line.form) if number else line.username or "anonymous"
    return SipUri("sip", user, line.from_domain)


def _from(way: Way) -> str:
    return ANONYMOUS if way.route.private else name_addr(_ours(way, way.route.shown), way.route.name)


def _identity(way: Way) -> Lines:
    """Our own number, for the carrier; with Privacy where nobody else may read it (RFC 3325 section 9.1)."""
    route, own = way.route, _ours(way, way.route.own)
    name = "" if route.private else route.name
    if way.line.identity == "ppi":
        said: Lines = (("P-Preferred-Identity", name_addr(own, name)),)
    elif way.line.identity == "pai" or route.private:
        said = (assert_identity(own, name),)
    else:
        said = ()
    return (*said, ask_privacy()) if route.private else said


def _sent_on(line: Line, offer: Offer, target: str) -> Lines:
    return to_trunk(
        offer.diverted, target, lambda number: SipUri("sip", line.plan.on_wire(number, line.form), line.from_domain)
    )
