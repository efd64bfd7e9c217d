"""Actions on calls: dial for somebody, hold, resume, transfer, hang up; decided and done in control.

A request with an ``Idempotency-Key`` is done once, however often it is sent (``once.py``). This module must never
judge a right: ``routing.may`` does, in control, with the call as it is then.
"""

from typing import Annotated, Any

from fastapi import Header
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from vorzimmer.admin.authorise import may_read
from vorzimmer.api.access import guarded
from vorzimmer.api.answers import json_answer
from vorzimmer.api.house import Ask, Asking
from vorzimmer.api.once import once
from vorzimmer.api.problems import ApiError, FieldError
from vorzimmer.api.texts import Words
from vorzimmer.directory.keys import USER
from vorzimmer.directory.ref import Ref

router = guarded("calls")
Key = Annotated[str, Header(alias="Idempotency-Key", max_length=200, description="Done once, however often it is sent")]
_REFUSED = {
    "not-found": "not-found",
    "not-allowed": "not-allowed",
    "no-phone": "no-phone",
    "not-now": "wrong-moment",
    "draining": "not-now",
}


class Dial(BaseModel):
    """Whom to call. Your own phone rings first; administrators may name another `person` that they look after."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"to": "+493023125222"}]})
    to: str = Field(min_length=1, max_length=100, description="As it would be dialled: an extension, a number, a code")
    person: str | None = Field(None, max_length=100, examples=["user:anna"])
    device: str | None = Field(None, max_length=100, description="Which phone rings; all registered ones if none")


class Transfer(BaseModel):
    """To whom the others are sent."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"to": "140"}]})
    to: str = Field(min_length=1, max_length=100)


class Act(BaseModel):
    """Who acts, where it is not the asker himself: administrators and programs name somebody."""

    model_config = ConfigDict(extra="forbid")
    person: str | None = Field(None, max_length=100, examples=["user:anna"])


class Acted(BaseModel):
    """The call that was begun or changed. How it goes on is told by events and by `GET /calls/{id}`."""

    call: str


@router.post("/companies/{company}/calls", summary="Dial", status_code=202, response_model=Acted)
async def dial(company: str, body: Dial, ask: Asking, key: Key = "") -> Response:
    """Third-party call control: the person's own phone rings, then the target, as if it had been dialled there."""
    who = _person(ask, company, body.person)

    async def act() -> Response:
        params = {"company": company, "who": tuple(who), "to": body.to, "device": body.device}
        return _answer(await ask.house.control.call("dial", **params))

    return await once(ask, key, body.model_dump(), act)


def _person(ask: Ask, company: str, person: str | None) -> Ref:
    """In whose name: the asker's own, or somebody's whom he looks after."""
    book, own = ask.book(company), ask.asker.ref
    kind, _, ident = (person or "").partition(":")
    who = Ref(kind, ident) if person is not None else own
    if who is None or book.find(USER, who.id) is None or who.kind != USER.name:
        raise ApiError("invalid", errors=[FieldError(_WHO, pointer="/person")])
    if who != own and not (ask.asker.at_least("site_admin") and may_read(ask.asker.actor(), book, who)):
        raise ApiError("not-allowed")
    return who


_WHO = Words("Für wen? Erwartet wird zum Beispiel user:anna.", "For whom? Something like user:anna is expected.")


async def _act(ask: Ask, company: str, call: str, action: str, more: dict[str, Any]) -> Response:
    """Do it; in the name of `person` where one is given."""
    person = more.pop("person", None)
    who = _person(ask, company, person) if person is not None or ask.asker.ref is None else ask.asker.ref
    params = {"company": company, "call": call, "action": action, "who": tuple(who), **more}
    administers = ask.asker.at_least("company_admin") and person is None
    return _answer(await ask.house.control.call("act", administers=administers, **params))


def _answer(found: dict[str, Any]) -> Response:
    if "refused" in found:
        raise ApiError(_REFUSED[found["refused"]])
    return json_answer(found, 202)


@router.post("/companies/{company}/calls/{id}/hold", summary="Hold", status_code=202, response_model=Acted)
async def hold(company: str, id: str, ask: Asking, body: Act | None = None) -> Response:  # noqa: A002 -- the path's word
    """The others hear music. The phone itself does not know; it may be resumed here only."""
    return await _act(ask, company, id, "hold", body.model_dump() if body else {})


@router.post("/companies/{company}/calls/{id}/resume", summary="Resume", status_code=202, response_model=Acted)
async def resume(company: str, id: str, ask: Asking, body: Act | None = None) -> Response:  # noqa: A002 -- as above
    """Undo a hold that was made here; a hold made at the phone stays."""
    return await _act(ask, company, id, "resume", body.model_dump() if body else {})


@router.post("/companies/{company}/calls/{id}/transfer", summary="Transfer", status_code=202, response_model=Acted)
async def transfer(company: str, id: str, body: Transfer, ask: Asking, key: Key = "") -> Response:  # noqa: A002 -- as above
    """Blind: the others are connected with `to`; they come back if nobody answers there."""

    async def act() -> Response:
        return await _act(ask, company, id, "transfer", {"to": body.to})

    return await once(ask, key, body.model_dump(), act)


@router.post("/companies/{company}/calls/{id}/hangup", summary="Hang up", status_code=202, response_model=Acted)
async def hang_up(company: str, id: str, ask: Asking, body: Act | None = None) -> Response:  # noqa: A002 -- as above
    """Leave the call, cancel it, or decline it while it rings; administrators end any call of the company."""
    return await _act(ask, company, id, "hang_up", body.model_dump() if body else {})
