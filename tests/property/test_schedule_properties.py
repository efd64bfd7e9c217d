"""Schedules in every time zone: what the clock on the wall shows decides, whatever the clocks do that night."""

import itertools
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from dateutil.easter import easter as easter_elsewhere
from hypothesis import given, settings
from hypothesis import strategies as st

from vorzimmer.directory.agenda import Agenda, block_of, days_of
from vorzimmer.directory.feasts import easter
from vorzimmer.directory.timetable import Calendar, Event, Holidays, OwnDay, Schedule

FROM = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 730
HOUR = timedelta(hours=1)


@cache
def changes(name: str) -> tuple[datetime, ...]:
    """Hours after which the clocks of a zone have changed."""
    zone, found = ZoneInfo(name), []
    offsets = [(FROM + timedelta(days=day)).astimezone(zone).utcoffset() for day in range(DAYS)]
    for day, (before, after) in enumerate(itertools.pairwise(offsets)):
        if before != after:
            start = FROM + timedelta(days=day)
            found.append(next(m for h in range(26) if (m := start + h * HOUR).astimezone(zone).utcoffset() != before))
    return tuple(found)


def zones() -> list[str]:
    """One zone for each way in which clocks change in these years."""
    seen: dict[object, str] = {}
    for name in sorted(available_timezones()):
        moments = changes(name)
        key = tuple((m, m.astimezone(ZoneInfo(name)).utcoffset()) for m in moments)
        if moments:
            seen.setdefault(key, name)
    return sorted(seen.values())


def shown(schedule: Schedule, moment: datetime, zone: ZoneInfo) -> bool:
    """The rule in its plainest form: weekday and time on the wall, nothing else."""
    wall = moment.astimezone(zone)
    minute, today = wall.hour * 60 + wall.minute, wall.weekday()
    for days, blocks in schedule.weekly.items():
        for start, end in map(block_of, blocks):
            over = end <= start
            if today in days_of(days) and start <= minute and (over or minute < end):
                return True
            if over and (today - 1) % 7 in days_of(days) and minute < end:
                return True
    return False


NIGHTS = [
    ("02:00-03:00",),
    ("00:00-01:00", "23:00-23:30"),
    ("01:30-02:30",),
    ("22:00-02:30",),
    ("00:30-24:00",),
    ("03:00-03:00",),
]


@pytest.mark.parametrize("name", zones())
def test_around_every_change_of_clocks(name: str) -> None:
    zone = ZoneInfo(name)
    for blocks in NIGHTS:
        schedule = Schedule(id="s", name="S", weekly={"mo-su": blocks})
        for change in changes(name):
            moments = [change + timedelta(minutes=15 * step) for step in range(-20, 20)]
            agenda = Agenda(schedule, zone, "DE")
            states = [agenda.holds(moment) for moment in moments]
            assert states == [shown(schedule, moment, zone) for moment in moments]
            then = Agenda(schedule, zone, "DE").next_change(moments[0])
            first = next((m for m, state in zip(moments, states, strict=True) if state != states[0]), None)
            if first is not None:
                assert then is not None
                assert first - timedelta(minutes=15) < then <= first
                assert shown(schedule, then, zone) != states[0] == shown(schedule, then - timedelta(seconds=1), zone)


def test_two_o_clock_does_not_come_or_comes_twice_in_berlin() -> None:
    zone = ZoneInfo("Europe/Berlin")
    agenda = Agenda(Schedule(id="s", name="S", weekly={"su": ("02:00-03:00",)}), zone, "DE")
    spring, autumn = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)
    minutes = [timedelta(minutes=minute) for minute in range(25 * 60)]
    assert sum(agenda.holds(spring + minute) for minute in minutes[: 23 * 60]) == 0
    assert sum(agenda.holds(autumn + minute) for minute in minutes) == 120


quarters = st.integers(0, 95).map(lambda q: f"{q // 4:02}:{q % 4 * 15:02}")
blocks = st.builds(lambda a, b: f"{a}-{b}", quarters, quarters)
weeks = st.dictionaries(
    st.sampled_from(["mo", "tu-th", "fr", "sa-mo", "su", "mo-su"]), st.lists(blocks, max_size=3).map(tuple), max_size=3
)
days = st.dates(date(2026, 1, 1), date(2027, 11, 30))
words = days.map(str) | days.map(lambda day: f"{day:%m-%d}") | st.sampled_from(["rose_monday", "assumption"])
modes = st.sampled_from(["holds", "rests"])
listed = st.lists(words, max_size=3).map(tuple)
holidays = st.none() | st.builds(Holidays, st.sampled_from([None, "BY", "BE"]), listed, listed, modes)
own_days = st.lists(st.builds(OwnDay, words, st.none(), st.lists(blocks, max_size=2).map(tuple)), max_size=2).map(tuple)
stamps = st.integers(0, 96 * 690).map(lambda quarter: FROM + timedelta(minutes=15 * quarter))
events = st.builds(
    lambda at, hours: Event(f"{at:%Y-%m-%dT%H:%M:%S}Z", f"{at + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}Z", "E"),
    stamps,
    st.integers(0, 100),
) | days.map(lambda day: Event(str(day), str(day + timedelta(days=2)), "D"))
calendars = st.none() | st.builds(
    lambda mode, found: Calendar(mode, events=tuple(found)), modes, st.lists(events, max_size=4)
)
schedules = st.builds(
    lambda weekly, holiday, own, calendar: Schedule("s", "S", weekly, holiday, own, calendar),
    weeks,
    holidays,
    own_days,
    calendars,
)


@settings(max_examples=120, deadline=None)
@given(schedules, stamps, st.sampled_from(zones()))
def test_between_now_and_the_next_change_nothing_changes(schedule: Schedule, now: datetime, name: str) -> None:
    """Every quarter of an hour on the way is as now, the change is one, and why says the same as whether."""
    agenda = Agenda(schedule, ZoneInfo(name), "DE")
    before, then = agenda.holds(now), agenda.next_change(now)
    assert Agenda(schedule, ZoneInfo(name), "DE").why(now).holds == before
    for step in range(96 * 4):
        moment = now + timedelta(minutes=15 * step)
        if then is not None and moment >= then:
            break
        assert agenda.holds(moment) == before == agenda.why(moment).holds
        if step % 16 == 0:
            assert agenda.next_change(moment) == then
    if then is not None:
        assert agenda.holds(then) != before
        assert agenda.holds(then - timedelta(seconds=1)) == before


@given(st.integers(1583, 9999))
def test_easter_is_when_others_say(year: int) -> None:
    assert easter(year) == easter_elsewhere(year)
