"""Selective forwarding, acceptance and rejection, anonymous rejection (FEATURES.md BAS-3, BAS-4)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.deciding import (
    BEA,
    CARL,
    FLUR,
    MONDAY,
    OUTSIDE,
    book,
    caller,
    criterion,
    forwarding,
    forwards_to,
    outside_caller,
    status,
    step,
)

from vorzimmer.directory.snapshot import Change
from vorzimmer.features.texts import render
from vorzimmer.routing.criteria import number_fits
from vorzimmer.routing.model import Announce, Caller, Forward, Ring

# -- BAS-3 selective -------------------------------------------------------------------------------------------------


def test_bas_3_selective_forward_comes_after_dnd() -> None:
    selective = forwarding(selective=[criterion(to="141")], busy={"to": "130"})
    assert forwards_to(step(book(anna=selective))) == CARL
    assert forwards_to(step(book(anna=selective | {"dnd": True}))) == FLUR


def test_bas_3_selective_forward_without_a_target_takes_that_of_forward_always() -> None:
    of = book(anna=forwarding(selective=[criterion()], always={"enabled": False, "to": "141"}))
    assert forwards_to(step(of)) == CARL


def test_bas_3_an_exception_wins_over_every_match() -> None:
    """EXA-13, for the services that share the criteria."""
    rules = [criterion(to="141"), criterion(name="Bea nicht", filter=False, callers="listed", numbers=["140"])]
    of = book(anna=forwarding(selective=rules))
    assert isinstance(step(of), Ring)
    assert isinstance(step(of, by=caller(of, FLUR)), Forward)


@pytest.mark.parametrize(
    ("fields", "who", "fits"),
    [
        ({"callers": "any"}, "bea", True),
        ({"callers": "any"}, "unavailable", True),
        ({"callers": "any", "active": False}, "bea", False),
        ({"callers": "internal"}, "bea", True),
        ({"callers": "internal"}, OUTSIDE, False),
        ({"callers": "external"}, "bea", False),
        ({"callers": "external"}, OUTSIDE, True),
        ({"callers": "external"}, "anonymous", False),
        ({"callers": "external", "anonymous": True}, "anonymous", True),
        ({"callers": "external", "anonymous": True}, "unavailable", False),
        ({"callers": "external", "unavailable": True}, "unavailable", True),
        ({"callers": "listed", "numbers": ["+4930*"]}, OUTSIDE, True),
        ({"callers": "listed", "numbers": ["+4930*"]}, "anonymous", False),
        ({"callers": "listed", "numbers": ["+4930*"], "anonymous": True}, "anonymous", True),
        ({"callers": "listed", "numbers": ["+49302312522?"]}, OUTSIDE, True),
        ({"callers": "listed", "numbers": ["+4930231252?"]}, OUTSIDE, False),
        ({"callers": "listed", "numbers": [OUTSIDE]}, OUTSIDE, True),
        ({"callers": "listed", "numbers": ["140"]}, "bea", True),
        ({"callers": "listed", "numbers": ["+498999998140"]}, "bea", True),
        ({"callers": "listed", "numbers": ["1?0"]}, "bea", True),
        ({"callers": "listed", "numbers": []}, "bea", False),
    ],
)
def test_bas_3_criteria_by_caller(fields: dict[str, Any], who: str, fits: bool) -> None:
    """EXA-12 and EXA-14, for the services that share the criteria."""
    of = book(anna={"reject": [criterion(**fields)]})
    by = {
        "bea": caller(of, BEA),
        "anonymous": outside_caller(None, private=True),
        "unavailable": outside_caller(None),
    }.get(who, outside_caller(who))
    assert isinstance(step(of, by=by), Announce if fits else Ring)


def test_exa_18_criteria_see_the_asserted_number_and_never_a_claimed_name() -> None:
    of = book(anna={"reject": [criterion(callers="listed", numbers=["+4930*"])]})
    assert isinstance(step(of, by=Caller(number="+49899999", name=OUTSIDE)), Ring)
    assert isinstance(step(of, by=Caller(number=OUTSIDE, name="+49899999")), Announce)


def test_bas_3_the_first_criterion_that_holds_says_where_to() -> None:
    of = book(anna=forwarding(selective=[criterion(to="141"), criterion(name="Zweite", to="130")]))
    assert forwards_to(step(of)) == CARL


def test_bas_3_inside_callers_fit_by_extension_without_a_number_and_never_as_outside_callers() -> None:
    listed = book(anna={"reject": [criterion(callers="listed", numbers=["130"])]})
    assert isinstance(step(listed, by=caller(listed, FLUR)), Announce)
    hidden = book(anna={"reject": [criterion(callers="external", anonymous=True)]})
    assert isinstance(step(hidden, "*67100"), Ring)
    both = book(anna={"reject": [criterion(callers="listed", anonymous=True)]})
    assert isinstance(step(both, "*67100"), Announce)


def test_bas_3_a_schedule_that_is_gone_never_holds() -> None:
    assert isinstance(step(book(anna={"reject": [criterion(schedule="gone")]})), Ring)


@pytest.mark.parametrize(
    ("pattern", "number", "fits"),
    [
        ("+4930*", "+4930", True),
        ("+4930*", "+493", False),
        ("+4930", "+49301", False),
        ("*", "", True),
        ("???", "140", True),
        ("???", "1400", False),
        ("1?0", "141", False),
    ],
)
def test_0_4_number_patterns(pattern: str, number: str, fits: bool) -> None:
    assert number_fits(pattern, number) is fits


def test_bas_3_criteria_by_called_number() -> None:
    second = "+498999998109"
    numbers = [{"number": "+498999998100"}, {"number": second}]
    of = book(anna={"numbers": numbers, "reject": [criterion(called=[second])]})
    assert isinstance(step(of, second), Announce)
    assert isinstance(step(of, "+498999998100"), Ring)
    assert isinstance(step(of, "100"), Ring)


def test_bas_3_criteria_by_schedule_and_holidays() -> None:
    hours = Change("schedule", "tag", {"id": "tag", "name": "Tag", "weekly": {"mo-fr": ["08:00-17:00"]}})
    feast = Change("schedule", "fest", {"id": "fest", "name": "Fest", "holidays": {"region": "BY"}})
    by_day = book(hours, feast, anna={"reject": [criterion(schedule="tag")]})
    on_feast = book(hours, feast, anna={"reject": [criterion(holidays="fest")]})
    both = book(hours, feast, anna={"reject": [criterion(schedule="tag", holidays="fest")]})
    epiphany = datetime(2026, 1, 6, 9, tzinfo=UTC)
    assert isinstance(step(by_day), Announce)
    assert isinstance(step(by_day, now=MONDAY + timedelta(hours=12)), Ring)
    assert isinstance(step(on_feast), Ring)
    assert isinstance(step(on_feast, now=epiphany), Announce)
    assert isinstance(step(both, now=epiphany), Announce)
    assert isinstance(step(both), Ring)


def test_nf_8_a_because_names_the_schedule_and_why_it_holds() -> None:
    feast = Change("schedule", "fest", {"id": "fest", "name": "Feiertage", "holidays": {"region": "BY"}})
    days = {
        "id": "tag",
        "name": "Tag",
        "weekly": {"mo-su": ["08:00-17:00"]},
        "days": [{"on": "10-03", "hours": ["08:00-20:00"]}],
    }
    of = book(feast, Change("schedule", "tag", days), anna={"reject": [criterion(schedule="tag", holidays="fest")]})
    unity = datetime(2026, 10, 3, 9, tzinfo=UTC)
    said = step(of, now=unity).because
    assert [render(why, "de", with_setting=False) for why in said[-3:]] == [
        "Anna weist solche Anrufe ab (Regel „Regel“)",
        "„Tag“ gilt an diesem Tag zu eigenen Zeiten: 2026-10-03",
        "„Feiertage“ gilt, Feiertag: Tag der Deutschen Einheit",
    ]
    assert render(said[-1], "en") == "“Feiertage” holds, holiday: German Unity Day (setting schedules[fest])"


def test_bas_3_reject_announces_then_603() -> None:
    answer = step(book(anna={"reject": [criterion()]}))
    assert isinstance(answer, Announce)
    assert (answer.prompt, answer.status) == ("say.rejected", 603)
    assert answer.because[-1].setting == "users[anna].reject"


def test_bas_3_accept_rejects_everybody_else_and_an_empty_list_nobody() -> None:
    of = book(anna={"accept": [criterion(callers="internal")]})
    assert isinstance(step(of), Ring)
    assert status(step(of, by=outside_caller())) == 603
    assert isinstance(step(book(anna={"accept": []}), by=outside_caller()), Ring)
    inactive = book(anna={"accept": [criterion(callers="internal", active=False)]})
    assert isinstance(step(inactive, by=outside_caller()), Ring)


def test_pre_4_rejection_before_forward_always() -> None:
    of = book(anna={"reject": [criterion()]} | forwarding(always={"enabled": True, "to": "141"}))
    assert status(step(of)) == 603


# -- BAS-4 anonymous rejection ---------------------------------------------------------------------------------------


def test_bas_4_anonymous_callers_hear_an_announcement_then_433() -> None:
    of = book(anna={"reject_anonymous": True})
    answer = step(of, by=outside_caller(None, private=True))
    assert isinstance(answer, Announce)
    assert (answer.prompt, answer.status) == ("say.anonymous_rejected", 433)
    assert status(step(of, "*67100")) == 433


def test_bas_4_unavailable_callers_pass() -> None:
    of = book(anna={"reject_anonymous": True})
    assert isinstance(step(of, by=outside_caller(None)), Ring)
    assert isinstance(step(of), Ring)
    assert isinstance(step(book(), by=outside_caller(None, private=True)), Ring)
