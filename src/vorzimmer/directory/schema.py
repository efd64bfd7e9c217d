"""Keys and kinds: how features bring their settings to the book without the book knowing a feature by name.

A record of the company file is the `type` of its Kind plus the sections of all Keys that are `on` that kind. This
module must never know a feature's name; the one visible list is ``features/catalogue.py``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec

from vorzimmer.directory.types import Section

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Key(Generic[T]):
    """A feature's settings on one kind of owner: section `name` of the owner's record in the company file.

    `on` lists the kinds that carry it ("user", "phone", "site", "company" ...). `type` is a frozen msgspec Struct with
    a default for every field, so that an absent section means the defaults of FEATURES.md. `acts` False while the
    feature is not built yet (`explain` says *set, not acting yet*). `bare` names the only field of `type` where the
    file writes the value without braces (``dnd: false``, ``accept: []``). `place` says where the portal shows it:
    ``reach`` (how I am reached), ``calls`` (my own calls), "" nowhere yet.
    """

    name: str
    type: type[T]
    on: tuple[str, ...]
    acts: bool = True
    bare: str | None = None
    place: str = ""

    def read(self, value: object) -> T:
        """The typed section of a file value; raises msgspec.ValidationError."""
        return msgspec.convert({self.bare: value} if self.bare else value, self.type)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A kind of record with a list of its own in the company file, e.g. Kind("hunt", "hunt_groups", HuntGroup).

    `id_field` is the file's key that identifies a record in its list. `dialable` kinds put their ``extension`` and
    ``numbers`` into the book's indexes.
    """

    name: str
    section: str
    type: type[T]
    acts: bool = True
    id_field: str = "id"
    dialable: bool = False


@dataclass(frozen=True)
class Schema:
    """All kinds and keys of the product. `kinds` is in the order in which a file is written and applied."""

    kinds: tuple[Kind[Any], ...]
    keys: tuple[Key[Any], ...]

    @cached_property
    def by_kind(self) -> dict[str, Kind[Any]]:
        """Kinds by name."""
        return {kind.name: kind for kind in self.kinds}

    @cached_property
    def by_section(self) -> dict[str, Kind[Any]]:
        """Kinds by the name of their section in the file."""
        return {kind.section: kind for kind in self.kinds}

    @cached_property
    def keys_on(self) -> dict[str, dict[str, Key[Any]]]:
        """Kind name -> section name -> key."""
        return {kind.name: {k.name: k for k in self.keys if kind.name in k.on} for kind in self.kinds}

    def types(self) -> Iterable[type[Section]]:
        """The Struct types of all kinds and keys."""
        return [*(kind.type for kind in self.kinds), *(key.type for key in self.keys)]
