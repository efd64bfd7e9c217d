"""Schedules as people read them: what holds now and why, until when, and the coming days. One view for the command
line and the API.

Names of holidays and reasons come in both languages. This module must never decide whether a schedule holds.
"""

from datetime import date, datetime, timedelta
from typing import Any

from vorzimmer.directory.agenda import Agenda, DayPlan, Happening
from vorzimmer.directory.feasts import feast_name
from vorzimmer.directory.keys import SCHEDULE
from vorzimmer.directory.snapshot import Snapshot
from vorzimmer.directory.timetable import WEEKDAYS
from vorzimmer.features.texts import LANGUAGES, render
from vorzimmer.routing.criteria import times

MAX_DAYS = 400
"""Days that are shown at once."""


def states(book: Snapshot, now: datetime, alarms: dict[str, str]) -> list[dict[str, Any]]:
    """All schedules of a company. `alarms` are those of their calendars, by schedule."""
    return [state(book, entry.ref.id, now, alarms.get(entry.ref.id, "")) for entry in book.entries(SCHEDULE.name)]


def state(book: Snapshot, ident: str, now: datetime, alarm: str = "") -> dict[str, Any]:
    """One schedule: whether it holds, why, until when (None: nothing changes within 400 days), and what is broken."""
    agenda = book.agenda(ident)
    assert agenda is not None
    then = agenda.next_change(now)
    (why,) = times(book, now, ident)
    return {
        "id": ident,
        "name": agenda.schedule.name,
        "holds": agenda.holds(now),
        "why": {language: render(why, language, with_setting=False) for language in LANGUAGES},
        "until": _local(then, agenda),
        "alarm": alarm or broken(agenda, now.date()),
    }


def broken(agenda: Agenda, today: date) -> str:
    """What is wrong with a schedule itself; "" where all is well (FEATURES.md NF-7)."""
    if agenda.broken:
        return f"no public holidays are known for {agenda.broken}"
    calendar = agenda.schedule.calendar
    known = calendar.known_until if calendar is not None else None
    if known is not None and known < (today + timedelta(days=30)).isoformat():
        return f"the calendar is known until {known} only: import it again"
    return ""


def days(book: Snapshot, ident: str, first: date, last: date) -> list[dict[str, Any]]:
    """Each day with its blocks on the clock, its holiday, and the calendar's events that touch it."""
    agenda = book.agenda(ident)
    assert agenda is not None
    events = agenda.events(first, last)
    span = range(min((last - first).days + 1, MAX_DAYS))
    return [_day(agenda, agenda.day(first + timedelta(days=step)), events) for step in span]


def _day(agenda: Agenda, plan: DayPlan, events: list[Happening]) -> dict[str, Any]:
    midnight = datetime.combine(plan.day, datetime.min.time(), agenda.zone)
    start, end = midnight.timestamp(), (midnight + timedelta(days=1)).timestamp()
    touching = [event for event in events if event.start < end and event.end > start]
    return {
        "day": plan.day.isoformat(),
        "weekday": WEEKDAYS[plan.day.weekday()],
        "holiday": _named(plan.feast),
        "own": plan.own.name or plan.own.on if plan.own is not None else None,
        "blocks": [
            {"from": _clock(span.start), "to": _clock(span.end), "why": span.what, "name": _named(span.name)}
            for span in plan.spans
        ],
        "events": [
            {"from": _moment(event.start, agenda), "to": _moment(event.end, agenda), "name": event.name}
            for event in touching
        ],
    }


def _named(name: str) -> dict[str, str] | None:
    return {language: feast_name(name, language) for language in LANGUAGES} if name else None


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _moment(seconds: float, agenda: Agenda) -> str:
    return datetime.fromtimestamp(seconds, agenda.zone).isoformat(timespec="minutes")


def _local(moment: datetime | None, agenda: Agenda) -> str | None:
    return moment.astimezone(agenda.zone).isoformat(timespec="minutes") if moment is not None else None
