"""The book's persistent maps, and the one way to change them.

A put first takes the old entry's traces out, then adds the new one's; both cost in proportion to the record. This
module must never touch a Maps value that somebody may hold: it works on mutations and returns a new value.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from immutables import Map

from vorzimmer.directory.keys import DEVICE
from vorzimmer.directory.model import Device
from vorzimmer.directory.record import Entry, NumberEntry
from vorzimmer.directory.ref import Ref

Kinds = Map[str, Map[str, Entry]]


def _empty() -> Map[Any, Any]:
    return Map()


@dataclass(frozen=True, slots=True)
class Maps:
    """Kind, id -> entry; extension -> owner; number -> entry; owner -> device ids; named -> who names it -> places;
    account -> device ids."""

    kinds: Kinds = field(default_factory=_empty)
    extensions: Map[str, Ref] = field(default_factory=_empty)
    numbers: Map[str, NumberEntry] = field(default_factory=_empty)
    devices: Map[Ref, tuple[str, ...]] = field(default_factory=_empty)
    referrers: Map[Ref, Map[Ref, tuple[str, ...]]] = field(default_factory=_empty)
    accounts: Map[str, tuple[str, ...]] = field(default_factory=_empty)
    next_order: int = 0

    def entry(self, ref: Ref) -> Entry | None:
        """The record of anything."""
        kind = self.kinds.get(ref.kind)
        return kind.get(ref.id) if kind is not None else None

    def order_of(self, ref: Ref) -> int:
        """The place of a record in the file; what does not exist comes first."""
        entry = self.entry(ref)
        return entry.order if entry else -1


class Indexes:
    """A change of Maps under way. Use it once, then `finish`."""

    def __init__(self, maps: Maps) -> None:
        self._maps = maps
        self._kinds: dict[str, Any] = {}
        self._extensions = maps.extensions.mutate()
        self._numbers = maps.numbers.mutate()
        self._devices = maps.devices.mutate()
        self._referrers = maps.referrers.mutate()
        self._accounts = maps.accounts.mutate()
        self._next = maps.next_order

    def put(self, entry: Entry) -> None:
        """Add or replace a record; a replaced one keeps its place."""
        kind = self._kind(entry.ref.kind)
        old = kind.get(entry.ref.id)
        if old is not None:
            self._forget(old)
        order = old.order if old is not None else self._take_order()
        entry = replace(entry, order=order)
        kind[entry.ref.id] = entry
        self._remember(entry)

    def remove(self, ref: Ref) -> None:
        """Take a record out; one that is not there is left alone."""
        kind = self._kind(ref.kind)
        old = kind.get(ref.id)
        if old is not None:
            self._forget(old)
            del kind[ref.id]

    def finish(self) -> Maps:
        """The new maps."""
        kinds = self._maps.kinds.mutate()
        for name, mutation in self._kinds.items():
            kinds[name] = mutation.finish()
        return Maps(
            kinds.finish(),
            self._extensions.finish(),
            self._numbers.finish(),
            self._devices.finish(),
            self._referrers.finish(),
            self._accounts.finish(),
            self._next,
        )

    def _kind(self, name: str) -> Any:
        if name not in self._kinds:
            self._kinds[name] = self._maps.kinds.get(name, Map()).mutate()
        return self._kinds[name]

    def _take_order(self) -> int:
        self._next += 1
        return self._next - 1

    def _remember(self, entry: Entry) -> None:
        for ref, place in entry.refs:
            named = self._referrers.get(ref, Map())
            self._referrers[ref] = named.set(entry.ref, (*named.get(entry.ref, ()), place))
        for number in entry.numbers:
            self._numbers[number.number] = number
        extension = getattr(entry.core, "extension", None)
        if entry.dialable and extension:
            self._extensions[extension] = entry.ref
        if isinstance(entry.core, Device):
            self._remember_device(entry.core)

    def _remember_device(self, device: Device) -> None:
        if device.username:
            name = device.username.lower()
            self._accounts[name] = (*self._accounts.get(name, ()), device.id)
        if device.enabled:
            self._add_device(Ref.parse(device.owner), device.id)

    def _add_device(self, owner: Ref, device: str) -> None:
        ids = [*self._devices.get(owner, ()), device]
        known = self._kind(DEVICE.name)
        self._devices[owner] = tuple(sorted(ids, key=lambda ident: known[ident].order))

    def _forget(self, entry: Entry) -> None:
        for ref in {ref: None for ref, _ in entry.refs}:
            self._forget_reference(ref, entry.ref)
        for number in entry.numbers:
            found = self._numbers.get(number.number)
            if found is not None and found.owner == entry.ref:
                del self._numbers[number.number]
        extension = getattr(entry.core, "extension", None)
        if entry.dialable and extension and self._extensions.get(extension) == entry.ref:
            del self._extensions[extension]
        if isinstance(entry.core, Device):
            _drop(self._accounts, (entry.core.username or "").lower(), entry.ref.id)
            _drop(self._devices, Ref.parse(entry.core.owner), entry.ref.id)

    def _forget_reference(self, named: Ref, owner: Ref) -> None:
        left = self._referrers[named].delete(owner)
        if left:
            self._referrers[named] = left
        else:
            del self._referrers[named]


def _drop(index: Any, key: object, ident: str) -> None:
    """Take one id out of an index of ids; the last one takes its key along."""
    ids = tuple(found for found in index.get(key, ()) if found != ident)
    if ids:
        index[key] = ids
    elif key in index:
        del index[key]
