"""The web process: health, metrics, the API, the portal, and the office that changes and tells.

Nothing in this process can hold up a call. This module must never decide about calls; it asks control.
"""

import asyncio
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from vorzimmer.api.application import PREFIX, build
from vorzimmer.api.ports import Ports
from vorzimmer.api.shield import Shield
from vorzimmer.api.signin.house import SignIn
from vorzimmer.app import garbage
from vorzimmer.app.accounts_rpc import account_methods
from vorzimmer.app.acme import Acme
from vorzimmer.app.api_house import ApiControl, ApiOffice, OperatorDoor, operator_token
from vorzimmer.app.calendars import Calendars, broken_schedules, fetching
from vorzimmer.app.children import announce_ready
from vorzimmer.app.clock import LoopClock, SystemChance
from vorzimmer.app.control_link import ControlLink
from vorzimmer.app.layout import Layout
from vorzimmer.app.office import Office
from vorzimmer.app.office_rpc import methods, streams
from vorzimmer.app.options import ServeOptions
from vorzimmer.app.portal import BUILT, Portal
from vorzimmer.app.reach import networks, public
from vorzimmer.app.reception import Reception
from vorzimmer.app.rpc import RpcError, RpcServer
from vorzimmer.app.sockets import inherited
from vorzimmer.app.storage import open_storage
from vorzimmer.compiled import form
from vorzimmer.net.issuing import issue
from vorzimmer.observe.logs import Logger, configure

MAX_WS = 16_384
"""Bytes of a message that a browser may send over a web socket; none has a meaning."""


class _Server(uvicorn.Server):
    """Without uvicorn's own signal handling: this process ends as the supervisor says."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def application(link: ControlLink, acme: Acme, api: ASGIApp, figures: Callable[[], str]) -> Starlette:
    """The HTTP application. `figures` are those of this process, beside control's."""

    async def challenge(request: Request) -> Response:
        proof = acme.challenges.at(request.url.path)
        return PlainTextResponse(proof) if proof is not None else PlainTextResponse("not found", 404)

    async def healthz(request: Request) -> Response:
        try:
            facts = await link.call("health")
        except RpcError:
            return JSONResponse({"status": "starting", "control": False}, status_code=503)
        healthy = all(facts["media"].values())
        return JSONResponse({"status": "ok" if healthy else "degraded", "control": True, "form": form(), **facts}, 200)

    async def metrics(request: Request) -> Response:
        try:
            text = await link.call("metrics")
        except RpcError:
            text = ""
        return PlainTextResponse(text + figures(), media_type="text/plain; version=0.0.4")

    routes: list[BaseRoute] = [Route("/healthz", healthz), Route("/metrics", metrics)]
    routes.append(Route("/.well-known/acme-challenge/{token}", challenge))
    return Starlette(routes=[*routes, Mount(PREFIX, app=api), Mount("/", app=Portal(BUILT, SystemChance()))])


def _figures(acme: Acme, office: Office) -> str:
    """Prometheus text; a broken schedule never fails silently (FEATURES.md NF-7)."""
    found = {"vorzimmer_acme_failing": acme.failing, "vorzimmer_schedules_broken": broken_schedules(office)}
    return "".join(f"# TYPE {name} gauge\n{name} {figure}\n" for name, figure in found.items())


def _chores(office: Office, signin: SignIn, log: Logger) -> list[asyncio.Task[None]]:
    """What is done beside answering: forgetting in time, following calendars."""
    calendars = Calendars(
        office, fetching(signin.ports.web.request), LoopClock(), lambda text: log.error("calendar", what=text)
    )
    forgetting = office.privacy.run(lambda text: log.error("retention", what=text))
    return [asyncio.create_task(forgetting), asyncio.create_task(calendars.run())]


def _api(layout: Layout, office: Office, link: ControlLink, signin: SignIn) -> FastAPI:
    clock, chance = LoopClock(), SystemChance()
    doors = (OperatorDoor(operator_token(layout.state.api_token, chance)),)
    return build(Ports(ApiOffice(office, clock), ApiControl(link), clock, chance), doors, signin)


def _http(app: ASGIApp, options: ServeOptions) -> _Server:
    """A proxy's word on where a request comes from counts only where the operator has named the proxy."""
    proxies = [str(network) for network in networks(options.http_proxy, "--http-proxy")]
    shielded = Shield(app, encrypted=public(options).secure)
    return _Server(
        uvicorn.Config(
            shielded,
            log_config=None,
            lifespan="off",
            access_log=False,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies,
            ws="wsproto",
            ws_max_size=MAX_WS,
        )
    )


def _acme(layout: Layout, link: ControlLink, log: Logger) -> Acme:
    async def installed() -> None:
        with suppress(RpcError):  # a control that is not there reads the new files at its start
            await link.call("certificates", reload=True)

    def say(text: str) -> None:
        log.error("acme", what=text)

    ports = (LoopClock(), SystemChance())
    return Acme(layout.options(), layout, ports, issue=issue, installed=installed, say=say)


async def serve(state: Path) -> None:
    """Serve until SIGTERM."""
    layout = Layout(state)
    options = layout.options()
    log = configure(options.log_level, "web")
    storage = await open_storage(layout, options, migrating=False)
    link = ControlLink(layout.control_socket)
    office = Office(storage, (LoopClock(), SystemChance()), link, options.realm)
    await office.open()
    reception = Reception(storage, office, options, lambda text: log.error("sign-in", what=text))
    signin = await reception.open()
    rpc = RpcServer(methods(office, link) | account_methods(signin), streams(link))
    await rpc.start(layout.state.admin_socket)
    acme = _acme(layout, link, log)
    api = _api(layout, office, link, signin)
    office.listen(api.state.hub.changed)
    server = _http(application(link, acme, api, lambda: _figures(acme, office)), options)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    running = asyncio.ensure_future(server.serve([inherited(layout.sockets()["http"])]))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    garbage.settle()
    announce_ready()
    reception.start()
    chores = [asyncio.create_task(acme.run()), asyncio.create_task(api.state.hub.run())]
    chores += _chores(office, signin, log)
    await stop.wait()
    for chore in chores:
        chore.cancel()
    server.should_exit = True
    await asyncio.gather(running, *chores, return_exceptions=True)
    await rpc.stop()
    await reception.close()
    await link.close()
    await storage.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
