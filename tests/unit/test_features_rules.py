"""The acting features, rule by rule (FEATURES.md 12, 13, 19)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.deciding import (
    ANNA,
    BEA,
    CARL,
    FLUR,
    MONDAY,
    OUTSIDE,
    book,
    caller,
    fold,
    keys,
    live,
    outside_caller,
    plan,
    step,
    tried,
)

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.routing.criteria import number_fits
from vorzimmer.routing.model import Announce, Caller, Forward, Refuse, Ring, Run, Step, Tried

MAILBOX = {"voicemail": {"enabled": True}}
ANNAS_MAILBOX = Ref("voicemail", "anna")


def forwarding(**cases: Any) -> dict[str, Any]:
    return {"forwarding": cases}


def forwards_to(answer: Step) -> Ref:
    assert isinstance(answer, Forward)
    return answer.to


def status(answer: Step) -> int:
    assert isinstance(answer, Refuse | Announce)
    return answer.status


def rung(answer: Step) -> list[str]:
    assert isinstance(answer, Ring)
    return [offer.target.id for offer in answer.offers]


# -- emergency -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialled", ["112", "110", "1 1 2", "*67112", "urn:service:sos", "urn:service:sos.fire"])
def test_emergency_without_a_trunk_announces_503_and_an_alarm(dialled: str) -> None:
    decided = plan(book(), dialled)
    answer = decided.steps[0]
    assert isinstance(answer, Announce)
    assert (answer.prompt, answer.status) == ("say.emergency_no_trunk", 503)
    assert decided.alarm == "emergency_failed"


def test_emergency_with_the_outside_prefix_and_without() -> None:
    of = book(company={"outside_prefix": "0"})
    for dialled in ("112", "0112", "0110"):
        assert plan(of, dialled).alarm == "emergency_failed"


def test_emergency_numbers_follow_the_companys_country() -> None:
    of = book(company={"country": "AT"})
    assert plan(of, "144").alarm
    assert plan(of, "112").alarm
    assert not plan(book(), "144").alarm


def test_emergency_robots_never_dial_it() -> None:
    decided = plan(book(), "112", robot=True)
    assert status(decided.steps[0]) == 403
    assert not decided.alarm


def test_emergency_numbers_typed_as_a_target_count_as_well() -> None:
    assert plan(book(), "", target=Ref("number", "112")).alarm


def test_emergency_calls_from_outside_find_nobody() -> None:
    decided = plan(book(), "112", by=outside_caller())
    assert status(decided.steps[0]) == 404
    assert not decided.alarm


@pytest.mark.parametrize("to", ["112", "110", "number:112", "sip:112@muster.example"])
def test_emergency_numbers_are_never_the_target_of_a_forward(to: str) -> None:
    of = book(anna=forwarding(always={"enabled": True, "to": to}))
    decided = plan(of)
    assert isinstance(decided.steps[0], Ring)
    assert "forwarding.nowhere" in keys(decided.because)


def test_emergency_numbers_stay_no_target_even_if_somebody_has_such_an_extension() -> None:
    thief = Change("user", "dieb", {"id": "dieb", "name": "Dieb", "extension": "112"})
    decided = plan(book(thief, anna=forwarding(always={"enabled": True, "to": "112"})))
    assert isinstance(decided.steps[0], Ring)


# -- BAS-1 forward always --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "found"),
    [
        ("user:carl", CARL),
        ("141", CARL),
        ("+498999998141", CARL),
        ("08999998141", CARL),
        ("phone:flur", FLUR),
        ("sip:141@muster.example", CARL),
        ("tel:+498999998141", CARL),
        (OUTSIDE, Ref("number", OUTSIDE)),
        ("03023125222", Ref("number", OUTSIDE)),
        ("number:" + OUTSIDE, Ref("number", OUTSIDE)),
    ],
)
def test_bas_1_forward_always_leads_where_its_target_says(to: str, found: Ref) -> None:
    answer = step(book(anna=forwarding(always={"enabled": True, "to": to})))
    assert isinstance(answer, Forward)
    assert (answer.to, answer.by, answer.rule) == (found, ANNA, "forwarding.always")
    assert answer.because[-1].setting == "users[anna].forwarding.always"


def test_bas_1_forward_always_before_dnd() -> None:
    of = book(anna=forwarding(always={"enabled": True, "to": "141"}) | {"dnd": True})
    assert forwards_to(step(of)) == CARL


def test_bas_1_forward_always_without_a_target_does_not_act() -> None:
    for to in (None, "hang_up", "user:anna", "999", "100"):
        assert isinstance(step(book(anna=forwarding(always={"enabled": True, "to": to}))), Ring)


def test_bas_1_to_the_outside_without_a_trunk_ends_with_an_announcement() -> None:
    told = fold(book(anna=forwarding(always={"enabled": True, "to": OUTSIDE})))
    assert [type(one) for one in told.steps] == [Forward, Announce]
    assert status(told.steps[-1]) == 503


@pytest.mark.parametrize("to", ["sip:141@muster.example", "141", "+498999998141"])
def test_bas_1_the_phones_own_diversion_counts_like_forward_always(to: str) -> None:
    of = book()
    so_far = (tried(step(of), "redirected", to=to),)
    answer = step(of, so_far=so_far)
    assert isinstance(answer, Forward)
    assert (answer.to, answer.by, answer.rule) == (CARL, ANNA, "forwarding.phone")


@pytest.mark.parametrize("to", ["sip:112@muster.example", "100", "sip:nobody@elsewhere.example", "*72140", ""])
def test_bas_1_a_diversion_that_leads_nowhere_ends_as_unavailable(to: str) -> None:
    of = book()
    so_far = (tried(step(of), "redirected", to=to),)
    decided = plan(of, so_far=so_far)
    assert status(decided.steps[0]) == 480
    assert "forwarding.phone_refused" in keys(decided.because)


# -- BAS-2 busy, no answer, unreachable ------------------------------------------------------------------------------


def test_bas_2_no_answer_after_20_s_to_the_mailbox_where_there_is_one() -> None:
    of = book(anna=MAILBOX)
    told = fold(of)
    ring, forward, end = told.steps
    assert isinstance(ring, Ring)
    assert ring.seconds == 20
    assert forwards_to(forward) == ANNAS_MAILBOX
    assert forward.because[-1].setting == "users[anna].forwarding.no_answer"
    assert isinstance(end, Announce)
    assert (end.prompt, end.status, end.because[-1].key) == ("tone:unavailable", 480, "voicemail.not_built")


def test_bas_2_without_a_mailbox_the_default_does_not_act() -> None:
    told = fold(book())
    ring, end = told.steps
    assert isinstance(ring, Ring)
    assert ring.seconds == 170
    assert status(end) == 480
    assert "forwarding.no_mailbox" in keys(told.because)


@pytest.mark.parametrize("seconds", [5, 120])
def test_bas_2_no_answer_time_from_5_to_120_s(seconds: int) -> None:
    of = book(anna=forwarding(no_answer={"enabled": True, "to": "141", "after_s": seconds}))
    ring = step(of)
    assert isinstance(ring, Ring)
    assert ring.seconds == seconds
    assert forwards_to(step(of, so_far=(tried(ring, "no_answer"),))) == CARL


def test_bas_2_no_answer_switched_off_rings_until_the_guard() -> None:
    of = book(anna=MAILBOX | forwarding(no_answer={"enabled": False, "after_s": 5}))
    ring = step(of)
    assert isinstance(ring, Ring)
    assert ring.seconds == 170
    assert status(step(of, so_far=(tried(ring, "no_answer"),))) == 480


def test_bas_2_unreachable_without_a_binding() -> None:
    of = book(anna=forwarding(unreachable={"to": "141"}, busy={"to": "130"}, no_answer={"to": "130"}))
    decided = plan(of, facts=live(of, without="anna-tisch anna-mobil"))
    assert forwards_to(decided.steps[0]) == CARL
    assert keys(decided.because).count("ringing.unregistered") == 2


def test_bas_2_unreachable_when_no_phone_responds() -> None:
    of = book(anna=forwarding(unreachable={"to": "141"}))
    assert forwards_to(step(of, so_far=(tried(step(of), "unreachable"),))) == CARL


def test_bas_2_busy_from_the_phone_and_from_a_declining_person() -> None:
    of = book(anna=forwarding(busy={"to": "141"}))
    for words in (("busy",), ("declined", "busy"), ("declined",)):
        assert forwards_to(step(of, so_far=(tried(step(of), *words),))) == CARL


def test_bas_2_switched_off_forwardings_end_with_their_status() -> None:
    off = {"enabled": False}
    of = book(anna=MAILBOX | forwarding(busy=off, no_answer=off, unreachable=off))
    ring = step(of)
    ends = {"busy": 486, "no_answer": 480, "unreachable": 480, "declined": 603}
    for word, expected in ends.items():
        assert status(step(of, so_far=(tried(ring, word),))) == expected


def test_declined_on_one_device_only_is_486_and_everywhere_603() -> None:
    of = book()
    ring = step(of)
    assert status(step(of, so_far=(tried(ring, "declined", "no_answer"),))) == 486
    assert status(step(of, so_far=(tried(ring, "declined", "declined"),))) == 603


def test_mailboxes_by_name_need_an_owner_who_has_one() -> None:
    of = book(anna=forwarding(busy={"to": "voicemail:carl"}), carl=MAILBOX)
    assert forwards_to(step(of, so_far=(tried(step(of), "busy"),))) == Ref("voicemail", "carl")
    of = book(anna=forwarding(busy={"to": "voicemail:carl"}))
    assert status(step(of, so_far=(tried(step(of), "busy"),))) == 486


def test_a_mailbox_as_typed_target() -> None:
    of = book(anna=MAILBOX)
    assert step(of, "", target=ANNAS_MAILBOX).because[-1].key == "voicemail.not_built"
    assert step(of, "", target=Ref("voicemail", "carl")).because[-1].key == "voicemail.none"


def test_a_common_area_phone_never_opens_the_mailbox_of_a_user_with_the_same_id() -> None:
    twin = Change("user", "flur", {"id": "flur", "name": "Herr Flur", "extension": "150"} | MAILBOX)
    told = fold(book(twin), "130")
    assert [type(one) for one in told.steps] == [Ring, Refuse]


# -- BAS-3 selective -------------------------------------------------------------------------------------------------


def criterion(**fields: Any) -> dict[str, Any]:
    return {"name": "Regel"} | fields


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


# -- BAS-5 do not disturb --------------------------------------------------------------------------------------------


def test_bas_5_dnd_is_busy_treatment() -> None:
    assert forwards_to(step(book(anna=forwarding(busy={"to": "141"}) | {"dnd": True}))) == CARL
    decided = plan(book(anna={"dnd": True}))
    assert status(decided.steps[0]) == 486
    assert ("dnd.on", "users[anna].dnd") in [(why.key, why.setting) for why in decided.because]


def test_bas_5_a_phone_on_dnd_is_left_out_and_all_on_dnd_are_busy() -> None:
    of = book()
    assert rung(step(of, facts=live(of, dnd="anna-tisch"))) == ["anna-mobil"]
    assert status(step(of, facts=live(of, dnd="anna-tisch anna-mobil"))) == 486


def test_bas_5_dnd_set_while_it_rings_acts_at_the_next_decision() -> None:
    ring = step(book())
    of = book(anna={"dnd": True} | forwarding(busy={"to": "141"}))
    assert forwards_to(step(of, so_far=(tried(ring, "no_answer"),))) == CARL


# -- BAS-6 call waiting ----------------------------------------------------------------------------------------------


def test_bas_6_at_most_two_calls_wait_per_device() -> None:
    of = book()
    assert rung(step(of, facts=live(of, talking={"anna-tisch": 2}))) == ["anna-tisch", "anna-mobil"]
    assert rung(step(of, facts=live(of, talking={"anna-tisch": 3}))) == ["anna-mobil"]
    full = plan(of, facts=live(of, talking={"anna-tisch": 3, "anna-mobil": 3}))
    assert status(full.steps[0]) == 486
    assert keys(full.because).count("call_waiting.full") == 2


def test_bas_6_with_call_waiting_off_a_user_who_talks_is_busy() -> None:
    of = book(anna={"call_waiting": False} | forwarding(busy={"to": "141"}))
    assert isinstance(step(of), Ring)
    decided = plan(of, facts=live(of, talking={"anna-mobil": 1}))
    assert forwards_to(decided.steps[0]) == CARL
    assert "users[anna].call_waiting" in [why.setting for why in decided.because]


# -- BAS-7 parallel ringing ------------------------------------------------------------------------------------------


def parallel(*numbers: str, **fields: Any) -> dict[str, Any]:
    return {"parallel_ringing": {"enabled": True, "numbers": list(numbers)} | fields}


def test_bas_7_inside_targets_ring_with_the_users_own_devices() -> None:
    ring = step(book(anna=parallel("141", "phone:flur")))
    assert rung(ring) == ["anna-tisch", "anna-mobil", "carl-tisch", "flur-tisch"]
    assert isinstance(ring, Ring)
    assert [offer.role for offer in ring.offers] == ["user", "user", "parallel", "parallel"]
    assert {offer.on_behalf for offer in ring.offers if offer.role == "parallel"} == {ANNA}


def test_bas_7_each_device_rings_once() -> None:
    assert rung(step(book(anna=parallel("141", "user:carl", "+498999998141", "100")))) == [
        "anna-tisch",
        "anna-mobil",
        "carl-tisch",
    ]


@pytest.mark.parametrize(
    ("number", "facts", "key"),
    [
        (OUTSIDE, {}, "parallel.outside"),
        ("140", {}, "parallel.left_out"),
        ("999", {}, "parallel.left_out"),
        ("112", {}, "parallel.left_out"),
        ("141", {"without": "carl-tisch"}, "parallel.cannot_ring"),
        ("141", {"talking": {"carl-tisch": 1}}, "parallel.cannot_ring"),
        ("141", {"dnd": "carl-tisch"}, "parallel.cannot_ring"),
    ],
)
def test_bas_7_what_cannot_ring_along_is_left_out_with_a_because(number: str, facts: dict[str, Any], key: str) -> None:
    of = book(anna=parallel(number))
    decided = plan(of, facts=live(of, **facts))
    assert rung(decided.steps[0]) == ["anna-tisch", "anna-mobil"]
    assert key in keys(decided.because)


def test_bas_7_nobody_on_dnd_rings_along() -> None:
    decided = plan(book(anna=parallel("141"), carl={"dnd": True}))
    assert rung(decided.steps[0]) == ["anna-tisch", "anna-mobil"]
    assert "parallel.dnd" in keys(decided.because)


def test_bas_7_rests_outside_its_schedule_and_while_talking_if_set() -> None:
    night = Change("schedule", "nacht", {"id": "nacht", "name": "Nacht", "weekly": {"mo-su": ["22:00-06:00"]}})
    of = book(night, anna=parallel("141", schedule="nacht"))
    assert rung(step(of)) == ["anna-tisch", "anna-mobil"]
    assert "carl-tisch" in rung(step(of, now=MONDAY + timedelta(hours=16)))
    of = book(anna=parallel("141", while_talking=False))
    assert "carl-tisch" in rung(step(of))
    assert "carl-tisch" not in rung(step(of, facts=live(of, talking={"anna-tisch": 1})))


def test_bas_7_starts_with_the_users_own_ring_only() -> None:
    of = book(anna=parallel("141"))
    assert status(step(of, facts=live(of, without="anna-tisch anna-mobil"))) == 480


def test_bas_7_a_parallel_leg_that_is_busy_says_nothing_about_the_user() -> None:
    of = book(anna=parallel("141") | forwarding(busy={"to": "130"}, no_answer={"to": "phone:flur"}))
    ring = step(of)
    last = tried(ring, "no_answer", "no_answer", "busy")
    assert last.outcome == "no_answer"


# -- section 13, feature codes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialled", "action", "params"),
    [
        ("*72", "forwarding.always.on", {}),
        ("*72141", "forwarding.always.on", {"to": "user:carl"}),
        ("*72" + "03023125222", "forwarding.always.on", {"to": OUTSIDE}),
        ("*72141#", "forwarding.always.on", {"to": "user:carl"}),
        ("*73", "forwarding.always.off", {}),
        ("*73%23", "forwarding.always.off", {}),
        ("*78", "dnd.on", {}),
        ("*79", "dnd.off", {}),
        ("*90", "forwarding.busy.on", {}),
        ("*91", "forwarding.busy.off", {}),
        ("*92", "forwarding.no_answer.on", {}),
        ("*93", "forwarding.no_answer.off", {}),
        ("*94", "forwarding.unreachable.on", {}),
        ("*95", "forwarding.unreachable.off", {}),
        ("*43", "call_waiting.toggle", {}),
    ],
)
def test_section_13_codes_name_their_action(dialled: str, action: str, params: dict[str, str]) -> None:
    answer = step(book(), dialled)
    assert isinstance(answer, Run)
    assert (answer.action, answer.params) == (action, params)


@pytest.mark.parametrize(
    "dialled", ["*68", "*88701", "#58", "*98", "*97100", "#63", "*86", "*44", "*27", "*26", "*012"]
)
def test_section_13_codes_of_features_to_come_are_not_available(dialled: str) -> None:
    answer = step(book(), dialled)
    assert isinstance(answer, Announce)
    assert (answer.prompt, answer.status, answer.because[-1].key) == ("say.not_available", 403, "code.not_built")


@pytest.mark.parametrize(
    "dialled", ["*", "#", "**", "*99", "#100", "*67", "*67*78", "*72999", "*72140", "*72112", "*781"]
)
def test_section_13_unknown_codes_and_bad_numbers(dialled: str) -> None:
    assert status(step(book(), dialled)) == 404


def test_section_13_codes_are_for_users_with_settings() -> None:
    of = book()
    assert status(step(of, "*78", by=caller(of, FLUR))) == 403
    assert status(step(of, "*78", by=outside_caller())) == 403


@pytest.mark.parametrize("dialled", ["*78", "*72141", "*43", "*67100"])
def test_section_13_a_transfer_never_runs_a_code_in_the_name_of_the_transferred(dialled: str) -> None:
    answer = step(book(), dialled, role="transfer")
    assert status(answer) == 403
    assert answer.because[-1].key == "code.not_here"


def test_a_caller_from_outside_may_be_transferred_outside_by_somebody_inside() -> None:
    assert status(step(book(), "+493011111111", by=outside_caller(), role="transfer")) == 503


def test_section_13_a_company_may_change_its_codes() -> None:
    of = book(company={"feature_codes": {"dnd_on": "*12"}})
    answer = step(of, "*12")
    assert isinstance(answer, Run)
    assert answer.action == "dnd.on"


def test_section_13_withheld_numbers_stay_withheld_through_a_forward() -> None:
    of = book(anna=forwarding(always={"enabled": True, "to": "141"}))
    first = step(of, "*67100")
    assert isinstance(first, Forward)
    assert first.private
    ring = step(of, "*67100", so_far=(Tried(first, "forwarded"),))
    assert isinstance(ring, Ring)
    assert ring.offers[0].present.private


def test_section_13_withheld_number_rings_as_without_the_code() -> None:
    of: Snapshot = book()
    ring = step(of, "*67100", by=Caller(BEA, "bea-tisch", None, "Bea"))
    assert rung(ring) == ["anna-tisch", "anna-mobil"]


def test_bas_8_ring_guard_is_170_s_per_ring() -> None:
    of = book(anna=forwarding(no_answer={"enabled": True, "to": "141", "after_s": 120}))
    told = fold(of)
    assert [one.seconds for one in told.steps if isinstance(one, Ring)] == [120, 170]


# -- 12.4, roles on whose legs the target's own services never act


EVERY_SERVICE = (
    forwarding(
        always={"enabled": True, "to": "141"},
        busy={"to": "141"},
        no_answer={"to": "141", "after_s": 5},
        unreachable={"to": "141"},
        selective=[criterion(to="141")],
    )
    | parallel("141")
    | {"dnd": True, "reject": [criterion()], "accept": [criterion(callers="internal", active=True)]}
    | {"reject_anonymous": True, "voicemail": {"enabled": True}}
)


@pytest.mark.parametrize("role", ["assistant", "delegate", "hunt", "push", "recall", "instant"])
def test_12_4_no_service_of_the_target_acts_in_other_roles(role: str) -> None:
    of = book(anna=EVERY_SERVICE)
    by = outside_caller(None, private=True)
    ring = step(of, "", target=ANNA, role=role, by=by)
    assert isinstance(ring, Ring)
    assert (rung(ring), ring.seconds) == (["anna-tisch", "anna-mobil"], 170)
    for word, expected in {
        "busy": 486,
        "declined": 603,
        "no_answer": 480,
        "unreachable": 480,
        "redirected": 480,
    }.items():
        so_far = (tried(ring, word, to="141"),)
        assert status(step(of, "", target=ANNA, role=role, by=by, so_far=so_far)) == expected


def test_pre_8_selective_forwarding_is_asked_before_the_first_ring_only() -> None:
    ring = step(book())
    of = book(anna=forwarding(selective=[criterion(to="141")]))
    assert status(step(of, so_far=(tried(ring, "no_answer"),))) == 480
