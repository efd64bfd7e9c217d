"""The access table: it is complete, and every endpoint refuses role by role and company by company."""

import pytest
from fastapi import Depends, FastAPI
from tests.signin_rig import SignInRig as Rig
from tests.signin_rig import with_signin as with_rig

from vorzimmer.api import access
from vorzimmer.api.principal import RANK, Principal
from vorzimmer.kernel.errors import LocalError

ROLES = ("user", "site_admin", "company_admin")


def test_every_route_is_in_the_table_and_every_row_has_a_route() -> None:
    app = Rig().app
    assert sorted(access.endpoints(app)) == sorted(access.TABLE)


def test_a_route_that_nobody_put_into_the_table_keeps_the_application_from_starting() -> None:
    app: FastAPI = Rig().app
    app.add_api_route("/forgotten", lambda: None, dependencies=[Depends(access.guard)])
    with pytest.raises(LocalError, match="forgotten"):
        access.check(app)


def test_a_route_without_the_guard_keeps_the_application_from_starting() -> None:
    app: FastAPI = Rig().app
    app.add_api_route("/me/too", lambda: None)
    with pytest.raises(LocalError, match="guard"):
        access.check(app)


def test_every_scope_that_an_endpoint_needs_can_be_given() -> None:
    assert {need.scope for need in access.TABLE.values()} - {None} <= set(access.SCOPES)


def _path(template: str, company: str) -> str:
    path = template.replace("{company}", company)
    while "{" in path:
        head, _, rest = path.partition("{")
        path = head + "anna" + rest.partition("}")[2]
    return path


def test_every_endpoint_refuses_whoever_is_not_signed_in() -> None:
    async def scenario(rig: Rig) -> None:
        for (method, template), need in access.TABLE.items():
            if need.least != "public" and method != "WEBSOCKET":
                answer = await rig.ask("", method, _path(template, "musterbau"))
                assert answer.status_code == 401, (method, template)
                assert answer.json()["type"] == "/problems/sign-in-needed"

    with_rig(scenario)


def test_every_endpoint_hides_another_company_from_every_role() -> None:
    async def scenario(rig: Rig) -> None:
        for role in ROLES:
            rig.door.people[role] = Principal(role, "nebenan", "anna", "hq")  # type: ignore[arg-type]  # one of ROLES
        for method, template in access.TABLE:
            if "{company}" not in template or method == "WEBSOCKET":
                continue
            for role in ROLES:
                answer = await rig.ask(role, method, _path(template, "musterbau"), json={})
                unknown = await rig.ask(role, method, _path(template, "nowhere"), json={})
                assert answer.status_code == unknown.status_code == 404, (method, template, role)
                assert answer.content == unknown.content, (method, template, role)

    with_rig(scenario)


def test_every_endpoint_refuses_every_role_below_the_one_it_needs() -> None:
    async def scenario(rig: Rig) -> None:
        for role in ROLES:
            rig.door.people[role] = Principal(role, "musterbau", "dora", "hq")  # type: ignore[arg-type]  # one of ROLES
        for (method, template), need in access.TABLE.items():
            if need.least == "public" or method == "WEBSOCKET":
                continue
            for role in ROLES:
                foreign = need.own and role == "user"  # the path names anna, the asker is dora
                if RANK[role] < RANK[need.least] or foreign:
                    answer = await rig.ask(role, method, _path(template, "musterbau"), json={})
                    assert answer.status_code == 403, (method, template, role)

    with_rig(scenario)


def test_every_endpoint_refuses_a_token_without_its_scope() -> None:
    async def scenario(rig: Rig) -> None:
        rig.door.people["token"] = Principal("provider", scopes=frozenset())
        for (method, template), need in access.TABLE.items():
            if need.scope is not None and method != "WEBSOCKET":
                answer = await rig.ask("token", method, _path(template, "musterbau"), json={})
                assert answer.status_code == 403, (method, template)
                assert answer.json()["type"] == "/problems/out-of-scope"

    with_rig(scenario)
