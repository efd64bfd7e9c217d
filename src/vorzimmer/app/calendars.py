"""Calendars at an address: fetched again and again, so that a schedule follows them (FEATURES.md NF-7).

A calendar that cannot be fetched or understood changes nothing: the last state stays, and an alarm says what is wrong
until it can be read again. Every address is a stranger's, so it is asked through the guarded client alone. This module
must never write past admin's door.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, NamedTuple

from vorzimmer.admin.calendar_import import calendar_window, imported
from vorzimmer.admin.edit import Edit
from vorzimmer.admin.schedule_view import broken
from vorzimmer.admin.world import SYSTEM, Actor
from vorzimmer.app.office import NotFoundError, Office
from vorzimmer.directory.keys import SCHEDULE
from vorzimmer.directory.recurrence import BadCalendarError
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.timetable import Calendar
from vorzimmer.kernel.clock import Clock
from vorzimmer.kernel.errors import VorzimmerError

TICK_S: Final = 30.0
ACTOR: Final = Actor("calendar")
Fetch = Callable[[str], Awaitable[bytes]]
"""The bytes at an address; raises VorzimmerError with a text that names no secret."""


class Place(NamedTuple):
    """A schedule that follows an address."""

    company: str
    schedule: str
    url: str


class Calendars:
    """Follows all addresses of all companies, one after the other. `say` hears of trouble once, and when it is over."""

    def __init__(self, office: Office, fetch: Fetch, clock: Clock, say: Callable[[str], None]) -> None:
        self._office, self._fetch, self._clock, self._say = office, fetch, clock, say
        self._tried: dict[Place, float] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(TICK_S)

    async def look(self) -> None:
        """Read what is due."""
        places = dict(self._places())
        self._tried = {place: at for place, at in self._tried.items() if place in places}
        alarms = self._office.calendar_alarms
        for key in [key for key in alarms if key not in {place[:2] for place in places}]:
            del alarms[key]
        for place, calendar in places.items():
            last = self._tried.get(place)
            if last is None or self._clock.now() - last >= calendar.every_min * 60:
                self._tried[place] = self._clock.now()
                await self._read(place)

    async def _read(self, place: Place) -> None:
        alarms, key = self._office.calendar_alarms, (place.company, place.schedule)
        try:
            await self._follow(place)
        except VorzimmerError as error:
            at = self._clock.wall().isoformat(timespec="minutes")
            if key not in alarms:
                self._say(f"{place.company}, schedule {place.schedule}: {error}; the last state stays")
            alarms[key] = f"the calendar could not be read at {at}: {error}"
            return
        if alarms.pop(key, None):
            self._say(f"{place.company}, schedule {place.schedule}: the calendar can be read again")

    async def _follow(self, place: Place) -> None:
        data = await self._fetch(place.url)
        book = self._office.book(place.company)
        window = calendar_window(book, book.local(self._clock.wall()).date())
        fresh = await asyncio.to_thread(imported, data, window, None)
        entry = self._office.book(place.company).entry(Ref(SCHEDULE.name, place.schedule))
        now: Any = entry.data.get("calendar") if entry is not None else None
        if not now or now.get("url") != place.url:
            return  # somebody has changed it meanwhile
        if any(now.get(name) != value for name, value in fresh.items()):
            edit = Edit(Ref(SCHEDULE.name, place.schedule), {"calendar": {**now, **fresh}})
            await self._office.change(place.company, [edit], ACTOR)

    def _places(self) -> Iterator[tuple[Place, Calendar]]:
        for company in self._office.companies():
            for schedule in self._office.book(company).all(SCHEDULE):
                if schedule.calendar is not None and schedule.calendar.url is not None:
                    yield Place(company, schedule.id, schedule.calendar.url), schedule.calendar


async def bring(office: Office, company: str, schedule: str, data: bytes, *, dry_run: bool) -> dict[str, Any]:
    """Take a file's events into a schedule. Raises BadCalendarError, NotFoundError; then nothing has changed."""
    book, ref = office.book(company), Ref(SCHEDULE.name, schedule)
    entry = book.entry(ref)
    if entry is None:
        raise NotFoundError(f"no schedule {schedule}")
    window = calendar_window(book, book.local(office.now()).date())
    values = await asyncio.to_thread(imported, data, window, entry.data.get("calendar"))
    outcome = await office.change(company, [Edit(ref, {"calendar": values})], SYSTEM, dry_run=dry_run)
    told = {"count": len(values["events"]), "known_until": values["known_until"]}
    return {**told, "changed": not outcome.plan.empty}


def fetching(request: Callable[..., Awaitable[Any]]) -> Fetch:
    """A fetch over the guarded client's `request`."""

    async def fetch(url: str) -> bytes:
        answer = await request("GET", url, headers={"Accept": "text/calendar"})
        if answer.status != 200:
            raise BadCalendarError(f"its server answers {answer.status}")
        return bytes(answer.body)

    return fetch


def broken_schedules(office: Office) -> int:
    """How many schedules of all companies are broken, for the metrics."""
    today, count = office.now().date(), 0
    for company in office.companies():
        try:
            agendas = office.book(company).agendas
        except NotFoundError:
            continue
        count += sum(
            bool((company, ident) in office.calendar_alarms or broken(agenda, today))
            for ident, agenda in agendas.items()
        )
    return count
