"""Many changes as one: an import, an edit of many people at once, an undo. Whole or not at all.

Each change passes the same door as a single one; what is wrong is pointed to change by change. This module must never
do half of what was asked.
"""

from collections.abc import Iterable
from typing import Any, Final, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from vorzimmer.admin.edit import Edit, ForbiddenError, StaleEditError
from vorzimmer.admin.problems import ProblemsError
from vorzimmer.api.access import guarded
from vorzimmer.api.answers import json_answer, json_of
from vorzimmer.api.changes import field_errors, made, pointer_to, refusal_of
from vorzimmer.api.companies import Applied
from vorzimmer.api.house import Asking, DryRun
from vorzimmer.api.openapi import schema_of
from vorzimmer.api.problems import ApiError, FieldError
from vorzimmer.api.texts import Words
from vorzimmer.directory.keys import COMPANY
from vorzimmer.directory.ref import Ref
from vorzimmer.features.catalogue import SCHEMA

router = guarded("batch")
MOST: Final = 1000
_SECTION: Final = Words("Diesen Abschnitt gibt es nicht.", "There is no such section.")
_TWICE: Final = Words("Derselbe Eintrag steht hier zweimal.", "The same record stands here twice.")
_STALE: Final = Words("Inzwischen geändert.", "Changed meanwhile.")
_GONE: Final = Words("Das gibt es nicht.", "There is no such thing.")
_THERE: Final = Words("Das gibt es schon.", "This exists already.")
_STATES: Final = {"create": "-", "replace": "*", "patch": "*", "remove": "*"}


class OneChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As ``ChangeOfOne`` describes it; read by msgspec, so that a thousand cost nothing."""

    op: Literal["create", "replace", "patch", "remove"]
    section: str
    id: str
    record: dict[str, Any] | None = None
    state: str | None = None


class ManyChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As ``Batch`` describes it."""

    changes: tuple[OneChange, ...]


class ChangeOfOne(BaseModel):
    """What one record shall be. `record` is the whole record, for patch what changes (RFC 7396). `state` is the ETag
    that it must have now; without it any state will do."""

    op: Literal["create", "replace", "patch", "remove"]
    section: str = Field(examples=["users"])
    id: str = Field(examples=["carl"])
    record: dict[str, Any] | None = Field(None, examples=[{"name": "Carl Vogt"}])
    state: str | None = None


class Batch(BaseModel):
    """Changes to be made whole or not at all."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"changes": [{"op": "create", "section": "users", "id": "carl", "record": {"name": "Carl Vogt"}}]}
            ]
        }
    )
    changes: list[ChangeOfOne] = Field(max_length=MOST)


@router.post(
    "/companies/{company}/changes",
    summary="Change many records at once",
    response_model=Applied,
    openapi_extra={"requestBody": schema_of(Batch)},
)
async def changes(company: str, ask: Asking, dry_run: DryRun = False) -> Response:
    """All of them or none: `errors` points to each wrong field as `/changes/N/record/…`. With `dry_run` a preview."""
    ask.book(company)
    wanted = _read(await json_of(ask.request))
    edits = _edits(company, wanted)
    try:
        outcome = await ask.house.office.change(company, edits, ask.asker.actor(ask.origin), dry_run=dry_run)
    except StaleEditError as error:
        raise _stale(error, edits) from error
    except ForbiddenError as error:
        raise ApiError("not-allowed", errors=_pointed(error, edits)) from error
    except ProblemsError as error:
        raise ApiError(refusal_of(error), errors=_pointed(error, edits)) from error
    told = {"company": company, "committed": outcome.committed, "revision": outcome.revision}
    lines = {"changes": list(outcome.plan.lines), "notes": list(outcome.plan.notes), "made": made(outcome)}
    return json_answer({**told, **lines})


def _read(body: Any) -> tuple[OneChange, ...]:
    try:
        found = msgspec.convert(body, ManyChanges).changes
    except msgspec.ValidationError as error:
        raise ApiError("invalid", errors=[FieldError(str(error))]) from None
    if len(found) > MOST:
        raise ApiError("too-large", limit=MOST)
    return found


def _edits(company: str, wanted: Iterable[OneChange]) -> list[Edit]:
    """The same as admin knows it; raises ApiError for what no change can be."""
    edits: list[Edit] = []
    faults: list[FieldError] = []
    known: set[Ref] = set()
    for place, one in enumerate(wanted):
        kind = SCHEMA.by_section.get(one.section)
        if kind is None:
            faults.append(FieldError(_SECTION, pointer=f"/changes/{place}/section"))
            continue
        ref = Ref(kind.name, company if kind.name == COMPANY.name else one.id)
        if ref in known:
            faults.append(FieldError(_TWICE, pointer=f"/changes/{place}/id"))
        known.add(ref)
        values = None if one.op == "remove" else one.record or {}
        edits.append(Edit(ref, values, "patch" if one.op == "patch" else "whole", one.state or _STATES[one.op]))
    if faults:
        raise ApiError("invalid", errors=faults)
    return edits


def _pointed(error: ProblemsError, edits: list[Edit]) -> list[FieldError]:
    """Admin's problems, each with the change that it belongs to."""
    places = {edit.ref: place for place, edit in enumerate(edits)}
    rows = []
    for problem, row in zip(error.problems, field_errors(error, edits), strict=True):
        place = places.get(problem.ref) if problem.ref is not None else None
        at = None if place is None else pointer_to(("changes", place, "record", *problem.at))
        rows.append(msgspec.structs.replace(row, pointer=at))
    return rows


def _stale(error: StaleEditError, edits: list[Edit]) -> ApiError:
    ref, exists = error.args
    place = next(n for n, edit in enumerate(edits) if edit.ref == ref)
    says = _GONE if not exists else _THERE if edits[place].state == "-" else _STALE
    return ApiError("changed-meanwhile", errors=[FieldError(says, pointer=f"/changes/{place}")])
