"""Calendars of RFC 5545 become events; whatever cannot be understood refuses the whole file, in bounded time."""

import time
from contextlib import suppress
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from icalendar import vRecur

from vorzimmer.directory.ical import MAX_BYTES, Imported, Window, read_calendar
from vorzimmer.directory.recurrence import BadCalendarError, Budget, days_from, rule_of

BERLIN = ZoneInfo("Europe/Berlin")
WINDOW = Window(date(2026, 1, 1), date(2026, 12, 31), BERLIN, ZoneInfo)


def calendar(*events: str) -> bytes:
    inside = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//DE\n{inside}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def read(*events: str) -> list[tuple[str, str, str]]:
    return [(event.from_, event.to, event.name) for event in read_calendar(calendar(*events), WINDOW).events]


def test_rfc5545_3_6_1_whole_days_and_moments() -> None:
    assert read("DTSTART;VALUE=DATE:20260803\nDTEND;VALUE=DATE:20260822\nSUMMARY:Betriebs\n ferien\\, alle") == [
        ("2026-08-03", "2026-08-21", "Betriebsferien, alle")
    ]
    assert read("DTSTART;VALUE=DATE:20260803\nSUMMARY:Ein Tag") == [("2026-08-03", "2026-08-03", "Ein Tag")]
    assert read("DTSTART:20260803T080000Z\nDURATION:PT1H30M") == [("2026-08-03T08:00:00Z", "2026-08-03T09:30:00Z", "")]
    assert read("DTSTART:20260803T080000Z") == []  # a moment without an end lasts no time
    assert read("DTSTART:20250803T080000Z\nDTEND:20250803T090000Z") == []  # outside of the window


@pytest.mark.parametrize(
    "start",
    [
        "DTSTART;TZID=Europe/Berlin:20260803T100000",
        'DTSTART;TZID="W. Europe Standard Time":20260803T100000',
        "DTSTART;TZID=/softwarestudio.example/2024/Europe/Berlin:20260803T100000",
        "DTSTART:20260803T100000",
        "DTSTART;TZID=America/New_York:20260803T040000",
    ],
)
def test_rfc5545_3_2_19_zones_by_name_and_the_company_s_own_clock(start: str) -> None:
    assert read(f"{start}\nDURATION:PT1H") == [("2026-08-03T08:00:00Z", "2026-08-03T09:00:00Z", "")]


def test_rfc5545_3_8_5_recurrences_stay_at_their_hour_and_leave_out_what_is_excluded() -> None:
    found = read(
        "UID:a\nDTSTART;TZID=Europe/Berlin:20260316T090000\nDTEND;TZID=Europe/Berlin:20260316T100000\n"
        "RRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;TZID=Europe/Berlin:20260323T090000\nRDATE;TZID=Europe/Berlin:20260601T090000",
        "UID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20260330T090000\nDTSTART:20260331T120000Z\nDURATION:PT1H\nSUMMARY:anders",
    )
    assert [row[0] for row in found] == [
        "2026-03-16T08:00:00Z",
        "2026-03-31T12:00:00Z",
        "2026-04-06T07:00:00Z",  # daylight saving: nine o'clock stays nine o'clock
        "2026-06-01T07:00:00Z",
    ]


def test_rfc5545_3_8_1_11_what_is_cancelled_does_not_hold() -> None:
    series = "UID:a\nDTSTART;VALUE=DATE:20260105\nRRULE:FREQ=MONTHLY;UNTIL=20260310"
    gone = "UID:a\nRECURRENCE-ID;VALUE=DATE:20260205\nDTSTART;VALUE=DATE:20260205\nSTATUS:CANCELLED"
    assert [row[0] for row in read(series, gone)] == ["2026-01-05", "2026-03-05"]


def test_an_endless_series_is_known_as_far_as_there_is_room() -> None:
    found = read_calendar(calendar("DTSTART;VALUE=DATE:19700101\nRRULE:FREQ=DAILY"), WINDOW)
    assert isinstance(found, Imported)
    assert (len(found.events), found.events[0].from_, found.known_until) == (365, "2026-01-01", "2026-12-31")
    decade = WINDOW._replace(last=date(2036, 12, 31))
    much = read_calendar(calendar("DTSTART;VALUE=DATE:19700101\nRRULE:FREQ=DAILY"), decade)
    assert (len(much.events), much.known_until) == (2000, "2031-06-23")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no calendar"),
        (b"<html>please sign in</html>", "line 1: no calendar begins"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:2026", "cut off"),
        (b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\n", "has not begun"),
        (b"BEGIN:VCALENDAR\r\n\xff\xfe", "not UTF-8"),
        (b" " * (MAX_BYTES + 1), "more than"),
        (b"\n" * 70_000, "more than"),
        (b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\n" * 10, "too deep"),
        (calendar("DTSTART:20260230T080000Z"), "line 5: 20260230T080000Z is no time"),
        (calendar("SUMMARY:x"), "line 4: an event without a beginning"),
        (calendar("DTSTART;TZID=Nowhere/Land:20260203T080000"), "the time zone Nowhere/Land is not known"),
        (calendar("DTSTART;TZID=../../etc/passwd:20260203T080000"), "is not known"),
        (calendar("DTSTART:20260203T080000Z\nRRULE:FREQ=SECONDLY"), "recurrence by SECONDLY"),
        (calendar("DTSTART:20260203T080000Z\nRRULE:FREQ=DAILY;BYHOUR=1,2"), "recurrence by BYHOUR"),
        (calendar("DTSTART:20260203T080000Z\nRRULE:FREQ=DAILY;INTERVAL=0"), "no positive number"),
        (calendar("DTSTART:20260203T080000Z\nRRULE:nonsense"), "recurrence by nothing"),
        (calendar("DTSTART:20260203T080000Z\nDTEND;VALUE=DATE:20260204"), "begins with a day"),
        (calendar("DTSTART:20260203T080000Z\nDURATION:P9999999999D"), "line 4"),
    ],
)
def test_nf_7_a_file_that_cannot_be_understood_is_refused_whole(data: bytes, says: str) -> None:
    with pytest.raises(BadCalendarError) as caught:
        read_calendar(data, WINDOW)
    assert says in str(caught.value)


def test_hostile_recurrences_end_in_time() -> None:
    """Rules that never fit, from the year 1, a hundred of them: refused after a bounded number of steps."""
    never = "DTSTART;VALUE=DATE:00010101\nRRULE:FREQ={};COUNT=999999;BYMONTH=2;BYMONTHDAY=30"
    for frequency in ("DAILY", "YEARLY"):
        begun = time.process_time()
        with pytest.raises(BadCalendarError, match="recur too often"):
            read_calendar(calendar(*[never.format(frequency)] * 100), WINDOW)
        assert time.process_time() - begun < 10
    with pytest.raises(BadCalendarError, match="more than 8000 events"):
        read_calendar(calendar(*["DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY"] * 30), WINDOW)


weekday = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
ordinals = st.builds(str.__add__, st.sampled_from(["1", "2", "-1", "5"]), weekday)


@st.composite
def rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 5))}"]
    plain = frequency in {"DAILY", "WEEKLY"}
    days = draw(st.lists(weekday if plain or draw(st.booleans()) else ordinals, max_size=3, unique=True))
    months = draw(st.lists(st.integers(1, 12), max_size=3, unique=True))
    month_days = draw(st.lists(st.sampled_from([1, 13, 29, 30, 31, -1, -7]), max_size=2, unique=True))
    if frequency == "WEEKLY":
        month_days = []
    for name, values in (("BYDAY", days), ("BYMONTH", months), ("BYMONTHDAY", month_days)):
        if values:
            parts.append(f"{name}={','.join(map(str, values))}")
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 20))}")
    if (days or month_days) and draw(st.booleans()):
        parts.append(f"BYSETPOS={draw(st.sampled_from(['1', '-1', '2,-1']))}")
    if draw(st.booleans()):
        parts.append("WKST=SU")
    return ";".join(parts)


@settings(max_examples=150, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(rules(), st.dates(date(2015, 1, 1), date(2026, 6, 1)))
def test_rfc5545_3_3_10_rules_give_the_days_that_others_give(text: str, begin: date) -> None:
    elsewhere = rrulestr(text, dtstart=datetime.combine(begin, datetime.min.time()))
    first = elsewhere.after(datetime(2014, 1, 1), inc=True)  # noqa: DTZ001 -- plain days, as that library has them
    assume(first is not None and first.year < 2030)
    assert first is not None
    elsewhere = rrulestr(text, dtstart=first)
    low, high = date(2025, 3, 1), date(2027, 9, 30)
    wanted = [
        m.date() for m in elsewhere.between(*(datetime.combine(d, datetime.min.time()) for d in (low, high)), True)
    ]
    rule = rule_of({key.upper(): list(values) for key, values in vRecur.from_ical(text).items()})
    assert list(days_from(rule, first.date(), (low, high), Budget(10**6))) == wanted


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(calendar))
def test_garbage_is_refused_or_read_but_never_raises_anything_else(data: bytes) -> None:
    with suppress(BadCalendarError):
        read_calendar(data, WINDOW)


def test_utc_is_what_a_z_means() -> None:
    window = WINDOW._replace(zone=UTC)
    (event,) = read_calendar(calendar("DTSTART:20260803T100000\nDURATION:PT1H"), window).events
    assert event.from_ == "2026-08-03T10:00:00Z"
