"""Companies as a whole over the API: create, remove, file; and the audit of everything that changed."""

from typing import Any

from tests.api_rig import Rig, with_rig

BASE = "/companies/musterbau"
NEW = {"id": "neubau", "name": "Neubau GmbH", "sip_domain": "neubau.example"}
YAML = {"Content-Type": "application/yaml"}


def test_the_provider_creates_and_removes_companies_and_nobody_else_does() -> None:
    async def scenario(rig: Rig) -> None:
        assert (await rig.ask("admin", "POST", "/companies", json=NEW)).status_code == 403
        dry = await rig.ask("provider", "POST", "/companies?dry_run=true", json=NEW)
        assert (dry.status_code, dry.json()["committed"]) == (200, False)
        made = await rig.ask("provider", "POST", "/companies", json=NEW)
        assert (made.status_code, made.headers["location"]) == (201, "/api/v1/companies/neubau")
        assert (await rig.ask("provider", "POST", "/companies", json=NEW)).status_code == 409
        ids = [row["id"] for row in (await rig.ask("provider", "GET", "/companies")).json()]
        assert ids == ["musterbau", "nebenan", "neubau"]
        path = "/companies/neubau"
        assert (await rig.ask("provider", "DELETE", path)).status_code == 428
        assert (await rig.ask("provider", "DELETE", path, headers={"If-Match": '"x"'})).status_code == 412
        gone = await rig.ask("provider", "DELETE", path, headers={"If-Match": made.headers["etag"]})
        assert gone.status_code == 204
        assert (await rig.ask("provider", "GET", path)).status_code == 404

    with_rig(scenario)


def test_a_company_that_does_not_fit_is_pointed_to() -> None:
    async def scenario(rig: Rig) -> None:
        wrong = await rig.ask("provider", "POST", "/companies", json={**NEW, "country": "Deutschland"})
        assert (wrong.status_code, [row["pointer"] for row in wrong.json()["errors"]]) == (422, ["/country"])
        taken = await rig.ask("provider", "POST", "/companies", json={**NEW, "sip_domain": "nebenan.example"})
        assert (taken.status_code, taken.json()["type"]) == (422, "/problems/refused")
        for odd in ([], 7, "x", {}, {"id": 7}):
            assert (await rig.ask("provider", "POST", "/companies", json=odd)).status_code == 422, odd

    with_rig(scenario)


def test_a_company_comes_out_as_a_file_and_goes_back_in_without_a_difference() -> None:
    async def scenario(rig: Rig) -> None:
        file = await rig.ask("admin", "GET", f"{BASE}/file")
        assert file.headers["content-type"].startswith("application/yaml")
        assert "password: generated" in file.text
        again = await rig.ask("provider", "POST", f"{BASE}/file", content=file.content, headers=YAML)
        assert (again.status_code, again.json()["changes"]) == (200, [])
        assert (await rig.ask("admin", "POST", f"{BASE}/file", content=file.content, headers=YAML)).status_code == 403
        other = await rig.ask("provider", "POST", "/companies/nebenan/file", content=file.content, headers=YAML)
        assert other.status_code == 422

    with_rig(scenario)


def test_a_file_by_api_never_reads_the_servers_files_or_environment() -> None:
    async def scenario(rig: Rig) -> None:
        for source in ("{env: PATH}", "{file: /etc/hostname}"):
            text = f"company: {{id: musterbau}}\ndevices: [{{id: bea-tisch, password: {source}}}]\n"
            answer = await rig.ask("provider", "POST", f"{BASE}/file", content=text.encode(), headers=YAML)
            assert answer.status_code == 422, answer.text
            assert "is not there or empty" in answer.json()["errors"][0]["detail"]
            assert answer.json()["errors"][0]["line"] == 2

    with_rig(scenario)


def test_a_broken_file_names_its_lines() -> None:
    async def scenario(rig: Rig) -> None:
        for content in (b"company: [", b"\xff\xfe", b"", b"company: {id: musterbau, nane: x}"):
            answer = await rig.ask("provider", "POST", f"{BASE}/file", content=content, headers=YAML)
            assert answer.status_code in {400, 422}, content

    with_rig(scenario)


def test_the_audit_says_who_when_from_where_before_and_after() -> None:
    async def scenario(rig: Rig) -> None:
        etag = {"If-Match": "*"}
        await rig.ask("admin", "PATCH", f"{BASE}/users/carl", json={"dnd": True}, headers=etag)
        await rig.ask("anna", "PATCH", f"{BASE}/users/anna", json={"dnd": True}, headers=etag)
        await rig.ask("admin", "POST", f"{BASE}/devices/carl-tisch/password")
        rows: list[dict[str, Any]] = (await rig.ask("admin", "GET", f"{BASE}/audit?limit=3")).json()["items"]
        assert [(row["actor"], row["section"], row["id"]) for row in rows] == [
            ("user:admin", "devices", "carl-tisch"),
            ("user:anna", "users", "anna"),
            ("user:admin", "users", "carl"),
        ]
        assert rows[0]["secrets"] == ["password"]
        assert rows[1]["origin"] == "127.0.0.1"
        assert rows[2]["changes"] == ["+ users[carl].dnd: true"]
        assert (rows[2]["before"].get("dnd"), rows[2]["after"]["dnd"]) == (None, True)
        assert rows[1]["at"] == "2026-03-02T10:30:00.000+01:00"
        assert "password" not in str([row["before"] for row in rows] + [row["after"] for row in rows])
        mine = (await rig.ask("admin", "GET", f"{BASE}/audit?section=users&actor=user:anna")).json()
        assert ([row["id"] for row in mine["items"]], mine["next"]) == (["anna"], None)
        assert (await rig.ask("anna", "GET", f"{BASE}/audit")).status_code == 403

    with_rig(scenario)


def test_walking_the_audit_shows_every_entry_once() -> None:
    async def scenario(rig: Rig) -> None:
        everything = (await rig.ask("admin", "GET", f"{BASE}/audit?limit=200")).json()["items"]
        walked, cursor = [], ""
        while cursor is not None:
            page = (await rig.ask("admin", "GET", f"{BASE}/audit?limit=7&cursor={cursor}")).json()
            walked += page["items"]
            cursor = page["next"]
        assert walked == everything
        assert len(everything) > 20

    with_rig(scenario)
