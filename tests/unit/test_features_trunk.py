"""Ways out: which trunk, in which order, as which number; emergency calls past every limit (12.2, BAS-14)."""

from typing import Any

import pytest
from tests.deciding import (
    ANNA,
    BEA,
    OUTSIDE,
    book,
    caller,
    fold,
    forwarding,
    keys,
    live,
    outside_caller,
    parallel,
    plan,
    status,
    step,
    tried,
)

from vorzimmer.directory.numbers import NumberForm, NumberPlan
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.routing.model import Announce, Forward, LiveFacts, Offer, Refuse, Ring, Tried

MOBILE = "+491713920001"
OWN = {"from": "+498999998100", "to": "+498999998199"}


def trunk(ident: str = "eins", **fields: Any) -> Change:
    base = {"id": ident, "kind": "peer", "peers": ["192.0.2.9"], "numbers": [{"number": "+498999998000"}, OWN]}
    return Change("trunk", ident, base | fields)


def offer(of: Snapshot, dialled: str = "03023125222", **kwargs: Any) -> Offer:
    answer = step(of, dialled, **kwargs)
    assert isinstance(answer, Ring)
    assert len(answer.offers) == 1
    return answer.offers[0]


def down(of: Snapshot, *trunks: str, talking: dict[str, int] | None = None) -> LiveFacts:
    facts = live(of, talking=talking)
    return LiveFacts(facts.registered, facts.talking, facts.dnd, frozenset(trunks))


def test_12_2_trunks_are_tried_in_the_order_of_the_file() -> None:
    of = book(trunk("zwei"), trunk("eins"), trunk("aus", enabled=False))
    found = offer(of)
    assert found.target == Ref("number", OUTSIDE)
    assert [route.trunk for route in found.routes] == ["zwei", "eins"]
    assert found.confirm == ""


def test_12_2_a_trunk_that_is_down_is_passed_over_and_said_so() -> None:
    of = book(trunk("eins"), trunk("zwei"))
    decided = plan(of, "03023125222", facts=down(of, "eins"))
    answer = decided.steps[0]
    assert isinstance(answer, Ring)
    assert [route.trunk for route in answer.offers[0].routes] == ["zwei"]
    assert "trunk.down" in keys(decided.because)


@pytest.mark.parametrize(
    ("channels", "talking", "goes"),
    [
        ({"total": 2}, {"trunk:eins:in": 1, "trunk:eins:out": 1}, False),
        ({"total": 3}, {"trunk:eins:in": 1, "trunk:eins:out": 1}, True),
        ({"out": 1}, {"trunk:eins:out": 1}, False),
        ({"out": 1}, {"trunk:eins:in": 5}, True),
        ({"total": 1}, {"trunk:eins:sos": 4}, True),
    ],
)
def test_12_2_a_full_trunk_takes_no_more_calls(channels: dict[str, int], talking: dict[str, int], goes: bool) -> None:
    of = book(trunk(channels=channels))
    answer = step(of, "03023125222", facts=down(of, talking=talking))
    assert isinstance(answer, Ring) == goes
    if not goes:
        assert status(answer) == 503
        assert "trunk.full" in keys(answer.because)


def test_bas_14_the_chosen_number_is_shown_where_the_trunk_has_it_else_an_own_one() -> None:
    chosen = {"outgoing": {"number": "+498999998000"}}
    assert offer(book(trunk(), bea=chosen)).routes[0].shown == "+498999998000"
    assert offer(book(trunk(), bea={})).routes[0].shown == "+498999998140"
    few = trunk(numbers=[{"number": "+498999998500"}])
    assert offer(book(few, bea=chosen)).routes[0].shown == "+498999998500"


def test_bas_14_clir_and_the_withhold_code_keep_the_number_back() -> None:
    assert offer(book(trunk(), bea={"outgoing": {"clir": True}})).routes[0].private
    assert offer(book(trunk()), "*6703023125222").routes[0].private
    assert not offer(book(trunk())).routes[0].private


def test_exa_41a_a_forwarded_caller_is_shown_only_where_the_carrier_takes_foreign_numbers() -> None:
    settings = forwarding(always={"enabled": True, "to": MOBILE})
    for allowed in (False, True):
        of = book(trunk(foreign_numbers=allowed), anna=settings)
        forward = step(of, "100", by=outside_caller())
        assert isinstance(forward, Forward)
        found = offer(of, "100", by=outside_caller(), so_far=(Tried(forward, "forwarded"),))
        routes = [(route.shown, route.after) for route in found.routes]
        assert routes == ([(OUTSIDE, 0), ("+498999998100", 403)] if allowed else [("+498999998100", 0)])
        assert {route.own for route in found.routes} == {"+498999998100"}
        assert [(d.number, d.reason) for d in found.diverted] == [("+498999998100", "unconditional")]
        assert found.role == "forward"
        assert found.confirm == ""


def test_bas_14_a_private_caller_stays_private_when_forwarded_outside() -> None:
    of = book(trunk(foreign_numbers=True), anna=forwarding(always={"enabled": True, "to": MOBILE}))
    hidden = outside_caller(private=True)
    found = offer(of, "100", by=hidden, so_far=(Tried(step(of, "100", by=hidden), "forwarded"),))
    assert [(route.shown, route.private) for route in found.routes] == [("+498999998100", True)]
    assert OUTSIDE not in str(found)


def test_12_4_a_parallel_leg_outside_must_press_1_unless_switched_off() -> None:
    for confirm in (True, False):
        of = book(trunk(), anna=parallel(MOBILE, confirm=confirm))
        answer = step(of, "100")
        assert isinstance(answer, Ring)
        outside = [o for o in answer.offers if o.routes]
        assert [(o.target, o.user, bool(o.confirm)) for o in outside] == [(Ref("number", MOBILE), ANNA, confirm)]


def test_bas_7_a_caller_is_not_rung_at_his_own_outside_number() -> None:
    of = book(trunk(), anna=parallel(OUTSIDE))
    answer = step(of, "100", by=outside_caller())
    assert isinstance(answer, Ring)
    assert not any(o.routes for o in answer.offers)


@pytest.mark.parametrize(
    ("word", "said", "told"),
    [("busy", 486, 486), ("unreachable", 404, 404), ("unreachable", 503, 503), ("unreachable", 484, 484),
     ("no_answer", 0, 480), ("declined", 603, 603), ("unreachable", 408, 503)],
)  # fmt: skip
def test_12_2_the_caller_hears_what_the_network_said_of_the_number(word: str, said: int, told: int) -> None:
    of = book(trunk())
    end = step(of, "03023125222", so_far=(tried(step(of, "03023125222"), word, status=said),))
    assert isinstance(end, Refuse if told != 503 else Announce)
    assert status(end) == told


HOUSE = Change(
    "site", "haus", {"id": "haus", "name": "Haus", "emergency": {"number": "+498999998000", "trunk": "zwei"}}
)
YARD = Change("site", "hof", {"id": "hof", "name": "Hof", "emergency": {"number": "+498999998111", "trunk": "eins"}})


def test_12_2_an_emergency_call_takes_the_sites_trunk_and_number_past_limits_and_privacy() -> None:
    full = {"total": 1, "out": 1}
    of = book(
        trunk("eins", channels=full), trunk("zwei", channels=full), HOUSE, YARD,
        bea={"site": "haus", "outgoing": {"clir": True}},
    )  # fmt: skip
    for dialled in ("112", "110", "urn:service:sos"):
        found = offer(of, dialled, facts=down(of, talking={"trunk:eins:out": 9, "trunk:zwei:out": 9}))
        assert [(r.trunk, r.shown, r.private, r.urgent) for r in found.routes] == [
            ("zwei", "+498999998000", False, True),
            ("eins", "+498999998000", False, True),
        ]
        assert found.target.id in {"112", "110"}


def test_12_2_an_emergency_call_shows_the_place_of_the_device_before_the_owners_site() -> None:
    of = book(trunk("eins"), trunk("zwei"), HOUSE, YARD, bea={"site": "haus"})
    moved = of.apply([Change("device", "bea-tisch", {"id": "bea-tisch", "owner": "user:bea", "place": "hof"})])
    assert offer(moved, "112").routes[0].trunk == "eins"
    assert offer(moved, "112").routes[0].shown == "+498999998111"


def test_12_2_a_trunk_that_seems_down_is_an_emergency_calls_last_hope() -> None:
    of = book(trunk("eins"), trunk("zwei"), HOUSE, bea={"site": "haus"})
    assert [r.trunk for r in offer(of, "112", facts=down(of, "zwei")).routes] == ["eins", "zwei"]
    assert [r.trunk for r in offer(of, "112", facts=down(of, "zwei", "eins")).routes] == ["zwei", "eins"]


def test_12_2_an_emergency_call_that_nobody_takes_is_an_alarm() -> None:
    of = book(trunk(), HOUSE)
    first = plan(of, "112")
    assert first.alarm == "emergency"
    failed = plan(of, "112", so_far=(tried(first.steps[0], "unreachable", status=503),))
    assert failed.alarm == "emergency_failed"
    assert status(failed.steps[0]) == 503


def test_12_2_robots_never_dial_emergency_numbers_even_with_a_trunk() -> None:
    assert status(step(book(trunk()), "112", robot=True)) == 403


def test_12_2_an_outside_caller_is_never_led_outside_by_dialling() -> None:
    assert status(step(book(trunk()), MOBILE, by=outside_caller())) == 404


def test_12_2_an_unfinished_number_is_said_to_be_one() -> None:
    assert status(step(book(trunk()), "089")) == 484
    assert status(step(book(trunk()), "0049")) == 484
    assert status(step(book(trunk()), "999")) == 404


def test_12_2_forwards_outside_keep_to_the_loop_guard() -> None:
    of = book(trunk(), anna=forwarding(always={"enabled": True, "to": "user:bea"}),
              bea=forwarding(always={"enabled": True, "to": "user:anna"}))  # fmt: skip
    told = fold(of, "100", by=outside_caller())
    assert status(told.steps[-1]) == 482


def test_12_2_a_forward_outside_rings_over_the_trunk_in_a_dry_run() -> None:
    of = book(trunk(), anna=forwarding(no_answer={"enabled": True, "to": MOBILE, "after_s": 5}))
    told = fold(of, "100", by=caller(of, BEA))
    assert [type(each).__name__ for each in told.steps] == ["Ring", "Forward", "Ring", "Refuse"]


@pytest.mark.parametrize(
    ("number", "form", "wire"),
    [
        (OUTSIDE, "e164", "+493023125222"),
        (OUTSIDE, "international", "00493023125222"),
        (OUTSIDE, "digits", "493023125222"),
        (OUTSIDE, "national", "03023125222"),
        ("+43123456789", "national", "0043123456789"),
        ("112", "e164", "112"),
        ("+49115", "e164", "115"),
        ("+49116117", "national", "116117"),
    ],
)
def test_12_2_numbers_stand_on_the_wire_as_the_trunk_wants_them(number: str, form: NumberForm, wire: str) -> None:
    assert NumberPlan().on_wire(number, form) == wire


@pytest.mark.parametrize("form", ["e164", "international", "digits", "national"])
@pytest.mark.parametrize("number", [OUTSIDE, MOBILE, "+498999998100", "+43123456789"])
def test_12_2_what_a_trunk_writes_a_trunk_can_read(number: str, form: NumberForm) -> None:
    wire = NumberPlan().on_wire(number, form)
    if form == "digits" and not number.startswith("+49"):
        return  # Without a plus, digits of another country cannot be told from a national number.
    assert NumberPlan().received(wire) == number
