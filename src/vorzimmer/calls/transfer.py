"""Transfer from a phone: REFER inside a dialog (RFC 3515, RFC 5589), blind, to a phone that rings, or attended.

A transfer is made of *move* and *join*; no REFER is ever sent on, because both dialogs are ours. The transferor is told
with NOTIFY; the remaining party moves into the call that connects it, so each call has its one record and the journey
links them. This module must never join legs of two companies, and never contact an address that a Refer-To names: only
what was dialled counts, and the Decider sees it as dialled by the transferor.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec

from vorzimmer.calls.asking import dialled
from vorzimmer.calls.attempt import Attempt
from vorzimmer.calls.effects import Joined, MovedOut, Replaced
from vorzimmer.calls.entrance import Inviting
from vorzimmer.calls.live import Live
from vorzimmer.calls.naming import named
from vorzimmer.calls.notifier import Apart, Notifier
from vorzimmer.calls.progress import Progress
from vorzimmer.calls.screen import check_refer_to
from vorzimmer.calls.state import CallState, Leg, Party, change_leg
from vorzimmer.calls.waiting import Waiting
from vorzimmer.calls.wiring import music
from vorzimmer.calls.world import Identified, World
from vorzimmer.kernel.errors import PeerError
from vorzimmer.kernel.ids import CallId, LegId
from vorzimmer.routing.model import Asked, Caller
from vorzimmer.sip.events import Requested
from vorzimmer.sip.gruu import instance_of
from vorzimmer.sip.headers import Replaces, parse_name_addr, parse_replaces
from vorzimmer.sip.message import Request
from vorzimmer.sip.uri import SipUri, TelUri


class Calls(Protocol):
    """What a transfer needs of the switchboard."""

    world: World

    def fresh(self, asked: Asked) -> CallState:
        """The state of a call that begins."""

    def begin(self, state: CallState) -> Live:
        """A new call; who begins it notes it as soon as its first leg is known."""

    def party(self, who: Identified) -> Party:
        """A caller as the others see it."""

    def call(self, ident: CallId) -> Live | None:
        """A call that exists now."""

    def call_of(self, leg: LegId) -> Live | None:
        """The call that a leg is in."""

    def legs_in(self, company: str) -> list[LegId]:
        """All legs of a company's calls."""

    def was_in(self, leg: LegId, company: str) -> bool:
        """Whether a leg that has ended was one of this company's."""

    def own(self, leg: LegId, live: Live, device: str | None) -> None:
        """Events of `leg` go to `live` from now on."""

    def disown(self, leg: LegId) -> None:
        """`leg` is over."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a Refer-To asks for: something dialled (one `instance` of its phones), or the other side of a dialog."""

    dialled: str
    replaces: Replaces | None = None
    instance: str = ""


def target_of(request: Request) -> Target:
    """Read Refer-To; raises PeerError 400 for what is none, 403 for another method than INVITE or a foreign scheme."""
    values = request.headers.list_of("Refer-To")
    if len(values) != 1:
        raise PeerError("exactly one Refer-To is needed")
    address = parse_name_addr(values[0])
    uri = address.uri
    if isinstance(uri, TelUri):
        return Target(uri.digits)
    if not isinstance(uri, SipUri) or uri.param("method", "INVITE").upper() != "INVITE":
        raise PeerError("only calls can be transferred", 403)
    replaces = uri.header("Replaces")
    if not uri.user and not replaces:
        raise PeerError("nothing dialled in Refer-To")
    to = dialled(address.uri_text) if uri.user else ""
    return Target(to, parse_replaces(replaces) if replaces else None, instance_of(address.uri_text))


def refer(calls: Calls, live: Live, event: Requested, apart: Apart | None = None) -> None:
    """Answer a REFER inside a dialog (or one `apart` that names a call), and do what it asks."""
    ident = event.leg if apart is None else apart.leg
    leg = live.state.leg(ident) if ident else None
    if leg is None or not live.state.others(leg.id) or live.attempt is not None:
        live.respond(event, 491)
        return
    try:
        target = target_of(event.request)
        check_refer_to(calls.world, live.state.company, event.request, event.flow)
    except PeerError as error:
        live.respond(event, error.status)
        return
    if not calls.world.may(leg.party, "transfer", live.state):
        live.respond(event, 403)
        return
    live.respond(event, 202, _refer_sub(event.request))
    notifier = Notifier(live, leg.id, event.request, apart)
    notifier(100, "Trying")
    if target.replaces is not None:
        status, reason = _attended(_Transfer(calls, live, leg, notifier), target.replaces)
        if status:
            notifier(status, reason)
    else:
        _blind(_Transfer(calls, live, leg, notifier), target)


def _refer_sub(request: Request) -> tuple[tuple[str, str], ...]:
    wanted = request.headers.get("Refer-Sub").strip().lower() != "false"
    return () if wanted else (("Refer-Sub", "false"),)


@dataclass(frozen=True, slots=True)
class _Transfer:
    """Who transfers the others, and how to tell. In a call of many all of them are moved, and go on talking."""

    calls: Calls
    live: Live
    by: Leg
    notifier: Progress

    @property
    def shown(self) -> Party:
        """As whom the others are shown to somebody who is rung for them."""
        found = self.live.state.facing(self.by.id)
        return found.party if found is not None else Party()

    def move(self, to: Live) -> tuple[Leg, ...]:
        """Take the others out of their call; `to` hears their events from now on."""
        others = self.live.state.others(self.by.id)
        self.live.feed(MovedOut(tuple([leg.id for leg in others])))
        for leg in others:
            self.calls.own(leg.id, to, leg.party.device)
        return tuple([_free(leg) for leg in others])


def send_on(calls: Calls, live: Live, by: Leg, dialled: str, progress: Progress) -> None:
    """A blind transfer that no REFER asked for; `progress` hears how it goes."""
    _blind(_Transfer(calls, live, by, progress), Target(dialled))


def _blind(transfer: _Transfer, target: Target) -> None:
    """The other party waits in a call of its own while the target is rung for it."""
    live, by, calls = transfer.live, transfer.by, transfer.calls
    caller = Caller(ref=by.party.ref, device=by.party.device, name=by.party.name, private=by.party.private)
    if by.party.ref is None:
        caller = msgspec.structs.replace(caller, number=by.party.number or None)
    shown = transfer.shown
    asked = Asked(live.state.company, caller, dialled=target.dialled, role="transfer", shown=_face(shown))
    live_state = live.state
    fresh = msgspec.structs.replace(
        calls.fresh(asked), journey=live_state.journey, waiting=music(live_state), back=live_state.id
    )
    waiting = _wait_in(transfer, calls.begin(fresh))
    waiting.instance = target.instance
    Attempt(waiting, _entrance(transfer, waiting), shown, transfer.notifier).start()


def _face(party: Party) -> Caller:
    """A party as a phone that is rung for it shows it."""
    number = None if party.ref is not None else party.number or None
    return Caller(ref=party.ref, device=party.device, number=number, name=party.name, private=party.private)


def _wait_in(transfer: _Transfer, to: Live) -> Live:
    """Move the other party into the call `to`."""
    to.feed(Joined(transfer.move(to)))
    return to


def _free(leg: Leg) -> Leg:
    """A leg on its way into another call: an exchange that the old call had begun is finished there without it."""
    return change_leg(leg, probing=False)


def _entrance(transfer: _Transfer, waiting: Live) -> Waiting:
    return Waiting(waiting, _back(transfer, waiting))


def _back(transfer: _Transfer, waiting: Live) -> Callable[[], bool]:
    """Bring the waiting party back to the transferor, if that one is still there."""

    def back() -> bool:
        live, legs = transfer.live, waiting.state.parties
        if not legs or live.state.ended is not None or live.state.leg(transfer.by.id) is None:
            return False
        waiting.feed(MovedOut(tuple([leg.id for leg in legs]), "transfer failed"))
        for leg in legs:
            transfer.calls.own(leg.id, live, leg.party.device)
        live.feed(Joined(tuple([_free(leg) for leg in legs])))
        return True

    return back


def _attended(transfer: _Transfer, replaces: Replaces) -> tuple[int, str]:
    """Join the other party with whom the transferor consulted; (0, "") while that one still rings."""
    calls = transfer.calls
    dialog = named(calls, transfer.live.state.company, transfer.by.party, replaces)
    if dialog is None:
        return 481, "Call/Transaction Does Not Exist"
    found, consult = dialog
    if consult is transfer.live or not calls.world.may(transfer.by.party, "replace", consult.state):
        return 403, "Forbidden"
    if consult.state.leg(found) is not None and consult.state.others(found):
        return _join(transfer, consult, found)
    return _take_over(transfer, consult, found)


def _join(transfer: _Transfer, consult: Live, found: LegId) -> tuple[int, str]:
    first, *more = transfer.move(consult)
    consult.linked(transfer.live)
    if more:
        consult.feed(Joined(tuple(more)))
    consult.feed(Replaced(found, first))
    return 200, "OK"


def _take_over(transfer: _Transfer, consult: Live, found: LegId) -> tuple[int, str]:
    """Semi-attended: the target still rings for the transferor; the other party waits for it from now on."""
    attempt = consult.attempt
    entrance = attempt.entrance if attempt else None
    if attempt is None or not isinstance(entrance, Inviting) or entrance.leg != found:
        return 481, "Call/Transaction Does Not Exist"
    consult.linked(transfer.live)
    shown = transfer.shown
    _wait_in(transfer, consult)
    waiting = _entrance(transfer, consult)
    consult.shows(_face(shown))
    attempt.swap(waiting, shown, transfer.notifier)
    entrance.replaced()
    waiting.ringing()
    return 0, ""
