"""What the house knows of a person: handed over whole, and taken out on request (GDPR articles 15, 17 and 20).

People fetch their own; taking out is an administrator's. This module must never judge who may remove a record; admin
does.
"""

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from vorzimmer.admin.edit import ForbiddenError
from vorzimmer.admin.person_file import as_json, as_zip
from vorzimmer.admin.problems import ProblemsError
from vorzimmer.api.access import guarded
from vorzimmer.api.answers import json_answer
from vorzimmer.api.changes import field_errors
from vorzimmer.api.house import Asking, DryRun
from vorzimmer.api.problems import ApiError
from vorzimmer.api.records import readable
from vorzimmer.directory.keys import USER
from vorzimmer.directory.ref import Ref

router = guarded("privacy")
_ANSWER: dict[str, Any] = {
    "responses": {"200": {"description": "A file", "content": {"application/json": {}, "application/zip": {}}}}
}


class Erased(BaseModel):
    """What was, or with `dry_run` would be, taken out: calls and entries of the audit that named the person, records
    that are removed."""

    calls: int
    audit: int
    records: int
    done: bool


@router.get(
    "/companies/{company}/users/{id}/personal-data",
    summary="Everything that is known of a person",
    response_model=None,
    openapi_extra=_ANSWER,
)
async def personal_data(
    company: str,
    id: str,  # noqa: A002 -- the path's own word
    ask: Asking,
    form: Annotated[Literal["json", "zip"], Query(alias="format")] = "json",
) -> Response:
    """Settings, devices, sign-in, calls and changes, without secrets."""
    readable(ask.book(company), ask.asker, Ref(USER.name, id))
    told = await ask.house.office.people.export(company, id)
    headers = {"Content-Disposition": f'attachment; filename="{id}.{form}"'}
    data = as_zip(told) if form == "zip" else as_json(told)
    return Response(data, headers=headers, media_type=f"application/{form}")


@router.post("/companies/{company}/users/{id}/erase", summary="Take a person out", response_model=Erased)
async def erase(company: str, id: str, ask: Asking, dry_run: DryRun = False) -> Response:  # noqa: A002 -- as above
    """Removes the user with devices and sign-in, and takes the person out of history and audit: calls stay and count,
    the audit says that it was done. Not to be undone. Refused (`still-used`) while other settings name the person."""
    readable(ask.book(company), ask.asker, Ref(USER.name, id))
    try:
        told = await ask.house.office.people.erase(company, id, ask.asker.actor(ask.origin), dry_run=dry_run)
    except ForbiddenError as error:
        raise ApiError("not-allowed", errors=field_errors(error, [])) from error
    except ProblemsError as error:
        raise ApiError("still-used", errors=field_errors(error, [])) from error
    return json_answer(told)
