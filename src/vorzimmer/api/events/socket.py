"""``/events``: the web socket of what happens. This module must never decide who sees what (``rights.py``)."""

from typing import Annotated, Final

from fastapi import Query
from starlette.websockets import WebSocket

from vorzimmer.api.access import guarded
from vorzimmer.api.events.hub import Hub
from vorzimmer.api.events.watching import Again, Watch
from vorzimmer.api.principal import Asker, Principal
from vorzimmer.api.problems import ApiError

router = guarded("events")
AT_ONCE: Final = 50
"""Web sockets that one person or token may hold open at the same time."""


@router.websocket("/events")
async def events(
    socket: WebSocket,
    asker: Asker,
    company: Annotated[str | None, Query()] = None,
    since: Annotated[int | None, Query(ge=0)] = None,
    topics: Annotated[str, Query(max_length=200)] = "",
) -> None:
    """What happens from now on, or from after the event `since`; `company` is needed by nobody and narrows what the
    provider hears; `topics` are call, presence, registration, trunk, alarm, change, with commas, all without."""
    ports, hub = socket.app.state.ports, socket.app.state.hub
    if asker.role != "provider" and company not in {None, asker.company}:
        raise ApiError("not-found")
    if company is not None and ports.office.book(company) is None:
        raise ApiError("not-found")
    watch = Watch(socket, (hub, ports.office, ports.clock), asker, _again(socket))
    watch.company = company or asker.company
    watch.topics = frozenset(topic.strip() for topic in topics.split(",") if topic.strip())
    name = asker.company, asker.name, asker.session
    if hub.open[name] >= AT_ONCE:
        raise ApiError("too-many", seconds=60)
    hub.open[name] += 1
    try:
        await socket.accept()
        await watch.run(since)
    finally:
        _left(hub, name)


def _left(hub: Hub, name: tuple[str | None, str, str | None]) -> None:
    hub.open[name] -= 1
    if not hub.open[name]:
        del hub.open[name]


def _again(socket: WebSocket) -> Again:
    async def again() -> Principal | None:
        """Ask all doors anew, as if the request came now."""
        try:
            for door in socket.app.state.doors:
                found: Principal | None = await door(socket)
                if found is not None:
                    return found
        except ApiError:
            return None
        return None

    return again
