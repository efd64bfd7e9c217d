"""A schedule made ready to be asked: does it hold now, why, and when does that change?

What the clock on the wall shows decides: a block 02:00-03:00 holds for nothing in the night that skips this hour, and
for two hours in the night that has it twice; 08:00 stays 08:00. Each day is reckoned once and kept, so that a question
costs a few microseconds. Events of a calendar are moments and do not care about clocks. This module must never read a
clock, and never raise over what a schedule says: what it cannot understand it names in `broken` (FEATURES.md NF-7).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal, NamedTuple, TypeVar

from vorzimmer.directory.feasts import FEASTS, UnknownRegionError, day_in, public_holidays
from vorzimmer.directory.timetable import WEEKDAYS, Event, OwnDay, Schedule

YEARS = ("1970", "2199")
"""The years that a calendar's events may lie in."""
LOOK_AHEAD = timedelta(days=400)
_DAY = 24 * 60
_KEPT_DAYS = 1_000
_ONE = timedelta(days=1)
N = TypeVar("N", int, float)

What = Literal["weekly", "holiday", "own", "event", "outside"]


class Span(NamedTuple):
    """A part of a day in which the schedule holds, in minutes of the clock on the wall (0 to 1440), and why."""

    start: int
    end: int
    what: What
    name: str = ""


class DayPlan(NamedTuple):
    """One day on the clock, without the calendar's events. `feast` is the name of a holiday that the schedule knows,
    `own` the entry that replaces everything else; `edges` are the minutes at which holding begins and ends in turn."""

    day: date
    feast: str
    own: OwnDay | None
    spans: tuple[Span, ...]
    edges: tuple[int, ...]


class Reason(NamedTuple):
    """Whether the schedule holds, and what decided that: the week, a holiday, an own day or an event with its name."""

    holds: bool
    what: What
    name: str = ""


class Happening(NamedTuple):
    """An event between two moments (POSIX seconds)."""

    start: float
    end: float
    name: str


@lru_cache(maxsize=1024)
def days_of(text: str) -> frozenset[int]:
    """``mo-th`` or ``mo,we`` as weekday numbers, Monday 0; a range may go over Sunday."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(found)


@lru_cache(maxsize=4096)
def block_of(text: str) -> tuple[int, int]:
    """``08:00-17:00`` as minutes of the day. The end lies on the next day if it is not after the start."""
    start, _, end = text.partition("-")
    return _minutes(start), _minutes(end)


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


class Agenda:
    """One schedule in one zone and country. Its answers depend on nothing but these and the moment asked for."""

    __slots__ = ("_days", "_edges", "_events", "_last", "_weekly", "broken", "country", "schedule", "zone")

    def __init__(self, schedule: Schedule, zone: tzinfo, country: str) -> None:
        self.schedule, self.zone, self.country = schedule, zone, country
        self.broken = _unknown_region(schedule, country)
        """What cannot be understood; "" where all is well."""
        self._weekly = tuple(
            tuple(
                block_of(text)
                for days, blocks in schedule.weekly.items()
                if weekday in days_of(days)
                for text in blocks
            )
            for weekday in range(7)
        )
        self._events = _happenings(schedule.calendar.events if schedule.calendar else (), zone)
        self._edges = _merged([(event.start, event.end) for event in self._events])
        self._days: dict[date, DayPlan] = {}
        self._last: tuple[float, float, datetime | None] = (0.0, 0.0, None)

    # -- asking -----------------------------------------------------------------------------------------------------
    def holds(self, now: datetime) -> bool:
        """Whether the schedule holds at an aware moment (0.4)."""
        local = now.astimezone(self.zone)
        plan = self.day(local.date())
        if self._edges and plan.own is None and bisect_right(self._edges, now.timestamp()) % 2:
            return self._calendar_holds
        return bisect_right(plan.edges, local.hour * 60 + local.minute) % 2 == 1

    def why(self, now: datetime) -> Reason:
        """The same with what decided it."""
        local = now.astimezone(self.zone)
        plan, minute = self.day(local.date()), local.hour * 60 + local.minute
        if plan.own is None and (event := self._event_at(now.timestamp())) is not None:
            return Reason(self._calendar_holds, "event", event.name)
        span = next((span for span in plan.spans if span.start <= minute < span.end), None)
        if span is not None:
            return Reason(True, span.what, span.name)
        if plan.own is not None:
            return Reason(False, "own", plan.own.name)
        return Reason(False, "holiday", plan.feast) if plan.feast else Reason(False, "outside")

    def next_change(self, now: datetime) -> datetime | None:
        """The next moment (UTC) at which `holds` changes; None if it does not within 400 days."""
        asked = now.timestamp()
        start, end, answer = self._last
        if not start <= asked < end:
            answer = self._look_ahead(now)
            horizon = answer or now + _ONE  # without a change, look again tomorrow: another day has come into view
            self._last = (asked, horizon.timestamp(), answer)
        return answer

    def day(self, day: date) -> DayPlan:
        """One day on the clock."""
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= _KEPT_DAYS:
                self._days.clear()
            found = self._days[day] = self._plan(day)
        return found

    def events(self, first: date, last: date) -> list[Happening]:
        """The calendar's events that touch these days, by their start."""
        start, end = (_moment(day, self.zone) for day in (first, last + _ONE))
        return [event for event in self._events if event.start < end and event.end > start]

    # -- one day ----------------------------------------------------------------------------------------------------
    @property
    def _calendar_holds(self) -> bool:
        return self.schedule.calendar is None or self.schedule.calendar.mode == "holds"

    def _event_at(self, moment: float) -> Happening | None:
        if not bisect_right(self._edges, moment) % 2:
            return None
        return next((event for event in self._events if event.start <= moment < event.end), None)

    def _plan(self, day: date) -> DayPlan:
        own, feast = self._own(day), self._feast(day)
        blocks = self._blocks(day)
        spans = [Span(start, end if end > start else _DAY, what, name) for start, end, what, name in blocks]
        for start, end, what, name in self._blocks(day - _ONE):
            if end <= start and end:
                spans.append(Span(0, end, what, name))
        spans.sort()
        edges = _merged([(span.start, span.end) for span in spans])
        return DayPlan(day, feast, own, tuple(spans), tuple(edges))

    def _blocks(self, day: date) -> list[tuple[int, int, What, str]]:
        """The blocks that begin on a day."""
        own = self._own(day)
        if own is not None:
            return [(*block_of(text), "own", own.name) for text in own.hours]
        feast = self._feast(day)
        if feast and self.schedule.holidays is not None:
            return [(0, _DAY, "holiday", feast)] if self.schedule.holidays.mode == "holds" else []
        return [(start, end, "weekly", "") for start, end in self._weekly[day.weekday()]]

    def _own(self, day: date) -> OwnDay | None:
        return next((own for own in self.schedule.days if covers(own, day)), None)

    def _feast(self, day: date) -> str:
        """The name of a holiday that this schedule knows, "" for none."""
        listed = self.schedule.holidays
        if listed is None:
            return ""
        also = next((word for word in listed.also if day_in(word, day.year) == day), None)
        region = "" if self.broken or listed.region is None else listed.region
        name = public_holidays(self.country, region, day.year).get(day, "") if region else ""
        if also is not None:
            return name or (FEASTS[also].german if also in FEASTS else also)
        return name if not any(day_in(word, day.year) == day for word in listed.without) else ""

    # -- looking ahead ----------------------------------------------------------------------------------------------
    def _look_ahead(self, now: datetime) -> datetime | None:
        before = self.holds(now)
        day = now.astimezone(self.zone).date()
        for moment in self._candidates(day - _ONE, day + LOOK_AHEAD, before):
            if moment > now and self.holds(moment) != before:
                return moment
        return None

    def _candidates(self, day: date, last: date, before: bool) -> Iterator[datetime]:
        """Moments at which something may change, in order; days that are as `before` all day are passed over."""
        flat = (0, _DAY) if before else ()
        while day <= last:
            if any(self.day(each).edges != flat for each in _around(day)) or self._has_event(day):
                yield from sorted(self._moments(day))
            day += _ONE

    def _has_event(self, day: date) -> bool:
        """Whether an event begins or ends on a day, or goes on over it."""
        if not self._edges:
            return False
        low = bisect_right(self._edges, _moment(day, self.zone))
        return low % 2 == 1 or low != bisect_right(self._edges, _moment(day + _ONE, self.zone))

    def _moments(self, day: date) -> set[datetime]:
        """Those from one midnight to the next. The days around it are looked at because there are clocks that go back
        from just after midnight to the day before."""
        start, end = _moment(day, self.zone), _moment(day + _ONE, self.zone)
        low, high = bisect_right(self._edges, start), bisect_right(self._edges, end)
        found = {datetime.fromtimestamp(edge, UTC) for edge in self._edges[low:high]}
        found.update(_transitions(start, end, self.zone))
        for each in _around(day):
            for minute in {0, *(edge % _DAY for edge in self.day(each).edges)}:
                wall = datetime.combine(each, time(minute // 60, minute % 60), self.zone)
                found.update(wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        return {moment for moment in found if start <= moment.timestamp() < end}


def _around(day: date) -> tuple[date, date, date]:
    return day - _ONE, day, day + _ONE


def covers(own: OwnDay, day: date) -> bool:
    """Whether a day is one of an entry's days; a span of each year may go over New Year."""
    if own.to is not None and dated(own.on):
        return own.on <= day.isoformat() <= own.to
    first = day_in(own.on, day.year)
    if own.to is None or first is None:
        return first == day
    last = day_in(own.to, day.year)
    if last is None:
        return False
    return first <= day <= last if first <= last else day >= first or day <= last


def dated(word: str) -> bool:
    """Whether a word means one day of one year."""
    return len(word) == len("2026-12-24") and word[:4].isdigit()


def _unknown_region(schedule: Schedule, country: str) -> str:
    listed = schedule.holidays
    if listed is None or listed.region is None:
        return ""
    try:
        public_holidays(country, listed.region, 2026)
    except UnknownRegionError as error:
        return str(error)
    return ""


def _moment(day: date, zone: tzinfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()


def _happenings(events: Iterable[Event], zone: tzinfo) -> list[Happening]:
    """Events in order. What lies outside of `YEARS` or is no moment is left out: saving refuses it (admin)."""
    found = []
    for event in events:
        if not YEARS[0] <= event.from_[:4] <= event.to[:4] <= YEARS[1]:
            continue
        with suppress(ValueError):
            found.append(Happening(_begin(event.from_, zone), _end(event.to, zone), event.name))
    return sorted(each for each in found if each.start < each.end)


def _begin(text: str, zone: tzinfo) -> float:
    return datetime.fromisoformat(text).timestamp() if "T" in text else _moment(date.fromisoformat(text), zone)


def _end(text: str, zone: tzinfo) -> float:
    """Whole days last until midnight after the last one."""
    return _begin(text, zone) if "T" in text else _moment(date.fromisoformat(text) + _ONE, zone)


def _merged(spans: Iterable[tuple[N, N]]) -> list[N]:
    """Starts and ends in turn, of spans that are sorted by their start; those that touch are one."""
    edges: list[N] = []
    for start, end in spans:
        if edges and start <= edges[-1]:
            edges[-1] = max(edges[-1], end)
        else:
            edges += (start, end)
    return edges


def _transitions(start: float, end: float, zone: tzinfo) -> Iterator[datetime]:
    """The moment between two POSIX times at which the clocks of a zone change, if they do."""
    before = datetime.fromtimestamp(start, zone).utcoffset()
    if datetime.fromtimestamp(end, zone).utcoffset() == before:
        return
    while end - start > 1:
        middle = start + (end - start) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == before:
            start = middle
        else:
            end = middle
    yield datetime.fromtimestamp(end, UTC)
