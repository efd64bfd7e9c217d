"""Who is meant, the loop guard, and what the order of the rules promises (FEATURES.md 12)."""

import pytest
from tests.deciding import (
    ANNA,
    BEA,
    CARL,
    FLUR,
    OUTSIDE,
    book,
    caller,
    device,
    fold,
    keys,
    live,
    outside_caller,
    plan,
    step,
    tried,
)

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change
from vorzimmer.features.order import ORDER, PLACES, RULES
from vorzimmer.routing.decide import MAX_FORWARDS
from vorzimmer.routing.model import Announce, Caller, Forward, Refuse, Ring, Tried

HOSTILE = [
    "<script>alert(1)</script>",
    "\u202e321",
    "=1+1",
    "\x00\x07",
    "x" * 10_000,
    "100\r\nVia: x",
    "{name}",
    "%s",
    "",
]


def test_pre_10_extension_rings_all_devices_of_the_user() -> None:
    ring = step(book())
    assert isinstance(ring, Ring)
    assert [str(offer.target) for offer in ring.offers] == ["device:anna-tisch", "device:anna-mobil"]
    assert {(offer.role, offer.user, offer.alert) for offer in ring.offers} == {("user", ANNA, "internal")}


def test_pre_10_everything_asked_on_the_way_stands_in_the_plan_in_order_and_in_the_first_step() -> None:
    of = book(anna={"voicemail": {"enabled": True}})
    decided = plan(of, facts=live(of, without="anna-mobil"))
    assert keys(decided.because) == [
        "dialling.extension",
        "ringing.unregistered",
        "forwarding.after",
        "ringing.ring",
    ]
    assert decided.steps[0].because == decided.because


@pytest.mark.parametrize(
    "dialled", ["+498999998100", "00498999998100", "08999998100", "99998100", "089 / 99998-100", "100", " 100 "]
)
def test_own_number_in_any_form_reaches_the_user(dialled: str) -> None:
    ring = step(book(), dialled)
    assert isinstance(ring, Ring)
    assert ring.offers[0].user == ANNA


@pytest.mark.parametrize("dialled", ["08999998100", "+498999998100", "008999998100", "100"])
def test_own_number_with_an_outside_prefix(dialled: str) -> None:
    ring = step(book(company={"outside_prefix": "0"}), dialled)
    assert isinstance(ring, Ring)
    assert ring.offers[0].user == ANNA


@pytest.mark.parametrize("dialled", ["999", "9999", "", "abc", "anna", "100x"])
def test_unknown_number_gets_404_with_the_unavailable_tone(dialled: str) -> None:
    answer = step(book(), dialled)
    assert isinstance(answer, Announce)
    assert (answer.prompt, answer.status) == ("tone:unavailable", 404)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_strings_are_nobodys_number_and_stay_short(text: str) -> None:
    decided = plan(book(), text)
    assert isinstance(decided.steps[0], Announce)
    assert decided.steps[0].status == 404
    assert all(len(value) <= 100 for why in decided.because for value in why.params.values())


def test_typed_target_and_typed_number_of_the_company() -> None:
    for target in (ANNA, Ref("number", "+498999998100")):
        ring = step(book(), "", target=target)
        assert isinstance(ring, Ring)
        assert ring.offers[0].user == ANNA


def test_a_typed_target_is_taken_by_its_id_even_if_the_id_looks_like_an_extension() -> None:
    of = book(Change("user", "141", {"id": "141", "name": "Eins", "extension": "155"}), device("eins", "user:141"))
    ring = step(of, "", target=Ref("user", "141"))
    assert isinstance(ring, Ring)
    assert [offer.target.id for offer in ring.offers] == ["eins"]


def test_a_mailbox_of_somebody_who_has_left_is_an_unknown_number() -> None:
    answer = step(book(), "", target=Ref("voicemail", "gone"))
    assert isinstance(answer, Announce)
    assert answer.status == 404


def test_typed_device_rings_alone() -> None:
    ring = step(book(), "", target=Ref("device", "anna-mobil"))
    assert isinstance(ring, Ring)
    assert [offer.target.id for offer in ring.offers] == ["anna-mobil"]
    gone = step(book(), "", target=Ref("device", "nobody"))
    assert isinstance(gone, Announce)
    assert gone.status == 404


def test_outside_number_without_a_trunk_is_refused_with_an_announcement() -> None:
    answer = step(book(), OUTSIDE)
    assert isinstance(answer, Announce)
    assert (answer.prompt, answer.status) == ("say.no_trunk", 503)


def test_a_caller_from_outside_is_never_led_outside_again() -> None:
    answer = step(book(), "+493011111111", by=outside_caller())
    assert isinstance(answer, Announce)
    assert answer.status == 404


def test_own_extension_is_busy_until_there_is_a_mailbox() -> None:
    for dialled in ("140", "+498999998140"):
        answer = step(book(), dialled)
        assert isinstance(answer, Refuse)
        assert answer.status == 486
        assert answer.because[-1].key == "dialling.oneself"


def test_the_calling_device_is_never_rung_but_the_users_other_devices_can_be_called_by_name() -> None:
    of = book()
    by = Caller(ANNA, "anna-tisch", "+498999998100", "Anna")
    assert isinstance(step(of, "", by=by, target=Ref("device", "anna-tisch")), Refuse)
    ring = step(of, "", by=by, target=Ref("device", "anna-mobil"))
    assert isinstance(ring, Ring)


def test_common_area_phone_rings_like_a_user() -> None:
    ring = step(book(), "130")
    assert isinstance(ring, Ring)
    assert (ring.offers[0].user, ring.seconds) == (FLUR, 170)


def test_kinds_of_features_to_come_are_answered_and_explained() -> None:
    group = Change("hunt", "zentrale", {"id": "zentrale", "name": "Zentrale", "extension": "500", "members": []})
    answer = step(book(group), "500")
    assert isinstance(answer, Announce)
    assert (answer.prompt, answer.status) == ("say.not_available", 480)
    assert answer.because[-1].key == "not_acting"
    assert answer.because[-1].setting == "hunt_groups[zentrale]"


def test_presentation_of_inside_outside_and_private_callers() -> None:
    of = book()
    inside, outside = step(of), step(of, by=outside_caller())
    hidden = step(of, by=outside_caller(None, private=True))
    assert isinstance(inside, Ring)
    assert isinstance(outside, Ring)
    assert isinstance(hidden, Ring)
    assert (inside.offers[0].present.name, inside.offers[0].present.number) == ("Bea", "140")
    assert (outside.offers[0].present.name, outside.offers[0].present.number) == ("Kunde", OUTSIDE)
    assert (hidden.offers[0].present.name, hidden.offers[0].present.number) == ("", "")
    assert hidden.offers[0].present.private
    assert outside.offers[0].alert == "normal"


def test_hostile_caller_names_are_shown_on_one_line() -> None:
    ring = step(book(), by=Caller(number=OUTSIDE, name="\u202eevil\r\nVia: <b>" + "x" * 10_000))
    assert isinstance(ring, Ring)
    shown = ring.offers[0].present.name
    assert len(shown) <= 80
    assert "\n" not in shown
    assert "\u202e" not in shown


# -- PRE-0, the loop guard ---------------------------------------------------------------------------------------


def _always(to: str) -> dict[str, object]:
    return {"forwarding": {"always": {"enabled": True, "to": to}}}


def test_pre_0_two_who_forward_to_each_other_end_with_a_reason() -> None:
    of = book(anna=_always("user:carl"), carl=_always("100"))
    told = fold(of)
    assert [type(one) for one in told.steps] == [Forward, Forward, Refuse]
    assert told.steps[-1].because[-1].key == "loop.again"
    assert isinstance(told.steps[-1], Refuse)
    assert told.steps[-1].status == 482


def test_pre_0_more_than_five_forwards_end_with_a_reason() -> None:
    count = MAX_FORWARDS + 2
    chain = [
        Change(
            "user",
            f"u{n}",
            {"id": f"u{n}", "name": f"U{n}", "extension": f"20{n}"} | _always(f"user:u{n + 1}"),
        )
        for n in range(count)
    ]
    told = fold(book(*chain), "200")
    assert [type(one) for one in told.steps] == [Forward] * MAX_FORWARDS + [Refuse]
    assert told.steps[-1].because[-1].key == "loop.too_many"


def test_pre_0_a_digit_of_the_caller_in_between_allows_the_same_forward_again() -> None:
    of = book(anna=_always("user:carl"), carl=_always("100"))
    first = step(of)
    back = step(of, so_far=(Tried(first, "forwarded"),))
    so_far = (Tried(first, "forwarded"), Tried(back, "forwarded"))
    assert isinstance(step(of, so_far=so_far), Refuse)
    digit = Tried(Announce("say.menu", 0, because=first.because), "done", digits="1")
    again = step(of, so_far=(Tried(first, "forwarded"), digit, Tried(back, "forwarded")))
    assert isinstance(again, Forward)


def test_an_open_caller_stays_open_through_a_forward_and_what_was_dialled_is_said_once() -> None:
    of = book(anna=_always("user:carl"))
    first = plan(of)
    then = plan(of, so_far=(Tried(first.steps[0], "forwarded"),))
    assert isinstance(then.steps[0], Ring)
    assert not then.steps[0].offers[0].present.private
    assert then.steps[0].offers[0].role == "forward"
    assert keys(first.because) == ["dialling.extension", "forwarding.always"]
    assert keys(plan(of, so_far=(tried(step(book()), "no_answer"),)).because) == ["forwarding.always"]


def test_pre_0_ringing_somebody_again_is_not_a_forward() -> None:
    of = book(anna=_always("user:carl"))
    told = fold(of)
    assert [type(one) for one in told.steps] == [Forward, Ring, Refuse]


def test_pre_0_a_forward_back_to_the_caller_is_busy() -> None:
    told = fold(book(anna=_always("user:bea")))
    assert isinstance(told.steps[-1], Refuse)
    assert told.steps[-1].status == 486
    assert told.steps[-1].because[-1].key == "dialling.back_to_caller"


def test_pre_0_a_target_that_has_left_the_company() -> None:
    told = fold(book(anna=_always("user:gone")))
    assert isinstance(told.steps[-1], Announce)
    assert told.steps[-1].status == 404
    assert told.steps[-1].because[-1].key == "dialling.gone"


# -- the page ------------------------------------------------------------------------------------------------------


def test_every_rule_has_a_mark_and_a_name_of_its_own() -> None:
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
    assert all(rule.mark for rule in RULES)


def test_places_of_features_to_come_name_a_rule_of_the_chain() -> None:
    names = {rule.name for rule in RULES}
    assert all(before in names for _, _, before in PLACES)


def test_pre_marks_stand_in_their_order() -> None:
    """PRE-4 before PRE-8 before PRE-9 before PRE-10 before PRE-11, by the rules' names."""
    order = [
        "emergency",
        "codes",
        "dialling",
        "anonymous_rejection",
        "selective.reject",
        "selective.accept",
        "forwarding.always",
        "dnd",
        "forwarding.selective",
        "ringing.devices",
        "call_waiting",
        "forwarding.unreachable",
        "forwarding.busy",
        "parallel",
        "ringing",
        "forwarding.no_answer",
        "ringing.ending",
    ]
    names = [rule.name for rule in RULES]
    assert [name for name in names if name in order] == order


def test_a_switched_off_device_is_not_rung() -> None:
    of = book(device("anna-tisch", "user:anna", enabled=False))
    ring = step(of)
    assert isinstance(ring, Ring)
    assert [offer.target.id for offer in ring.offers] == ["anna-mobil"]


def test_a_user_without_a_device_is_unreachable() -> None:
    of = book(Change("user", "dora", {"id": "dora", "name": "Dora", "extension": "120"}))
    answer = step(of, "120")
    assert isinstance(answer, Refuse)
    assert answer.status == 480
    assert "ringing.no_device" in keys(answer.because)


def test_a_change_of_settings_acts_at_the_next_decision_of_a_call_that_rings() -> None:
    """FEATURES.md 0.5."""
    before = book()
    ring = step(before)
    after = book(anna=_always("user:carl"))
    forward = step(after, so_far=(tried(ring, "no_answer"),))
    assert isinstance(forward, Forward)
    assert forward.to == CARL


def test_roles_that_do_not_walk_the_list_ring_past_forwarding_and_dnd() -> None:
    """12.4: a recall rings a parker who has set do not disturb and forwards all calls."""
    of = book(anna=_always("user:carl") | {"dnd": True})
    ring = step(of, "", target=ANNA, role="recall", by=caller(of, BEA))
    assert isinstance(ring, Ring)
    assert {offer.role for offer in ring.offers} == {"recall"}
    over = step(of, "", target=ANNA, role="recall", by=caller(of, BEA), so_far=(tried(ring, "no_answer"),))
    assert isinstance(over, Refuse)


def test_transfer_and_forward_targets_walk_the_list() -> None:
    of = book(anna=_always("user:carl"))
    assert isinstance(step(of, "", target=ANNA, role="transfer"), Forward)
    assert ORDER.roles["forward"].walks
