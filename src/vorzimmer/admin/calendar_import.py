"""A calendar that somebody brings, or that is fetched, as the section of a schedule that keeps its events.

It stands apart because reading calendars takes a library that the command line need not load. This module must never
write anything.
"""

from datetime import date, timedelta
from typing import Any

from vorzimmer.directory.ical import Window, read_calendar
from vorzimmer.directory.snapshot import Snapshot

KEEP_BEFORE, KEEP_AFTER = timedelta(days=35), timedelta(days=5 * 366)
"""How much of a calendar is kept, counted from the day on which it is read."""


def calendar_window(book: Snapshot, today: date) -> Window:
    """How much of a calendar is kept. It begins with a month, so that reading it again changes nothing by itself."""
    first, last = (today - KEEP_BEFORE).replace(day=1), (today + KEEP_AFTER).replace(day=1)
    assert book.zone is not None
    return Window(first, last - timedelta(days=1), book.zone, book.zones)


def imported(data: bytes, window: Window, calendar: dict[str, Any] | None) -> dict[str, Any]:
    """The section `calendar` of a schedule with a file's events in place of the old ones. Raises BadCalendarError."""
    found = read_calendar(data, window)
    events = [
        {"from": event.from_, "to": event.to, **({"name": event.name} if event.name else {})} for event in found.events
    ]
    return {**(calendar or {}), "known_until": found.known_until, "events": events}
