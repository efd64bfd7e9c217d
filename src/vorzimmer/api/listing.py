"""Pages of records: search, filters, order and cursor, the same for every kind.

A cursor names the last row that was seen, not a position, so that nothing is left out or shown twice while others add
and remove. This module must never show what the asker may not read.
"""

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from vorzimmer.api.problems import ApiError, FieldError
from vorzimmer.api.shelves import Key, Row, Sorted, folded, key_of, value_at
from vorzimmer.api.texts import Words

MAX_PAGE: Final = 200
RESERVED: Final = frozenset({"q", "sort", "cursor", "limit"})
Sees = Callable[[Row], bool]


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor holds: the order it belongs to, and the key of the last row that was seen."""

    order: str
    rank: int
    value: bool | int | float | str
    id: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What a list is asked for. `sort` may begin with ``-``; `fields` are filters, dotted path -> text."""

    q: str = ""
    sort: str = ""
    cursor: str = ""
    limit: int = 50
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a page, the cursor of the next one, and how many rows there are in all."""

    rows: list[Row]
    next: str | None
    total: int


def page(shelf: Sorted, wish: Wish, sees: Sees | None) -> Page:
    """The page that is wished for, of what the asker sees. Raises ApiError ``bad-cursor``."""
    order, down = wish.sort.removeprefix("-"), wish.sort.startswith("-")
    wanted = _wanted(wish, sees)
    rows = shelf.rows if wanted is None else [row for row in shelf.rows if wanted(row)]
    start = 0
    if wish.cursor:
        keys = shelf.keys if wanted is None else [key_of(row, order) for row in rows]
        start = _start(keys, _mark(wish), down=down)
    rows = rows[::-1] if down else rows
    shown = rows[start : start + wish.limit]
    more = start + wish.limit < len(rows)
    return Page(shown, cursor_of(wish.sort, shown[-1]) if more else None, len(rows))


def _wanted(wish: Wish, sees: Sees | None) -> Sees | None:
    words = folded(wish.q).split()
    fields = list(wish.fields.items())
    if not (words or fields or sees):
        return None

    def wanted(row: Row) -> bool:
        for word in words:  # asked of every row: no generators
            if word not in row.words:
                return False
        for path, text in fields:
            value = value_at(row.entry.data, path) if "." in path else row.entry.data.get(path)
            if value != text and (isinstance(value, str) or not _matches(value, text)):
                return False
        return sees is None or sees(row)

    return wanted


def _matches(value: Any, text: str) -> bool:
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, list | tuple):
        return any(_matches(one, text) for one in value)
    return text == ("" if value is None else str(value))


def _start(keys: list[Key], mark: Mark, *, down: bool) -> int:
    seen: Key = ((mark.rank, mark.value), mark.id)
    try:
        return len(keys) - bisect_left(keys, seen) if down else bisect_right(keys, seen)
    except TypeError:
        raise ApiError("bad-cursor") from None


def cursor_of(sort: str, row: Row) -> str:
    """The cursor of the page after a row."""
    (rank, value), _ = key_of(row, sort.removeprefix("-"))
    mark = msgspec.json.encode(Mark(sort, rank, value, row.entry.ref.id))
    return base64.urlsafe_b64encode(mark).decode().rstrip("=")


def _mark(wish: Wish) -> Mark:
    try:
        padded = wish.cursor + "=" * (-len(wish.cursor) % 4)
        mark = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=Mark)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise ApiError("bad-cursor") from None
    if mark.order != wish.sort:
        raise ApiError("bad-cursor")
    return mark


def wish_of(params: Mapping[str, str], fields: frozenset[str]) -> Wish:
    """A wish from a request's parameters; `fields` are the first steps that a path may have. Raises ApiError."""
    faults = [name for name in params if name not in RESERVED and name.partition(".")[0] not in fields]
    sort = params.get("sort", "")
    if sort and sort.removeprefix("-").partition(".")[0] not in fields:
        faults.append("sort")
    limit = params.get("limit", "50")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MAX_PAGE):
        faults.append("limit")
    if faults:
        raise ApiError("bad-request", errors=[FieldError(_ALLOWED.get(n, _UNKNOWN), parameter=n) for n in faults])
    paths = {name: value for name, value in params.items() if name not in RESERVED}
    return Wish(params.get("q", ""), sort, params.get("cursor", ""), int(limit), paths)


_UNKNOWN: Final = Words("Dieses Feld gibt es hier nicht.", "There is no such field here.")
_ALLOWED: Final = {"limit": Words(f"Erlaubt ist 1 bis {MAX_PAGE}.", f"Allowed is 1 to {MAX_PAGE}.")}
