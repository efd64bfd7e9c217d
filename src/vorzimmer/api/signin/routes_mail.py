"""``/mail``: letters that could not be sent, for the operator of the server.

This module must never show what a letter is about beyond its kind: whose it is belongs to the company.
"""

from datetime import datetime

import msgspec
from pydantic import BaseModel

from vorzimmer.api.access import guarded
from vorzimmer.api.problems import ApiError
from vorzimmer.api.signin.house import Reception
from vorzimmer.api.signin.views import moment

router = guarded("server")


class LetterRow(BaseModel):
    """A letter that was given up, and what the mail server said last."""

    id: str
    kind: str
    created: datetime
    tries: int
    error: str


class MailState(BaseModel):
    """Whether mail is set up, when the next letter is due (null: none waits), and what was given up."""

    configured: bool
    next: datetime | None
    dead: list[LetterRow]


@router.get("/mail", summary="Letters that could not be sent")
async def state(signin: Reception) -> MailState:
    """The newest first, at most 100; they are kept for 30 days."""
    due = await signin.ports.outbox.next_due()
    rows = [
        LetterRow(id=each.id, kind=each.kind, created=moment(each.created), tries=each.tries, error=each.error)
        for each in await signin.ports.outbox.dead()
    ]
    return MailState(configured=signin.ports.mailing, next=moment(due) if due is not None else None, dead=rows)


@router.post("/mail/{letter}/retry", summary="Try a letter again", status_code=204)
async def retry(letter: str, signin: Reception) -> None:
    """At once, as if it were new."""
    found = next((each for each in await signin.ports.outbox.dead() if each.id == letter), None)
    if found is None:
        raise ApiError("not-found")
    again = msgspec.structs.replace(found, dead=False, tries=0, due=signin.ports.now())
    await signin.ports.outbox.put(again)
    signin.outbox.wake()


@router.delete("/mail/{letter}", summary="Forget a letter", status_code=204)
async def forget(letter: str, signin: Reception) -> None:
    """It is not tried again."""
    if letter not in {each.id for each in await signin.ports.outbox.dead()}:
        raise ApiError("not-found")
    await signin.ports.outbox.sent(letter)
