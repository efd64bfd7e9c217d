"""What lamps show: books, calls, bindings and publications projected into resources, and who may see them.

Calls tell which device's calls have changed; in the next turn of the loop its resources are looked at again, and only
if somebody watches. This module must never show one company's people to another, nor more than ``routing.may`` allows.
"""

from collections.abc import Callable, Iterable
from zlib import crc32

import msgspec

from vorzimmer.app.house import House, Published, device_key, split_key
from vorzimmer.calls.board import Switchboard
from vorzimmer.calls.live import Live
from vorzimmer.calls.state import Leg, Party
from vorzimmer.directory.keys import DEVICE
from vorzimmer.directory.ref import BadRefError, Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.policies.settings import LIMITS
from vorzimmer.features.roles import ROLES
from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.kernel.ids import LegId
from vorzimmer.presence.bindings import Bindings
from vorzimmer.presence.resources import KINDS, Detail, State, Talk, Who, resource_key, split_resource
from vorzimmer.presence.subscriptions import Subscriptions
from vorzimmer.routing.may import Actor, CallFacts, may
from vorzimmer.routing.model import Offer
from vorzimmer.sip.uri import SipUri

Look = Callable[[str], None]


class LampView:
    """presence.packages.Sights of this server. `look(resource)` is to be set to whoever tells watchers."""

    def __init__(self, house: House, board: Switchboard, bindings: Bindings, clock: Clock) -> None:
        self._house = house
        self._board = board
        self._bindings = bindings
        self._clock = clock
        self._dirty: dict[tuple[str, str], None] = {}
        self._alarm: Alarm | None = None
        self.look: Look = lambda resource: None
        self.anybody: Callable[[], bool] = lambda: True
        self.published: Callable[[str], tuple[Talk, ...]] = lambda account: ()

    # -- who may see what -----------------------------------------------------------------------------------------
    def find(self, watcher: str, uri: SipUri) -> tuple[str, str] | None:
        """As the port says."""
        company, device = split_key(watcher)
        book = self._house.book(company)
        owner, ref = book.owner_of(device), _named(book, uri.user)
        if owner is None or ref is None or ref.kind not in KINDS:
            return None
        actor, target = Actor(company, owner, device), _person(book, ref)
        if may(actor, "watch", CallFacts(company)) is not None:
            return None
        parties = may(actor, "watch_parties", CallFacts(company, (target,))) is None
        return resource_key(company, ref), (Detail.PARTY if parties else Detail.DIRECTION).value

    def limit(self, watcher: str) -> int:
        """As the port says."""
        company, _ = split_key(watcher)
        return self._house.book(company).get(LIMITS, Ref("company", company)).monitors

    def enabled(self, account: str) -> bool:
        """As the port says."""
        company, device = split_key(account)
        if company not in self._house.companies:
            return False
        core = self._house.book(company).find(DEVICE, device)
        return core is not None and core.enabled

    # -- what there is to see -------------------------------------------------------------------------------------
    def state(self, resource: str) -> State | None:
        """As the port says."""
        try:
            company, ref = split_resource(resource)
        except BadRefError:
            return None
        if company not in self._house.companies:
            return None
        book = self._house.book(company)
        address = _address(book, ref)
        if address is None:
            return None
        devices = (ref.id,) if ref.kind == "device" else book.devices_of(ref)
        registered = any(self._bindings.registered(device_key(company, device)) for device in devices)
        talks = tuple(talk for device in devices for talk in self._talks(company, device))
        return State(f"sip:{address}@{self._house.domain(company)}", registered, _merged(talks))

    def _talks(self, company: str, device: str) -> Iterable[Talk]:
        legs = self._board.legs_of(company, device)
        found = [talk for leg in legs if (talk := self._talk(company, leg)) is not None]
        return found if legs else self.published(device_key(company, device))

    def _talk(self, company: str, leg: LegId) -> Talk | None:
        live = self._board.call_of(leg)
        if live is None:
            return None
        ident = f"{crc32(live.state.id.encode()):08x}"
        party = live.state.leg(leg)
        if party is not None:
            return Talk(ident, "confirmed", not party.outgoing, party.held, self._other(company, live, party))
        offer = live.attempt.offer_of(leg) if live.attempt is not None else None
        if offer is None:
            return Talk(ident, "early", initiator=True)
        role = ROLES.get(offer.role)
        return None if role is not None and not role.lamp else Talk(ident, "early", other=self._shown(company, offer))

    def _other(self, company: str, live: Live, leg: Leg) -> Who | None:
        other = live.state.other(leg.id)
        return None if other is None else self._who(company, other.party)

    def _shown(self, company: str, offer: Offer) -> Who:
        present = offer.present
        return self._who(company, Party(name=present.name, number=present.number, private=present.private))

    def _who(self, company: str, party: Party) -> Who:
        if party.private:
            return Who(private=True)
        uri = f"sip:{party.number}@{self._house.domain(company)}" if party.number else ""
        return Who(party.name, uri) if uri else Who(private=True)

    # -- what has changed -----------------------------------------------------------------------------------------
    def moved(self, company: str, device: str) -> None:
        """Something about a device's calls or registration is other than before; costs nothing while nobody watches."""
        if not self.anybody():
            return
        self._dirty[company, device] = None
        if self._alarm is None:
            self._alarm = self._clock.call_at(self._clock.now(), self._flush)

    def _flush(self) -> None:
        self._alarm = None
        dirty, self._dirty = self._dirty, {}
        for company, device in dirty:
            for resource in self._resources(company, (Ref("device", device),)):
                self.look(resource)

    def concerned(self, change: Published) -> frozenset[str]:
        """The resources that a change of the book may show in; to be asked before and after it."""
        return self._resources(change.company, [Ref(each.kind, each.id) for each in change.changes])

    def _resources(self, company: str, refs: Iterable[Ref]) -> frozenset[str]:
        found = set(refs)
        if company in self._house.companies:
            book = self._house.book(company)
            owners = (book.owner_of(ref.id) for ref in tuple(found) if ref.kind == "device")
            found.update(owner for owner in owners if owner is not None)
        return frozenset(resource_key(company, ref) for ref in found if ref.kind in KINDS)

    def close(self) -> None:
        """Leave no alarm behind."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None


def _named(book: Snapshot, user: str) -> Ref | None:
    """What a user part means within a company: an extension, or the account of a device."""
    found = book.at_extension(user)
    if found is None:
        found = next((Ref("device", ident) for ident in book.devices_at(user)), None)
    return found


def _person(book: Snapshot, ref: Ref) -> Ref:
    """Whose calls are seen there."""
    return (book.owner_of(ref.id) or ref) if ref.kind == "device" else ref


def _address(book: Snapshot, ref: Ref) -> str | None:
    """The user part of a resource's address; None for what is not (or no longer) there."""
    if ref.kind == "device":
        core = book.find(DEVICE, ref.id)
        return core.username if core is not None and core.enabled else None
    return book.extension_of(ref)


def _merged(talks: tuple[Talk, ...]) -> tuple[Talk, ...]:
    """One entry per call, whichever of the devices it is on: the strongest."""
    found: dict[str, Talk] = {}
    for talk in talks:
        old = found.get(talk.ident)
        if old is None or (old.state == "early" and talk.state == "confirmed"):
            found[talk.ident] = talk
    return tuple(found.values())


class Watcher(msgspec.Struct, frozen=True):
    """One subscription, for people: `what` is watched by `device`, `shows` how it is now ("" where that is no lamp);
    `seconds` are left; `state` is told, waiting (a NOTIFY is owed or out) or away (no way to the phone)."""

    company: str
    device: str
    package: str
    what: str
    shows: str
    seconds: int
    state: str


def watchers(watching: Subscriptions, view: LampView, company: str | None, now: float) -> list[Watcher]:
    """Who watches what, in a stable order."""
    rows = []
    for each in watching.notifier:
        of, device = split_key(each.account)
        if company in {None, of}:
            seen = view.state(each.resource) if each.package == watching.lamps.name else None
            state = "away" if each.flow is None else "waiting" if each.stale or each.pending else "told"
            what, left = each.resource.partition("/")[2], max(0, round(each.expires - now))
            rows.append(Watcher(of, device, each.package, what, seen.word if seen else "", left, state))
    return sorted(rows, key=lambda row: (row.company, row.device, row.package, row.what))
