"""What a REGISTER does to the bindings of one address of record, as a pure function (RFC 3261 section 10.3).

Bindings keep the flow they came over, so a phone behind NAT is reached where it came from, whatever its Contact says
(RFC 3581, RFC 5626). Who may register what has been decided before; time and chance come in as arguments. This module
must never answer and never hold a binding.
"""

from dataclasses import dataclass

import msgspec

from vorzimmer.kernel.errors import PeerError
from vorzimmer.sip import gruu
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import NameAddr, Star, parse_contacts, parse_cseq
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.text import is_number
from vorzimmer.sip.uri import Params, SipUri
from vorzimmer.sip.validate import RefusedError


class Binding(msgspec.Struct, frozen=True):
    """One Contact of one account. `expires` is monotonic seconds; `params` the Contact's own, without expires.

    `instance` and `reg_id` are those of RFC 5626 ("" without); `q` is in thousandths, 1000 without one.
    """

    uri: str
    flow: Flow
    call_id: str
    cseq: int
    expires: float
    q: int = 1000
    instance: str = ""
    reg_id: str = ""
    path: tuple[str, ...] = ()
    params: Params = ()
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """Bounds in seconds. `shorten` is the greatest part taken off a granted time, so that phones do not come back in
    step after a restart; `most` is how many bindings one account may have."""

    least: int = 60
    most_seconds: int = 3600
    usual: int = 600
    shorten: float = 0.2
    most: int = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """The bindings afterwards and the header lines of the 200."""

    bindings: tuple[Binding, ...]
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """Circumstances of a REGISTER: the flow it came over, monotonic `now`, a `fraction` 0 <= f < 1 of chance, the
    address that its GRUUs are made of ("" for none)."""

    flow: Flow
    now: float
    fraction: float = 0.0
    aor: str = ""


DEFAULT_EXPIRES = 3600
"""What a malformed expires counts as (RFC 3261 section 20.19 and 10.2.1.1)."""

_OUTBOUND = "outbound"

_OURS = frozenset({"pub-gruu", "temp-gruu"})
"""Parameters that only the registrar gives: a phone that repeats them is not believed (RFC 5627 section 5.1)."""

SUPPORTED = frozenset({"path", _OUTBOUND, gruu.TAG})
"""What the registrar can, told to phones that can some of it."""

FLOW_TIMER = 120
"""Seconds after which we may take a silent stream for broken; a phone pings more often (RFC 5626 section 6)."""


def register(current: tuple[Binding, ...], request: Request, visit: Visit, policy: Policy) -> Outcome:
    """Apply a REGISTER to the `current` bindings of its account.

    All or nothing: raises PeerError 400 (bad Contact, ``*`` without Expires 0), 423 with Min-Expires, 500 (older than
    what is known, RFC 3261 section 10.3 items 6 and 7), 403 (too many bindings); nothing has changed then.
    """
    alive = tuple(binding for binding in current if binding.expires > visit.now)
    contacts = parse_contacts(request.headers)
    if isinstance(contacts, Star):
        _check_star(request.headers, alive)
        return Outcome((), ())
    bindings = alive
    for contact in contacts:
        made = _binding(contact, request.headers, visit, policy)
        replaced = [old for old in bindings if _replaces(made, old)]
        for old in replaced:
            # Only what was there before has an order; this request may name a device twice.
            if old in alive:
                _check_order(old, request.headers)
        kept = tuple(old for old in bindings if old not in replaced)
        bindings = (*kept, made) if made.expires > visit.now else kept
    if len(bindings) > max(policy.most, len(alive)):
        raise PeerError("Too many bindings", 403)
    return Outcome(bindings, _answer(bindings, contacts, request.headers, visit))


def _check_star(headers: Headers, alive: tuple[Binding, ...]) -> None:
    expires = headers.get("Expires")
    if not is_number(expires) or int(expires[:12]) != 0:
        raise PeerError("Contact * needs Expires: 0")
    for binding in alive:
        _check_order(binding, headers)


def _check_order(binding: Binding, headers: Headers) -> None:
    cseq = parse_cseq(headers.get("CSeq")).number
    if binding.call_id == headers.get("Call-ID") and cseq <= binding.cseq:
        raise PeerError("Out of order", 500)


def _replaces(new: Binding, old: Binding) -> bool:
    """The same Contact (RFC 3261 section 19.1.4), or the same device instance come back (RFC 5626 section 6).

    A device that restarts behind NAT names a new port with the same instance: without a reg-id it replaces what it
    left behind under another Call-ID, or every restart would leave a dead binding to ring.
    """
    if new.instance and new.instance == old.instance and new.reg_id == old.reg_id:
        return bool(new.reg_id) or new.call_id != old.call_id or _same(new.uri, old.uri)
    return not (new.reg_id and old.reg_id) and _same(new.uri, old.uri)


def _same(one: str, two: str) -> bool:
    left, right = NameAddr("", one).uri, NameAddr("", two).uri
    return left.same(right)


def _binding(contact: NameAddr, headers: Headers, visit: Visit, policy: Policy) -> Binding:
    if not isinstance(contact.uri, SipUri):
        raise PeerError("Unsupported Contact scheme")
    seconds = _granted(_asked(contact, headers, policy), policy, visit.fraction)
    return Binding(
        uri=contact.uri_text,
        flow=visit.flow,
        call_id=headers.get("Call-ID"),
        cseq=parse_cseq(headers.get("CSeq")).number,
        expires=visit.now + seconds,
        q=quality(contact.get("q")),
        instance=contact.get("+sip.instance"),
        reg_id=contact.get("reg-id") if contact.get("+sip.instance") else "",
        path=tuple(headers.list_of("Path")),
        params=contact.without("expires").params,
        agent=headers.get("User-Agent")[:200],
    )


def _asked(contact: NameAddr, headers: Headers, policy: Policy) -> int:
    """Seconds asked for: the parameter, else the header, else the usual; what is malformed counts as an hour."""
    text = contact.get("expires") or headers.get("Expires")
    if not text:
        return policy.usual
    return min(int(text[:20]), 2**32 - 1) if is_number(text) else DEFAULT_EXPIRES


def _granted(asked: int, policy: Policy, fraction: float) -> int:
    if asked == 0:
        return 0
    if asked < policy.least:
        raise RefusedError("Interval Too Brief", 423, (("Min-Expires", str(policy.least)),))
    seconds = min(asked, policy.most_seconds)
    return max(round(seconds * (1 - policy.shorten * fraction)), min(policy.least, seconds))


def quality(text: str) -> int:
    """RFC 3261 section 20.10: 0 to 1 with three digits; anything else counts as 1."""
    whole, _, part = text.partition(".")
    if whole != "0" or (part and not (is_number(part) and len(part) <= 3)):
        return 1000
    return int(part.ljust(3, "0")) if part else 0


def _answer(
    bindings: tuple[Binding, ...], contacts: tuple[NameAddr, ...], headers: Headers, visit: Visit
) -> tuple[tuple[str, str], ...]:
    """The headers of the 200: all bindings with what is left of them, and what RFC 3327, RFC 5626 and RFC 5627 add."""
    supported = {tag.lower() for tag in headers.list_of("Supported")}
    aor = visit.aor if gruu.TAG in supported else ""
    lines = [("Contact", str(_listed(binding, visit.now, aor))) for binding in bindings]
    lines += [("Path", path) for path in headers.get_all("Path")]
    if supported & SUPPORTED:
        lines.append(("Supported", ", ".join(sorted(SUPPORTED))))
    if _OUTBOUND in supported and any(_uses_outbound(contact, headers) for contact in contacts):
        lines.append(("Require", _OUTBOUND))
        if visit.flow.reliable:
            lines.append(("Flow-Timer", str(FLOW_TIMER)))
    return tuple(lines)


def _uses_outbound(contact: NameAddr, headers: Headers) -> bool:
    """RFC 5626 section 6: flow and instance named, and every proxy on the way keeps its flow (``ob`` in its Path)."""
    direct = len(headers.list_of("Via")) <= 1
    through = any(";ob" in path for path in headers.get_all("Path"))
    return bool(contact.get("reg-id") and contact.get("+sip.instance")) and (direct or through)


def _listed(binding: Binding, now: float, aor: str) -> NameAddr:
    left = max(1, round(binding.expires - now))
    public = gruu.public(aor, binding.instance) if aor and binding.instance else ""
    params = (*(pair for pair in binding.params if pair[0] not in _OURS), ("expires", str(left)))
    return NameAddr("", binding.uri, (*params, ("pub-gruu", f'"{public}"')) if public else params)
