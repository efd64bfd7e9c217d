"""Lists that are searched and sorted fast: what a record is looked for by, kept as long as the record is the same.

A book's records are values, so that a record which is the same object needs no second look; a list of 10,000 people is
sorted anew in a few milliseconds after one has changed. This module must never decide who may see a record.
"""

import unicodedata
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from vorzimmer.directory.record import Entry
from vorzimmer.directory.snapshot import Snapshot

_SEARCHED: Final = ("id", "name", "extension", "email", "mobile", "username", "owner", "company", "for", "site")
_SHELVES: Final = 200
"""Lists that are kept; beyond that the one that was not asked for longest is made anew when it is wanted."""
_ORDERS: Final = 8
"""Orders of one list that are kept."""
_FEW: Final = 200
"""So many changes are put into their places one by one."""


def folded(text: str) -> str:
    """A text for searching and sorting: small, without accents (*Müller* is found by *muller*)."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))


@dataclass(slots=True)
class Row:
    """A record with what it is looked for by."""

    entry: Entry
    words: str
    keys: dict[str, tuple[int, Any]] = field(default_factory=dict)


Key = tuple[tuple[int, Any], str]
"""By what a row is sorted: (rank of the type, value), then its id."""


@dataclass(slots=True)
class Sorted:
    """Rows in one order, with their keys beside them."""

    by: str
    keys: list[Key]
    rows: list[Row]

    @classmethod
    def of(cls, rows: Iterable[Row], by: str) -> "Sorted":
        """Rows by a field."""
        pairs = sorted((key_of(row, by), row) for row in rows)  # ids differ, so rows are never compared
        return cls(by, [key for key, _ in pairs], [row for _, row in pairs])

    def put(self, row: Row) -> None:
        """One row more."""
        place = bisect_left(self.keys, key := key_of(row, self.by))
        self.keys.insert(place, key)
        self.rows.insert(place, row)

    def drop(self, row: Row) -> None:
        """One row less."""
        place = bisect_left(self.keys, key_of(row, self.by))
        del self.keys[place], self.rows[place]


class Shelf:
    """One kind of one company. What has changed is put into its place; only after much is everything sorted anew."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._of: Any = None
        self._orders: OrderedDict[str, Sorted] = OrderedDict()

    def sorted(self, book: Snapshot, kind: str, by: str) -> Sorted:
        """The rows by a field (dots lead inside), by the order of the file where `by` is empty. Good until the next
        call."""
        now = book.maps.kinds.get(kind)
        if now is not self._of:
            self._refresh(now)
        known = self._orders.get(by)
        if known is None:
            known = self._orders[by] = Sorted.of(self._rows.values(), by)
        self._orders.move_to_end(by)
        if len(self._orders) > _ORDERS:
            self._orders.popitem(last=False)
        return known

    def _refresh(self, now: Any) -> None:
        rows, fresh, gone = self._rows, [], []
        for ident, entry in now.items() if now is not None else ():
            row = rows.get(ident)
            if row is not None and row.entry is entry:
                continue
            if row is not None:
                gone.append(row)
            rows[ident] = Row(entry, folded(" ".join(_words(entry))))
            fresh.append(rows[ident])
        if now is None or len(now) != len(rows):
            gone += [rows.pop(ident) for ident in list(rows) if now is None or ident not in now]
        self._of = now
        if len(fresh) + len(gone) > _FEW:
            self._orders.clear()
        for order in self._orders.values():
            for row in gone:
                order.drop(row)
            for row in fresh:
                order.put(row)


class Shelves:
    """All lists that somebody has asked for lately."""

    def __init__(self) -> None:
        self._shelves: OrderedDict[tuple[str, str], Shelf] = OrderedDict()

    def at(self, company: str, kind: str) -> Shelf:
        """The shelf of a kind of records of a company."""
        shelf = self._shelves.setdefault((company, kind), Shelf())
        self._shelves.move_to_end((company, kind))
        if len(self._shelves) > _SHELVES:
            self._shelves.popitem(last=False)
        return shelf


def _words(entry: Entry) -> Iterator[str]:
    for name in _SEARCHED:
        if isinstance(found := entry.data.get(name), str):
            yield found
    for number in entry.numbers:
        yield f"{number.number} {number.label}"


def key_of(row: Row, by: str) -> Key:
    """What a row is sorted by."""
    known = row.keys.get(by)
    if known is None:
        known = row.keys[by] = _rank(value_at(row.entry.data, by)) if by else (0, row.entry.order)
    return known, row.entry.ref.id


def value_at(data: Any, path: str) -> Any:
    """What stands at a dotted path of a record; None where nothing does."""
    for step in path.split("."):
        data = data.get(step) if isinstance(data, dict) else None
    return data


def _rank(value: Any) -> tuple[int, Any]:
    """Numbers before texts before everything else; what is not there comes last."""
    if isinstance(value, bool | int | float):
        return (0, value)
    if isinstance(value, str):
        return (1, folded(value))
    return (3, "") if value is None else (2, str(value))
