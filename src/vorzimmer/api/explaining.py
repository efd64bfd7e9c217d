"""Why did it ring there, and where would it ring: of a call that was and of an imagined one; and the SIP behind it.

What deciding said is shown with a link to each setting, as far as the asker may see that setting. This module must
never decide, and never work out a reason itself.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from starlette.responses import Response

from vorzimmer.admin.authorise import may_read
from vorzimmer.admin.edit import Edit
from vorzimmer.admin.merge import identity
from vorzimmer.api.access import guarded
from vorzimmer.api.answers import json_answer
from vorzimmer.api.changes import perform, pointer_to
from vorzimmer.api.history import moment, names_of, past_call
from vorzimmer.api.house import Ask, Asking
from vorzimmer.api.live import call_now
from vorzimmer.api.ports import QuestionError
from vorzimmer.api.problems import ApiError, FieldError, language_of
from vorzimmer.api.shapes import ExplainQuestion, Told, Trace
from vorzimmer.api.texts import Words
from vorzimmer.directory.keys import COMPANY
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.routing.explain import Question

router = guarded("explain")
_STEP: Final = re.compile(r"([^.\[\]]+)(?:\[([^\]]*)\])?")
NOWHERE: Final = Words("Diesen Abschnitt gibt es nicht.", "There is no such section.")
_PATH: Final = re.compile(r"(?P<section>[a-z_]+)(?:\[(?P<id>[^\]]*)\])?(?:\.(?P<rest>.*))?", re.DOTALL)


@router.get(
    "/companies/{company}/history/{id}/explanation", summary="Why a call went where it went", response_model=Told
)
async def explanation(company: str, id: str, ask: Asking) -> Response:  # noqa: A002 -- the path's own word
    """Each rule that was asked, each setting that decided, and what happened when."""
    book = ask.book(company)
    row = await past_call(ask, book, id)
    try:
        told = ask.house.office.explain_past(row, language_of(ask.request))
    except msgspec.DecodeError:
        raise ApiError("not-found") from None  # kept by another version, readable in the history only
    return json_answer(shown(ask, book, told))


@router.get("/companies/{company}/calls/{id}/explanation", summary="Why a call is where it is", response_model=Told)
async def explanation_now(company: str, id: str, ask: Asking) -> Response:  # noqa: A002 -- the path's own word
    """The same for a call that goes on, with whose phones ring now."""
    book = ask.book(company)
    await call_now(ask, company, id)
    language = language_of(ask.request)
    told = await ask.house.control.call("explain_call", company=company, call=id, language=language)
    if told is None:
        raise ApiError("not-found")
    return json_answer(shown(ask, book, told))


@router.post("/companies/{company}/explain", summary="Where a call would go, and why", response_model=Told)
async def explain(company: str, question: ExplainQuestion, ask: Asking) -> Response:
    """Nobody's phone rings. With `changes` the answer is what would happen if they were saved; nothing is saved."""
    book = ask.book(company)
    if not ask.asker.at_least("site_admin") and not _own(ask, book, question):
        raise ApiError("not-allowed")
    changes = await _laid_over(ask, company, question)
    asked = Question(
        company,
        question.from_,
        question.to,
        question.at,
        tuple(question.assume),
        language_of(ask.request),
        changes,
    )
    try:
        told = await ask.house.office.explain(asked)
    except QuestionError as error:
        raise ApiError("invalid", errors=[FieldError(error.says, pointer=f"/{error.field}")]) from error
    return json_answer(shown(ask, book.apply(changes) if changes else book, told))


def _own(ask: Ask, book: Snapshot, question: ExplainQuestion) -> bool:
    """People ask about calls from or to themselves."""
    own = ask.asker.ref
    if own is None:
        return True
    names = {str(own), *names_of(book, own), *(f"device:{device}" for device in book.devices_of(own))}
    return question.from_ in names or question.to in names


async def _laid_over(ask: Ask, company: str, question: ExplainQuestion) -> tuple[Change, ...]:
    """The records that would come of the changes; refused where saving them would be."""
    if not question.changes:
        return ()
    edits = []
    for place, change in enumerate(question.changes):
        kind = SCHEMA.by_section.get(change.section)
        if kind is None:
            error = FieldError(NOWHERE, pointer=f"/changes/{place}/section")
            raise ApiError("invalid", errors=[error])
        ident = company if kind.name == COMPANY.name else change.id
        edits.append(Edit(Ref(kind.name, ident), change.values, "patch"))
    outcome = await perform(ask, company, edits, dry_run=True)
    return outcome.plan.commit.changes


@router.get("/companies/{company}/history/{id}/trace", summary="The SIP of a call", response_model=Trace)
async def trace(company: str, id: str, ask: Asking) -> Response:  # noqa: A002 -- the path's own word
    """The ladder, and every message as it went over the wire, without passwords, PINs and keys. Kept of the newest
    calls only, and not over a restart."""
    found = await _trace(ask, company, id)
    return json_answer({"lines": found["lines"], "messages": found["messages"]})


@router.get(
    "/companies/{company}/history/{id}/trace.pcap",
    summary="The SIP of a call for Wireshark",
    response_model=None,
    openapi_extra={"responses": {"200": {"content": {"application/vnd.tcpdump.pcap": {"schema": {"type": "string"}}}}}},
)
async def pcap(company: str, id: str, ask: Asking) -> Response:  # noqa: A002 -- the path's own word
    """The same as a capture file."""
    found = await _trace(ask, company, id)
    return Response(found["pcap"], media_type="application/vnd.tcpdump.pcap")


async def _trace(ask: Ask, company: str, ident: str) -> dict[str, Any]:
    if await ask.house.office.past_call(company, ident) is None:
        await call_now(ask, company, ident)
    else:
        await past_call(ask, ask.book(company), ident)
    found = await ask.house.control.call("trace_of", name=ident, language=language_of(ask.request))
    if found is None:
        raise ApiError("not-found")
    return dict(found)


def shown(ask: Ask, book: Snapshot, told: dict[str, Any]) -> dict[str, Any]:
    """The answer of ``app.explaining`` with links, without what the asker may not see."""
    found = dict(told["json"])
    found["story"] = [line.strip() for line in told["lines"]] if ask.asker.at_least("company_admin") else []
    found["because"] = _reasons(ask, book, found["because"])
    found["plan"] = [{**step, "because": _reasons(ask, book, step["because"])} for step in found["plan"]]
    found["timeline"] = [_at(row, book) for row in found.get("timeline", ())]
    return found


def _at(row: dict[str, Any], book: Snapshot) -> dict[str, Any]:
    return {**row, "at": moment(row["at"], book) if row["at"] is not None else None}


def _reasons(ask: Ask, book: Snapshot, reasons: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    actor = ask.asker.actor()
    rows = []
    for reason in reasons:
        place = setting_of(book, reason["setting"])
        owner = place.pop("ref") if place is not None else None
        if owner is None or may_read(actor, book, owner):
            rows.append({**reason, "setting": place})
    return rows


def setting_of(book: Snapshot, path: str | None) -> dict[str, Any] | None:
    """A setting's path with its record, a pointer into that, and where the API has it; `ref` is the record's."""
    if path is None:
        return None
    found = _PATH.fullmatch(path)
    kind = SCHEMA.by_section.get(found["section"]) if found else None
    if found is None or kind is None:
        return {"path": path, "section": None, "id": None, "pointer": None, "href": None, "ref": None}
    company = book.company.id
    ident = company if kind.name == COMPANY.name else found["id"]
    base, ref = f"/api/v1/companies/{company}", Ref(kind.name, ident or "")
    return {
        "path": path,
        "section": kind.section,
        "id": ident,
        "pointer": _pointer(book, ref, found["rest"] or ""),
        "href": base if kind.name == COMPANY.name else f"{base}/{kind.section}/{ident}",
        "ref": ref,
    }


def _pointer(book: Snapshot, ref: Ref, rest: str) -> str:
    """The place inside the record, names of list elements turned into positions."""
    entry = book.entry(ref)
    inside: Any = entry.data if entry is not None else None
    steps: list[str | int] = []
    for step in _STEP.findall(rest):
        name, element = step
        steps.append(name)
        inside = inside.get(name) if isinstance(inside, dict) else None
        if element:
            places = [n for n, one in enumerate(inside) if identity(one) == element] if isinstance(inside, list) else []
            steps.append(places[0] if places else element)
            inside = inside[places[0]] if places and isinstance(inside, list) else None
    return pointer_to(tuple(steps))
