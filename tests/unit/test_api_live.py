"""What is now over the API: calls, presence, registrations, trunks, numbers, settings as they act."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.api_rig import Rig, with_rig

from vorzimmer.app.explaining import explain_live
from vorzimmer.app.presence_view import doing
from vorzimmer.calls.state import CallState, Leg, Party, Rung, Sound
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import CallId, EndpointId, JourneyId, LegId
from vorzimmer.routing.may import Actor, CallFacts, may
from vorzimmer.routing.model import Asked, Because, Caller

BASE = "/companies/musterbau"


def party(who: str, device: str, **more: Any) -> dict[str, Any]:
    return {"who": who, "device": device, "ringing": False, "held": False, "codec": "PCMA", **more}


def live(ident: str, caller: str, parties: list[dict[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {"id": ident, "company": "musterbau", "from": caller, "to": "100", "state": "talking"}
    return row | {
        "direction": "internal",
        "trunk": "",
        "parties": parties,
        "started": 1.0,
        "answered": None,
        "seconds": 3.0,
    }


CALLS = [
    live("a", "user:bea", [party("user:bea", "bea-tisch"), party("user:anna", "anna-tisch", ringing=True)]),
    live("b", "user:carl", [party("user:carl", "carl-tisch"), party("user:dora", "dora-tisch")]),
    live("c", "+49301", [party("", "trunk:provider:in")]),
]


def test_people_see_the_calls_that_they_are_in_and_administrators_all() -> None:
    async def scenario(rig: Rig) -> None:
        rig.control.answers["calls"] = CALLS
        seen = {}
        for who in ("anna", "admin", "provider"):
            found = (await rig.ask(who, "GET", f"{BASE}/calls")).json()["items"]
            seen[who] = [row["id"] for row in found]
        assert seen == {"anna": ["a"], "admin": ["a", "b", "c"], "provider": ["a", "b", "c"]}
        assert (await rig.ask("anna", "GET", f"{BASE}/calls/b")).status_code == 404
        row = (await rig.ask("anna", "GET", f"{BASE}/calls/a")).json()
        assert row["from"]["name"] == "Bea Lindner"
        assert [one["name"] for one in row["parties"]] == ["Bea Lindner", "Anna Schneider"]

    with_rig(scenario)


def test_a_call_that_goes_on_is_explained_to_whom_it_concerns() -> None:
    async def scenario(rig: Rig) -> None:
        asked = Asked("musterbau", Caller(Ref("user", "bea"), "bea-tisch"), "100")
        rung = (Rung(LegId("r"), Party(Ref("user", "anna"), "anna-tisch")),)
        why = Because("dialling", "dialled.extension", {}, "users[anna].extension")
        state = CallState(CallId("a"), JourneyId("a"), "musterbau", asked, 5.0, because=(why,), ringing=rung)
        rig.control.answers["calls"] = CALLS
        rig.control.answers["explain_call"] = explain_live(state, rig.office.book("musterbau"), "en")
        told = (await rig.ask("anna", "GET", f"{BASE}/calls/a/explanation")).json()
        assert told["because"][0]["setting"]["pointer"] == "/extension"
        assert [row["what"] for row in told["timeline"]] == ["started", "ringing"]
        assert told["timeline"][1]["phones"][0]["owner"] == "user:anna"
        assert (await rig.ask("anna", "GET", f"{BASE}/calls/b/explanation")).status_code == 404
        rig.control.answers["trace_of"] = {"lines": ["INVITE"], "messages": [], "pcap": b""}
        assert (await rig.ask("admin", "GET", f"{BASE}/history/a/trace")).status_code == 200
        assert (await rig.ask("admin", "GET", f"{BASE}/history/nowhere/trace")).status_code == 404

    with_rig(scenario)


def test_administrators_may_end_calls_of_their_company_and_of_no_other() -> None:
    boss = Actor("musterbau", Ref("user", "admin"), administers=True)
    assert may(boss, "hang_up", CallFacts("musterbau")) is None
    assert may(boss, "see", CallFacts("musterbau")) is None
    assert may(boss, "hold", CallFacts("musterbau")) is not None
    assert may(boss, "hang_up", CallFacts("nebenan")) is not None
    assert may(Actor("musterbau", Ref("user", "admin")), "hang_up", CallFacts("musterbau")) is not None


def test_without_control_live_facts_are_a_problem_that_says_try_again() -> None:
    async def scenario(rig: Rig) -> None:
        for path in ("calls", "presence", "registrations", "trunk-states"):
            answer = await rig.ask("admin", "GET", f"{BASE}/{path}")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")

    with_rig(scenario)


def test_presence_tells_what_everybody_does_and_never_with_whom() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.ask("admin", "PATCH", f"{BASE}/users/dora", json={"dnd": True}, headers={"If-Match": "*"})
        registered = ["anna-tisch", "bea-tisch", "dora-tisch"]
        rig.control.answers["presence"] = {"who": {"user:bea": "talking"}, "devices": {}, "registered": registered}
        answer = await rig.ask("anna", "GET", f"{BASE}/presence")
        found = {row["ref"]: row["state"] for row in answer.json()["items"]}
        assert found["user:anna"] == "idle"
        assert found["user:bea"] == "talking"
        assert found["user:carl"] == "unregistered"
        assert found["user:dora"] == "dnd"
        assert "phone:empfang" in found
        some = await rig.ask("anna", "GET", f"{BASE}/presence?who=user:bea&who=user:nobody&who=x")
        assert [row["ref"] for row in some.json()["items"]] == ["user:bea"]

    with_rig(scenario)


def test_whoever_shows_nothing_is_unknown_to_colleagues_and_known_to_administrators() -> None:
    async def scenario(rig: Rig) -> None:
        hides = {"lamp": "nothing"}
        answer = await rig.ask("admin", "PATCH", f"{BASE}/users/bea", json=hides, headers={"If-Match": "*"})
        assert answer.status_code == 200, answer.text
        rig.control.answers["presence"] = {"who": {"user:bea": "talking"}, "devices": {}, "registered": ["bea-tisch"]}
        expected = {"anna": "unknown", "admin": "talking", "provider": "talking"}
        for who, state in expected.items():
            (row,) = (await rig.ask(who, "GET", f"{BASE}/presence?who=user:bea")).json()["items"]
            assert (row["state"], row["registered"] > 0) == (state, state == "talking"), who

    with_rig(scenario)


def test_what_somebody_does_is_the_strongest_of_all_calls() -> None:
    def leg(who: str) -> Leg:
        sound = Sound(EndpointId(who), Address("192.0.2.1", 4000))
        return Leg(LegId(who), Party(Ref("user", who), f"{who}-tisch"), sound)

    asked = Asked("musterbau", Caller(Ref("user", "eva"), "eva-tisch"), "1")
    base = CallState(CallId("1"), JourneyId("1"), "musterbau", asked, 0.0)
    ringing = (Rung(LegId("r"), Party(Ref("user", "anna"), "anna-mobil")),)
    calls = [replace(base, ringing=ringing), replace(base, parties=(leg("anna"), leg("bea")))]
    assert doing(calls) == {
        "who": {"user:anna": "talking", "user:eva": "talking", "user:bea": "talking"},
        "devices": {
            "anna-mobil": "ringing",
            "eva-tisch": "talking",
            "anna-tisch": "talking",
            "bea-tisch": "talking",
        },
    }


def test_registrations_are_asked_for_devices_that_one_may_see() -> None:
    async def scenario(rig: Rig) -> None:
        row = {"device": "anna-tisch", "contact": "sip:a@192.0.2.9", "agent": "snom", "transport": "udp"}
        rig.control.answers["registrations"] = [{**row, "address": "192.0.2.9:5060", "instance": "", "expires_s": 60}]
        answer = await rig.ask("anna", "GET", f"{BASE}/registrations")
        assert answer.json()["items"][0]["owner"] == "user:anna"
        await rig.ask("anna", "GET", f"{BASE}/registrations?device=bea-tisch&device=anna-tisch")
        await rig.ask("admin", "GET", f"{BASE}/registrations")
        asked = [params["devices"] for method, params in rig.control.asked if method == "registrations"]
        assert asked == [["anna-tisch", "anna-browser"], ["anna-tisch"], None]

    with_rig(scenario)


def test_a_new_password_is_shown_once_and_only_to_who_may_change_the_device() -> None:
    async def scenario(rig: Rig) -> None:
        answer = await rig.ask("admin", "POST", f"{BASE}/devices/anna-tisch/password")
        (made,) = answer.json()["made"]
        assert (made["username"], len(made["value"])) == ("anna-tisch", 24)
        secrets = await rig.store.companies.secrets("musterbau")
        assert secrets.matches("device", "anna-tisch", "password", made["value"])
        assert (await rig.ask("anna", "POST", f"{BASE}/devices/anna-tisch/password")).status_code == 403
        assert (await rig.ask("admin", "POST", f"{BASE}/devices/nobody/password")).status_code == 404

    with_rig(scenario)


def test_numbers_say_whose_they_are_and_which_are_free() -> None:
    async def scenario(rig: Rig) -> None:
        found = (await rig.ask("admin", "GET", f"{BASE}/numbers?limit=200")).json()
        by_number = {row["number"]: row for row in found["items"]}
        assert by_number["100"]["owner"]["ref"] == "user:anna"
        assert by_number["+498999998500"]["owner"]["name"] == "Zentrale"
        assert by_number["+498999998100"]["trunk"] == "provider"
        assert found["total"] == len(found["items"])
        first = (await rig.ask("admin", "GET", f"{BASE}/numbers?limit=3")).json()
        rest = (await rig.ask("admin", "GET", f"{BASE}/numbers?limit=200&cursor={first['next']}")).json()
        assert [*first["items"], *rest["items"]] == found["items"]
        free = (await rig.ask("admin", "GET", f"{BASE}/free-numbers?begins=10")).json()
        assert "100" not in free["extensions"]
        assert "101" in free["extensions"]
        outside = (await rig.ask("admin", "GET", f"{BASE}/free-numbers?limit=200")).json()["numbers"]
        assert "+498999998102" in outside
        assert not set(outside) & set(by_number)
        emergency = (await rig.ask("admin", "GET", f"{BASE}/free-numbers?begins=11&limit=200")).json()["extensions"]
        assert not [one for one in emergency if one.startswith(("110", "112"))]

    with_rig(scenario)


def test_everybody_may_look_colleagues_up() -> None:
    async def scenario(rig: Rig) -> None:
        found = (await rig.ask("anna", "GET", f"{BASE}/directory?q=lindner")).json()
        assert [(row["ref"], row["extension"]) for row in found["items"]] == [("user:bea", "140")]
        assert "words" not in found["items"][0]

    with_rig(scenario)


@pytest.mark.parametrize("locked", [True, False])
def test_settings_as_they_act_say_who_decides(locked: bool) -> None:
    async def scenario(rig: Rig) -> None:
        etag = {"If-Match": "*"}
        company = {"policies": {"recording": {"enabled": True, "kept_days": 30, "locked": locked}}}
        assert (await rig.ask("admin", "PATCH", BASE, json=company, headers=etag)).status_code == 200
        own = {"policies": {"recording": {"enabled": False}}, "forwarding": {"no_answer": {"after_s": 33}}}
        await rig.ask("admin", "PATCH", f"{BASE}/users/carl", json=own, headers=etag)
        answer = await rig.ask("admin", "GET", f"{BASE}/users/carl/effective")
        rows = {row["path"]: row for row in answer.json()["items"]}
        assert rows["forwarding.no_answer.after_s"]["decided_by"] == "user"
        assert rows["forwarding.no_answer.to"] == {
            "path": "forwarding.no_answer.to",
            "value": "voicemail",
            "decided_by": "default",
            "setting": None,
            "locked_by": None,
            "acts": True,
        }
        enabled = rows["policies.recording.enabled"]
        assert (enabled["value"], enabled["decided_by"]) == ((True, "company") if locked else (False, "user"))
        assert enabled["locked_by"] == ("company" if locked else None)
        assert rows["policies.recording.kept_days"]["value"] == 30
        assert rows["policies.delegation.enabled"]["decided_by"] == "company"
        assert not [path for path in rows if "pin" in path]

    with_rig(scenario)
