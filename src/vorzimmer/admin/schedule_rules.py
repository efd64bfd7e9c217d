"""What a schedule must fulfil beyond its types, so that it never just does not match (FEATURES.md NF-7).

This module must never change anything.
"""

import itertools
from collections.abc import Iterator

from vorzimmer.admin.check import Fault, said
from vorzimmer.admin.rules import Scene
from vorzimmer.directory.agenda import YEARS, block_of, dated, days_of
from vorzimmer.directory.feasts import UnknownRegionError, public_holidays
from vorzimmer.directory.keys import SCHEDULE
from vorzimmer.directory.record import Entry
from vorzimmer.directory.timetable import Calendar, Event, OwnDay, Schedule


def known_region(country: str, region: str) -> bool:
    """Whether public holidays are known."""
    try:
        public_holidays(country, region, 2026)
    except UnknownRegionError:
        return False
    return True


def schedule(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """Its region has holidays, its days and events begin before they end."""
    core = entry.core
    assert isinstance(core, Schedule)
    if core.holidays and core.holidays.region and not known_region(scene.after.company.country, core.holidays.region):
        region = f"{scene.after.company.country} {core.holidays.region}"
        yield Fault(("holidays", "region"), f"no public holidays are known for {region}")
    for position, day in enumerate(core.days):
        yield from _own_day(day, position)
    if core.calendar is not None:
        yield from _calendar(core.calendar)


def _own_day(day: OwnDay, position: int) -> Iterator[Fault]:
    if day.to is None:
        return
    if dated(day.on) != dated(day.to):
        yield Fault(("days", position, "to"), f"give the year for both {day.on} and {day.to}, or for none")
    elif dated(day.on) and day.to < day.on:
        yield Fault(("days", position, "to"), f"{day.to} is before {day.on}")


def _calendar(calendar: Calendar) -> Iterator[Fault]:
    for position, event in enumerate(calendar.events):
        if says := _wrong(event):
            yield Fault(("calendar", "events", position, "to"), says)


def _wrong(event: Event) -> str:
    if ("T" in event.from_) != ("T" in event.to):
        return "give two days or two moments"
    if event.to < event.from_:
        return f"{said(event.to)} is before {said(event.from_)}"
    if not YEARS[0] <= event.from_[:4] <= event.to[:4] <= YEARS[1]:
        return f"events lie in the years {YEARS[0]} to {YEARS[1]}"
    return ""


def of_country(scene: Scene, country: str) -> Iterator[Fault]:
    """A company that moves to another country takes its schedules along: their regions must be known there."""
    for found in scene.after.all(SCHEDULE):
        region = found.holidays.region if found.holidays else None
        if region and not known_region(country, region):
            yield Fault(
                ("country",), f"the schedule {said(found.id)} has holidays of {country} {region}: none are known"
            )


def overlaps(scene: Scene, entry: Entry) -> Iterator[Fault]:
    """Blocks of one day that overlap are allowed, and hardly meant."""
    core = entry.core
    if not isinstance(core, Schedule):
        return
    for weekday in range(7):
        texts = [text for days, blocks in core.weekly.items() if weekday in days_of(days) for text in blocks]
        blocks = sorted((block_of(text), text) for text in texts)
        for ((_, end), one), ((start, _), other) in itertools.pairwise(blocks):
            if start < end:
                yield Fault(("weekly",), f"{one} and {other} overlap")
                return
