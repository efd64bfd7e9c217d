"""Do not disturb, call waiting, parallel ringing, and roles past all of them (FEATURES.md BAS-5 to BAS-7, 12.4)."""

from datetime import timedelta
from typing import Any

import pytest
from tests.deciding import (
    ANNA,
    CARL,
    MONDAY,
    OUTSIDE,
    book,
    criterion,
    forwarding,
    forwards_to,
    keys,
    live,
    outside_caller,
    parallel,
    plan,
    rung,
    status,
    step,
    tried,
)

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change
from vorzimmer.routing.model import Ring

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


def test_bas_6_a_waiting_call_is_named_and_a_free_user_is_not_said_to_talk() -> None:
    of = book()
    assert "call_waiting.waits" in keys(plan(of, facts=live(of, talking={"anna-tisch": 1})).because)
    full = plan(of, facts=live(of, talking={"anna-tisch": 3}))
    assert "call_waiting.waits" not in keys(full.because)


def test_bas_6_counts_for_a_device_called_by_name_as_well() -> None:
    of = book(anna={"call_waiting": False})
    talking = live(of, talking={"anna-tisch": 1})
    assert status(step(of, "", target=Ref("device", "anna-mobil"), facts=talking)) == 486


def test_bas_6_common_area_phones_take_waiting_calls() -> None:
    of = book()
    assert rung(step(of, "130", facts=live(of, talking={"flur-tisch": 1}))) == ["flur-tisch"]


# -- BAS-7 parallel ringing ------------------------------------------------------------------------------------------


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
        ("voicemail:carl", {}, "parallel.left_out"),
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
    talks = live(of, talking={"anna-tisch": 1})
    assert "carl-tisch" in rung(step(book(anna=parallel("141")), facts=talks))
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
