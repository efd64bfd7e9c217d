"""Forwarding: always, busy, no answer, unreachable, by the phone (FEATURES.md BAS-1, BAS-2, BAS-8)."""

import pytest
from tests.deciding import (
    ANNA,
    CARL,
    FLUR,
    OUTSIDE,
    book,
    fold,
    forwarding,
    forwards_to,
    keys,
    live,
    plan,
    status,
    step,
    tried,
)

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change
from vorzimmer.routing.model import Announce, Forward, Refuse, Ring, Tried

MAILBOX = {"voicemail": {"enabled": True}}
ANNAS_MAILBOX = Ref("voicemail", "anna")


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


def test_bas_1_a_diversion_that_leads_nowhere_is_followed_by_what_is_set_for_unreachable() -> None:
    of = book(anna=forwarding(unreachable={"enabled": True, "to": "user:carl"}))
    answer = step(of, so_far=(tried(step(of), "redirected", to="sip:nobody@muster.example"),))
    assert isinstance(answer, Forward)
    assert (answer.to, answer.rule) == (CARL, "forwarding.unreachable")


def test_pre_0_phones_that_divert_to_each_other_end_as_a_loop() -> None:
    of = book()
    so_far: tuple[Tried, ...] = ()
    for to in ("141", "100") * 2:
        ring = step(of, so_far=so_far)
        assert isinstance(ring, Ring)
        assert all(offer.may_divert for offer in ring.offers)
        so_far = (*so_far, tried(ring, "redirected", to=to))
        forward = step(of, so_far=so_far)
        if isinstance(forward, Refuse):
            assert (forward.status, forward.because[-1].key) == (482, "loop.again")
            return
        so_far = (*so_far, Tried(forward, "forwarded"))
    raise AssertionError("it went round and round")


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


def test_bas_8_ring_guard_is_170_s_per_ring() -> None:
    of = book(anna=forwarding(no_answer={"enabled": True, "to": "141", "after_s": 120}))
    told = fold(of)
    assert [one.seconds for one in told.steps if isinstance(one, Ring)] == [120, 170]
