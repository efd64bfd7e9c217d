"""Many changes as one over the API: whole or not at all, each error at its change."""

from typing import Any

import pytest
from tests.api_rig import Rig, with_rig

from vorzimmer.api.principal import Principal

BASE = "/companies/musterbau"


def create(ident: str, **more: Any) -> dict[str, Any]:
    return {"op": "create", "section": "users", "id": ident, "record": {"name": ident.title(), **more}}


def test_five_hundred_people_come_in_at_once_and_are_previewed_first() -> None:
    async def scenario(rig: Rig) -> None:
        people = [create(f"p{n:03}", extension=str(2000 + n), site="lager") for n in range(500)]
        preview = await rig.ask("admin", "POST", f"{BASE}/changes?dry_run=true", json={"changes": people})
        assert (preview.status_code, preview.json()["committed"]) == (200, False)
        assert len(preview.json()["changes"]) == 500
        assert (await rig.ask("admin", "GET", f"{BASE}/users")).json()["total"] == 6
        done = await rig.ask("admin", "POST", f"{BASE}/changes", json={"changes": people})
        assert done.json()["committed"] is True
        assert (await rig.ask("admin", "GET", f"{BASE}/users")).json()["total"] == 506

    with_rig(scenario)


def test_one_wrong_row_keeps_all_out_and_every_wrong_field_is_pointed_to() -> None:
    async def scenario(rig: Rig) -> None:
        rows = [create("good"), create("bad", extension="100"), create("odd", nane="x"), create("Worse!")]
        answer = await rig.ask("admin", "POST", f"{BASE}/changes", json={"changes": rows})
        assert answer.status_code == 422
        found = {row["pointer"] for row in answer.json()["errors"]}
        assert found == {"/changes/2/record/nane", "/changes/3/record/id"}
        answer = await rig.ask("admin", "POST", f"{BASE}/changes", json={"changes": rows[:2]})
        assert {row["pointer"] for row in answer.json()["errors"]} == {"/changes/1/record/extension"}
        assert (await rig.ask("admin", "GET", f"{BASE}/users/good")).status_code == 404

    with_rig(scenario)


def test_removing_replacing_and_patching_go_together() -> None:
    async def scenario(rig: Rig) -> None:
        steps = [
            {"op": "remove", "section": "contacts", "id": "grosskunde"},
            {"op": "patch", "section": "users", "id": "carl", "record": {"dnd": True}},
            {"op": "replace", "section": "departments", "id": "verkauf", "record": {"name": "Vertrieb"}},
        ]
        done = await rig.ask("admin", "POST", f"{BASE}/changes", json={"changes": steps})
        assert done.status_code == 200, done.text
        assert len(done.json()["changes"]) == 3
        again = await rig.ask("admin", "POST", f"{BASE}/changes", json={"changes": steps})
        assert (again.status_code, again.json()["errors"][0]["pointer"]) == (412, "/changes/0")

    with_rig(scenario)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"changes": {}},
        {"changes": [{"op": "explode", "section": "users", "id": "x"}]},
        {"changes": [create("a"), create("a")]},
        {"changes": [{"op": "remove", "section": "nonsense", "id": "x"}]},
        {"changes": [{**create("a"), "more": 1}]},
    ],
)
def test_what_is_no_list_of_changes_is_refused(body: Any) -> None:
    async def scenario(rig: Rig) -> None:
        assert (await rig.ask("admin", "POST", f"{BASE}/changes", json=body)).status_code == 422

    with_rig(scenario)


def test_more_than_a_thousand_are_too_many() -> None:
    async def scenario(rig: Rig) -> None:
        body = {"changes": [create(f"p{n}") for n in range(1001)]}
        assert (await rig.ask("admin", "POST", f"{BASE}/changes", json=body)).status_code == 413

    with_rig(scenario)


def test_rights_are_those_of_single_changes() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.ask("admin", "PATCH", f"{BASE}/users/dora", json={"role": "site_admin"}, headers={"If-Match": "*"})
        rig.door.people["dora"] = Principal("site_admin", "musterbau", "dora", "lager")
        fine, foreign = create("neu", site="lager"), create("fremd", site="muenchen")
        refused = await rig.ask("dora", "POST", f"{BASE}/changes", json={"changes": [fine, foreign]})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (403, "/changes/1/record")
        assert (await rig.ask("dora", "POST", f"{BASE}/changes", json={"changes": [fine]})).status_code == 200

    with_rig(scenario)
