"""Changes through admin's one door, as the API asks for and answers them.

What admin refuses becomes a problem document with a pointer to each field. This module must never decide whether a
change is allowed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request

from vorzimmer.admin.door import Outcome
from vorzimmer.admin.edit import Edit, ForbiddenError, StaleEditError
from vorzimmer.admin.problems import BadFileError, Problem, ProblemsError
from vorzimmer.admin.public import shown, tag_of
from vorzimmer.api.answers import quoted, tags_in
from vorzimmer.api.house import Ask
from vorzimmer.api.problems import ApiError, FieldError
from vorzimmer.directory.keys import DEVICE
from vorzimmer.directory.record import Entry
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.walk import Path
from vorzimmer.features.catalogue import SCHEMA


async def perform(ask: Ask, company: str, edits: list[Edit], *, dry_run: bool = False) -> Outcome:
    """Make a change in the asker's name. Raises ApiError for everything that admin refuses."""
    try:
        return await ask.house.office.change(company, edits, ask.asker.actor(ask.origin), dry_run=dry_run)
    except StaleEditError as error:
        raise _stale(error, edits) from error
    except ForbiddenError as error:
        raise ApiError("not-allowed", errors=field_errors(error, edits)) from error
    except ProblemsError as error:
        raise ApiError(refusal_of(error), errors=field_errors(error, edits)) from error


def _stale(error: StaleEditError, edits: Iterable[Edit]) -> ApiError:
    ref, exists = error.args
    if any(edit.ref == ref and edit.state == "-" for edit in edits):
        return ApiError("exists", id=ref.id)
    return ApiError("changed-meanwhile" if exists else "not-found")


def refusal_of(error: ProblemsError) -> str:
    """The name of the problem that admin's refusal is."""
    if all("cannot be removed" in problem.says for problem in error.problems):
        return "still-used"
    return "invalid" if isinstance(error, BadFileError) else "refused"


def field_errors(error: ProblemsError, edits: Iterable[Edit]) -> list[FieldError]:
    """Admin's problems; those of the records that were sent with a pointer into them."""
    sent = {edit.ref for edit in edits}
    return [_field_error(problem, sent) for problem in error.problems]


def _field_error(problem: Problem, sent: set[Ref]) -> FieldError:
    pointer = pointer_to(problem.at) if problem.ref in sent else None
    return FieldError(problem.says, pointer=pointer, setting=problem.path or None, line=problem.line)


def pointer_to(path: Path) -> str:
    """A path as RFC 6901 has it."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def state_wanted(request: Request) -> str:
    """The state of If-Match, ``-`` for a record that shall not exist yet. Raises ApiError ``condition-needed``."""
    if tags_in(request.headers.get("if-none-match", "")) == ["*"]:
        return "-"
    tags = tags_in(request.headers.get("if-match", ""))
    if len(tags) != 1:
        raise ApiError("condition-needed")
    return tags[0]


def public(entry: Entry) -> dict[str, Any]:
    """A record as everybody who may read it sees it."""
    return shown(SCHEMA, SCHEMA.by_kind[entry.ref.kind], entry.data)


def changed(outcome: Outcome, ref: Ref) -> tuple[dict[str, Any], Mapping[str, str]]:
    """What came of a change, as body and headers. Secrets that were made up are in it, this once."""
    entry = outcome.plan.after.entry(ref)
    body = {
        "record": public(entry) if entry is not None else None,
        "committed": outcome.committed,
        "revision": outcome.revision,
        "changes": list(outcome.plan.lines),
        "notes": list(outcome.plan.notes),
        "made": made(outcome),
    }
    return body, {"ETag": quoted(tag_of(entry.data))} if entry is not None else {}


def made(outcome: Outcome) -> list[dict[str, Any]]:
    """Secrets that were made up, to be shown once; those of a device with its account's name."""
    if not outcome.committed:
        return []
    return [_made(outcome, Ref(write.kind, write.id), write.field, write.text) for write in outcome.plan.made]


def _made(outcome: Outcome, ref: Ref, field: str, text: str | None) -> dict[str, Any]:
    device = outcome.plan.after.find(DEVICE, ref.id) if ref.kind == DEVICE.name else None
    username = device.username if device is not None else None
    return {"ref": str(ref), "field": field, "value": text, "username": username}
