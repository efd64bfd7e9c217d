"""Answers PUBLISH: what phones say about themselves, kept for as long as they say it (RFC 3903).

Only package ``dialog``, only about one's own account, only from the account itself. The server knows all calls that
pass it, so a phone's word counts only where the server knows of none. This module must never let one account speak for
another.
"""

from collections.abc import Callable
from dataclasses import dataclass

from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.kernel.errors import PeerError
from vorzimmer.presence import dialog_info
from vorzimmer.presence.door import Account, Door, Turned
from vorzimmer.presence.packages import check_own
from vorzimmer.presence.registrar import Responder
from vorzimmer.presence.resources import Talk
from vorzimmer.sip.events import Requested
from vorzimmer.sip.publication import Compositor, Visit
from vorzimmer.sip.subscription import event_of
from vorzimmer.sip.uri import SipUri, parse
from vorzimmer.sip.validate import RefusedError

PACKAGES = ("dialog",)


@dataclass(frozen=True, slots=True)
class Ports:
    """`own(account, host)` says whether a host means the account's company here; `changed(account)` is told when what
    an account has published is other than before."""

    door: Door
    engine: Responder
    clock: Clock
    chance: Chance
    own: Callable[[str, str], bool]
    changed: Callable[[str], None]


class Publications:
    """One per control process."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self.compositor = Compositor({"dialog": (dialog_info.CONTENT_TYPE, dialog_info.read)})
        self._alarm: Alarm | None = None

    def talks(self, account: str) -> tuple[Talk, ...]:
        """The calls that a phone tells of."""
        found = self.compositor.of(account, "dialog")
        return tuple(talk for each in found for talk in dialog_info.read(each.body))[: dialog_info.MOST_TALKS]

    def handle(self, event: Requested, now: float) -> None:
        """Answer one PUBLISH, whatever it is."""
        respond = self._ports.engine.respond
        who = self._ports.door.authenticate(event.request, event.flow, now)
        if isinstance(who, Turned):
            respond(event.transaction, who.status, now, reason=who.reason, extra=who.headers)
            return
        try:
            headers = self._publish(event, who, now)
        except PeerError as error:
            extra = error.extra if isinstance(error, RefusedError) else ()
            respond(event.transaction, error.status, now, reason=error.reason, extra=extra)
            return
        respond(event.transaction, 200, now, reason="OK", extra=headers)
        self._ports.changed(who.device)
        self._arm()

    def _publish(self, event: Requested, who: Account, now: float) -> tuple[tuple[str, str], ...]:
        request = event.request
        uri = parse(request.uri)
        if not isinstance(uri, SipUri) or not self._ports.own(who.device, uri.host):
            raise PeerError("Not Found", 404)
        check_own(who, uri)
        package = event_of(request.headers, PACKAGES).package
        chance = self._ports.chance
        return self.compositor.publish(who.device, package, request, Visit(now, chance.token(8), chance.fraction()))

    def forget(self, account: str) -> None:
        """The account has been switched off."""
        self.compositor.forget(account)

    def _arm(self) -> None:
        due = self.compositor.next_expiry()
        if self._alarm is None and due is not None:
            self._alarm = self._ports.clock.call_at(due, self._expire)

    def _expire(self) -> None:
        self._alarm = None
        for account in sorted(self.compositor.expire(self._ports.clock.now())):
            self._ports.changed(account)
        self._arm()

    def close(self) -> None:
        """Leave no alarm behind."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
