"""Explaining: who asks for what, assumptions, the JSON shape, and outcomes of a Ring."""

import json
from typing import Any

import pytest
from tests.deciding import ANNA, BEA, MONDAY, OUTSIDE, book, live

from vorzimmer.directory.ref import Ref
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.features.order import EXPLAINING, ORDER
from vorzimmer.features.texts import render
from vorzimmer.kernel.errors import LocalError
from vorzimmer.routing.dry_run import dry_run, past
from vorzimmer.routing.explain import BadQuestionError, as_json, as_lines, display, explain, question_of, what, who
from vorzimmer.routing.live import BadAssumptionError, Facts, assume
from vorzimmer.routing.may import Actor, CallFacts, may
from vorzimmer.routing.model import (
    Announce,
    Asked,
    Because,
    Caller,
    Forward,
    LiveFacts,
    OfferOutcome,
    Presentation,
    Ring,
    Step,
    Tried,
)
from vorzimmer.routing.outcome import declined_everywhere, overall
from vorzimmer.routing.rule import Answer, Order, Rule

MAILBOX = {"voicemail": {"enabled": True}}


def german(because: Because) -> str:
    return render(because, "de", with_setting=False)


def told(of: Snapshot, called: str, *assumed: str, caller: str = "user:bea") -> dict[str, Any]:
    explanation = explain(EXPLAINING, of, Facts(LiveFacts()), MONDAY, caller=caller, called=called, assumptions=assumed)
    answer = as_json(explanation, {"from": caller, "to": called}, german)
    return json.loads(json.dumps(answer))  # type: ignore[no-any-return]  # what json reads back has no type


def test_explain_json_has_the_promised_shape() -> None:
    answer = told(book(anna=MAILBOX), "100", "all=idle")
    assert set(answer) == {"asked", "because", "plan"}
    assert answer["asked"] == {"from": "user:bea", "to": "100"}
    for why in answer["because"]:
        assert set(why) == {"rule", "key", "params", "text", "setting"}
    for step in answer["plan"]:
        assert set(step) == {"step", "targets", "role", "seconds", "display", "alert", "because"}
        assert step["because"]
    ring, forward, end = answer["plan"]
    assert (ring["step"], ring["targets"]) == ("ring", ["device:anna-tisch", "device:anna-mobil"])
    assert (ring["role"], ring["seconds"], ring["display"], ring["alert"]) == ("user", 20, "Bea <140>", "internal")
    assert (forward["step"], forward["targets"]) == ("forward", ["voicemail:anna"])
    assert (end["step"], end["display"]) == ("announce", "480 tone:unavailable")


def test_explain_words_and_settings_of_a_no_answer_forward() -> None:
    answer = told(book(anna=MAILBOX), "100", "all=idle")
    why = answer["plan"][1]["because"][-1]
    assert why["text"] == "Anna nimmt nach 20 Sekunden nicht ab: Weiterleitung an die Sprachbox von Anna"
    assert why["setting"] == "users[anna].forwarding.no_answer"
    whole = render(Because("r", why["key"], why["params"], why["setting"]), "de")
    assert whole.endswith("(Einstellung users[anna].forwarding.no_answer)")


def test_explain_names_what_is_set_but_does_not_act_yet_and_decides_the_same() -> None:
    intercepts = [
        Change("intercept", "user:anna", {"for": "user:anna", "active": True}),
        Change("intercept", "user:carl", {"for": "user:carl", "active": False}),
    ]
    vip = {"enabled": False, "contacts": [{"number": OUTSIDE}]}
    acting = {"forwarding": {"busy": {"enabled": False}}, "recording": {}}
    of = book(*intercepts, anna=MAILBOX | acting | {"executive": {"assistants": ["bea"]}, "vip": vip})
    answer = told(of, "100", "all=idle")
    settings = [why["setting"] for why in answer["because"] if why["key"] == "not_acting"]
    assert settings == ["users[anna].voicemail", "users[anna].executive", "intercepts[user:anna]"]
    assert not [why for why in told(of, "141", "all=idle")["because"] if why["key"] == "not_acting"]
    asked = Asked("muster", Caller(BEA), "100")
    plain, explaining = (dry_run(order, asked, of, live(of), MONDAY) for order in (ORDER, EXPLAINING))
    assert [type(step) for step in plain.steps] == [type(step) for step in explaining.steps]


@pytest.mark.parametrize(
    ("text", "caller"),
    [
        ("user:bea", Caller(BEA, None, "+498999998140", "Bea")),
        ("device:bea-tisch", Caller(BEA, "bea-tisch", "+498999998140", "Bea")),
        ("phone:flur", Caller(Ref("phone", "flur"), None, None, "Flur")),
        (OUTSIDE, Caller(number=OUTSIDE)),
        ("anonymous", Caller(private=True)),
        (" unavailable ", Caller()),
    ],
)
def test_who(text: str, caller: Caller) -> None:
    assert who(text, book()) == caller


@pytest.mark.parametrize("text", ["user:nobody", "device:nobody", "hunt:x", "bea", "", "+0", "user:", "\u202e"])
def test_who_refuses_what_does_not_exist(text: str) -> None:
    with pytest.raises(BadQuestionError):
        who(text, book())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100", ("100", None)),
        ("*72141", ("*72141", None)),
        ("user:anna", ("", ANNA)),
        ("voicemail:anna", ("", Ref("voicemail", "anna"))),
        ("device:anna-tisch", ("", Ref("device", "anna-tisch"))),
        ("number:" + OUTSIDE, ("", Ref("number", OUTSIDE))),
        ("number:112", ("112", None)),
        ("urn:service:sos", ("urn:service:sos", None)),
        (OUTSIDE, (OUTSIDE, None)),
    ],
)
def test_what(text: str, expected: tuple[str, Ref | None]) -> None:
    assert what(text, book()) == expected


@pytest.mark.parametrize("text", ["user:nobody", "hunt:nobody", "cat:dog"])
def test_what_refuses_targets_that_do_not_exist(text: str) -> None:
    with pytest.raises(BadQuestionError):
        what(text, book())


def test_assumptions_nearest_wins() -> None:
    of = book()
    facts = assume(Facts(LiveFacts()), of, ("all=idle", "user:anna=busy", "device:anna-mobil=unregistered"))
    assert [facts.registered(d) for d in ("anna-tisch", "anna-mobil", "bea-tisch")] == [True, False, True]
    assert [facts.calls(d) for d in ("anna-tisch", "anna-mobil", "bea-tisch")] == [1, 0, 0]


def test_assumptions_leave_the_rest_to_the_live_facts() -> None:
    of = book()
    base = Facts(live(of, talking={"carl-tisch": 2}, dnd="anna-tisch carl-tisch"))
    facts = assume(base, of, ("user:anna=idle",))
    assert (facts.calls("carl-tisch"), facts.dnd("carl-tisch"), facts.dnd("anna-tisch")) == (2, True, False)
    assert [facts.dnd(device) for device in ("bea-tisch", "anna-mobil")] == [False, False]
    assert assume(base, of, ()) is base
    group = Change("hunt", "zentrale", {"id": "zentrale", "name": "Zentrale", "members": []})
    with pytest.raises(BadAssumptionError):
        assume(base, book(group), ("hunt:zentrale=idle",))


@pytest.mark.parametrize(
    "text", ["all=sleeping", "all", "user:nobody=busy", "device:nobody=idle", "bea=idle", "hunt:x=idle"]
)
def test_assumptions_that_cannot_be_read(text: str) -> None:
    with pytest.raises(BadAssumptionError):
        assume(Facts(LiveFacts()), book(), (text,))


def test_explain_without_assumptions_uses_the_live_facts() -> None:
    answer = told(book(), "100")
    assert [step["step"] for step in answer["plan"]] == ["refuse"]
    assert answer["plan"][0]["display"] == "480 Temporarily Unavailable"


def test_explain_lines_for_people() -> None:
    of = book(anna=MAILBOX)
    asked = Asked("muster", Caller(BEA, "bea-tisch"), "100")
    lines = as_lines(dry_run(ORDER, asked, of, live(of), MONDAY), german)
    assert lines[0] == "1. ring  device:anna-tisch, device:anna-mobil  20 s  unavailable" or lines[0].startswith(
        "1. ring"
    )
    assert "     100 ist die Durchwahl von Anna" in lines
    assert [line for line in lines if line[0].isdigit()][1] == "2. forward  voicemail:anna"


def test_explain_of_a_past_call_tells_what_was_decided_then() -> None:
    of = book(anna=MAILBOX)
    asked = Asked("muster", Caller(BEA, "bea-tisch"), "100")
    run = dry_run(ORDER, asked, of, live(of), MONDAY)
    then = past(asked, tuple(Tried(step, "no_answer") for step in run.steps))
    assert (then.steps, then.because) == (run.steps, run.because)
    assert question_of(asked, MONDAY) == {
        "company": "muster",
        "from": "device:bea-tisch",
        "to": "100",
        "at": "2026-03-02T09:00:00+00:00",
    }


def test_explain_feature_codes_and_emergency() -> None:
    code = told(book(), "*72141")["plan"][0]
    assert (code["step"], code["display"], code["targets"]) == ("run", "forwarding.always.on", ["user:carl"])
    sos = told(book(), "112")
    assert sos["plan"][0]["display"] == "503 say.emergency_no_trunk"


def test_dry_run_moves_the_clock_on_with_every_ring() -> None:
    """A schedule that ends while it rings does not hold at the next decision."""
    hours = Change("schedule", "kurz", {"id": "kurz", "name": "Kurz", "weekly": {"mo": ["08:00-10:01"]}})
    selective = {"selective": [{"name": "x", "to": "141", "schedule": "kurz"}], "busy": {"to": "130"}}
    of = book(hours, anna={"forwarding": {"no_answer": {"to": "140", "after_s": 120}}}, bea={"forwarding": selective})
    asked = Asked("muster", Caller(number=OUTSIDE), "100")
    run = dry_run(ORDER, asked, of, live(of), MONDAY)
    assert [type(step) for step in run.steps][:3] == [Ring, Forward, Ring]


def test_dry_run_assumes_what_it_is_told() -> None:
    of = book(anna={"forwarding": {"busy": {"to": "141"}}})
    asked = Asked("muster", Caller(BEA), "100")

    def busy_then_answered(step: Step) -> str:
        assert isinstance(step, Ring)
        return "busy" if step.offers[0].user == ANNA else "answered"

    run = dry_run(ORDER, asked, of, live(of), MONDAY, busy_then_answered)
    assert [type(step) for step in run.steps] == [Ring, Forward, Ring]


def test_dry_run_says_so_if_a_chain_never_ends() -> None:
    of = book()
    ring = Ring((), 1.0, (Because("x", "routing.no_rule"),))
    order = Order((Rule("endless", "-", lambda _: Answer((ring,))),), ORDER.roles, ORDER.facilities)
    with pytest.raises(LocalError):
        dry_run(order, Asked("muster", Caller(), "1"), of, live(of), MONDAY)


def test_a_chain_without_an_answer_ends_with_a_reason() -> None:
    of = book()
    order = Order((), ORDER.roles, ORDER.facilities)
    run = dry_run(order, Asked("muster", Caller(), "1"), of, live(of), MONDAY)
    assert isinstance(run.steps[0], Announce)
    assert run.because[0].key == "routing.no_rule"


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        (("answered", "busy"), "answered"),
        (("redirected", "declined"), "redirected"),
        (("declined", "busy", "no_answer"), "declined"),
        (("busy", "no_answer"), "busy"),
        (("no_answer", "unreachable"), "no_answer"),
        (("unreachable",), "unreachable"),
        (("elsewhere", "cancelled"), "unreachable"),
        ((), "unreachable"),
    ],
)
def test_pre_9_outcome_of_a_ring(words: tuple[str, ...], whole: str) -> None:
    offers = tuple(OfferOutcome(Ref("device", str(n)), word) for n, word in enumerate(words))
    assert overall(offers) == whole


def test_declined_everywhere_needs_everybody() -> None:
    a, b = OfferOutcome(Ref("device", "a"), "declined"), OfferOutcome(Ref("device", "b"), "no_answer")
    assert declined_everywhere((a,))
    assert not declined_everywhere((a, b))
    assert not declined_everywhere(())


def test_what_a_phone_shows() -> None:
    assert display(Presentation("Bea", "140")) == "Bea <140>"
    assert display(Presentation(number="140")) == "140"
    assert display(Presentation(private=True)) == "anonymous"
    assert display(Presentation()) == "unavailable"


def test_may_own_calls_only_and_nothing_of_another_company() -> None:
    call = CallFacts("muster", (ANNA, BEA))
    assert may(Actor("muster", ANNA), "hang_up", call) is None
    refused = {
        "may.other_company": may(Actor("andere", ANNA), "hang_up", call),
        "may.not_yours": may(Actor("muster", Ref("user", "carl")), "transfer", call),
        "may.unknown_action": may(Actor("muster", ANNA), "barge", call),
    }
    for key, why in refused.items():
        assert why is not None
        assert why.key == key
        assert render(why, "de")
