"""The API as an application: all routes, the guard before them, and every error as a problem document.

``app`` mounts it at ``/api/v1``; tests call it in memory. This module must never decide anything itself.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from vorzimmer.api import (
    access,
    audit,
    batch,
    call_actions,
    companies,
    describing,
    devices,
    effective,
    explaining,
    history,
    live,
    me,
    numbers,
    openapi,
    people,
    records,
    times,
)
from vorzimmer.api.events import socket
from vorzimmer.api.events.hub import Hub
from vorzimmer.api.once import Once
from vorzimmer.api.pace import Pace
from vorzimmer.api.ports import ControlAwayError, Ports
from vorzimmer.api.principal import Door
from vorzimmer.api.problems import ApiError, FieldError, language_of, response
from vorzimmer.api.shelves import Shelves
from vorzimmer.api.shield import Shield
from vorzimmer.api.signin import routes_company, routes_entry, routes_mail, routes_people, routes_session
from vorzimmer.api.signin.house import SignIn

PREFIX = "/api/v1"
"""Where the application is mounted."""
SIGN_IN = (routes_entry.router, routes_company.router, routes_session.router, routes_people.router, routes_mail.router)
ROUTERS = (
    openapi.router,
    describing.router,
    me.router,
    companies.router,
    records.router,
    times.router,
    people.router,
    history.router,
    explaining.router,
    live.router,
    call_actions.router,
    numbers.router,
    effective.router,
    audit.router,
    batch.router,
    devices.router,
    socket.router,
    *SIGN_IN,
)
_BY_STATUS = {404: "not-found", 405: "method-not-allowed"}


def build(ports: Ports, doors: tuple[Door, ...] = (), signin: SignIn | None = None) -> FastAPI:
    """The application. `doors` are ways in beside those of accounts, asked in turn after them. Without `signin` it can
    be described, but nobody signs in."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.ports = ports
    app.state.hub = Hub(ports)
    if signin is not None:
        signin.sessions.on_end(app.state.hub.doubt)
    app.state.shelves = Shelves()
    app.state.numbers = numbers.Numbers()
    app.state.once = Once()
    app.state.pace = Pace()
    app.state.signin = signin
    app.state.doors = (*(signin.doors if signin is not None else ()), *doors)
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    app.add_middleware(Shield)
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(ControlAwayError, _away)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)
    access.check(app)
    return app


async def _api_error(request: Any, error: Exception) -> Any:
    """A web socket is refused with the same document as a request."""
    assert isinstance(error, ApiError)
    answer = response(error, language_of(request))
    if not isinstance(request, WebSocket):
        return answer
    await request.send_denial_response(answer)
    return None


async def _away(request: Request, error: Exception) -> Response:
    return response(ApiError("not-now", headers={"Retry-After": "1"}), language_of(request))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    name = _BY_STATUS.get(error.status_code, "bad-request")
    return response(ApiError(name, headers=error.headers), language_of(request))


async def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return response(ApiError("bad-request", errors=map(_field, error.errors())), language_of(request))


def _field(fault: Any) -> FieldError:
    place, *path = fault["loc"]
    if place == "body":
        return FieldError(fault["msg"], pointer="".join(f"/{step}" for step in path))
    return FieldError(fault["msg"], parameter=".".join(map(str, path)))


async def _bug(request: Request, error: Exception) -> Response:
    return response(ApiError("internal"), language_of(request))
