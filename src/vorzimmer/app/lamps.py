"""What lamps show: books, calls, bindings and publications projected into resources, and who may see them.

Calls tell which device's calls have changed; in the next turn of the loop its resources are looked at again, and only
if somebody watches. This module must never show one company's people to another, nor more than ``routing.may`` allows.
"""

from collections.abc import Callable, Iterable
from zlib import crc32

from vorzimmer.app.house import House, Published, device_key, split_key
from vorzimmer.calls.board import Switchboard
from vorzimmer.calls.live import Live
from vorzimmer.calls.state import Leg, Party
from vorzimmer.directory.keys import DEVICE
from vorzimmer.directory.profiles import Profile
from vorzimmer.directory.ref import BadRefError, Ref
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.codes.phone_keys import dialled
from vorzimmer.features.dnd.rules import is_on
from vorzimmer.features.forwarding.settings import FORWARDING
from vorzimmer.features.lamps.settings import LAMP, MONITORS
from vorzimmer.features.policies.settings import LIMITS
from vorzimmer.features.roles import ROLES
from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.kernel.ids import LegId
from vorzimmer.presence.bindings import Bindings
from vorzimmer.presence.dialog_info import meant
from vorzimmer.presence.feature_state import Feature, FeatureState
from vorzimmer.presence.lists import Member
from vorzimmer.presence.markup import TOKEN_LENGTH
from vorzimmer.presence.resources import (
    FEATURES,
    KINDS,
    ROLL,
    Detail,
    State,
    Talk,
    Who,
    is_owned,
    owned_key,
    owner_in,
    resource_key,
    split_resource,
)
from vorzimmer.routing.may import Actor, CallFacts, may
from vorzimmer.routing.model import Offer
from vorzimmer.sip.headers import Replaces
from vorzimmer.sip.subscription import Subscription
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
        self.held_by: Callable[[str], tuple[Subscription, ...]] = lambda account: ()
        """The subscriptions of an account."""

    # -- who may see what -----------------------------------------------------------------------------------------
    def find(self, watcher: str, uri: SipUri) -> tuple[str, str] | None:
        """As the port says."""
        company, device = split_key(watcher)
        book = self._house.book(company)
        ref = _named(book, uri.user)
        if ref is None or ref.kind not in KINDS or book.owner_of(device) is None:
            return None
        resource = resource_key(company, ref)
        detail = self.detail(watcher, resource)
        return None if detail is None else (resource, detail)

    def detail(self, watcher: str, resource: str) -> str | None:
        """As the port says: everything of oneself, of colleagues what they let be seen (BLF-4)."""
        company, device = split_key(watcher)
        of, ref = split_resource(resource)
        if of != company or company not in self._house.companies:
            return None
        book = self._house.book(company)
        owner, target = book.owner_of(device), _person(book, ref)
        if owner is None:
            return None
        shows = book.get(LAMP, target).shows
        actor, facts = Actor(company, owner, device), CallFacts(company, (target,), (target,), shows == "party")
        if may(actor, "pick_up", facts) is None and self._kind(watcher).pick_up == "replaces":
            return Detail.TAKE.value
        if may(actor, "watch_parties", facts) is None:
            return Detail.PARTY.value
        return None if shows == "nothing" or may(actor, "watch", facts) is not None else shows

    def _kind(self, account: str) -> Profile:
        """What kind of phone a device is, by its newest registration."""
        company, device = split_key(account)
        contacts = self._bindings.contacts(account)
        return self._house.kind_of(company, device, contacts[0].agent if contacts else "")

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

    # -- lists ----------------------------------------------------------------------------------------------------
    def roll(self, watcher: str) -> str | None:
        """As the port says."""
        return self._own(watcher, ROLL)

    def takes_lists(self, watcher: str) -> bool:
        """As the port says."""
        return self._kind(watcher).lists

    def members(self, roll: str, watcher: str) -> tuple[Member, ...]:
        """As the port says: the ``monitors`` of the list's owner. What has no lamp yet (groups, park slots) is named
        and shows nothing."""
        found = self._owner(roll, ROLL)
        if found is None:
            return ()
        book, owner = found
        domain, company = self._house.domain(book.company.id), book.company.id
        return tuple(
            self._member(company, Ref.parse(text), domain, watcher) for text in book.get(MONITORS, owner).watched
        )

    def _member(self, company: str, ref: Ref, domain: str, watcher: str) -> Member:
        book, resource = self._house.book(company), resource_key(company, ref)
        address = _address(book, ref) if ref.kind in KINDS else None
        detail: str | None = None
        if address is not None:
            detail = self.detail(watcher, resource) if watcher else book.get(LAMP, _person(book, ref)).shows
        user = address or book.extension_of(ref) or ref.id
        return Member(resource, f"sip:{user}@{domain}", book.name_of(ref), detail)

    def exists(self, roll: str) -> bool:
        """As the port says."""
        return self._owner(roll, ROLL) is not None

    # -- features -------------------------------------------------------------------------------------------------
    def features_of(self, watcher: str) -> str | None:
        """As the port says."""
        return self._own(watcher, FEATURES)

    def features(self, resource: str) -> FeatureState | None:
        """As the port says. A forwarding to a mailbox is none of the phone's: its key knows numbers only."""
        found = self._owner(resource, FEATURES)
        if found is None:
            return None
        book, owner = found
        forwarding = book.get(FORWARDING, owner)
        cases: tuple[tuple[Feature, bool, str | None], ...] = (
            ("always", forwarding.always.enabled, forwarding.always.to),
            ("busy", forwarding.busy.enabled, forwarding.busy.to),
            ("no_answer", forwarding.no_answer.enabled, forwarding.no_answer.to),
        )
        numbers = [(case, on, dialled(to or "", owner, book)) for case, on, to in cases]
        return FeatureState(is_on(book, owner), tuple((case, on and bool(to), to) for case, on, to in numbers))

    def _own(self, watcher: str, prefix: str) -> str | None:
        company, device = split_key(watcher)
        owner = self._house.book(company).owner_of(device)
        return None if owner is None else owned_key(company, prefix, owner)

    def _owner(self, key: str, prefix: str) -> tuple[Snapshot, Ref] | None:
        try:
            company, owner = owner_in(key, prefix)
        except BadRefError:
            return None
        if company not in self._house.companies or not self._house.book(company).exists(owner):
            return None
        return self._house.book(company), owner

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
        devices = self._devices(resource)
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

    def named(self, company: str, who: Party, dialog: Replaces) -> LegId | None:
        """calls.world.watched: the ringing leg that a document for this very watcher has named so."""
        found = meant(dialog.call_id, (dialog.to_tag, dialog.from_tag))
        if found is None or who.device is None:
            return None
        token, ident = found
        account = device_key(company, who.device)
        told = (one for one in self.held_by(account) if one.key[:TOKEN_LENGTH] == token)
        for resource in (resource for one in told for resource in self._takeable(one)):
            for device in self._devices(resource):
                for leg in self._board.legs_of(company, device):
                    talk = self._talk(company, leg)
                    if talk is not None and talk.ident == ident and talk.takeable:
                        return leg
        return None

    def _takeable(self, one: Subscription) -> Iterable[str]:
        if is_owned(one.resource, ROLL):
            return [m.resource for m in self.members(one.resource, one.account) if m.detail == Detail.TAKE]
        return [one.resource] if one.detail == Detail.TAKE else []

    def _devices(self, resource: str) -> tuple[str, ...]:
        company, ref = split_resource(resource)
        return (ref.id,) if ref.kind == "device" else self._house.book(company).devices_of(ref)

    def _other(self, company: str, live: Live, leg: Leg) -> Who | None:
        other = live.state.facing(leg.id)
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
        people = self._resources(change.company, [Ref(each.kind, each.id) for each in change.changes])
        return people | self._affairs(change)

    def _resources(self, company: str, refs: Iterable[Ref]) -> frozenset[str]:
        found = set(refs)
        if company in self._house.companies:
            book = self._house.book(company)
            owners = (book.owner_of(ref.id) for ref in tuple(found) if ref.kind == "device")
            found.update(owner for owner in owners if owner is not None)
        return frozenset(resource_key(company, ref) for ref in found if ref.kind in KINDS)

    def _affairs(self, change: Published) -> frozenset[str]:
        """Lists and features of the people whose records have changed."""
        owners = [Ref(each.kind, each.id) for each in change.changes if each.kind in {"user", "phone"}]
        return frozenset(owned_key(change.company, prefix, who) for who in owners for prefix in (ROLL, FEATURES))

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
