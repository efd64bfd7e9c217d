"""Answers REGISTER: the door says who, the registrar's rules say what, the bindings keep it (RFC 3261 section 10.3).

This module must never take a device's word for who it is: To must name the account that passed digest.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence.bindings import Bindings
from vorzimmer.presence.contacts import Refused, check_contacts, nobody_refused
from vorzimmer.presence.door import Account, Door, Turned
from vorzimmer.sip.events import Requested
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import parse_name_addr
from vorzimmer.sip.message import Request
from vorzimmer.sip.outline import host_text
from vorzimmer.sip.registration import FLOW_TIMER, Visit
from vorzimmer.sip.uri import SipUri, Uri, is_address, parse
from vorzimmer.sip.validate import RefusedError

_PINGED = frozenset({"tcp", "tls"})
"""Browsers cannot ping at the level of SIP; their WebSocket does."""

SILENT_FLOW = 2.0 * FLOW_TIMER + 10.0
"""Seconds of silence after which a connection whose phone was told to ping is taken for broken."""


def _patient(flow: Flow, seconds: float) -> None:
    """Until somebody looks after connections."""


class Responder(Protocol):
    """The part of the engine that is needed here."""

    def respond(
        self,
        transaction: str,
        status: int,
        now: float,
        *,
        reason: str = "",
        extra: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> None: ...


class Registrar:
    """One per control process."""

    def __init__(
        self, door: Door, bindings: Bindings, engine: Responder, chance: Chance, refused: Refused = nobody_refused
    ) -> None:
        self._door = door
        self._bindings = bindings
        self._engine = engine
        self._chance = chance
        self._refused = refused
        door.known_source = bindings.has_source
        self.expects: Callable[[Flow, float], None] = _patient
        """Told how many seconds a connection may be silent, where its phone was told to ping (RFC 5626 section 4.4)."""

    def handle(self, event: Requested, now: float) -> None:
        """Answer one REGISTER, whatever it is."""
        who = self._door.authenticate(event.request, event.flow, now)
        if isinstance(who, Turned):
            self._engine.respond(event.transaction, who.status, now, reason=who.reason, extra=who.headers)
            return
        try:
            check_address(event.request, who)
            check_contacts(event.request, event.flow, self._refused)
            visit = Visit(event.flow, now, self._chance.fraction(), address_of(event.request, who))
            outcome = self._bindings.register(who.device, event.request, visit)
        except PeerError as error:
            self._refuse(event, error, who, now)
            return
        if event.flow.transport in _PINGED and any(name == "Flow-Timer" for name, _ in outcome.headers):
            self.expects(event.flow, SILENT_FLOW)
        self._engine.respond(event.transaction, 200, now, reason="OK", extra=outcome.headers)

    def _refuse(self, event: Requested, error: PeerError, who: Account, now: float) -> None:
        source = event.flow.remote.host
        known = self._bindings.has_source(source)
        if error.status != 423:
            self._door.limits.failed(source, who.username, now, known=known, why="register")
        extra = error.extra if isinstance(error, RefusedError) else ()
        self._engine.respond(event.transaction, error.status, now, reason=error.reason, extra=extra)


def check_address(request: Request, account: Account) -> None:
    """Raise PeerError 404 for a domain that is not ours, 403 for an address that is not the account's (10.3)."""
    _ours(parse(request.uri), account)
    address = _ours(parse_name_addr(request.headers.get("To")).uri, account)
    if address.user != account.username and address.user not in account.users:
        raise PeerError("Forbidden", 403)


def address_of(request: Request, account: Account) -> str:
    """The address that GRUUs of an account's phones are made of: what it registers, or a number it is dialled by."""
    address = parse_name_addr(request.headers.get("To")).uri
    if not isinstance(address, SipUri) or not account.users:
        return ""
    user = address.user if address.user in account.users else min(account.users)
    return f"sip:{user}@{host_text(address.host)}"


def _ours(uri: Uri, account: Account) -> SipUri:
    if not isinstance(uri, SipUri) or (account.domains and not is_ours(uri.host, account.domains)):
        raise PeerError("Not Found", 404)
    return uri


def is_ours(host: str, domains: frozenset[str]) -> bool:
    """Whether the host of a URI means a company with these names on this server: one of them, or any address."""
    return host.lower() in domains or is_address(host)
