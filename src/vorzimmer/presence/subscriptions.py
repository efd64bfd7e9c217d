"""Answers SUBSCRIBE, keeps who watches what, and sends what they are owed (RFC 6665).

The door says who asks, a package what is meant and whether it may be seen, the machine (``sip.subscription_machine``)
who is owed a NOTIFY. One alarm serves all of them. This module must never tell a watcher something in the turn in which
it happened: NOTIFYs wait until the calls of that turn have been served.
"""

import asyncio
from collections.abc import Iterable
from sys import intern

import msgspec

from vorzimmer.kernel.clock import Alarm
from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence.contacts import check_contacts
from vorzimmer.presence.door import Account, Turned
from vorzimmer.presence.feature_state import Wish, wishes
from vorzimmer.presence.packages import registration_of
from vorzimmer.presence.resources import ROLL, is_owned
from vorzimmer.presence.sources import Sources, make_room
from vorzimmer.presence.watch_ports import Ports
from vorzimmer.presence.whereabouts import way_to
from vorzimmer.sip.arrived import tag_of
from vorzimmer.sip.events import Requested, Responded
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import parse_cseq
from vorzimmer.sip.message import Request
from vorzimmer.sip.subscription import (
    Policy,
    Subscription,
    dialog_of,
    event_of,
    frozen,
    granted,
    retry_after,
    thawed,
)
from vorzimmer.sip.subscription_machine import AGAIN_S, Document, Notifier, Outlet
from vorzimmer.sip.uri import SipUri, parse
from vorzimmer.sip.validate import RefusedError

MOST_WISHES = 4
"""Changes of settings by one phone's keys that may be under way at once."""

THAWED_AT_ONCE = 100
"""Subscriptions of before a restart that are read in one turn, about a millisecond."""


class Subscriptions:
    """One per control process."""

    def __init__(self, ports: Ports, policy: Policy | None = None) -> None:
        self._ports = ports
        self._policy = policy or Policy()
        self._engine = ports.signalling.engine
        self._sources = Sources(ports.bindings, ports.sights)
        self.names = self._sources.names
        self.notifier = Notifier(Outlet(self._send, self._render, self._keep, self._lost))
        self._sources.watched = self.notifier.watched
        self._strangers: dict[Flow, dict[str, None]] = {}
        """Connections over which somebody subscribed who is not registered there."""
        self._setting: dict[asyncio.Task[None], str] = {}
        """What phones' own keys have asked for, by account, until it is done."""
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
            found = self._wishes(event.request)
        except PeerError as error:
            self._refuse(event, error, now)
            return
        if not found:
            self._serve(event, who, now)
        elif list(self._setting.values()).count(who.device) >= MOST_WISHES:
            self._engine.respond(event.transaction, 503, now, extra=(("Retry-After", "5"),))
        else:
            task = asyncio.get_running_loop().create_task(self._set(event, who, found))
            self._setting[task] = who.device
            task.add_done_callback(self._setting.pop)

    def _serve(self, event: Requested, who: Account, now: float) -> None:
        try:
            if tag_of(event.request.headers.get("To")):
                self._again(event, who, now)
            else:
                self._new(event, who, now)
        except PeerError as error:
            self._refuse(event, error, now)
        self.arm()

    def _refuse(self, event: Requested, error: PeerError, now: float) -> None:
        extra = error.extra if isinstance(error, RefusedError) else ()
        self._engine.respond(event.transaction, error.status, now, reason=error.reason, extra=extra)

    def _wishes(self, request: Request) -> tuple[Wish, ...]:
        if not request.body or event_of(request.headers, self.names).package != self._sources.features.name:
            return ()
        return wishes(request)

    async def _set(self, event: Requested, who: Account, found: tuple[Wish, ...]) -> None:
        """Set first, answer then: the NOTIFY that follows tells what has come of it, and nothing older."""
        signalling = self._ports.signalling
        try:
            for wish in found:
                await self._ports.wish(who.device, wish)
        except Exception:
            self._engine.respond(event.transaction, 500, signalling.now())
            raise
        else:
            self._serve(event, who, signalling.now())
        finally:
            signalling.kick()

    def _new(self, event: Requested, who: Account, now: float) -> None:
        request = event.request
        wanted, uri = event_of(request.headers, self.names), self._uri(request, who)
        package = self._sources.meant(wanted.package, uri)
        package.check(request)
        check_contacts(request, event.flow, self._ports.refused)
        seconds = granted(request.headers, self._policy, self._ports.chance.fraction())
        resource, detail = package.find(who, uri, request)
        flow = self._shared(who.device, event.flow)
        made = Subscription(dialog_of(request, self._engine.local_tag(event.transaction)), wanted, flow)
        made.account, made.resource, made.detail = intern(who.device), intern(resource), intern(detail)
        made.dialog.target = intern(made.dialog.target)
        if seconds:
            self._make_room(made)
        self._accepted(event, seconds, now, package.about)
        self.notifier.add(made, now + seconds)
        self._begun(made)
        if not seconds:
            self.notifier.end(made, "timeout")

    def _begun(self, made: Subscription) -> None:
        """What is to be known while it lasts."""
        self._sources.begun(made)
        flow = made.flow
        if flow is not None and flow.reliable and made.account not in self._ports.bindings.on_flow(flow):
            self._strangers.setdefault(flow, {})[made.account] = None

    def _shared(self, account: str, flow: Flow) -> Flow:
        """The same flow as the registration has it, which spares each lamp a copy."""
        return next((each.flow for each in self._ports.bindings.contacts(account) if each.flow == flow), flow)

    def _uri(self, request: Request, who: Account) -> SipUri:
        uri = parse(request.uri)
        if not isinstance(uri, SipUri) or not self._ports.own(who.device, uri.host):
            raise PeerError("Not Found", 404)
        return uri

    def _make_room(self, made: Subscription) -> None:
        mine = self.notifier.of_account(made.account)
        dropped, again = make_room(self._sources, made, mine, self._ports.sights.limit(made.account))
        for old in dropped:
            self.notifier.forget(old)
        for old in again:
            self.notifier.owe(old)

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
        self._begun(found)
        self._accepted(event, seconds, now, self._sources.of(found).about)
        if seconds:
            self.notifier.refresh(found, now + seconds)
        else:
            self.notifier.end(found, "timeout")

    def _accepted(
        self, event: Requested, seconds: int, now: float, about: tuple[tuple[str, str], ...]
    ) -> None:  # fmt: skip
        extra = (("Expires", str(seconds)), *about)
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
        changed = self._sources.look(resource)
        for each in changed:
            self.notifier.changed(each)
        if changed:
            self.arm()

    def recheck(self, resources: Iterable[str]) -> None:
        """The book has changed: what is gone ends, what may not be seen any more is hidden, what is shown is looked at
        again; lists first, whose members may be others now."""
        for resource in sorted(resources):
            rolls = (resource,) if is_owned(resource, ROLL) else self._sources.lists.holding(resource)
            for roll in rolls:
                self._recheck_list(roll)
            if not is_owned(resource, ROLL) and not self._end_if_gone(resource):
                self._settle_details(resource)
                self.look(resource)
        self.arm()

    def _recheck_list(self, roll: str) -> None:
        lists = self._sources.lists
        if self._end_if_gone(roll) or not self.notifier.watched(roll) or not lists.look(roll):
            return
        for each in self.notifier.of_resource(roll):
            lists.lost(each.key)
        self.notifier.changed(roll)

    def _end_if_gone(self, resource: str) -> bool:
        watchers = self.notifier.of_resource(resource)
        if not watchers or self._sources.of(watchers[0]).exists(resource):
            return False
        for each in watchers:
            self.notifier.end(each, "noresource")
        return True

    def _settle_details(self, resource: str) -> None:
        """What a watcher may see follows the settings of whom it watches, at once (FEATURES.md 0.5)."""
        for each in self.notifier.of_resource(resource):
            if each.package != self._sources.lamps.name or each.over:
                continue
            detail = self._ports.sights.detail(each.account, resource)
            if detail is None:
                self.notifier.end(each, "rejected")
            elif detail != each.detail:
                each.detail = intern(detail)
                self._keep(each)
                self.notifier.owe(each)

    def device_off(self, account: str) -> None:
        """The account may watch nothing any more."""
        for each in self.notifier.of_account(account):
            self.notifier.end(each, "rejected")
        self.arm()

    def flow_gone(self, flow: Flow) -> None:
        """A connection closed; to be told before the bindings are. Its watchers keep their subscriptions until they
        expire: a phone that connects and registers again finds its lamps right at once. Who was not registered over it
        is told over what it is registered with, or is not heard of again."""
        registered = self._ports.bindings.on_flow(flow)
        for account in self._strangers.pop(flow, ()):
            if account not in registered:
                self._stranded(account, flow)
        for account in registered:
            for each in self.notifier.of_account(account):
                if each.flow == flow:
                    self.notifier.move(each, None)

    def _stranded(self, account: str, flow: Flow) -> None:
        contacts = self._ports.bindings.contacts(account)
        for each in self.notifier.of_account(account):
            if each.flow == flow and contacts:
                self.notifier.move(each, way_to(each, contacts))
            elif each.flow == flow:
                self.notifier.forget(each)

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
        alive = self._ports.sights.enabled(found.account) and self._sources.knows(found)
        if not alive or found.expires <= now or found.exhausted(self.notifier.life):
            self._ports.keep(key, None)
            return
        found.account, found.resource, found.detail = map(intern, (found.account, found.resource, found.detail))
        found.dialog.target = intern(found.dialog.target)
        found.event, found.package = intern(found.event), intern(found.package)
        found.flow = way_to(found, self._ports.bindings.contacts(found.account))
        self.notifier.take_up(found, now)
        self._sources.begun(found)

    # -- the machine's outlet -------------------------------------------------------------------------------------
    def _send(self, subscription: Subscription, lines: str, body: bytes) -> str:
        assert subscription.flow is not None
        now = self._ports.signalling.now()
        return self._engine.request_of(subscription.dialog, "NOTIFY", subscription.flow, now, lines=lines, body=body)

    def _render(self, subscription: Subscription, version: int) -> Document:
        now = self._ports.signalling.now()
        return self._sources.of(subscription).render(subscription, version, now)

    def _lost(self, subscription: Subscription) -> None:
        self._sources.of(subscription).lost(subscription.key)

    def _keep(self, subscription: Subscription) -> None:
        self._lost(subscription)
        if not subscription.gone:
            self._ports.keep(subscription.key, frozen(subscription, self._ports.signalling.now()))
            return
        self._ports.keep(subscription.key, None)
        self._sources.over(subscription)

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
        """Leave no alarm and no task behind."""
        for task in self._setting:
            task.cancel()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
