"""Actions on calls over the API: in whose name, once for each key, and refusals as problems."""

import asyncio
from typing import Any

import pytest
from tests.api_rig import Rig, with_rig

from vorzimmer.api.once import KEPT_S

BASE = "/companies/musterbau"


def test_dialling_is_done_in_the_askers_name_or_in_that_of_somebody_he_looks_after() -> None:
    async def scenario(rig: Rig) -> None:
        rig.control.answers["dial"] = {"call": "c1"}
        done = await rig.ask("anna", "POST", f"{BASE}/calls", json={"to": "140"})
        assert (done.status_code, done.json()) == (202, {"call": "c1"})
        assert rig.control.asked[-1] == (
            "dial",
            {"company": "musterbau", "who": ("user", "anna"), "to": "140", "device": None},
        )
        for who, status in (("anna", 403), ("admin", 202), ("provider", 202)):
            answer = await rig.ask(who, "POST", f"{BASE}/calls", json={"to": "140", "person": "user:bea"})
            assert answer.status_code == status, who
        assert rig.control.asked[-1][1]["who"] == ("user", "bea")
        for bad in ({"to": ""}, {}, {"to": "1", "x": 1}):
            assert (await rig.ask("anna", "POST", f"{BASE}/calls", json=bad)).status_code == 400
        nobody = await rig.ask("provider", "POST", f"{BASE}/calls", json={"to": "140"})
        assert (nobody.status_code, nobody.json()["errors"][0]["pointer"]) == (422, "/person")

    with_rig(scenario)


@pytest.mark.parametrize(
    ("refused", "status", "name"),
    [
        ("not-found", 404, "not-found"),
        ("not-allowed", 403, "not-allowed"),
        ("no-phone", 409, "no-phone"),
        ("not-now", 409, "wrong-moment"),
        ("draining", 503, "not-now"),
    ],
)
def test_what_control_refuses_is_a_problem(refused: str, status: int, name: str) -> None:
    async def scenario(rig: Rig) -> None:
        rig.control.answers["act"] = {"refused": refused}
        for action in ("hold", "resume", "hangup"):
            answer = await rig.ask("anna", "POST", f"{BASE}/calls/c1/{action}")
            assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{name}")
        answer = await rig.ask("anna", "POST", f"{BASE}/calls/c1/transfer", json={"to": "140"})
        assert answer.status_code == status

    with_rig(scenario)


def test_administrators_act_as_such_and_others_never_do() -> None:
    async def scenario(rig: Rig) -> None:
        rig.control.answers["act"] = {"call": "c1"}
        for who in ("anna", "admin"):
            assert (await rig.ask(who, "POST", f"{BASE}/calls/c1/hangup")).status_code == 202
        found = [(params["who"], params["administers"]) for _, params in rig.control.asked]
        assert found == [(("user", "anna"), False), (("user", "admin"), True)]

    with_rig(scenario)


def test_a_key_makes_an_action_happen_once() -> None:
    async def scenario(rig: Rig) -> None:
        counted: list[Any] = []
        rig.control.answers["dial"] = lambda params: counted.append(params) or {"call": f"c{len(counted)}"}

        async def dial(who: str, key: str, to: str = "140") -> Any:
            headers = {"Idempotency-Key": key} if key else {}
            return await rig.ask(who, "POST", f"{BASE}/calls", json={"to": to}, headers=headers)

        at_once = await asyncio.gather(*(dial("anna", "k1") for _ in range(5)))
        assert {answer.json()["call"] for answer in at_once} == {"c1"}
        assert sum("idempotent-replay" in answer.headers for answer in at_once) == 4
        assert (await dial("anna", "")).json()["call"] == "c2"
        assert (await dial("admin", "k1")).json()["call"] == "c3"
        other = await dial("anna", "k1", "141")
        assert (other.status_code, other.json()["type"]) == (422, "/problems/key-used")
        rig.clock.seconds += KEPT_S + 1
        assert (await dial("anna", "k1")).json()["call"] == "c4"

    with_rig(scenario)


def test_a_refused_action_may_be_tried_again_with_the_same_key() -> None:
    async def scenario(rig: Rig) -> None:
        answers = [{"refused": "no-phone"}, {"call": "c1"}]
        rig.control.answers["dial"] = lambda params: answers.pop(0)
        headers = {"Idempotency-Key": "k"}
        found = [await rig.ask("anna", "POST", f"{BASE}/calls", json={"to": "1"}, headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in found] == [409, 202]

    with_rig(scenario)
