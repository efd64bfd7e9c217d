"""The book: a company's immutable, indexed Snapshot of settings, published anew after each committed change.

CONTRACT SKETCH - names and signatures are fixed; filled in by the owner of ``directory``. Persistent maps
(`immutables.Map`) make a change cost the same for 100 users and for 100,000. This module must never run SQL, mutate a
published Snapshot, or know a feature by name: features bring their typed keys and kinds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from vorzimmer.directory.ref import Ref

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """A feature's settings on one kind of owner: section `name` of the owner's record in the company file.

    `on` lists the kinds that carry it ("user", "phone", "site", "company" ...). `type` is a frozen msgspec Struct with
    a default for every field, so that an absent section means the defaults of FEATURES.md. `acts` False while the
    feature is not built yet (`explain` says *set, not acting yet*).
    """

    name: str
    type: type[T]
    on: tuple[str, ...]
    acts: bool = True


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of record with a section (list) of its own in the company file, e.g. Kind("hunt", "hunt_groups", HuntGroup)."""

    name: str
    section: str
    type: type[T]
    acts: bool = True


class Change(msgspec.Struct, frozen=True):
    """One record put (`record` is its JSON-able file form) or removed (None). Carried from admin to control."""

    kind: str
    id: str
    record: dict[str, object] | None


@dataclass(frozen=True, slots=True)
class NumberEntry:
    """Where a number of the company leads. `position` 0 is the owner's primary number."""

    number: str
    owner: Ref
    label: str = ""
    position: int = 0


class Snapshot:
    """All of one company. Every method is a lookup in memory: no I/O, no copying.

    company -> Company; revision -> int; core kinds: Site, Department, Schedule, User, Phone, Device, Contact (model.py)
    """

    def get(self, key: Key[T], owner: Ref) -> T: ...  # the owner's own section, else defaults of key.type
    def find(self, kind: Kind[T], ident: str) -> T | None: ...
    def all(self, kind: Kind[T]) -> Iterator[T]: ...
    def exists(self, ref: Ref) -> bool: ...
    def name_of(self, ref: Ref) -> str: ...  # display name of anything
    def extension_of(self, ref: Ref) -> str | None: ...
    def numbers_of(self, ref: Ref) -> tuple[NumberEntry, ...]: ...
    def at_extension(self, extension: str) -> Ref | None: ...
    def at_number(self, e164: str) -> NumberEntry | None: ...
    def devices_of(self, owner: Ref) -> tuple[str, ...]: ...  # device ids in file order
    def owner_of(self, device: str) -> Ref | None: ...
    def apply(self, changes: Iterable[Change]) -> "Snapshot": ...
