"""One record of a company: from its file form to typed values and the references that it holds.

This module must never look at other records.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.schema import Key, Kind, Schema
from vorzimmer.directory.types import TARGET_KINDS
from vorzimmer.directory.walk import Leaf, leaves
from vorzimmer.kernel.errors import VorzimmerError


class BadRecordError(VorzimmerError):
    """A record that does not fit its type (an older version's, or written past admin)."""


class Change(msgspec.Struct, frozen=True):
    """One record put (`record` is its JSON-able file form) or removed (None). Carried from admin to control."""

    kind: str
    id: str
    record: dict[str, Any] | None


class Referrer(NamedTuple):
    """Somebody who names somebody else: `via` is the place in the owner's record, e.g. ``executive.assistants``."""

    owner: Ref
    via: str


@dataclass(frozen=True, slots=True)
class NumberEntry:
    """Where a number of the company leads. `position` 0 is the owner's primary number."""

    number: str
    owner: Ref
    label: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in the book: `core` is its kind's Struct, `sections` the features' Structs that the file names, `data`
    the file form, `refs` whom it names where, `order` its place in the file."""

    ref: Ref
    core: msgspec.Struct
    sections: dict[str, msgspec.Struct]
    data: dict[str, Any]
    refs: tuple[tuple[Ref, str], ...]
    numbers: tuple[NumberEntry, ...] = ()
    dialable: bool = False
    order: int = 0


def read_entry(schema: Schema, change: Change) -> Entry:
    """The typed entry of a put. Raises msgspec.ValidationError, KeyError (unknown kind)."""
    kind, data = schema.by_kind[change.kind], change.record or {}
    keys = schema.keys_on[change.kind]
    own = {name: value for name, value in data.items() if name not in keys}
    sections = {name: key.read(data[name]) for name, key in keys.items() if name in data}
    ref = Ref(change.kind, change.id)
    core = msgspec.convert(own, kind.type)
    numbers = _numbers(ref, core) if kind.dialable else ()
    return Entry(ref, core, sections, data, references(schema, kind, data), numbers, kind.dialable)


def _numbers(owner: Ref, core: msgspec.Struct) -> tuple[NumberEntry, ...]:
    specs = enumerate(getattr(core, "numbers", ()))
    return tuple(NumberEntry(spec.number, owner, spec.label, position) for position, spec in specs)


def key_leaves(key: Key[Any], value: object, meaning: str) -> list[Leaf]:
    """Leaves of a feature's section; paths start with the section's name and never show a bare field."""
    wrapped = {key.bare: value} if key.bare else value
    skip = 1 if key.bare else 0
    found = leaves(wrapped, key.type, meaning)
    return [Leaf((key.name, *leaf.path[skip:]), leaf.extra, leaf.value) for leaf in found]


def record_leaves(schema: Schema, kind: Kind[Any], data: dict[str, Any], meaning: str) -> list[Leaf]:
    """All leaves of a record with a meaning: the kind's own and those of the sections it has."""
    found = list(leaves(data, kind.type, meaning))
    for name, key in schema.keys_on[kind.name].items():
        if name in data:
            found.extend(key_leaves(key, data[name], meaning))
    return found


def references(schema: Schema, kind: Kind[Any], data: dict[str, Any]) -> tuple[tuple[Ref, str], ...]:
    """Whom a record names, and where: the place is the path without positions and map keys of references."""
    found = [(ref, _place(leaf)) for leaf in record_leaves(schema, kind, data, "ref") if (ref := reference(leaf))]
    found += [(ref, _place(leaf)) for leaf in record_leaves(schema, kind, data, "target") if (ref := _aim(leaf.value))]
    return tuple(dict.fromkeys(found))


def reference(leaf: Leaf) -> Ref | None:
    """The reference in a leaf marked ``ref``: typed (``kind:id``) or a plain id of the one kind that is meant."""
    kinds: tuple[str, ...] = leaf.extra["ref"]
    text = str(leaf.value)
    if not leaf.extra.get("typed"):
        return Ref(kinds[0], text)
    kind, colon, ident = text.partition(":")
    return Ref(kind, ident) if colon and ident and kind in kinds else None


def _aim(value: object) -> Ref | None:
    kind, colon, ident = str(value).partition(":")
    return Ref(kind, ident) if colon and ident and kind in TARGET_KINDS else None


def _place(leaf: Leaf) -> str:
    steps = [step for step in leaf.path if isinstance(step, str)]
    if leaf.path and leaf.path[-1] == leaf.value:
        steps = steps[:-1]
    return ".".join(steps)
