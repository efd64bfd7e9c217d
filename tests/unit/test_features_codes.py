"""Emergency numbers and feature codes: what comes before every extension (FEATURES.md 12.2, 13)."""

import pytest
from tests.deciding import (
    BEA,
    FLUR,
    OUTSIDE,
    book,
    caller,
    forwarding,
    keys,
    outside_caller,
    plan,
    rung,
    status,
    step,
)

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.routing.model import Announce, Caller, Forward, Ring, Run, Tried

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
