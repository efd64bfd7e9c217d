"""Answers SUBSCRIBE, keeps who watches what, and sends what they are owed (RFC 6665).

The door says who asks, a package what is meant and whether it may be seen, the machine (``sip.subscription_machine``)
who is owed a NOTIFY. One alarm serves all of them. This module must never tell a watcher something in the turn in which
it happened: NOTIFYs wait until the calls of that turn have been served.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from sys import intern
from typing import Protocol

import msgspec

from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence.bindings import Bindings
from vorzimmer.presence.contacts import Refused, check_contacts, nobody_refused
from vorzimmer.presence.door import Account, Door, Turned
from vorzimmer.presence.markup import filled
from vorzimmer.presence.packages import Lamps, Messages, OwnRegistration, Package, Sights, registration_of
from vorzimmer.presence.whereabouts import way_to
from vorzimmer.sip.arrived import tag_of
from vorzimmer.sip.engine import Engine
from vorzimmer.sip.events import Requested, Responded
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import parse_cseq
from vorzimmer.sip.message import Request
from vorzimmer.sip.subscription import (
    Policy,
    Subscription,
    check_accept,
    dialog_of,
    event_of,
    frozen,
    granted,
    retry_after,
    thawed,
)
from vorzimmer.sip.subscription_machine import AGAIN_S, Notifier, Outlet
from vorzimmer.sip.uri import SipUri, parse
from vorzimmer.sip.validate import RefusedError

THAWED_AT_ONCE = 100
"""Subscriptions of before a restart that are read in one turn, about a millisecond."""


class Signalling(Protocol):
    """The engine and its pump."""

    @property
    def engine(self) -> Engine: ...
    def now(self) -> float: ...
    def kick(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """`keep(key, bytes or None)` stores a subscription; `own(account, host)` says whether a host in a URI means the
    account's company on this server."""

    signalling: Signalling
    clock: Clock
    chance: Chance
    door: Door
    bindings: Bindings
    sights: Sights
    own: Callable[[str, str], bool]
    keep: Callable[[str, bytes | None], None]
    refused: Refused = nobody_refused


MOST_OF_ITSELF = 16
"""Subscriptions of an account to its own registration and messages: several phones with an id each, but no flood."""


class Subscriptions:
    """One per control process."""

    def __init__(self, ports: Ports, policy: Policy | None = None) -> None:
        self._ports = ports
        self._policy = policy or Policy()
        self._engine = ports.signalling.engine
        self.lamps = Lamps(ports.sights)
        packages: tuple[Package, ...] = (self.lamps, OwnRegistration(ports.bindings), Messages())
        self._packages = {package.name: package for package in packages}
        self.names = tuple(self._packages)
        self.notifier = Notifier(Outlet(self._send, self._render, self._keep))
        self._saved: dict[str, bytes] = {}
        self._restored = True
        self._alarm: Alarm | None = None
        self._at = 0.0
        ports.bindings.watch(self._bindings_changed)
        ports.bindings.listen(self._registered)

    # -- requests -------------------------------------------------------------------------------------------------
    def handle(self, event: Requested, now: float) -> None:
        """Answer one SUBSCRIBE, whatever it is."""
        who = self._ports.door.authenticate(event.request, event.flow, now)
        if isinstance(who, Turned):
            self._engine.respond(event.transaction, who.status, now, reason=who.reason, extra=who.headers)
            return
        try:
            if tag_of(event.request.headers.get("To")):
                self._again(event, who, now)
            else:
                self._new(event, who, now)
        except PeerError as error:
            extra = error.extra if isinstance(error, RefusedError) else ()
            self._engine.respond(event.transaction, error.status, now, reason=error.reason, extra=extra)
        self.arm()

    def _new(self, event: Requested, who: Account, now: float) -> None:
        request = event.request
        wanted = event_of(request.headers, self.names)
        package = self._packages[wanted.package]
        check_accept(request.headers, package.kind)
        check_contacts(request, event.flow, self._ports.refused)
        seconds = granted(request.headers, self._policy, self._ports.chance.fraction())
        resource, detail = package.find(who, self._uri(request, who))
        flow = self._shared(who.device, event.flow)
        made = Subscription(dialog_of(request, self._engine.local_tag(event.transaction)), wanted, flow)
        made.account, made.resource, made.detail = intern(who.device), intern(resource), intern(detail)
        made.dialog.target = intern(made.dialog.target)
        older = self._replaced(made)
        if seconds:
            self._check_limit(made, older, limited=package.limited)
        for old in older:
            self.notifier.forget(old)
        self._accepted(event, seconds, now)
        self.notifier.add(made, now + seconds)
        if not seconds:
            self.notifier.end(made, "timeout")

    def _shared(self, account: str, flow: Flow) -> Flow:
        """The same flow as the registration has it, which spares each lamp a copy."""
        return next((each.flow for each in self._ports.bindings.contacts(account) if each.flow == flow), flow)

    def _uri(self, request: Request, who: Account) -> SipUri:
        uri = parse(request.uri)
        if not isinstance(uri, SipUri) or not self._ports.own(who.device, uri.host):
            raise PeerError("Not Found", 404)
        return uri

    def _replaced(self, made: Subscription) -> list[Subscription]:
        """What the same phone left behind before it was restarted: it comes from the same place and wants the same."""
        return [
            old
            for old in self.notifier.of_account(made.account)
            if (old.resource, old.event) == (made.resource, made.event)
            and (old.flow == made.flow or old.dialog.target == made.dialog.target)
        ]

    def _check_limit(self, made: Subscription, older: list[Subscription], *, limited: bool) -> None:
        like = {package.name for package in self._packages.values() if package.limited == limited}
        mine = [s for s in self.notifier.of_account(made.account) if s.package in like and s not in older]
        if len(mine) >= (self._ports.sights.limit(made.account) if limited else MOST_OF_ITSELF):
            raise PeerError("Too Many Subscriptions", 403)

    def _again(self, event: Requested, who: Account, now: float) -> None:
        """Refresh and end (RFC 6665 section 4.1.2.2 and 4.1.2.3); 481 for what is not (or not this account's)."""
        headers = event.request.headers
        found = self._find(tag_of(headers.get("To")))
        wanted = event_of(headers, self.names)
        if found is None or not found.is_for(event.request) or found.account != who.device:
            if not self._restored:
                raise RefusedError("Starting", 500, (("Retry-After", "2"),))
            raise PeerError("Subscription Does Not Exist", 481)
        if wanted.text != found.event:
            raise PeerError("Subscription Does Not Exist", 481)
        seconds = granted(headers, self._policy, self._ports.chance.fraction())
        check_contacts(event.request, event.flow, self._ports.refused)
        if not found.dialog.accepts(parse_cseq(headers.get("CSeq")).number):
            raise PeerError("CSeq out of order", 500)
        found.dialog.refresh(headers)
        self.notifier.move(found, event.flow)
        self._accepted(event, seconds, now)
        if seconds:
            self.notifier.refresh(found, now + seconds)
        else:
            self.notifier.end(found, "timeout")

    def _accepted(self, event: Requested, seconds: int, now: float) -> None:
        extra = (("Expires", str(seconds)),)
        self._engine.respond(event.transaction, 200, now, reason="OK", extra=extra)

    def responded(self, event: Responded, now: float) -> bool:
        """What became of a NOTIFY; False for a response to something else."""
        answer = event.response
        after = retry_after(answer.headers) if answer is not None else (AGAIN_S if event.status == 503 else None)
        ours = self.notifier.responded(event.transaction, event.status, after, now)
        if ours:
            self.arm()
        return ours

    # -- what changes ---------------------------------------------------------------------------------------------
    def look(self, resource: str) -> None:
        """Something may have changed there: its watchers are told if it has."""
        if self.notifier.watched(resource) and self.lamps.look(resource):
            self.notifier.changed(resource)
            self.arm()

    def recheck(self, resources: Iterable[str]) -> None:
        """The book has changed: what is gone ends, what is shown is looked at again."""
        for resource in sorted(resources):
            if self.notifier.watched(resource) and not self._end_if_gone(resource):
                self.look(resource)
        self.arm()

    def _end_if_gone(self, resource: str) -> bool:
        watchers = self.notifier.of_resource(resource)
        if self._packages[watchers[0].package].exists(resource):
            return False
        for each in watchers:
            self.notifier.end(each, "noresource")
        return True

    def device_off(self, account: str) -> None:
        """The account may watch nothing any more."""
        for each in self.notifier.of_account(account):
            self.notifier.end(each, "rejected")
        self.arm()

    def flow_gone(self, flow: Flow) -> None:
        """A connection closed; to be told before the bindings are. Its watchers keep their subscriptions until they
        expire: a phone that connects and registers again finds its lamps right at once."""
        for account in self._ports.bindings.on_flow(flow):
            for each in self.notifier.of_account(account):
                if each.flow == flow:
                    self.notifier.move(each, None)

    def _registered(self, account: str, registered: bool) -> None:
        """A phone that has signed off, or has not been heard of in time, watches nothing."""
        if registered:
            return
        for each in self.notifier.of_account(account):
            if each.flow is not None:
                self.notifier.end(each, "timeout")
        self.arm()

    def _bindings_changed(self, account: str) -> None:
        for each in self.notifier.of_account(account):
            self.notifier.move(each, way_to(each, self._ports.bindings.contacts(account)))
        if self.notifier.watched(registration_of(account)):
            self.notifier.changed(registration_of(account))
        self.arm()

    # -- over a restart -------------------------------------------------------------------------------------------
    def starting(self) -> None:
        """Until ``restore`` is called, a refresh of something unknown is put off rather than refused."""
        self._restored = False

    def restore(self, saved: dict[str, bytes], life: int) -> None:
        """Take up the subscriptions of before, a few in each turn; `life` is greater than ever before."""
        self.notifier.life = life
        self._saved = dict(saved)
        self._restored = True
        self.arm()

    def _find(self, key: str) -> Subscription | None:
        """One that is known, or that waits to be taken up."""
        if key in self._saved:
            self._take_up(key)
        return self.notifier.find(key)

    def _take_up(self, key: str) -> None:
        now = self._ports.signalling.now()
        try:
            found = thawed(self._saved.pop(key), now)
        except msgspec.DecodeError:
            self._ports.keep(key, None)
            return
        package = self._packages.get(found.package)
        alive = package is not None and self._ports.sights.enabled(found.account) and package.exists(found.resource)
        if not alive or found.expires <= now or found.exhausted(self.notifier.life):
            self._ports.keep(key, None)
            return
        found.account, found.resource, found.detail = map(intern, (found.account, found.resource, found.detail))
        found.dialog.target = intern(found.dialog.target)
        found.event, found.package = intern(found.event), intern(found.package)
        found.flow = way_to(found, self._ports.bindings.contacts(found.account))
        self.notifier.take_up(found, now)

    # -- the machine's outlet -------------------------------------------------------------------------------------
    def _send(self, subscription: Subscription, lines: str, body: bytes) -> str:
        assert subscription.flow is not None
        now = self._ports.signalling.now()
        return self._engine.request_of(subscription.dialog, "NOTIFY", subscription.flow, now, lines=lines, body=body)

    def _render(self, subscription: Subscription, version: int) -> tuple[str, bytes]:
        package = self._packages[subscription.package]
        document = package.document(subscription.resource, subscription.detail, self._ports.signalling.now())
        return package.kind, filled(document, version, subscription.key[:8])

    def _keep(self, subscription: Subscription) -> None:
        if not subscription.gone:
            self._ports.keep(subscription.key, frozen(subscription, self._ports.signalling.now()))
            return
        self._ports.keep(subscription.key, None)
        if not self.notifier.watched(subscription.resource):
            self.lamps.forget(subscription.resource)

    # -- time -----------------------------------------------------------------------------------------------------
    def arm(self) -> None:
        """Set the one alarm to the next deadline; one that is set earlier stays and only re-arms."""
        due = 0.0 if self._saved else self.notifier.get_timer()
        if due is None or (self._alarm is not None and self._at <= due):
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._at = due
        self._alarm = self._ports.clock.call_at(max(due, self._ports.signalling.now()), self._ring)

    def _ring(self) -> None:
        self._alarm = None
        now = max(self._ports.signalling.now(), self._at)
        for key in [key for key, _ in zip(self._saved, range(THAWED_AT_ONCE), strict=False)]:
            self._take_up(key)
        self.notifier.handle_timer(now)
        self._ports.signalling.kick()
        self.arm()

    def close(self) -> None:
        """Leave no alarm behind."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
