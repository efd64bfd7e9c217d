"""Where control reaches a worker: the Unix socket, its one current connection, and an answer for every request.

A worker outlives control: when the connection drops, sessions go on, and events that control must not miss wait for
the next connection. This module must never decide about media.
"""

import asyncio
import os
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import cast

from vorzimmer.kernel.errors import PeerError
from vorzimmer.media.eager import at_once
from vorzimmer.media.embedded import protocol as wire
from vorzimmer.media.port import DigitHeard, MediaError

BACKLOG = 1000
"""Events kept while control is away (what fell silent, what ended); digits are not: nobody asks for them then."""


class ControlServer:
    """`perform` carries out a command; `alone_since` is when control went away, None while it is here."""

    def __init__(self, perform: Callable[[wire.Command], Awaitable[wire.Answer]], now: Callable[[], float]) -> None:
        self._perform = perform
        self._now = now
        self._current: _Connection | None = None
        self._generation = -1
        self._missed: deque[wire.Event] = deque(maxlen=BACKLOG)
        self._server: asyncio.AbstractServer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.alone_since: float | None = now()

    async def start(self, path: str) -> None:
        """Listen at `path` (mode 0600); what a dead worker left there is replaced."""
        with suppress(FileNotFoundError):
            os.unlink(path)
        self._server = await asyncio.get_running_loop().create_unix_server(lambda: _Connection(self), path)
        os.chmod(path, 0o600)

    async def stop(self) -> None:
        """Stop listening and hang up."""
        if self._server:
            self._server.close()
        if self._current:
            self._current.close()
        for task in list(self._tasks):
            task.cancel()

    def emit(self, event: wire.Event) -> None:
        """Push an event to control, or keep it until control is back."""
        if self._current:
            self._current.send(wire.Push(event))
        elif not isinstance(event, DigitHeard):
            self._missed.append(event)

    def request(self, connection: "_Connection", request: wire.Request) -> None:
        """One request has come; it is answered when it is done."""
        if isinstance(request.command, wire.Hello):
            self._greet(connection, request.command.generation)
        if connection is not self._current:
            connection.send(wire.Reply(request.id, wire.Failed("a newer control is connected")))
            connection.close()
            return
        task = at_once(self._answer(connection, request))
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def gone(self, connection: "_Connection") -> None:
        """The connection has dropped."""
        if connection is self._current:
            self._current = None
            self.alone_since = self._now()

    def _greet(self, connection: "_Connection", generation: int) -> None:
        # Only while a newer one is connected: a wall clock that was set back must not lock out every later control.
        if connection is self._current or (self._current and generation < self._generation):
            return
        former, self._current = self._current, connection
        self._generation = generation
        self.alone_since = None
        if former:
            former.close()

    async def _answer(self, connection: "_Connection", request: wire.Request) -> None:
        try:
            answer = await self._perform(request.command)
        except MediaError as error:
            answer = wire.Failed(str(error))
        except Exception as error:  # noqa: BLE001 -- whatever goes wrong, every command gets its one answer
            asyncio.get_running_loop().call_exception_handler({"message": "media command", "exception": error})
            answer = wire.Failed(f"media worker: {error!r}")
        connection.send(wire.Reply(request.id, answer))
        if isinstance(request.command, wire.Adopt):
            self._catch_up()

    def _catch_up(self) -> None:
        while self._missed and self._current:
            self._current.send(wire.Push(self._missed.popleft()))


class _Connection(asyncio.Protocol):
    def __init__(self, server: ControlServer) -> None:
        self._server = server
        self._frames = wire.Frames()
        self._out: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            for body in self._frames.feed(data):
                self._server.request(self, wire.read_request(body))
        except PeerError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.gone(self)

    def send(self, message: wire.Reply | wire.Push) -> None:
        """With whatever else is said in this turn, in one piece."""
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out.append(wire.frame(message))

    def _flush(self) -> None:
        out, self._out = self._out, []
        if out and not self._transport.is_closing():
            self._transport.write(b"".join(out))

    def close(self) -> None:
        self._flush()
        self._transport.close()
