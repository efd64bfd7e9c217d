"""Records over the API: the same door, checks and rights as the company file, with states, cursors and pointers."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.api_rig import Rig, with_rig

from vorzimmer.admin.check import check_record, missing_in_record
from vorzimmer.api.examples import EXAMPLES
from vorzimmer.api.principal import Principal
from vorzimmer.features.catalogue import SCHEMA

BASE = "/companies/musterbau"


async def state(rig: Rig, path: str) -> dict[str, str]:
    return {"If-Match": (await rig.ask("admin", "GET", BASE + path)).headers["etag"]}


async def patch(rig: Rig, who: str, path: str, body: Any) -> httpx.Response:
    return await rig.ask(who, "PATCH", BASE + path, json=body, headers=await state(rig, path))


def pointers(answer: httpx.Response) -> dict[str | None, str]:
    return {row.get("pointer"): row["detail"] for row in answer.json()["errors"]}


@pytest.mark.parametrize("kind", SCHEMA.kinds, ids=lambda kind: kind.name)
def test_the_example_of_every_kind_fits_it(kind: Any) -> None:
    example = EXAMPLES[kind.name]
    assert not check_record(SCHEMA, kind, example)
    assert not missing_in_record(SCHEMA, kind, example)


@pytest.mark.parametrize("kind", SCHEMA.kinds, ids=lambda kind: kind.name)
def test_every_record_of_every_kind_can_be_read_and_sent_back_unchanged(kind: Any) -> None:
    async def scenario(rig: Rig) -> None:
        paths = [f"{BASE}"] if kind.name == "company" else []
        if not paths:
            listed = (await rig.ask("admin", "GET", f"{BASE}/{kind.section}?limit=200")).json()
            assert listed["total"] == len(listed["items"]) > 0
            paths = [f"{BASE}/{kind.section}/{row[kind.id_field]}" for row in listed["items"]]
        for path in paths:
            found = await rig.ask("admin", "GET", path)
            assert "password" not in found.text
            assert '"pin"' not in found.text
            etag = {"If-Match": found.headers["etag"]}
            again = await rig.ask("admin", "PUT", path, json=found.json(), headers=etag)
            assert again.status_code == 200, again.text
            assert again.json()["committed"] is False, again.json()["changes"]
            assert again.headers["etag"] == found.headers["etag"]

    with_rig(scenario)


def test_a_change_is_in_the_answer_and_in_the_book() -> None:
    async def scenario(rig: Rig) -> None:
        done = await patch(rig, "admin", "/users/carl", {"forwarding": {"no_answer": {"after_s": 33}}})
        assert done.status_code == 200
        assert done.json()["committed"] is True
        assert done.json()["changes"] == ["+ users[carl].forwarding: {no_answer: {after_s: 33}}"]
        assert (await rig.ask("admin", "GET", BASE + "/users/carl")).json()["forwarding"]["no_answer"]["after_s"] == 33

    with_rig(scenario)


def test_rfc7396_null_takes_a_key_away_and_its_default_holds_again() -> None:
    async def scenario(rig: Rig) -> None:
        await patch(rig, "admin", "/users/carl", {"dnd": True})
        done = await patch(rig, "admin", "/users/carl", {"dnd": None})
        assert "dnd" not in done.json()["record"]

    with_rig(scenario)


def test_a_dry_run_says_what_would_change_and_changes_nothing() -> None:
    async def scenario(rig: Rig) -> None:
        headers = await state(rig, "/users/carl")
        told = await rig.ask("admin", "PATCH", BASE + "/users/carl?dry_run=true", json={"dnd": True}, headers=headers)
        assert told.json()["changes"] == ["+ users[carl].dnd: true"]
        assert told.json()["committed"] is False
        assert "dnd" not in (await rig.ask("admin", "GET", BASE + "/users/carl")).json()

    with_rig(scenario)


def test_lost_updates_are_refused() -> None:
    async def scenario(rig: Rig) -> None:
        old = await state(rig, "/users/carl")
        await patch(rig, "admin", "/users/carl", {"dnd": True})
        for method, body in (("PATCH", {"dnd": False}), ("PUT", {"id": "carl", "name": "C"}), ("DELETE", None)):
            stale = await rig.ask("admin", method, BASE + "/users/carl", json=body, headers=old)
            assert (stale.status_code, stale.json()["type"]) == (412, "/problems/changed-meanwhile")
            blind = await rig.ask("admin", method, BASE + "/users/carl", json=body)
            assert (blind.status_code, blind.json()["type"]) == (428, "/problems/condition-needed")

    with_rig(scenario)


def test_two_who_change_the_same_state_at_once_do_not_both_win() -> None:
    async def scenario(rig: Rig) -> None:
        etag = await state(rig, "/users/carl")
        tries = [
            rig.ask("admin", "PATCH", BASE + "/users/carl", json={"name": f"Carl {n}"}, headers=etag) for n in range(8)
        ]
        codes = sorted([(await one).status_code for one in asyncio.as_completed(tries)])
        assert codes == [200, *[412] * 7]

    with_rig(scenario)


def test_problems_point_to_every_wrong_field() -> None:
    async def scenario(rig: Rig) -> None:
        wrong = {"forwarding": {"no_answer": {"after_s": 300}}, "numbers": [{"number": "oops"}], "nane": "x"}
        answer = await patch(rig, "admin", "/users/carl", wrong)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
        assert set(pointers(answer)) == {"/forwarding/no_answer/after_s", "/numbers/0/number", "/nane"}
        assert pointers(answer)["/forwarding/no_answer/after_s"] == "300 is above 120"

    with_rig(scenario)


def test_problems_speak_german_where_that_is_asked_for() -> None:
    async def scenario(rig: Rig) -> None:
        headers = {"If-Match": "*", "Accept-Language": "de"}
        answer = await rig.ask("admin", "PATCH", BASE + "/users/carl", json={"extension": "100"}, headers=headers)
        assert answer.json()["title"] == "Das passt so nicht"
        assert pointers(answer) == {"/extension": "100 gehört zu user:anna"}

    with_rig(scenario)


def test_what_the_company_as_a_whole_forbids_points_to_the_field_too() -> None:
    async def scenario(rig: Rig) -> None:
        answer = await patch(rig, "admin", "/users/carl", {"extension": "100"})
        assert answer.status_code == 422
        assert pointers(answer) == {"/extension": "100 belongs to user:anna"}

    with_rig(scenario)


def test_creating_makes_secrets_and_shows_them_once() -> None:
    async def scenario(rig: Rig) -> None:
        device = {"id": "carl-neu", "owner": "user:carl"}
        made = await rig.ask("admin", "POST", BASE + "/devices", json=device)
        assert made.status_code == 201
        assert made.headers["location"] == "/api/v1/companies/musterbau/devices/carl-neu"
        (secret,) = made.json()["made"]
        assert secret["field"] == "password"
        assert len(secret["value"]) == 24
        assert secret["username"] == made.json()["record"]["username"]
        assert secret["value"] not in (await rig.ask("admin", "GET", BASE + "/devices/carl-neu")).text
        again = await rig.ask("admin", "POST", BASE + "/devices", json=device)
        assert (again.status_code, again.json()["type"]) == (409, "/problems/exists")

    with_rig(scenario)


def test_put_creates_only_where_nothing_is_expected() -> None:
    async def scenario(rig: Rig) -> None:
        body = {"name": "Marketing"}
        path = BASE + "/departments/marketing"
        assert (await rig.ask("admin", "PUT", path, json=body, headers={"If-Match": "*"})).status_code == 404
        made = await rig.ask("admin", "PUT", path, json=body, headers={"If-None-Match": "*"})
        assert made.status_code == 201
        assert made.json()["record"] == {"id": "marketing", "name": "Marketing"}
        assert (await rig.ask("admin", "PUT", path, json=body, headers={"If-None-Match": "*"})).status_code == 409

    with_rig(scenario)


def test_who_is_still_named_cannot_be_removed_and_the_answer_says_by_whom() -> None:
    async def scenario(rig: Rig) -> None:
        path = BASE + "/users/carl"
        gone = await rig.ask("admin", "DELETE", path, headers={"If-Match": "*"})
        assert (gone.status_code, gone.json()["type"]) == (409, "/problems/still-used")
        named = (await rig.ask("admin", "GET", BASE + "/references/users/carl")).json()["items"]
        assert {row["ref"] for row in named} >= {"device:carl-tisch", "hunt:zentrale", "contact:grosskunde"}
        gone = await rig.ask("admin", "DELETE", BASE + "/contacts/grosskunde", headers={"If-Match": "*"})
        assert gone.status_code == 200
        assert gone.json()["record"] is None
        assert (await rig.ask("admin", "GET", BASE + "/contacts/grosskunde")).status_code == 404

    with_rig(scenario)


@pytest.mark.parametrize("source", [{"env": "HOME"}, {"file": "/etc/passwd"}, {"hash": "x"}])
def test_the_api_never_reads_the_servers_files_or_environment(source: dict[str, str]) -> None:
    async def scenario(rig: Rig) -> None:
        answer = await patch(rig, "provider", "/devices/carl-tisch", {"password": source})
        assert answer.status_code == 422
        assert "/password" in pointers(answer)

    with_rig(scenario)


def test_an_id_never_changes() -> None:
    async def scenario(rig: Rig) -> None:
        answer = await patch(rig, "admin", "/users/carl", {"id": "karl"})
        assert answer.status_code == 422
        assert "/id" in pointers(answer)

    with_rig(scenario)


def test_people_change_their_own_switches_and_nothing_else() -> None:
    async def scenario(rig: Rig) -> None:
        etag = await state(rig, "/users/anna")
        record = (await rig.ask("anna", "GET", BASE + "/users/anna")).json()
        done = await rig.ask("anna", "PUT", BASE + "/users/anna", json={**record, "dnd": True}, headers=etag)
        assert done.status_code == 200
        refused = await patch(rig, "anna", "/users/anna", {"role": "company_admin"})
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-allowed")
        assert (await rig.ask("anna", "GET", BASE + "/users/bea")).status_code == 403

    with_rig(scenario)


def test_lists_show_people_only_what_they_may_read() -> None:
    async def scenario(rig: Rig) -> None:
        users = (await rig.ask("anna", "GET", BASE + "/users")).json()
        devices = (await rig.ask("anna", "GET", BASE + "/devices")).json()
        assert ([row["id"] for row in users["items"]], users["total"]) == (["anna"], 1)
        assert [row["id"] for row in devices["items"]] == ["anna-tisch", "anna-browser"]
        assert (await rig.ask("anna", "GET", BASE + "/sites")).json()["total"] == 2
        assert (await rig.ask("anna", "GET", BASE + "/trunks")).status_code == 403

    with_rig(scenario)


def test_a_site_administrator_stays_in_his_site() -> None:
    async def scenario(rig: Rig) -> None:
        await patch(rig, "admin", "/users/dora", {"role": "site_admin"})
        rig.door.people["dora"] = Principal("site_admin", "musterbau", "dora", "lager")
        users = (await rig.ask("dora", "GET", BASE + "/users")).json()
        assert [row["id"] for row in users["items"]] == ["dora", "emil"]
        fine = {"id": "neu", "name": "Neu", "site": "lager"}
        assert (await rig.ask("dora", "POST", BASE + "/users", json=fine)).status_code == 201
        for odd in (
            {**fine, "id": "neu2", "site": "muenchen"},
            {"id": "n2", "name": "X"},
            {**fine, "id": "n3", "role": "user"},
        ):
            assert (await rig.ask("dora", "POST", BASE + "/users", json=odd)).status_code in {403, 422}, odd
        assert (await patch(rig, "dora", "/users/emil", {"site": "muenchen"})).status_code == 403
        assert (await patch(rig, "dora", "/users/emil", {"role": "site_admin"})).status_code == 403
        device = {"id": "emil-neu", "owner": "user:emil"}
        assert (await rig.ask("dora", "POST", BASE + "/devices", json=device)).status_code == 201
        assert (await patch(rig, "dora", "/devices/emil-neu", {"owner": "user:anna"})).status_code == 403

    with_rig(scenario)


def test_lists_are_searched_filtered_and_sorted() -> None:
    async def scenario(rig: Rig) -> None:
        async def ids(query: str) -> list[str]:
            return [row["id"] for row in (await rig.ask("admin", "GET", f"{BASE}/users?{query}")).json()["items"]]

        assert await ids("q=schneider") == ["anna"]
        assert await ids("q=SCHNEI anna") == ["anna"]
        assert await ids("q=%2B498999998141") == ["carl"]
        assert await ids("site=lager") == ["dora", "emil"]
        assert await ids("site=lager&sort=-name") == ["emil", "dora"]
        assert await ids("role=company_admin") == ["admin"]
        assert await ids("sort=extension") == ["anna", "dora", "emil", "bea", "carl", "admin"]
        assert await ids("voicemail.enabled=true&sort=name") == ["anna", "bea"]
        for bad in ("limit=0", "limit=201", "limit=x", "sort=nonsense", "nonsense=1"):
            answer = await rig.ask("admin", "GET", f"{BASE}/users?{bad}")
            assert answer.status_code == 400
            assert answer.json()["errors"][0]["parameter"] in bad

    with_rig(scenario)


def test_umlauts_and_accents_are_found_without_them() -> None:
    async def scenario(rig: Rig) -> None:
        await patch(rig, "admin", "/users/carl", {"name": "Çarl Müller"})
        found = (await rig.ask("admin", "GET", f"{BASE}/users?q=carl muller")).json()
        assert [row["id"] for row in found["items"]] == ["carl"]

    with_rig(scenario)


@pytest.mark.parametrize("sort", ["", "name", "-name", "extension", "-site", "dnd"])
def test_walking_by_cursor_shows_every_record_once(sort: str) -> None:
    async def scenario(rig: Rig) -> None:
        everybody = (await rig.ask("admin", "GET", f"{BASE}/users?limit=200&sort={sort}")).json()["items"]
        walked: list[Any] = []
        cursor = ""
        for _ in range(10):
            found = (await rig.ask("admin", "GET", f"{BASE}/users?limit=2&sort={sort}&cursor={cursor}")).json()
            assert found["total"] == len(everybody)
            walked += found["items"]
            if found["next"] is None:
                break
            cursor = found["next"]
        assert walked == everybody

    with_rig(scenario)


def test_a_cursor_holds_while_others_add_and_remove() -> None:
    async def scenario(rig: Rig) -> None:
        first = (await rig.ask("admin", "GET", f"{BASE}/users?limit=3&sort=id")).json()
        await rig.ask("admin", "POST", f"{BASE}/users", json={"id": "aaa", "name": "Aaa"})
        await rig.ask("admin", "POST", f"{BASE}/users", json={"id": "cc", "name": "Cc"})
        rest = (await rig.ask("admin", "GET", f"{BASE}/users?limit=9&sort=id&cursor={first['next']}")).json()
        assert [row["id"] for row in first["items"]] == ["admin", "anna", "bea"]
        assert [row["id"] for row in rest["items"]] == ["carl", "cc", "dora", "emil"]

    with_rig(scenario)


@pytest.mark.parametrize("cursor", ["x", "W10", "%00", "eyJ4IjoxfQ", "WyIiLDAsImFiYyIsIngiXQ"])
def test_a_cursor_that_is_not_ours_is_a_problem(cursor: str) -> None:
    async def scenario(rig: Rig) -> None:
        answer = await rig.ask("admin", "GET", f"{BASE}/users?cursor={cursor}")
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-cursor")

    with_rig(scenario)


def test_unchanged_lists_and_records_are_not_sent_again() -> None:
    async def scenario(rig: Rig) -> None:
        for path in ("/users", "/users/anna"):
            etag = (await rig.ask("admin", "GET", BASE + path)).headers["etag"]
            again = await rig.ask("admin", "GET", BASE + path, headers={"If-None-Match": etag})
            assert (again.status_code, again.content) == (304, b"")
            await patch(rig, "admin", "/users/anna", {"name": f"Anna {path}"})
            assert (await rig.ask("admin", "GET", BASE + path, headers={"If-None-Match": etag})).status_code == 200

    with_rig(scenario)


HOSTILE: list[Any] = [[], "x", 7, {"id": 7}, {"id": {"a": 1}}, {"id": "../x"}, {"id": "x" * 10_000}, {"id": "ok"}]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bodies_are_problems(body: Any) -> None:
    async def scenario(rig: Rig) -> None:
        made = await rig.ask("admin", "POST", f"{BASE}/users", json=body)
        assert made.status_code == 422, made.text
        for method in ("PUT", "PATCH"):
            put = await rig.ask("admin", method, f"{BASE}/users/anna", json=body, headers={"If-Match": "*"})
            assert put.status_code == 422, put.text

    with_rig(scenario)


@pytest.mark.parametrize("owner", ["x", "user:", ":anna", "sip:anna", "user anna", "user:nobody", "hunt:zentrale", ""])
def test_an_owner_that_is_nobody_is_pointed_to(owner: str) -> None:
    async def scenario(rig: Rig) -> None:
        made = await rig.ask("admin", "POST", f"{BASE}/devices", json={"id": "neu", "owner": owner})
        assert made.status_code == 422, made.text
        assert "/owner" in pointers(made)

    with_rig(scenario)


def test_bodies_that_are_no_json_too_large_or_of_another_kind_are_problems() -> None:
    async def scenario(rig: Rig) -> None:
        path, json = f"{BASE}/users", {"Content-Type": "application/json"}
        for content in (b"", b"{", b"\xff", b"[" * 100_000):
            answer = await rig.ask("admin", "POST", path, content=content, headers=json)
            assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-json")
        large = await rig.ask("admin", "POST", path, content=b" " * (1 << 21), headers=json)
        assert (large.status_code, large.json()["type"]) == (413, "/problems/too-large")
        form = await rig.ask("admin", "POST", path, data={"id": "x"})
        assert (form.status_code, form.json()["type"]) == (415, "/problems/bad-media-type")

    with_rig(scenario)
