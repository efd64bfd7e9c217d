"""Schedules hold in wall time: over midnight, across daylight saving, on movable holidays (FEATURES.md 0.4, NF-7)."""

import builtins
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from vorzimmer.directory.model import Holidays, Schedule
from vorzimmer.directory.schedules import UnknownRegionError, holds, next_change, public_holidays

BERLIN = ZoneInfo("Europe/Berlin")


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
    assert holds(OFFICE, at(moment), BERLIN, "DE") is expected


def test_a_block_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    night = week(su="22:00-06:00")
    assert holds(night, at("2026-03-01T23:00:00"), BERLIN, "DE")
    assert holds(night, at("2026-03-02T05:59:00"), BERLIN, "DE")
    assert not holds(night, at("2026-03-02T06:00:00"), BERLIN, "DE")
    assert not holds(night, at("2026-03-02T22:30:00"), BERLIN, "DE")
    assert holds(week(mo="00:00-24:00"), at("2026-03-02T23:59:00"), BERLIN, "DE")
    assert holds(week(mo="08:00-08:00"), at("2026-03-03T07:59:00"), BERLIN, "DE")


def test_days_may_wrap_around_sunday_and_be_listed() -> None:
    weekend = week(fr_mo="10:00-11:00")
    assert [holds(weekend, at(f"2026-03-0{d}T10:30:00"), BERLIN, "DE") for d in range(1, 8)] == [
        True, True, False, False, False, True, True,
    ]  # fmt: skip
    listed = Schedule(id="s", name="S", weekly={"mo,we": ("10:00-11:00",)})
    assert holds(listed, at("2026-03-04T10:30:00"), BERLIN, "DE")
    assert not holds(listed, at("2026-03-03T10:30:00"), BERLIN, "DE")


def test_eight_o_clock_stays_eight_o_clock_across_daylight_saving() -> None:
    assert holds(OFFICE, datetime(2026, 3, 27, 7, 0, tzinfo=UTC), BERLIN, "DE")  # CET: 08:00
    assert holds(OFFICE, datetime(2026, 3, 30, 6, 0, tzinfo=UTC), BERLIN, "DE")  # CEST: 08:00
    assert not holds(OFFICE, datetime(2026, 3, 30, 5, 59, tzinfo=UTC), BERLIN, "DE")


def test_the_next_change_is_found_also_on_the_day_the_clocks_change() -> None:
    assert next_change(OFFICE, at("2026-03-02T10:00:00"), BERLIN, "DE") == at("2026-03-02T17:00:00")
    assert next_change(OFFICE, at("2026-03-06T16:00:00"), BERLIN, "DE") == at("2026-03-09T08:00:00")
    skipped = week(su="02:30-05:00")  # 29 March 2026: 02:00 to 03:00 does not exist
    found = next_change(skipped, at("2026-03-29T01:00:00"), BERLIN, "DE")
    assert found == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert next_change(week(), at("2026-03-02T10:00:00"), BERLIN, "DE") is None


def test_nf_8_movable_holidays_of_the_region() -> None:
    feasts = Schedule(id="f", name="F", holidays=Holidays(region="BY", also=("2026-12-24",)))
    assert holds(feasts, at("2026-04-06T12:00:00"), BERLIN, "DE")  # Easter Monday
    assert holds(feasts, at("2026-06-04T00:00:00"), BERLIN, "DE")  # Corpus Christi, in Bavaria
    assert holds(feasts, at("2026-12-24T12:00:00"), BERLIN, "DE")
    assert not holds(feasts, at("2026-06-05T12:00:00"), BERLIN, "DE")
    assert date(2026, 6, 4) not in public_holidays("DE", "BE", 2026)
    assert date(2027, 3, 29) in public_holidays("DE", "BY", 2027)


def test_nf_7_an_unknown_region_never_just_does_not_match() -> None:
    broken = Schedule(id="f", name="F", holidays=Holidays(region="XX"))
    with pytest.raises(UnknownRegionError):
        holds(broken, at("2026-04-06T12:00:00"), BERLIN, "DE")
    with pytest.raises(UnknownRegionError):
        public_holidays("QQ", "", 2026)


def test_holidays_are_reckoned_without_reading_files(monkeypatch: pytest.MonkeyPatch) -> None:
    public_holidays.cache_clear()

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a pure room opened a file")

    monkeypatch.setattr(builtins, "open", refuse)
    assert date(2026, 10, 3) in public_holidays("DE", "BY", 2026)
