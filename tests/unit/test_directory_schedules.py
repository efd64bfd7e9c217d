"""Schedules hold in wall time: over midnight, across daylight saving, on movable holidays (FEATURES.md 0.4, NF-7)."""

import builtins
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from vorzimmer.directory.agenda import Agenda, Reason
from vorzimmer.directory.feasts import (
    FEASTS,
    UnknownRegionError,
    day_in,
    easter,
    feast_name,
    make_ready,
    public_holidays,
)
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change
from vorzimmer.directory.timetable import Calendar, Event, Holidays, OwnDay, Schedule
from vorzimmer.testing.company import demo_book

BERLIN = ZoneInfo("Europe/Berlin")


def agenda(schedule: Schedule) -> Agenda:
    return Agenda(schedule, BERLIN, "DE")


def holds(schedule: Schedule, now: datetime) -> bool:
    return agenda(schedule).holds(now)


def next_change(schedule: Schedule, now: datetime) -> datetime | None:
    return agenda(schedule).next_change(now)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def week(**blocks: str) -> Schedule:
    weekly = {days.replace("_", "-"): tuple(text.split(",")) for days, text in blocks.items()}
    return Schedule(id="s", name="S", weekly=weekly)


OFFICE = week(mo_th="08:00-17:00", fr="08:00-15:00")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-02T07:59:59", False),
        ("2026-03-02T08:00:00", True),
        ("2026-03-02T16:59:59", True),
        ("2026-03-02T17:00:00", False),
        ("2026-03-06T14:59:00", True),
        ("2026-03-06T15:00:00", False),
        ("2026-03-07T10:00:00", False),
    ],
)
def test_weekly_blocks(moment: str, expected: bool) -> None:
    assert holds(OFFICE, at(moment)) is expected


def test_a_block_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    night = week(su="22:00-06:00")
    assert holds(night, at("2026-03-01T23:00:00"))
    assert holds(night, at("2026-03-02T05:59:00"))
    assert not holds(night, at("2026-03-02T06:00:00"))
    assert not holds(night, at("2026-03-02T22:30:00"))
    assert holds(week(mo="00:00-24:00"), at("2026-03-02T23:59:00"))
    assert holds(week(mo="08:00-08:00"), at("2026-03-03T07:59:00"))


def test_days_may_wrap_around_sunday_and_be_listed() -> None:
    weekend = week(fr_mo="10:00-11:00")
    assert [holds(weekend, at(f"2026-03-0{d}T10:30:00")) for d in range(1, 8)] == [
        True, True, False, False, False, True, True,
    ]  # fmt: skip
    listed = Schedule(id="s", name="S", weekly={"mo,we": ("10:00-11:00",)})
    assert holds(listed, at("2026-03-04T10:30:00"))
    assert not holds(listed, at("2026-03-03T10:30:00"))


def test_eight_o_clock_stays_eight_o_clock_across_daylight_saving() -> None:
    assert holds(OFFICE, datetime(2026, 3, 27, 7, 0, tzinfo=UTC))  # CET: 08:00
    assert holds(OFFICE, datetime(2026, 3, 30, 6, 0, tzinfo=UTC))  # CEST: 08:00
    assert not holds(OFFICE, datetime(2026, 3, 30, 5, 59, tzinfo=UTC))


def test_the_next_change_is_found_also_on_the_day_the_clocks_change() -> None:
    assert next_change(OFFICE, at("2026-03-02T10:00:00")) == at("2026-03-02T17:00:00")
    assert next_change(OFFICE, at("2026-03-06T16:00:00")) == at("2026-03-09T08:00:00")
    skipped = week(su="02:30-05:00")  # 29 March 2026: 02:00 to 03:00 does not exist
    found = next_change(skipped, at("2026-03-29T01:00:00"))
    assert found == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert next_change(week(), at("2026-03-02T10:00:00")) is None


def test_nf_8_movable_holidays_of_the_region() -> None:
    feasts = Schedule(id="f", name="F", holidays=Holidays(region="BY", also=("2026-12-24",)))
    assert holds(feasts, at("2026-04-06T12:00:00"))  # Easter Monday
    assert holds(feasts, at("2026-06-04T00:00:00"))  # Corpus Christi, in Bavaria
    assert holds(feasts, at("2026-12-24T12:00:00"))
    assert not holds(feasts, at("2026-06-05T12:00:00"))
    assert date(2026, 6, 4) not in public_holidays("DE", "BE", 2026)
    assert date(2027, 3, 29) in public_holidays("DE", "BY", 2027)


def test_nf_7_an_unknown_region_never_just_does_not_match() -> None:
    broken = Schedule(id="f", name="F", weekly={"mo": ("08:00-17:00",)}, holidays=Holidays("XX", also=("12-24",)))
    ready = agenda(broken)
    assert ready.broken == "DE XX"
    assert ready.holds(at("2026-12-24T12:00:00"))  # what is known goes on
    assert ready.holds(at("2026-03-02T12:00:00"))
    with pytest.raises(UnknownRegionError):
        public_holidays("QQ", "", 2026)
    assert agenda(OFFICE).broken == ""


def test_holidays_are_reckoned_without_reading_files(monkeypatch: pytest.MonkeyPatch) -> None:
    public_holidays.cache_clear()

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a pure room opened a file")

    monkeypatch.setattr(builtins, "open", refuse)
    assert public_holidays("DE", "BY", 2026)[date(2026, 10, 3)] == "Tag der Deutschen Einheit"


def test_nf_8_feasts_of_municipalities_are_a_choice_of_each_schedule() -> None:
    """Bavaria's 15 August is public in some municipalities, the 8th in Augsburg alone."""
    plain = Schedule(id="f", name="F", holidays=Holidays("BY"))
    assert not holds(plain, at("2026-08-15T12:00:00"))
    augsburg = Schedule(
        id="f", name="F", holidays=Holidays("BY", also=("assumption", "peace_festival"), without=("epiphany",))
    )
    assert [holds(augsburg, at(f"2026-{day}T12:00:00")) for day in ("08-15", "08-08", "01-06", "01-01")] == [
        True, True, False, True,
    ]  # fmt: skip
    assert agenda(augsburg).why(at("2027-08-15T12:00:00")) == Reason(True, "holiday", "Mariä Himmelfahrt")


def test_holidays_may_be_days_of_each_year_or_of_one() -> None:
    yearly = Schedule(id="f", name="F", holidays=Holidays(also=("12-24", "02-29", "2027-01-02")))
    days = ("2026-12-24", "2030-12-24", "2028-02-29", "2027-03-01", "2027-01-02", "2028-01-02")
    assert [holds(yearly, at(f"{day}T12:00:00")) for day in days] == [True, True, True, False, True, False]


def test_a_schedule_may_rest_on_holidays() -> None:
    """Business hours in one schedule: the week without holidays; a night that has begun goes on into one."""
    office = Schedule(
        id="o", name="O", weekly={"mo-fr": ("08:00-17:00", "22:00-02:00")}, holidays=Holidays("BY", mode="rests")
    )
    ready = agenda(office)
    assert ready.holds(at("2026-04-02T10:00:00"))
    assert not ready.holds(at("2026-04-03T10:00:00"))  # Good Friday
    assert ready.why(at("2026-04-03T10:00:00")) == Reason(False, "holiday", "Karfreitag")
    assert ready.holds(at("2026-04-03T01:59:00"))
    assert ready.why(at("2026-04-07T18:00:00")) == Reason(False, "outside")
    assert ready.next_change(at("2026-04-03T10:00:00")) == at("2026-04-07T08:00:00")


def test_days_with_hours_of_their_own_replace_everything_else() -> None:
    office = Schedule(
        id="o",
        name="O",
        weekly={"mo-fr": ("08:00-17:00",)},
        holidays=Holidays("BY"),
        days=(
            OwnDay("12-24", hours=("08:00-12:00",), name="Heiligabend"),
            OwnDay("12-27", "01-02", name="Betriebsruhe"),
            OwnDay("2026-08-03", "2026-08-21", hours=("10:00-12:00", "23:00-01:00")),
            OwnDay("rose_monday"),
        ),
    )
    ready = agenda(office)
    assert ready.why(at("2026-12-24T11:59:00")) == Reason(True, "own", "Heiligabend")
    assert ready.why(at("2026-12-24T12:00:00")) == Reason(False, "own", "Heiligabend")
    assert [ready.holds(at(f"{day}T10:00:00")) for day in ("2026-12-28", "2027-01-01", "2027-01-04")] == [
        False, False, True,
    ]  # fmt: skip
    assert ready.why(at("2026-12-25T03:00:00")) == Reason(True, "holiday", "Erster Weihnachtstag")
    assert [ready.holds(at(f"2026-08-{text}")) for text in ("03T09:00:00", "21T11:00:00", "22T00:30:00")] == [
        False, True, True,
    ]  # fmt: skip
    assert not ready.holds(at("2026-08-22T01:00:00"))
    assert not ready.holds(at("2026-02-16T10:00:00"))
    assert ready.holds(at("2026-02-17T10:00:00"))


def test_a_calendar_holds_while_an_event_lasts() -> None:
    events = (
        Event("2026-08-03", "2026-08-04", "Ferien"),
        Event("2026-08-10T08:00:00Z", "2026-08-10T10:00:00Z", "Messe"),
        Event("2026-08-10T09:00:00Z", "2026-08-10T11:00:00Z", "Danach"),
        Event("2026-08-12T09:00:00Z", "2026-08-12T09:00:00Z", "nichts"),
    )
    ready = agenda(Schedule(id="c", name="C", calendar=Calendar(events=events), days=(OwnDay("2026-08-04"),)))
    assert ready.why(at("2026-08-03T00:00:00")) == Reason(True, "event", "Ferien")
    assert not ready.holds(at("2026-08-04T12:00:00"))  # a day of its own counts before the calendar
    assert ready.next_change(at("2026-08-03T10:00:00")) == at("2026-08-04T00:00:00")
    assert ready.next_change(at("2026-08-04T10:00:00")) == at("2026-08-10T10:00:00")
    assert ready.next_change(at("2026-08-10T10:00:00")) == at("2026-08-10T13:00:00")
    assert ready.why(at("2026-08-10T12:30:00")).name == "Danach"
    assert ready.next_change(at("2026-08-10T13:00:00")) is None
    rests = agenda(
        Schedule(id="c", name="C", weekly={"mo-su": ("00:00-24:00",)}, calendar=Calendar("rests", events=events))
    )
    assert rests.why(at("2026-08-03T00:00:00")) == Reason(False, "event", "Ferien")
    assert rests.next_change(at("2026-08-01T10:00:00")) == at("2026-08-03T00:00:00")
    assert rests.next_change(at("2026-08-03T10:00:00")) == at("2026-08-05T00:00:00")
    assert [each.name for each in rests.events(date(2026, 8, 4), date(2026, 8, 10))] == ["Ferien", "Messe", "Danach"]


def test_a_book_keeps_the_days_of_schedules_that_stay_as_they_are() -> None:
    """What was reckoned is kept over changes of other records; the zone and the country of the company count."""
    book = demo_book()
    office = book.agenda("buerozeiten")
    assert office is not None
    after = book.apply([Change("department", "neu", {"id": "neu", "name": "Neu"})])
    assert after.agenda("buerozeiten") is office
    fewer = after.apply([Change("schedule", "feiertage", None)])
    assert fewer.agenda("buerozeiten") is office
    assert fewer.agenda("feiertage") is None
    entry = book.entry(Ref("company", "musterbau"))
    assert entry is not None
    moved = book.apply([Change("company", "musterbau", {**entry.data, "timezone": "Atlantic/Azores"})])
    azores = moved.agenda("buerozeiten")
    assert azores is not None
    assert office.holds(at("2026-03-02T08:30:00"))
    assert not azores.holds(at("2026-03-02T08:30:00"))


def test_feasts_have_names_in_both_languages() -> None:
    for country in ("DE", "AT", "CH"):
        for name in {name for year in range(2020, 2031) for name in public_holidays(country, "", year).values()}:
            assert feast_name(name, "de") == name
            assert feast_name(name, "en") != name, name
    assert feast_name("Tag der Deutschen Einheit", "en") == "German Unity Day"
    assert day_in("repentance_day", 2026) == date(2026, 11, 18)
    assert {word: feast.day(2026) for word, feast in FEASTS.items()}["rose_monday"] == date(2026, 2, 16)


@pytest.mark.parametrize(
    "region", ["BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH"]
)
def test_nf_8_every_german_state_has_its_holidays_with_english_names(region: str) -> None:
    for year in (2025, 2026, 2027):
        found = public_holidays("DE", region, year)
        assert easter(year).replace() not in found or region in {"BB", "HE"}
        assert {date(year, 1, 1), date(year, 10, 3), date(year, 12, 25)} <= set(found)
        assert all(feast_name(name, "en") != name for name in found.values())


def test_a_country_can_be_made_ready_before_calls_run() -> None:
    make_ready("AT")
    make_ready("QQ")  # nobody knows it, and nothing is wrong with that
    before = public_holidays.cache_info().misses
    public_holidays("AT", "", 2000)
    assert public_holidays.cache_info().misses == before
