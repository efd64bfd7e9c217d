"""A company's own record, and the company as a whole: create, remove, export, apply a file.

This module must never tell of another company than the asker's.
"""

from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from vorzimmer.admin.apply import read as read_file
from vorzimmer.admin.door import Outcome
from vorzimmer.admin.edit import Edit
from vorzimmer.admin.problems import ProblemsError
from vorzimmer.admin.public import tag_of
from vorzimmer.admin.world import Options
from vorzimmer.admin.yaml_writer import write_yaml
from vorzimmer.api import record_docs as docs
from vorzimmer.api.access import guarded
from vorzimmer.api.answers import body_of, json_answer, json_of, quoted
from vorzimmer.api.changes import changed, field_errors, made, public, refusal_of, state_wanted
from vorzimmer.api.house import Ask, Asking, DryRun
from vorzimmer.api.problems import ApiError, FieldError
from vorzimmer.api.records import change
from vorzimmer.api.texts import Words
from vorzimmer.directory.keys import COMPANY
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.text import safe_name

router = guarded("companies")
MAX_FILE: Final = 16 << 20
"""Bytes of a company file: some 30,000 people."""
Prune = Annotated[bool, Query(description="Remove what is not in a list that the file names")]
_UTF8: Final = Words("Die Datei ist nicht in UTF-8.", "The file is not in UTF-8.")
_OTHER: Final = Words("Die Datei gehört zu einem anderen Unternehmen.", "The file is of another company.")


async def read(company: str, ask: Asking) -> Response:
    """The company's own record."""
    entry = ask.book(company).entry(Ref(COMPANY.name, company))
    assert entry is not None, "a book holds its company"
    return json_answer(public(entry), headers={"ETag": quoted(tag_of(entry.data))})


async def replace(company: str, ask: Asking, dry_run: DryRun = False) -> Response:
    """The company's record, whole."""
    return await change(ask, company, Ref(COMPANY.name, company), "whole", dry_run=dry_run)


async def patch(company: str, ask: Asking, dry_run: DryRun = False) -> Response:
    """Some keys of the company's record."""
    return await change(ask, company, Ref(COMPANY.name, company), "patch", dry_run=dry_run)


for _method, _endpoint, _word in (("GET", read, "get"), ("PUT", replace, "replace"), ("PATCH", patch, "patch")):
    router.add_api_route(
        "/companies/{company}", _endpoint, methods=[_method], response_model=None, **docs.of(COMPANY, _word)
    )


class Applied(BaseModel):
    """What came of a company file. `notes` says what it leaves alone though it is not in the file."""

    company: str
    committed: bool
    revision: int
    changes: list[str]
    notes: list[str]
    made: list[dict[str, Any]]


_CREATED = {"201": {"content": {"application/json": {"schema": {"$ref": f"{docs.PREFIX}CompanyChanged"}}}}}


@router.post(
    "/companies",
    summary="Create a company",
    status_code=201,
    response_model=None,
    openapi_extra={
        "requestBody": docs.body_of(COMPANY, {"$ref": f"{docs.PREFIX}Company"}, patch=False),
        "responses": _CREATED,
    },
)
async def create(ask: Asking, dry_run: DryRun = False) -> Response:
    """With nothing in it but its own record."""
    body = await json_of(ask.request)
    ident = body.get("id") if isinstance(body, dict) else None
    if isinstance(ident, str) and ask.house.office.book(ident) is not None:
        raise ApiError("exists", id=safe_name(ident, 80))
    outcome = await _applied(ask, write_yaml({COMPANY.section: body}), None, dry_run=dry_run)
    told, headers = changed(outcome, Ref(COMPANY.name, str(ident)))
    return json_answer(told, 201 if outcome.committed else 200, {**headers, "Location": f"/api/v1/companies/{ident}"})


@router.delete("/companies/{company}", summary="Remove a company", status_code=204, response_model=None)
async def remove(company: str, ask: Asking) -> Response:
    """With everything in it: people, devices, history stays until it is old enough. Phones and calls end at once. Needs
    `If-Match` with the ETag of the company's record, so that nobody removes what he has not looked at."""
    entry = ask.book(company).entry(Ref(COMPANY.name, company))
    assert entry is not None, "a book holds its company"
    if state_wanted(ask.request) != tag_of(entry.data):
        raise ApiError("changed-meanwhile")
    await ask.house.office.remove(company, ask.asker.actor(ask.origin))
    return Response(status_code=204)


@router.get(
    "/companies/{company}/file",
    summary="The company as a file",
    response_model=None,
    openapi_extra={"responses": {"200": {"content": {"application/yaml": {}}}}},
)
async def export(company: str, ask: Asking) -> Response:
    """What `vorzimmer export` writes, without secrets."""
    ask.book(company)
    return Response(await ask.house.office.export(company), media_type="application/yaml")


@router.post(
    "/companies/{company}/file",
    summary="Apply a company file",
    response_model=Applied,
    openapi_extra={"requestBody": {"required": True, "content": {"application/yaml": {"schema": {"type": "string"}}}}},
)
async def apply(company: str, ask: Asking, dry_run: DryRun = False, prune: Prune = False) -> Response:
    """What `vorzimmer apply` does. Secrets from files or the environment of the server are not read."""
    try:
        text = (await body_of(ask.request, MAX_FILE)).decode()
    except UnicodeDecodeError:
        raise ApiError("bad-request", errors=[FieldError(_UTF8)]) from None
    outcome = await _applied(ask, text, company, dry_run=dry_run, prune=prune)
    told = {
        "company": company,
        "committed": outcome.committed,
        "revision": outcome.revision,
        "changes": list(outcome.plan.lines),
        "notes": list(outcome.plan.notes),
        "made": made(outcome),
    }
    return json_answer(told)


async def _applied(ask: Ask, text: str, company: str | None, *, dry_run: bool, prune: bool = False) -> Outcome:
    """Apply a file of that company; raises ApiError."""
    try:
        if company is not None and read_file(text).company != company:
            raise ApiError("invalid", errors=[FieldError(_OTHER, setting="company.id")])
        actor = ask.asker.actor(ask.origin)
        return await ask.house.office.apply(text, Options(prune=prune), actor, dry_run=dry_run)
    except ProblemsError as error:
        wanted = [Edit(problem.ref, None) for problem in error.problems if problem.ref is not None and company is None]
        raise ApiError(refusal_of(error), errors=field_errors(error, wanted)) from error
