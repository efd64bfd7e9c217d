"""The book: a company's immutable, indexed Snapshot of settings, published anew after each committed change.

Persistent maps (`immutables.Map`) make a change cost the same for 100 users and for 100,000. This module must never run
SQL, mutate a published Snapshot, or know a feature by name: features bring their typed keys and kinds.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec
from immutables import Map

from vorzimmer.directory.agenda import Agenda
from vorzimmer.directory.bulk import resting_collector
from vorzimmer.directory.index import Indexes, Maps
from vorzimmer.directory.keys import COMPANY, DEVICE, SCHEDULE, USER
from vorzimmer.directory.model import Company, Device
from vorzimmer.directory.record import BadRecordError, Change, Entry, NumberEntry, Referrer, read_entry
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.schema import Key, Kind, Schema
from vorzimmer.directory.timetable import Schedule
from vorzimmer.directory.walk import show

__all__ = ["BadRecordError", "Change", "Key", "Kind", "NumberEntry", "Referrer", "Snapshot"]

T = TypeVar("T")
Zones = Callable[[str], tzinfo]


@lru_cache(maxsize=512)
def _defaults(key: Key[Any]) -> Any:
    return key.type()


def _no_agendas() -> Map[str, Agenda]:
    return Map()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of one company. Every method is a lookup in memory: no I/O, no copying.

    `zones` turns a time zone's name into rules; it comes from outside because those are files. `revision` counts the
    committed changes. `own` is the company's own record, which is asked for in every decision (see ``company``).
    `agendas` are the schedules made ready to be asked, which keep the days that they have reckoned.
    """

    schema: Schema
    zones: Zones
    maps: Maps
    revision: int = 0
    zone: tzinfo | None = None
    own: Company | None = None
    agendas: Map[str, Agenda] = field(default_factory=_no_agendas)

    @classmethod
    def empty(cls, schema: Schema, zones: Zones) -> "Snapshot":
        """A book without a company; the first change brings the company's record."""
        return cls(schema, zones, Maps())

    @classmethod
    def of(cls, schema: Schema, zones: Zones, records: Iterable[Change]) -> "Snapshot":
        """A book of all records of a company. Raises BadRecordError."""
        with resting_collector():
            return cls.empty(schema, zones).apply(records)

    @property
    def company(self) -> Company:
        """The company's own record. Raises LookupError in an empty book."""
        if self.own is None:
            raise LookupError("no company in this book")
        return self.own

    def entry(self, ref: Ref) -> Entry | None:
        """The record of anything, with its file form (`data`)."""
        return self.maps.entry(ref)

    def get(self, key: Key[T], owner: Ref) -> T:
        """The owner's own section, else the defaults of `key.type`."""
        entry = self.maps.entry(owner)
        section = entry.sections.get(key.name) if entry else None
        return section if isinstance(section, key.type) else cast(T, _defaults(key))

    def has(self, key: Key[Any], owner: Ref) -> bool:
        """Whether the owner's file names this section at all."""
        entry = self.maps.entry(owner)
        return entry is not None and key.name in entry.sections

    def find(self, kind: Kind[T], ident: str) -> T | None:
        """One record by its id."""
        entry = self.maps.entry(Ref(kind.name, ident))
        return entry.core if entry and isinstance(entry.core, kind.type) else None

    def all(self, kind: Kind[T]) -> Iterator[T]:
        """All records of a kind in the order in which they were first put. Costs in proportion to their number."""
        for entry in self.entries(kind.name):
            if isinstance(entry.core, kind.type):
                yield entry.core

    def entries(self, kind: str) -> list[Entry]:
        """All entries of a kind in the order in which they were first put."""
        return sorted(self.maps.kinds.get(kind, Map()).values(), key=lambda entry: entry.order)

    def exists(self, ref: Ref) -> bool:
        """Whether `ref` leads to something: a record, a mailbox of an existing user, or any outside number."""
        if ref.kind == "number":
            return True
        kind = USER.name if ref.kind == "voicemail" else ref.kind
        return self.maps.entry(Ref(kind, ref.id)) is not None

    def name_of(self, ref: Ref) -> str:
        """The display name of anything; its id (for an outside number: the number) where it has none."""
        entry = self.maps.entry(Ref(USER.name, ref.id) if ref.kind == "voicemail" else ref)
        return str(getattr(entry.core, "name", "") or ref.id) if entry else ref.id

    def extension_of(self, ref: Ref) -> str | None:
        """The extension of anything dialable."""
        entry = self.maps.entry(ref)
        return getattr(entry.core, "extension", None) if entry else None

    def numbers_of(self, ref: Ref) -> tuple[NumberEntry, ...]:
        """The direct numbers of an owner, the primary one first."""
        entry = self.maps.entry(ref)
        return entry.numbers if entry else ()

    def at_extension(self, extension: str) -> Ref | None:
        """Who has this extension."""
        return self.maps.extensions.get(extension)

    def at_number(self, e164: str) -> NumberEntry | None:
        """Whose direct number this is."""
        return self.maps.numbers.get(e164)

    def devices_of(self, owner: Ref) -> tuple[str, ...]:
        """Ids of the owner's devices in file order; switched-off ones are left out."""
        return self.maps.devices.get(owner, ())

    def owner_of(self, device: str) -> Ref | None:
        """Whom a device belongs to."""
        found = self.find(DEVICE, device)
        return Ref.parse(found.owner) if isinstance(found, Device) else None

    def devices_at(self, username: str) -> tuple[str, ...]:
        """Ids of the devices with this SIP user name, switched-off ones too; case does not count."""
        return self.maps.accounts.get(username.lower(), ())

    def referrers(self, ref: Ref, via: str | None = None) -> tuple[Referrer, ...]:
        """Who names `ref`, in a stable order. `via` narrows it to one place of the file without positions, such as
        ``executive.assistants`` (whose assistant is this user) or ``members``."""
        named = self.maps.referrers.get(ref, Map())
        found = (Referrer(owner, place) for owner, places in named.items() for place in places)
        wanted = (r for r in found if via is None or r.via == via)
        return tuple(sorted(wanted, key=lambda r: (self.maps.order_of(r.owner), r.via)))

    def setting(self, owner: Ref, path: str = "") -> str:
        """The path of a setting in the company file: ``users[anna].forwarding.no_answer.to``."""
        kind = self.schema.by_kind.get(owner.kind)
        return show(kind.section if kind else owner.kind, owner.id, (path,) if path else ())

    def local(self, moment: datetime) -> datetime:
        """An aware moment in the company's time zone."""
        return moment.astimezone(self.zone)

    def agenda(self, schedule: str) -> Agenda | None:
        """A schedule, ready to be asked whether it holds."""
        return self.agendas.get(schedule)

    def apply(self, changes: Iterable[Change]) -> "Snapshot":
        """The next Snapshot. Costs in proportion to the changes, whatever the company's size. Raises BadRecordError for
        a record that does not fit its type; then nothing has changed."""
        indexes = Indexes(self.maps)
        for change in changes:
            self._apply(change, indexes)
        maps = indexes.finish()
        zone, own = self._zone(maps), _own(maps)
        agendas = self._agendas(maps, zone, own)
        return Snapshot(self.schema, self.zones, maps, self.revision + 1, zone, own, agendas)

    def at_revision(self, revision: int) -> "Snapshot":
        """The same book with the store's number of its revision."""
        return Snapshot(self.schema, self.zones, self.maps, revision, self.zone, self.own, self.agendas)

    def _apply(self, change: Change, indexes: Indexes) -> None:
        if change.record is None:
            indexes.remove(Ref(change.kind, change.id))
            return
        try:
            indexes.put(read_entry(self.schema, change))
        except (msgspec.ValidationError, KeyError) as error:
            raise BadRecordError(f"{change.kind}:{change.id}: {error}") from error

    def _agendas(self, maps: Maps, zone: tzinfo | None, own: Company | None) -> Map[str, Agenda]:
        """Those of schedules that stay as they are keep their days."""
        entries = maps.kinds.get(SCHEDULE.name, Map())
        country = own.country if own is not None else ""
        same = zone is self.zone and self.own is not None and country == self.own.country
        if same and entries is self.maps.kinds.get(SCHEDULE.name, Map()):
            return self.agendas
        found = {}
        for ident, entry in entries.items():
            assert isinstance(entry.core, Schedule)
            old = self.agendas.get(ident) if same else None
            fits = old is not None and old.schedule is entry.core
            found[ident] = old if old is not None and fits else Agenda(entry.core, zone or UTC, country)
        return Map(found)

    def _zone(self, maps: Maps) -> tzinfo | None:
        if maps.kinds.get(COMPANY.name) is self.maps.kinds.get(COMPANY.name):
            return self.zone
        for entry in maps.kinds.get(COMPANY.name, Map()).values():
            return self.zones(entry.data.get("timezone") or _timezone_default())
        return None


def _own(maps: Maps) -> Company | None:
    for entry in maps.kinds.get(COMPANY.name, Map()).values():
        assert isinstance(entry.core, Company)
        return entry.core
    return None


def _timezone_default() -> str:
    return next(str(f.default) for f in msgspec.structs.fields(Company) if f.name == "timezone")
