"""A web socket in memory, driven as a server does it: what it was told, how it was closed, who does not read."""

import asyncio
from contextlib import suppress
from typing import Any

import msgspec


async def pause(seconds: float = 0.0) -> None:
    """Let (virtual) time pass."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


class Socket:
    """A client of one web socket of an ASGI application."""

    def __init__(self, app: Any, path: str, headers: dict[str, str]) -> None:
        self._app, self._inbox = app, asyncio.Queue[dict[str, Any]]()
        self.told: list[dict[str, Any]] = []
        self.accepted, self.code, self.refused = False, None, None
        self.reads = asyncio.Event()
        self.reads.set()
        self._news = asyncio.Event()
        path, _, query = path.partition("?")
        rows = [(name.lower().encode(), value.encode()) for name, value in {"Host": "pbx.test", **headers}.items()]
        self._scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": rows,
            "client": ("192.0.2.1", 50_000),
            "server": ("pbx.test", 80),
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
            "state": {},
        }

    code: int | None
    refused: int | None

    async def open(self) -> "Socket":
        """Connect, and wait until it is accepted or refused."""
        self._inbox.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(self._app(self._scope, self._inbox.get, self._send))
        await self._until(lambda: self.accepted or self.refused is not None or self.code is not None)
        return self

    async def _send(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        match message["type"]:
            case "websocket.accept":
                self.accepted = True
            case "websocket.send":
                self.told.append(msgspec.json.decode(message["text"]))
            case "websocket.close":
                self.code = message["code"]
            case "websocket.http.response.start":
                self.refused = message["status"]
        self._news.set()

    async def _until(self, done: Any) -> None:
        async with asyncio.timeout(60.0):
            while not done():
                self._news.clear()
                await self._news.wait()

    async def hear(self, kind: str, count: int = 1) -> dict[str, Any]:
        """The event of this type that came as `count`-th."""

        def found() -> list[dict[str, Any]]:
            return [event for event in self.told if event["type"] == kind]

        await self._until(lambda: len(found()) >= count)
        return found()[count - 1]

    async def closed(self) -> int | None:
        """The code with which the server ended it."""
        await self._until(lambda: self.code is not None)
        return self.code

    async def leave(self) -> None:
        """The client goes."""
        self._inbox.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await self.task

    def kinds(self) -> list[str]:
        """Types of what was told, without what only says that the line is alive."""
        return [event["type"] for event in self.told if event["type"] not in {"ready", "heartbeat"}]
