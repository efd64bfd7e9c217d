"""Schedules: when business hours and holidays hold, and when that changes next.

Everything is reckoned in wall time of the company's time zone, so that 08:00 stays 08:00 across daylight saving. A
region that nobody knows raises, it never just does not match (FEATURES.md NF-7). Time comes in as an argument.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

import holidays

from vorzimmer.directory.model import WEEKDAYS, Schedule
from vorzimmer.kernel.errors import VorzimmerError

_LOOK_AHEAD_DAYS = 400
_DAY = 24 * 60


class UnknownRegionError(VorzimmerError):
    """No public holidays are known for this country and region."""


@lru_cache(maxsize=1024)
def public_holidays(country: str, region: str, year: int) -> frozenset[date]:
    """The public holidays of a region (``BY``), movable ones included; of the whole country for an empty region.
    Raises UnknownRegionError. The same arguments always give the same days."""
    try:
        return frozenset(_wordless(country)(subdiv=region or None, years=year, expand=False))
    except (NotImplementedError, AttributeError) as error:
        raise UnknownRegionError(f"{country} {region}".strip()) from error


@lru_cache(maxsize=64)
def _wordless(country: str) -> type[holidays.HolidayBase]:
    """The library's calendar of a country without the names of its feasts: those are files; this room reads none."""
    entity = getattr(holidays, country)

    def no_names(self: holidays.HolidayBase) -> None:
        self.tr = lambda message: message

    return type(country, (entity.get_entity(),), {"_init_translation": no_names})


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


def holds(schedule: Schedule, now: datetime, zone: tzinfo, country: str) -> bool:
    """Whether a schedule holds at an aware moment: inside a weekly block or on one of its holidays (0.4)."""
    local = now.astimezone(zone)
    return _in_week(schedule, local) or is_holiday(schedule, local.date(), country)


def is_holiday(schedule: Schedule, day: date, country: str) -> bool:
    """Whether the schedule lists this day. Raises UnknownRegionError."""
    listed = schedule.holidays
    if listed is None:
        return False
    if day.isoformat() in listed.also:
        return True
    return listed.region is not None and day in public_holidays(country, listed.region, day.year)


def _in_week(schedule: Schedule, local: datetime) -> bool:
    minute, today = local.hour * 60 + local.minute, local.weekday()
    for days, blocks in schedule.weekly.items():
        on = days_of(days)
        for start, end in map(block_of, blocks):
            if today in on and (start <= minute < end or (end <= start <= minute)):
                return True
            if (today - 1) % 7 in on and end <= start and minute < end:
                return True
    return False


def next_change(schedule: Schedule, now: datetime, zone: tzinfo, country: str) -> datetime | None:
    """The next moment (UTC) at which `holds` changes; None if it does not within 400 days."""
    before = holds(schedule, now, zone, country)
    for moment in _candidates(schedule, now, zone):
        if holds(schedule, moment, zone, country) != before:
            return moment
    return None


def _candidates(schedule: Schedule, now: datetime, zone: tzinfo) -> Iterator[datetime]:
    minutes = {0} | {edge % _DAY for blocks in schedule.weekly.values() for b in blocks for edge in block_of(b)}
    day = now.astimezone(zone).date() - timedelta(days=1)
    for step in range(_LOOK_AHEAD_DAYS):
        yield from sorted(m for m in _moments(day + timedelta(days=step), minutes, zone) if m > now)


def _moments(day: date, minutes: set[int], zone: tzinfo) -> set[datetime]:
    """The edges of one day as UTC moments. On a day on which the clocks change every half hour is looked at, because
    an edge may fall into the hour that is skipped or lived twice."""
    midnight = datetime.combine(day, time(), zone)
    start = midnight.astimezone(UTC)
    end = (midnight + timedelta(days=1)).astimezone(UTC)
    found = {
        datetime.combine(day, time(m // 60, m % 60), zone).replace(fold=fold).astimezone(UTC)
        for m in minutes
        for fold in (0, 1)
    }
    if end - start != timedelta(days=1):
        found |= {start + timedelta(minutes=30 * step) for step in range((end - start) // timedelta(minutes=30))}
    return {moment for moment in found if start <= moment < end}
