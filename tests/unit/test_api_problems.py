"""Problem documents (RFC 9457) and who I am."""

import asyncio
from pathlib import Path
from string import Formatter

import pytest
from starlette.requests import HTTPConnection
from tests.api_rig import Rig, with_rig

from vorzimmer.api.openapi import describe
from vorzimmer.api.texts import PROBLEMS
from vorzimmer.app.api_house import OperatorDoor, operator_token
from vorzimmer.testing.chance import SeededChance


@pytest.mark.parametrize("name", PROBLEMS)
def test_rfc9457_every_problem_has_words_in_both_languages(name: str) -> None:
    kind = PROBLEMS[name]
    assert 400 <= kind.status < 600
    for words in (kind.title, kind.detail):
        assert words.de
        assert words.en
        fields = [{field for _, field, _, _ in Formatter().parse(text) if field} for text in words]
        assert fields[0] == fields[1]


def test_rfc9457_an_unknown_path_is_a_problem_in_the_language_that_is_asked_for() -> None:
    async def scenario(rig: Rig) -> None:
        for asked, title in (("de-DE,de;q=0.9", "Nicht gefunden"), ("fr, en;q=0.5", "Not found")):
            answer = await rig.ask("admin", "GET", "/nowhere", headers={"Accept-Language": asked})
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["title"] == title
            assert answer.json()["type"] == "/problems/not-found"

    with_rig(scenario)


def test_a_method_that_does_not_exist_is_a_problem() -> None:
    async def scenario(rig: Rig) -> None:
        answer = await rig.ask("admin", "DELETE", "/me")
        assert (answer.status_code, answer.json()["type"]) == (405, "/problems/method-not-allowed")

    with_rig(scenario)


def test_me_says_who_asks() -> None:
    async def scenario(rig: Rig) -> None:
        answer = await rig.ask("anna", "GET", "/me")
        assert answer.json() == {
            "role": "user",
            "company": "musterbau",
            "user": "anna",
            "name": "Anna Schneider",
            "site": None,
            "language": "de",
            "scopes": None,
        }
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"

    with_rig(scenario)


def test_the_provider_sees_all_companies_and_everybody_else_one() -> None:
    async def scenario(rig: Rig) -> None:
        found = {}
        for person in ("provider", "admin", "other"):
            answer = await rig.ask(person, "GET", "/companies")
            found[person] = [row["id"] for row in answer.json()]
        assert found == {"provider": ["musterbau", "nebenan"], "admin": ["musterbau"], "other": ["nebenan"]}

    with_rig(scenario)


def test_the_description_is_public_and_names_the_role_of_every_operation() -> None:
    async def scenario(rig: Rig) -> None:
        told = (await rig.ask("", "GET", "/openapi.json")).json()
        assert told == describe(rig.app)
        assert told["openapi"] == "3.1.0"
        assert all("x-role" in operation for path in told["paths"].values() for operation in path.values())

    with_rig(scenario)


def test_the_operators_token_is_made_once_and_only_the_server_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "api.token"
    token = operator_token(path, SeededChance(1))
    assert len(token) == 64
    assert path.stat().st_mode & 0o777 == 0o600
    assert operator_token(path, SeededChance(2)) == token
    door = OperatorDoor(token)

    def asked(value: str) -> HTTPConnection:
        return HTTPConnection({"type": "http", "headers": [(b"authorization", value.encode())]})

    found = asyncio.run(door(asked(f"Bearer {token}")))
    assert found is not None
    assert found.role == "provider"
    for wrong in ("", "Bearer", f"Bearer {token[:-1]}", f"Basic {token}", "Bearer ümlaut"):
        assert asyncio.run(door(asked(wrong))) is None
