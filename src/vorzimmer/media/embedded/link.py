"""Control's connection to one worker: requests and their answers, events, and noticing that the worker has died.

A dropped connection alone loses nothing: the link connects again, and the worker's `instance` tells whether its
sessions are still there. This module must never know what an endpoint is good for.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from vorzimmer.kernel.clock import Alarm, Clock
from vorzimmer.kernel.errors import PeerError
from vorzimmer.media.embedded import protocol as wire
from vorzimmer.media.port import MediaError

ANSWER_SECONDS = 3.0
"""A worker that has not answered a request by then is as good as none for that request."""

CHECK_SECONDS = 1.0
"""So often a worker is asked whether it is alive, also while nobody wants anything from it."""

RETRY_SECONDS = 0.05
"""Between two attempts to reach a worker that is being replaced."""


class WorkerLink:
    """One worker's socket. `lost` is told when its sessions are gone, `came_back` after every connecting."""

    def __init__(self, path: str, generation: int, clock: Clock) -> None:
        self.path = path
        self.up = False
        self.tried = asyncio.Event()
        self.received: Callable[[wire.Event], None] = lambda event: None
        self.lost: Callable[[], None] = lambda: None
        self.came_back: Callable[[], None] = lambda: None
        self._generation = generation
        self._clock = clock
        self._instance = ""
        self._next = 0
        self._waiting: dict[int, asyncio.Future[wire.Answer]] = {}
        self._due: dict[int, float] = {}
        self._told: dict[int, Callable[[], None]] = {}
        self._alarm: Alarm | None = None
        self._protocol: _Protocol | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, patience: float) -> None:
        """Begin to connect, and go on doing so for ever; `tried` is set then, or after `patience` seconds at last."""
        self._clock.call_at(self._clock.now() + patience, self.tried.set)
        self._task = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        """Hang up; the worker keeps its sessions."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._protocol:
            self._protocol.close()
        self._drop()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    async def request(self, command: wire.Command) -> wire.Answer:
        """The worker's answer. Raises MediaError when it refuses, cannot be reached, or does not answer in time."""
        if not self.up:
            raise MediaError(f"media worker {self.path} is not there")
        return await self._ask(command)

    def tell(self, command: wire.Command, refused: Callable[[], None]) -> None:
        """Nobody waits for the answer; `refused` is called if that is a failure. Raises MediaError when the worker
        cannot be reached; where it is lost before it has answered, ``lost`` or ``came_back`` says so."""
        if not self.up or self._protocol is None:
            raise MediaError(f"media worker {self.path} is not there")
        self._next += 1
        self._told[self._next] = refused
        self._protocol.send(wire.Request(self._next, command))

    def handle(self, message: wire.Reply | wire.Push) -> None:
        """A message has come from the worker."""
        if isinstance(message, wire.Push):
            self.received(message.event)
            return
        refused = self._told.pop(message.id, None)
        if refused is not None and isinstance(message.answer, wire.Failed):
            refused()
        waiting = self._forget(message.id)
        if waiting and not waiting.done():
            waiting.set_result(message.answer)

    async def _ask(self, command: wire.Command) -> wire.Answer:
        if self._protocol is None:
            raise MediaError(f"media worker {self.path} is not there")
        self._next += 1
        number = self._next
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._due[number] = self._clock.now() + ANSWER_SECONDS
        self._protocol.send(wire.Request(number, command))
        if self._alarm is None:
            self._watch()
        try:
            answer: wire.Answer = await future
        finally:
            self._forget(number)
        if isinstance(answer, wire.Failed):
            raise MediaError(answer.reason)
        return answer

    def _forget(self, number: int) -> "asyncio.Future[wire.Answer] | None":
        self._due.pop(number, None)
        return self._waiting.pop(number, None)

    def _watch(self) -> None:
        """One alarm for all requests, at the first's time: nearly all are answered long before it."""
        first = next(iter(self._due.values()), None)
        self._alarm = None if first is None else self._clock.call_at(first, self._look)

    def _look(self) -> None:
        now = self._clock.now()
        for number in [number for number, due in self._due.items() if due <= now]:
            self._late(number)
        self._watch()

    def _late(self, number: int) -> None:
        """No answer: whether the worker is alive at all is seen from whether it greets us on a new connection."""
        self._fail(number, "does not answer")
        if self._protocol:
            self._protocol.close()
        if not self.up:
            self._gone()

    async def _keep(self) -> None:
        while True:
            try:
                await self._connected()
            except (ConnectionRefusedError, FileNotFoundError):
                self._gone()
            except (MediaError, OSError):
                if self._protocol:
                    self._protocol.close()
            self._drop()
            await self._clock.sleep(RETRY_SECONDS)

    async def _connected(self) -> None:
        """Connect, greet, and stay until the connection drops."""
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_unix_connection(lambda: _Protocol(self), self.path)
        self._protocol = protocol
        welcome = await self._ask(wire.Hello(self._generation))
        if not isinstance(welcome, wire.Welcome):
            raise MediaError(f"media worker {self.path} answered {welcome}")
        if welcome.instance != self._instance:
            self._gone()
        self._instance = welcome.instance
        self.up = True
        self.came_back()
        self.tried.set()
        await self._checked(protocol)

    async def _checked(self, protocol: "_Protocol") -> None:
        """Until the connection drops. A worker that hangs does not drop it by itself: then an answer is late."""
        while not protocol.closed.is_set():
            alarm = self._clock.call_at(self._clock.now() + CHECK_SECONDS, protocol.due.set)
            try:
                await protocol.due.wait()
            finally:
                alarm.cancel()
            protocol.due.clear()
            if not protocol.closed.is_set():
                await self._ask(wire.GetLoad())

    def _gone(self) -> None:
        """Nobody listens, or somebody else does: the worker we knew is dead."""
        self.up = False
        if self._instance:
            self._instance = ""
            self.lost()

    def _drop(self) -> None:
        self.up = False
        self._protocol = None
        self._told.clear()
        for number in list(self._waiting):
            self._fail(number, "hung up")

    def _fail(self, number: int, reason: str) -> None:
        waiting = self._forget(number)
        if waiting and not waiting.done():
            waiting.set_exception(MediaError(f"media worker {self.path} {reason}"))


class _Protocol(asyncio.Protocol):
    def __init__(self, link: WorkerLink) -> None:
        self._link = link
        self._frames = wire.Frames()
        self._out: list[bytes] = []
        self.closed = asyncio.Event()
        self.due = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            for body in self._frames.feed(data):
                self._link.handle(wire.read_answer(body))
        except PeerError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()
        self.due.set()

    def send(self, request: wire.Request) -> None:
        """With whatever else is asked in this turn, in one piece."""
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out.append(wire.frame(request))

    def _flush(self) -> None:
        out, self._out = self._out, []
        self._transport.write(b"".join(out))

    def close(self) -> None:
        self._transport.close()
