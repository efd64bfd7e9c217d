"""Schedules on a calendar: what holds now and why, the days of a schedule, and calendars that are brought along.

This module must never reckon a time, nor write past admin's door.
"""

import asyncio
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from vorzimmer.admin.calendar_import import calendar_window, imported
from vorzimmer.admin.edit import Edit
from vorzimmer.admin.schedule_view import MAX_DAYS, days, states
from vorzimmer.api.access import guarded
from vorzimmer.api.answers import body_of, json_answer
from vorzimmer.api.changes import changed, perform
from vorzimmer.api.house import Ask, Asking, DryRun
from vorzimmer.api.problems import ApiError, FieldError
from vorzimmer.api.records import readable
from vorzimmer.directory.agenda import YEARS
from vorzimmer.directory.keys import SCHEDULE
from vorzimmer.directory.recurrence import BadCalendarError
from vorzimmer.directory.ref import Ref

router = guarded("schedules")
PREVIEW = 100
"""Events that a preview shows."""


class Named(BaseModel):
    """A name in both languages."""

    de: str
    en: str


class ScheduleState(BaseModel):
    """A schedule now. `until`: when that changes (null: not in 400 days); `alarm`: what is broken, "" if nothing."""

    id: str
    name: str
    holds: bool
    why: Named
    until: str | None
    alarm: str


class DayBlock(BaseModel):
    """A part of a day in which the schedule holds, on the clock on the wall; `why` is weekly, holiday or own."""

    begin: str = Field(alias="from")
    end: str = Field(alias="to")
    why: str
    name: Named | None


class DayEvent(BaseModel):
    """An event of the schedule's calendar, in the company's time."""

    begin: str = Field(alias="from")
    end: str = Field(alias="to")
    name: str


class ScheduleDay(BaseModel):
    """One day of a schedule. `own` names the entry that replaces everything else on this day."""

    day: date
    weekday: str
    holiday: Named | None
    own: str | None
    blocks: list[DayBlock]
    events: list[DayEvent]


@router.get(
    "/companies/{company}/schedule-states", summary="Which schedules hold now", response_model=list[ScheduleState]
)
async def schedule_states(company: str, ask: Asking) -> Response:
    """All schedules with what decides about them at this moment."""
    return json_answer(states(ask.book(company), ask.house.clock.wall(), ask.house.office.alarms_of(company)))


@router.get(
    "/companies/{company}/schedules/{id}/days", summary="The days of a schedule", response_model=list[ScheduleDay]
)
async def schedule_days(
    company: str,
    id: str,  # noqa: A002 -- the path's own word
    ask: Asking,
    first: Annotated[date | None, Query(alias="from", description="Today if left out")] = None,
    last: Annotated[
        date | None, Query(alias="to", description=f"At most {MAX_DAYS} days later; 41 if left out")
    ] = None,
) -> Response:
    """Blocks, holidays and events of each day, for a calendar."""
    book = ask.book(company)
    readable(book, ask.asker, Ref(SCHEDULE.name, id))
    start = first or book.local(ask.house.clock.wall()).date()
    end = last or start + timedelta(days=41)
    if not (int(YEARS[0]) <= start.year <= end.year <= int(YEARS[1]) and 0 <= (end - start).days < MAX_DAYS):
        says = f"from {YEARS[0]} to {YEARS[1]}, the first one first, at most {MAX_DAYS} days"
        raise ApiError("bad-request", errors=[FieldError(says, parameter="to")])
    return json_answer(days(book, id, start, end))


_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"text/calendar": {"schema": {"type": "string"}}}},
    "responses": {"200": {"description": "What was kept", "content": {"application/json": {}}}},
}


@router.post(
    "/companies/{company}/schedules/{id}/calendar", summary="Bring a calendar", response_model=None, openapi_extra=_BODY
)
async def bring_calendar(company: str, id: str, ask: Asking, dry_run: DryRun = False) -> Response:  # noqa: A002 -- as above
    """An iCalendar file (RFC 5545) whose events replace those that the schedule has; with `dry_run` a preview. A file
    that cannot be understood whole changes nothing."""
    book, ref = ask.book(company), Ref(SCHEDULE.name, id)
    entry = readable(book, ask.asker, ref)
    values, found = await _imported(ask, company, entry.data.get("calendar"))
    outcome = await perform(ask, company, [Edit(ref, {"calendar": values})], dry_run=dry_run)
    _, headers = changed(outcome, ref)
    told = {"count": len(found), "known_until": values["known_until"], "events": found[:PREVIEW]}
    return json_answer({**told, "changed": not outcome.plan.empty}, headers=headers)


async def _imported(ask: Ask, company: str, calendar: Any) -> tuple[dict[str, Any], list[Any]]:
    data, book = await body_of(ask.request), ask.book(company)
    window = calendar_window(book, book.local(ask.house.clock.wall()).date())
    try:
        values = await asyncio.to_thread(imported, data, window, calendar)
    except BadCalendarError as error:
        raise ApiError("bad-calendar", says=str(error)) from None
    return values, values["events"]
