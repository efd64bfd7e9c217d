"""Who may use which endpoint: one table over all of them, and the guard that stands before each.

What an endpoint then does to a record or a call is judged by ``admin.authorise`` and ``routing.may``, the same as for
file and phone; the table only says who may knock. The application does not start with a route that is not in the
table. This module must never look at a request's body.
"""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.requests import HTTPConnection

from vorzimmer.admin.authorise import OPEN_KINDS, SITE_KINDS
from vorzimmer.api.principal import Principal, who
from vorzimmer.api.problems import ApiError
from vorzimmer.directory.keys import COMPANY
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.kernel.errors import LocalError

Least = Literal["public", "user", "site_admin", "company_admin", "provider"]
Scope = Literal[
    "directory:read",
    "settings:read",
    "settings:write",
    "history:read",
    "calls:read",
    "calls:act",
    "audit:read",
    "server",
]
SCOPES: Final[tuple[Scope, ...]] = Scope.__args__  # type: ignore[attr-defined]  # a Literal has its words there
"""What an API token may be given; a person's session has them all."""


class Need(NamedTuple):
    """What an endpoint needs. `least` is the lowest role; `own` names the path's parameter that must be the asker's own
    user where the role is just *user*; `scope` what an API token needs beside that (None: any token will do); `session`
    is for people who are signed in, never for tokens."""

    least: Least
    scope: Scope | None = None
    own: str = ""
    session: bool = False


_PERSON: Final = Need("user", session=True)
_MANAGER: Final = Need("site_admin", session=True)
_C: Final = "/companies/{company}"
_FIXED: Final[dict[tuple[str, str], Need]] = {
    ("GET", "/openapi.json"): Need("public"),
    ("GET", "/schema"): Need("user"),
    ("GET", "/texts/{language}"): Need("public"),
    ("GET", "/me"): Need("user"),
    ("GET", "/companies"): Need("user"),
    ("GET", _C): Need("company_admin", "settings:read"),
    ("PUT", _C): Need("company_admin", "settings:write"),
    ("PATCH", _C): Need("company_admin", "settings:write"),
    ("POST", "/companies"): Need("provider", "server"),
    ("DELETE", _C): Need("provider", "server"),
    ("GET", _C + "/file"): Need("company_admin", "settings:read"),
    ("POST", _C + "/file"): Need("provider", "server"),
    ("POST", _C + "/changes"): Need("site_admin", "settings:write"),
    ("GET", _C + "/audit"): Need("company_admin", "audit:read"),
    ("GET", _C + "/history"): Need("user", "history:read"),
    ("GET", _C + "/history/{id}"): Need("user", "history:read"),
    ("GET", _C + "/history/{id}/explanation"): Need("user", "history:read"),
    ("GET", _C + "/history/{id}/trace"): Need("company_admin", "history:read"),
    ("GET", _C + "/history/{id}/trace.pcap"): Need("company_admin", "history:read"),
    ("POST", _C + "/explain"): Need("user", "settings:read"),
    ("GET", _C + "/calls"): Need("user", "calls:read"),
    ("GET", _C + "/calls/{id}"): Need("user", "calls:read"),
    ("GET", _C + "/calls/{id}/explanation"): Need("user", "calls:read"),
    ("POST", _C + "/calls"): Need("user", "calls:act"),
    ("POST", _C + "/calls/{id}/hold"): Need("user", "calls:act"),
    ("POST", _C + "/calls/{id}/resume"): Need("user", "calls:act"),
    ("POST", _C + "/calls/{id}/transfer"): Need("user", "calls:act"),
    ("POST", _C + "/calls/{id}/hangup"): Need("user", "calls:act"),
    ("GET", _C + "/presence"): Need("user", "calls:read"),
    ("GET", _C + "/registrations"): Need("user", "settings:read"),
    ("GET", _C + "/trunk-states"): Need("company_admin", "settings:read"),
    ("GET", _C + "/numbers"): Need("site_admin", "settings:read"),
    ("GET", _C + "/free-numbers"): Need("site_admin", "settings:read"),
    ("GET", _C + "/directory"): Need("user", "directory:read"),
    ("GET", _C + "/users/{id}/effective"): Need("user", "settings:read", "id"),
    ("POST", _C + "/devices/{id}/password"): Need("site_admin", "settings:write"),
    ("GET", _C + "/users/{id}/personal-data"): Need("user", "history:read", "id"),
    ("POST", _C + "/users/{id}/erase"): Need("company_admin", "settings:write"),
    ("GET", _C + "/schedule-states"): Need("user", "settings:read"),
    ("GET", _C + "/schedules/{id}/days"): Need("user", "settings:read"),
    ("POST", _C + "/schedules/{id}/calendar"): Need("company_admin", "settings:write"),
    ("GET", _C + "/references/{section}/{id}"): Need("site_admin", "settings:read"),
    ("WEBSOCKET", "/events"): Need("user"),
}
_SIGN_IN: Final[dict[tuple[str, str], Need]] = {
    ("GET", "/signin"): Need("public"),
    ("POST", "/signin/password"): Need("public"),
    ("POST", "/signin/code"): Need("public"),
    ("POST", "/signin/passkey/options"): Need("public"),
    ("POST", "/signin/passkey"): Need("public"),
    ("POST", "/signin/invitation"): Need("public"),
    ("POST", "/signin/invitation/accept"): Need("public"),
    ("POST", "/signin/reset"): Need("public"),
    ("POST", "/signin/reset/accept"): Need("public"),
    ("POST", "/signin/setup"): Need("public"),
    ("GET", "/signin/company/callback"): Need("public"),
    ("GET", "/signin/company/{company}"): Need("public"),
    ("GET", "/mail"): Need("provider", "server"),
    ("POST", "/mail/{letter}/retry"): Need("provider", "server"),
    ("DELETE", "/mail/{letter}"): Need("provider", "server"),
    ("GET", "/session"): _PERSON,
    ("DELETE", "/session"): _PERSON,
    ("GET", "/session/sessions"): _PERSON,
    ("DELETE", "/session/sessions"): _PERSON,
    ("DELETE", "/session/sessions/{session}"): _PERSON,
    ("POST", "/session/confirm"): _PERSON,
    ("POST", "/session/confirm/passkey"): _PERSON,
    ("PUT", "/session/password"): _PERSON,
    ("GET", "/session/methods"): _PERSON,
    ("POST", "/session/totp"): _PERSON,
    ("POST", "/session/totp/confirm"): _PERSON,
    ("DELETE", "/session/totp"): _PERSON,
    ("POST", "/session/recovery-codes"): _PERSON,
    ("GET", "/session/passkeys"): _PERSON,
    ("POST", "/session/passkeys/options"): _PERSON,
    ("POST", "/session/passkeys"): _PERSON,
    ("PATCH", "/session/passkeys/{passkey}"): _PERSON,
    ("DELETE", "/session/passkeys/{passkey}"): _PERSON,
    ("GET", "/session/tokens"): _PERSON,
    ("POST", "/session/tokens"): _PERSON,
    ("DELETE", "/session/tokens/{token}"): _PERSON,
    ("GET", _C + "/users/{user}/sign-in"): Need("site_admin", "settings:read"),
    ("DELETE", _C + "/users/{user}/sign-in"): _MANAGER,
    ("POST", _C + "/users/{user}/sign-in/invitation"): _MANAGER,
    ("DELETE", _C + "/users/{user}/sign-in/sessions"): _MANAGER,
    ("DELETE", _C + "/users/{user}/sign-in/factors"): _MANAGER,
}


def _of_records() -> Iterator[tuple[tuple[str, str], Need]]:
    """Rows of every kind. Who may change which record is admin's to judge; here is only who may ask at all."""
    for kind in SCHEMA.kinds:
        if kind.name == COMPANY.name:
            continue
        base, one = f"{_C}/{kind.section}", f"{_C}/{kind.section}/{{id}}"
        writer: Least = "site_admin" if kind.name in SITE_KINDS else "company_admin"
        reader: Least = "user" if kind.name in {*OPEN_KINDS, "user", "device"} else writer
        read: Scope = "settings:read"
        write: Scope = "settings:write"
        yield ("GET", base), Need(reader, read)
        yield ("POST", base), Need(writer, write)
        own = "id" if kind.name == "user" else ""
        yield ("GET", one), Need(reader, read, own)
        for method in ("PUT", "PATCH"):
            yield (method, one), Need("user" if own else writer, write, own)
        yield ("DELETE", one), Need(writer, write)


TABLE: Final[dict[tuple[str, str], Need]] = _FIXED | _SIGN_IN | dict(_of_records())
"""(method, path template) -> what it needs."""


ENROLLING: Final = ("/session", "/me")
"""What somebody reaches who has to set up a second factor first."""


async def guard(connection: HTTPConnection) -> None:
    """Stands before every endpoint. Raises ApiError: 401 without a principal, 404 for another company (that it exists
    is not told), 403 for what one's role or token does not reach, 429 for too much at once."""
    route = connection.scope["route"]
    need = TABLE[connection.scope.get("method", "WEBSOCKET"), route.path]
    if any("\x00" in str(value) for value in connection.path_params.values()):
        raise ApiError("not-found")  # no name has one, and PostgreSQL takes none in a text
    if need.least == "public":
        return
    principal = await who(connection)
    connection.app.state.pace.take(principal, connection.app.state.ports.clock.now())
    company = connection.path_params.get("company")
    if company is not None and principal.role != "provider" and principal.company != company:
        raise ApiError("not-found")
    if refused := _refused(principal, need, connection.path_params):
        raise refused
    if need.session and not hasattr(connection.state, "session"):
        raise ApiError("session-needed")
    if getattr(connection.state, "must_enrol", False) and not route.path.startswith(ENROLLING):
        raise ApiError("factor-needed")


def _refused(principal: Principal, need: Need, params: dict[str, str]) -> ApiError | None:
    if not principal.at_least(need.least):
        return ApiError("not-allowed")
    if need.own and principal.role == "user" and params.get(need.own) != principal.user:
        return ApiError("not-allowed")
    if principal.scopes is not None and need.scope is not None and need.scope not in principal.scopes:
        return ApiError("out-of-scope", scope=need.scope)
    return None


def guarded(*tags: str) -> APIRouter:
    """A router whose every endpoint has the guard before it."""
    return APIRouter(tags=list(tags), dependencies=[Depends(guard)])


def endpoints(app: FastAPI) -> list[tuple[str, str]]:
    """(method, path template) of every route of the application; WEBSOCKET stands for the method of a web socket."""
    found: list[tuple[str, str]] = []
    for route in app.routes:
        if not isinstance(route, APIRoute | APIWebSocketRoute) or guard not in [
            d.dependency for d in route.dependencies
        ]:
            raise LocalError(f"{route} has no guard before it")
        if isinstance(route, APIRoute):
            found.extend((method, route.path) for method in sorted(route.methods or ()))
        else:
            found.append(("WEBSOCKET", route.path))
    return found


def check(app: FastAPI) -> None:
    """Raises LocalError for a route that the table does not know, and for a row without a route."""
    found = set(endpoints(app))
    if odd := found ^ set(TABLE):
        raise LocalError(f"routes and access table differ: {sorted(odd)}")
