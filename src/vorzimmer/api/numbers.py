"""Every number and extension of a company with whom it leads to, and what is free; the directory of colleagues.

Where a call to a number would go is asked of ``explain``. This module must never show a setting.
"""

from collections import OrderedDict
from collections.abc import Iterator
from heapq import merge
from itertools import chain, islice
from typing import Annotated, Any, Final

from fastapi import Query
from starlette.responses import Response

from vorzimmer.api.access import guarded
from vorzimmer.api.answers import json_answer
from vorzimmer.api.history import named
from vorzimmer.api.house import Asking
from vorzimmer.api.listing import MAX_PAGE, Wish, cursor_of, page
from vorzimmer.api.live_shapes import CardPage, FreeNumbers, NumberPage
from vorzimmer.api.problems import ApiError
from vorzimmer.api.shelves import folded, key_of
from vorzimmer.directory.keys import COMPANY
from vorzimmer.directory.numbers import NumberPlan, hides_emergency
from vorzimmer.directory.record import Entry
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.trunk.settings import TRUNK

router = guarded("numbers")
_DIALABLE: Final = tuple(kind for kind in SCHEMA.kinds if kind.dialable)
_COMPANIES: Final = 50
_RANGE: Final = 10_000
"""Numbers of one range that are looked at."""
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]
Search = Annotated[str, Query(max_length=100)]
Cursor = Annotated[str, Query(max_length=100, description="`next` of the page before")]


@router.get("/companies/{company}/numbers", summary="Numbers and extensions", response_model=NumberPage)
async def numbers(company: str, ask: Asking, q: Search = "", cursor: Cursor = "", limit: Limit = 50) -> Response:
    """Extensions first, then numbers, in order. Where one leads: ask `explain` with it as `to`."""
    book = ask.book(company)
    words = folded(q).split()
    kept: Numbers = ask.request.app.state.numbers
    rows = kept.of(company, book)
    found = [row for row in rows if all(word in row["words"] or word in row["number"] for word in words)]
    return json_answer(_page(found, cursor, limit))


class Numbers:
    """The numbers of companies, kept until something that has numbers changes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[list[Any], list[dict[str, Any]]]] = OrderedDict()

    def of(self, company: str, book: Snapshot) -> list[dict[str, Any]]:
        """All of a company, in order."""
        made_of = [book.maps.kinds.get(kind.name) for kind in (*_DIALABLE, TRUNK, COMPANY)]
        known = self._kept.get(company)
        if known is None or any(old is not new for old, new in zip(known[0], made_of, strict=True)):
            rows = sorted(_rows(book), key=lambda row: (row["kind"], len(row["number"]), row["number"]))
            known = self._kept[company] = (made_of, rows)
        self._kept.move_to_end(company)
        if len(self._kept) > _COMPANIES:
            self._kept.popitem(last=False)
        return known[1]


def _page(rows: list[dict[str, Any]], cursor: str, limit: int) -> dict[str, Any]:
    """A page after the row that the cursor names."""
    start = 0
    if cursor:
        places = [place for place, row in enumerate(rows) if row["number"] == cursor]
        if not places:
            raise ApiError("bad-cursor")
        start = places[0] + 1
    shown = [{name: value for name, value in row.items() if name != "words"} for row in rows[start : start + limit]]
    more = start + limit < len(rows)
    return {"items": shown, "next": shown[-1]["number"] if more else None, "total": len(rows)}


def _rows(book: Snapshot) -> Iterator[dict[str, Any]]:
    for entry in _dialable(book):
        name = folded(book.name_of(entry.ref))
        owner = {"ref": str(entry.ref), "name": book.name_of(entry.ref), "number": book.extension_of(entry.ref)}
        if extension := book.extension_of(entry.ref):
            yield {"number": extension, "kind": "extension", "label": "", "owner": owner, "trunk": None, "words": name}
        for number in entry.numbers:
            words = f"{name} {folded(number.label)}"
            trunk = _trunk(book, number.number)
            row = {"number": number.number, "kind": "number", "label": number.label, "owner": owner, "trunk": trunk}
            yield {**row, "words": words}
    main = book.company.main_number
    if main is not None and book.at_number(main) is None:
        trunk = _trunk(book, main)
        yield {"number": main, "kind": "number", "label": "", "owner": None, "trunk": trunk, "words": ""}


def _dialable(book: Snapshot) -> Iterator[Entry]:
    return chain.from_iterable(book.entries(kind.name) for kind in _DIALABLE)


def _trunk(book: Snapshot, number: str) -> str | None:
    for trunk in book.all(TRUNK):
        if any(spec.covers(number) for spec in trunk.numbers):
            return trunk.id
    return None


@router.get("/companies/{company}/free-numbers", summary="Free extensions and numbers", response_model=FreeNumbers)
async def free(
    company: str,
    ask: Asking,
    begins: Annotated[str, Query(max_length=20, pattern=r"^\+?[0-9]*$", description="First digits")] = "",
    limit: Limit = 20,
) -> Response:
    """Extensions that nobody has and that hide no emergency number, and numbers of trunks that lead nowhere."""
    book = ask.book(company)
    extensions = (one for one in _extensions(book) if one.startswith(begins))
    spare = (one for one in _spare(book) if one.startswith(begins))
    return json_answer({"extensions": list(islice(extensions, limit)), "numbers": list(islice(spare, limit))})


def _extensions(book: Snapshot) -> Iterator[str]:
    plan = NumberPlan.of(book.company)
    for length in range(plan.shortest, min(plan.longest, 5) + 1):
        for number in range(10 ** (length - 1), 10**length):
            text = str(number)
            taken = book.at_extension(text) is not None or bool(hides_emergency(text, plan.country))
            if not taken and not (plan.outside_prefix and text.startswith(plan.outside_prefix)):
                yield text


def _spare(book: Snapshot) -> Iterator[str]:
    for trunk in book.all(TRUNK):
        for spec in trunk.numbers:
            first, last = spec.number or spec.from_, spec.number or spec.to
            if first is None or last is None:
                continue
            width = len(first) - 1
            for number in range(int(first[1:]), min(int(last[1:]), int(first[1:]) + _RANGE) + 1):
                text = f"+{number:0{width}d}"
                if book.at_number(text) is None and text != book.company.main_number:
                    yield text


@router.get("/companies/{company}/directory", summary="The directory of colleagues and groups", response_model=CardPage)
async def directory(company: str, ask: Asking, q: Search = "", cursor: Cursor = "", limit: Limit = 50) -> Response:
    """Whom one can dial inside: names, extensions and numbers, no settings."""
    book, shelves, wish = ask.book(company), ask.request.app.state.shelves, Wish(q, "name", cursor, limit + 1)
    pages = [page(shelves.at(company, kind.name).sorted(book, kind.name, "name"), wish, None) for kind in _DIALABLE]
    rows = list(islice(merge(*(found.rows for found in pages), key=lambda row: key_of(row, "name")), limit + 1))
    told = {"items": [_card(book, row.entry) for row in rows[:limit]], "total": sum(found.total for found in pages)}
    return json_answer(told | {"next": cursor_of("name", rows[limit - 1]) if len(rows) > limit else None})


def _card(book: Snapshot, entry: Entry) -> dict[str, Any]:
    who, core = named(book, str(entry.ref)), entry.core
    numbers = [number.number for number in entry.numbers]
    return {
        "ref": who["ref"],
        "name": who["name"],
        "kind": entry.ref.kind,
        "extension": book.extension_of(entry.ref),
        "numbers": numbers,
        "site": getattr(core, "site", None),
        "department": getattr(core, "department", None),
        "email": getattr(core, "email", None),
    }
