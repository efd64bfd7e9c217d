"""Calls between our own processes over Unix sockets: length-prefixed msgpack frames, one answer or error per request.

Used between supervisor, control and web, and by the command line on ``admin.sock``. A request is
``[id, method, params]``, an answer ``[id, "ok", value]``; a streaming method sends many answers with "more" before the
last. This module must never be reachable over a network.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from vorzimmer.kernel.errors import VorzimmerError

MAX_FRAME = 64 * 1024 * 1024
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode

Params = dict[str, Any]
Method = Callable[[Params], Awaitable[Any]]
Stream = Callable[[Params], AsyncIterator[Any]]


class RpcError(VorzimmerError):
    """The other process answered with an error, or is not there."""


async def read_frame(reader: asyncio.StreamReader) -> Any:
    """The next frame's value; raises IncompleteReadError at the end of the stream."""
    size = int.from_bytes(await reader.readexactly(4), "big")
    if size > MAX_FRAME:
        raise RpcError(f"a frame of {size} bytes")
    return _decode(await reader.readexactly(size))


def write_frame(writer: asyncio.StreamWriter, value: Any) -> None:
    """Queue one frame."""
    data = _encode(value)
    writer.write(len(data).to_bytes(4, "big") + data)


class RpcServer:
    """Serves named methods on a Unix socket of mode 0600."""

    def __init__(self, methods: dict[str, Method], streams: dict[str, Stream] | None = None) -> None:
        self._methods = methods
        self._streams = streams or {}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: dict[asyncio.StreamWriter, asyncio.Event] = {}

    async def start(self, path: Path) -> None:
        """Listen; a stale socket file of a dead process is replaced."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        previous = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, path)
        finally:
            os.umask(previous)

    async def stop(self) -> None:
        """Stop listening and end what is still being served."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer, over in list(self._connections.items()):
            writer.close()
            await over.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine: set[asyncio.Task[None]] = set()
        over = self._connections[writer] = asyncio.Event()
        try:
            while True:
                ident, method, params = await read_frame(reader)
                task = asyncio.ensure_future(self._answer(writer, ident, method, params))
                for group in (mine, self._tasks):
                    group.add(task)
                    task.add_done_callback(group.discard)
        except (asyncio.IncompleteReadError, ConnectionError, RpcError, ValueError, msgspec.DecodeError):
            pass
        finally:
            for task in mine:
                task.cancel()
            writer.close()
            del self._connections[writer]
            over.set()

    async def _answer(self, writer: asyncio.StreamWriter, ident: int, method: str, params: Params) -> None:
        try:
            if method in self._streams:
                async for value in self._streams[method](params):
                    write_frame(writer, [ident, "more", value])
                    await writer.drain()
                write_frame(writer, [ident, "ok", None])
            elif method in self._methods:
                write_frame(writer, [ident, "ok", await self._methods[method](params)])
            else:
                write_frame(writer, [ident, "error", f"unknown method {method}"])
        except VorzimmerError as error:
            write_frame(writer, [ident, "error", str(error)])
        except ConnectionError:
            return
        except Exception as error:  # noqa: BLE001 -- one request's bug is that request's answer, not the server's end
            write_frame(writer, [ident, "error", f"{type(error).__name__}: {error}"])


class RpcClient:
    """One connection; requests may overlap. Raises RpcError when the other side is gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._next = 0
        self._waiting: dict[int, asyncio.Queue[tuple[str, Any]]] = {}
        self._pump = asyncio.ensure_future(self._read(reader))

    @classmethod
    async def connect(cls, path: Path) -> "RpcClient":
        """Connect to a server's socket."""
        try:
            reader, writer = await asyncio.open_unix_connection(path)
        except OSError as error:
            raise RpcError(f"nobody answers at {path.name}") from error
        return cls(reader, writer)

    @property
    def closed(self) -> bool:
        """True once the other side is gone."""
        return self._pump.done()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                ident, state, value = await read_frame(reader)
                if ident in self._waiting:
                    self._waiting[ident].put_nowait((state, value))
        except (asyncio.IncompleteReadError, ConnectionError, RpcError):
            pass
        finally:
            for queue in self._waiting.values():
                queue.put_nowait(("error", "the other process is gone"))

    def _send(self, method: str, params: Params) -> tuple[int, asyncio.Queue[tuple[str, Any]]]:
        if self.closed:
            raise RpcError("the other process is gone")
        self._next += 1
        queue: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._waiting[self._next] = queue
        write_frame(self._writer, [self._next, method, params])
        return self._next, queue

    async def call(self, method: str, **params: Any) -> Any:
        """One request, one answer."""
        ident, queue = self._send(method, params)
        try:
            state, value = await queue.get()
        finally:
            del self._waiting[ident]
        if state == "error":
            raise RpcError(str(value))
        return value

    async def stream(self, method: str, **params: Any) -> AsyncIterator[Any]:
        """One request, many answers."""
        ident, queue = self._send(method, params)
        try:
            while True:
                state, value = await queue.get()
                if state == "error":
                    raise RpcError(str(value))
                if state == "ok":
                    return
                yield value
        finally:
            del self._waiting[ident]

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)
