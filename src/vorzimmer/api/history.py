"""Ended calls: who called whom when, and what came of it.

People see their own calls, administrators those of whom they look after. This module must never show who hid himself
(the records do not hold it), and never add a rule of its own about calls.
"""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Query
from starlette.responses import Response

from vorzimmer.admin.authorise import may_read
from vorzimmer.api.access import guarded
from vorzimmer.api.answers import json_answer
from vorzimmer.api.house import Ask, Asking
from vorzimmer.api.listing import MAX_PAGE
from vorzimmer.api.problems import ApiError, FieldError, language_of
from vorzimmer.api.shapes import CallPage, PastCallDetail
from vorzimmer.api.texts import Words
from vorzimmer.calls.endings import ending
from vorzimmer.calls.kept import CallQuery, CallRow
from vorzimmer.directory.ref import BadRefError, Ref
from vorzimmer.directory.snapshot import Snapshot

router = guarded("history")
PERSON = "user:ID, phone:ID or hunt:ID; your own if you are no administrator"
Person = Annotated[str, Query(description=PERSON)]
Moment = Annotated[datetime | None, Query(description="RFC 3339; without an offset in the company's zone")]
Direction = Annotated[Literal["", "in", "out", "internal", "through"], Query(description="As seen from the company")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]


@router.get("/companies/{company}/history", summary="Ended calls", response_model=CallPage)
async def history(  # noqa: PLR0913, PLR0917 -- one parameter for each filter
    company: str,
    ask: Asking,
    person: Person = "",
    number: Annotated[str, Query(max_length=40, description="Digits that caller or callee must have")] = "",
    direction: Direction = "",
    answered: Annotated[bool | None, Query(description="Only answered calls, or only the others")] = None,
    since: Annotated[Moment, Query(alias="from")] = None,
    until: Annotated[Moment, Query(alias="to")] = None,
    cursor: Annotated[str, Query(description="`next` of the page before")] = "",
    limit: Limit = 50,
) -> Response:
    """The newest first."""
    book = ask.book(company)
    who = whose(ask, book, person)
    query = CallQuery(
        company,
        _seconds(since, book),
        _seconds(until, book),
        str(who or ""),
        also=names_of(book, who),
        direction=direction,
        answered=answered,
        number=_digits(number),
        limit=limit + 1,
        before=_mark(cursor),
    )
    rows = await ask.house.office.past_calls(query)
    language = language_of(ask.request)
    items = [summary(row, book, language) for row in rows[:limit]]
    more = len(rows) > limit
    return json_answer({"items": items, "next": _cursor(rows[limit - 1]) if more else None})


@router.get("/companies/{company}/history/{id}", summary="One ended call", response_model=PastCallDetail)
async def one(company: str, id: str, ask: Asking) -> Response:  # noqa: A002 -- the path's own word
    """With everybody who was in it, and for how long."""
    book = ask.book(company)
    row = await past_call(ask, book, id)
    found = summary(row, book, language_of(ask.request))
    legs = document(row).get("legs") or []
    return json_answer({**found, "legs": [_leg(leg, book) for leg in legs if isinstance(leg, dict)]})


def whose(ask: Ask, book: Snapshot, person: str) -> Ref | None:
    """Whose calls are meant, None for everybody's. Raises ApiError where they are not the asker's to see."""
    if not person:
        return None if ask.asker.at_least("company_admin") else ask.asker.ref
    try:
        ref = Ref.parse(person)
    except BadRefError:
        raise ApiError("bad-request", errors=[FieldError(_PERSON, parameter="person")]) from None
    if ref != ask.asker.ref and not ask.asker.at_least("site_admin"):
        raise ApiError("not-allowed")
    if not book.exists(ref):
        raise ApiError("bad-request", errors=[FieldError(_NOBODY, parameter="person")])
    if not may_read(ask.asker.actor(), book, ref):
        raise ApiError("not-allowed")
    return ref


_PERSON = Words("Erwartet wird zum Beispiel user:anna.", "Something like user:anna is expected.")
_NOBODY = Words("Das gibt es in diesem Unternehmen nicht.", "There is no such thing in this company.")


def names_of(book: Snapshot, who: Ref | None) -> tuple[str, ...]:
    """What calls name somebody by beside the reference: extension and numbers as they are now, and the mailbox."""
    if who is None:
        return ()
    numbers = [entry.number for entry in book.numbers_of(who)]
    named = [*numbers, *(f"number:{number}" for number in numbers), f"voicemail:{who.id}" if who.kind == "user" else ""]
    return tuple(name for name in (book.extension_of(who), *named) if name)


async def past_call(ask: Ask, book: Snapshot, ident: str) -> CallRow:
    """An ended call that the asker may see; raises ApiError ``not-found`` for any other."""
    row = await ask.house.office.past_call(book.company.id, ident)
    if row is None or not _sees(ask, book, row):
        raise ApiError("not-found")
    return row


def _sees(ask: Ask, book: Snapshot, row: CallRow) -> bool:
    if ask.asker.at_least("company_admin"):
        return True
    actor, named = ask.asker.actor(), {row.caller, row.callee, row.answered_by} - {""}
    own = ask.asker.ref
    if own is not None and named & {str(own), *names_of(book, own)}:
        return True
    people = [ref for text in named if (ref := _person(book, text)) is not None]
    return ask.asker.role == "site_admin" and any(may_read(actor, book, ref) for ref in people)


def _person(book: Snapshot, text: str) -> Ref | None:
    kind, colon, ident = text.partition(":")
    if colon:
        return Ref(kind, ident) if book.entry(Ref(kind, ident)) is not None else None
    at = book.at_number(text)
    return at.owner if at is not None else book.at_extension(text)


def document(row: CallRow) -> dict[str, Any]:
    """The record as plain values."""
    found = msgspec.json.decode(row.document)
    return found if isinstance(found, dict) else {}


def summary(row: CallRow, book: Snapshot, language: str) -> dict[str, Any]:
    """A row of the list."""
    record = document(row)
    answered = record.get("answered")
    talked = row.ended - answered if isinstance(answered, int | float) else 0.0
    caller = (record.get("asked") or {}).get("caller") or {}
    return {
        "id": row.call,
        "journey": record.get("journey") or row.call,
        "direction": row.direction,
        "from": {**named(book, row.caller), **({"name": caller["name"]} if caller.get("name") else {})},
        "to": named(book, row.callee),
        "answered_by": named(book, row.answered_by) if row.answered_by else None,
        "outcome": row.outcome,
        "outcome_text": ending(row.outcome, language),
        "ended_by": record.get("ended_by"),
        "reason": record.get("reason"),
        "reason_text": ending(str(record.get("reason") or row.outcome), language),
        "started": moment(row.started, book),
        "answered": moment(answered, book) if isinstance(answered, int | float) else None,
        "ended": moment(row.ended, book),
        "seconds": round(talked, 1),
    }


def named(book: Snapshot, text: str) -> dict[str, Any]:
    """A reference, an extension or a number with whose it is now."""
    ref = _person(book, text)
    number = text.removeprefix("number:") if ref is None or ":" not in text else book.extension_of(ref)
    return {"ref": str(ref) if ref else None, "name": book.name_of(ref) if ref else None, "number": number}


def moment(seconds: float, book: Snapshot) -> str:
    """A moment as RFC 3339 has it, in the company's zone."""
    return datetime.fromtimestamp(seconds, book.zone).isoformat(timespec="milliseconds")


def _leg(leg: dict[str, Any], book: Snapshot) -> dict[str, Any]:
    party = leg.get("party") or {}
    ref = party.get("ref")
    return {
        "who": ":".join(ref) if isinstance(ref, list) else None,
        "name": party.get("name") or None,
        "number": party.get("number") or None,
        "device": party.get("device"),
        "outgoing": bool(leg.get("outgoing")),
        "joined": moment(leg.get("joined") or 0.0, book),
        "left": moment(leg.get("left") or 0.0, book),
        "statistics": leg.get("statistics") or {},
    }


def _seconds(at: datetime | None, book: Snapshot) -> float | None:
    if at is None:
        return None
    return (at if at.tzinfo is not None else at.replace(tzinfo=book.zone)).timestamp()


def _digits(number: str) -> str:
    """Digits as they are in any way of writing a number: without signs and leading zeros."""
    return "".join(c for c in number if c.isascii() and c.isdigit()).lstrip("0")


def _cursor(row: CallRow) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((row.started, row.call))).decode().rstrip("=")


def _mark(cursor: str) -> tuple[float, str] | None:
    if not cursor:
        return None
    try:
        padded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.json.decode(padded, type=tuple[float, str])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise ApiError("bad-cursor") from None
