"""Who changed what, when, from where: before and after, line by line.

Secrets are not in it, only that one was changed. This module must never forget an entry that somebody may ask for.
"""

from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from vorzimmer.admin.diff import lines_of
from vorzimmer.admin.public import shown
from vorzimmer.api.access import guarded
from vorzimmer.api.answers import json_answer
from vorzimmer.api.history import moment
from vorzimmer.api.house import Asking
from vorzimmer.api.listing import MAX_PAGE
from vorzimmer.api.problems import ApiError
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.repository import AuditEntry
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.features.catalogue import SCHEMA

router = guarded("audit")
_CHUNK: Final = 500
_MOST_CHUNKS: Final = 20
"""Entries that one request looks through for a filter."""


class AuditRow(BaseModel):
    """One change of one record. `before` is null where it was created, `after` where it was removed."""

    number: int
    at: str
    actor: str
    origin: str
    section: str
    id: str
    changes: list[str]
    secrets: list[str]
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditPage(BaseModel):
    """A page of the audit, the newest first."""

    items: list[AuditRow]
    next: str | None


@router.get("/companies/{company}/audit", summary="Who changed what", response_model=AuditPage)
async def audit(  # noqa: PLR0917 -- one parameter for each filter
    company: str,
    ask: Asking,
    section: Annotated[str, Query(max_length=64)] = "",
    id: Annotated[str, Query(max_length=80, description="Of the record")] = "",  # noqa: A002 -- the record's own word
    actor: Annotated[str, Query(max_length=200, description="user:ID, provider …")] = "",
    cursor: Annotated[str, Query(max_length=20, pattern="^[0-9]*$", description="`next` of the page before")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> Response:
    """The newest first. A filter looks through 10,000 entries at most; go on with `next`."""
    book = ask.book(company)
    kind = SCHEMA.by_section.get(section)
    if section and kind is None:
        raise ApiError("not-found")
    wanted = (kind.name if kind is not None else "", id, actor)
    found: list[tuple[int, AuditEntry]] = []
    before, more = int(cursor) if cursor else None, True
    for _ in range(_MOST_CHUNKS):
        rows = await ask.house.office.audit(company, _CHUNK, before)
        more = len(rows) == _CHUNK
        found += [row for row in rows if _meant(row[1], wanted)]
        if not more or len(found) > limit:
            break
        before = rows[-1][0]
    shown_rows = found[:limit]
    following = str(shown_rows[-1][0]) if len(found) > limit else str(before) if more and before is not None else None
    return json_answer({"items": [_row(book, *row) for row in shown_rows], "next": following})


def _meant(entry: AuditEntry, wanted: tuple[str, str, str]) -> bool:
    here = (entry.kind, entry.id, entry.actor)
    return all(wish in {"", found} for wish, found in zip(wanted, here, strict=True))


def _row(book: Snapshot, number: int, entry: AuditEntry) -> dict[str, Any]:
    kind = SCHEMA.by_kind.get(entry.kind)
    sides = [shown(SCHEMA, kind, side) if kind is not None and side is not None else side for side in _sides(entry)]
    same = entry.before == entry.after
    lines = [] if kind is None or same else lines_of(SCHEMA, Ref(entry.kind, entry.id), *_sides(entry))
    return {
        "number": number,
        "at": moment(entry.at.timestamp(), book),
        "actor": entry.actor,
        "origin": entry.origin,
        "section": kind.section if kind is not None else entry.kind,
        "id": entry.id,
        "changes": lines,
        "secrets": list(entry.secrets),
        "before": sides[0],
        "after": sides[1],
    }


def _sides(entry: AuditEntry) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    return entry.before, entry.after
