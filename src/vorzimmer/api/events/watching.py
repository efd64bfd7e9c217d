"""One watcher's web socket: what it may see is sent as it happens, in order, for as long as it may.

Rights are asked again when somebody's rights have changed or a session has ended, and every `CHECK_S` seconds anyhow.
Whoever reads too slowly is cut with `TOO_SLOW` and may resume. This module must never let a watcher hold up another.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from vorzimmer.api.events.hub import Hub
from vorzimmer.api.events.model import GAP, HEARTBEAT, LOAD, READY, Event
from vorzimmer.api.events.rights import visible
from vorzimmer.api.events.ring import number_of
from vorzimmer.api.ports import Office
from vorzimmer.api.principal import Principal
from vorzimmer.kernel.clock import Clock

ENDED: Final = 4401
"""Close code: the session or token does not count any more, or lost the right to watch."""
TOO_SLOW: Final = 4408
"""Close code: more than `BEHIND` events or `STUCK_S` seconds behind."""
BEHIND: Final = 500
STUCK_S: Final = 15.0
HEARTBEAT_S: Final = 15.0
CHECK_S: Final = 15.0

Again = Callable[[], Awaitable[Principal | None]]
"""Who asks, asked anew; None: nobody who may watch."""


class Watch:
    """``hub.Watcher`` over a web socket that has been accepted."""

    def __init__(self, socket: WebSocket, house: tuple[Hub, Office, Clock], asker: Principal, again: Again) -> None:
        self._socket, self._asker, self._again = socket, asker, again
        self._hub, self._office, self._clock = house
        self.company: str | None = None
        self.topics: frozenset[str] = frozenset()
        self._queue: deque[Event] = deque()
        self._wake = asyncio.Event()
        self._cut = asyncio.Event()
        self._doubted = self._slow = self._gap = self._sending = False
        self._sent = 0

    def offer(self, event: Event) -> None:
        """As the port says."""
        if self._slow or not self._sees(event):
            return
        if len(self._queue) >= BEHIND:
            self._slow = True
            self._cut.set()
        self._queue.append(event)
        self._wake.set()

    def doubt(self) -> None:
        """As the port says."""
        self._doubted = True
        self._wake.set()

    async def run(self, since: int | None) -> None:
        """Until one side ends it."""
        self._begin(since)
        self._hub.join(self)
        tasks = [asyncio.ensure_future(self._telling(since)), asyncio.ensure_future(self._hearing())]
        tasks.append(asyncio.ensure_future(self._minding()))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            code = next((task.result() for task in done), 1000)
        finally:
            self._hub.leave(self)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._end(code)

    def _begin(self, since: int | None) -> None:
        """What was missed, or that it cannot be told any more."""
        self._first = self._hub.ring.last(self.company)
        missed = self._hub.ring.since(self.company, since) if since is not None else []
        self._gap = missed is None
        found = [event for event in missed or () if self._sees(event)]
        self._gap = self._gap or len(found) > BEHIND // 2
        self._queue.extend(() if self._gap else found)

    def _sees(self, event: Event) -> bool:
        if self.topics and event.topic != GAP and event.topic not in self.topics:
            return False
        return visible(self._asker, event, self._office.book(event.company))

    async def _telling(self, since: int | None) -> int:
        resumed = since is not None and not self._gap
        await self._own(READY, since if since is not None and resumed else self._first, {"resumed": resumed})
        if self._gap:
            await self._own(GAP, self._first, {"reason": "expired", "load": list(LOAD)})
        checked = self._clock.now()
        while True:
            if self._clock.now() - checked >= CHECK_S:
                checked, self._doubted = self._clock.now(), True
            if self._doubted and not await self._still():
                return ENDED
            while self._queue:
                event = self._queue.popleft()
                if self._sees(event):
                    await self._send(_told(event, self.company))
                if self._doubted or self._clock.now() - checked >= CHECK_S:
                    break
            if not self._queue and not self._doubted:
                self._wake.clear()
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        await self._wake.wait()
                except TimeoutError:
                    self._doubted = True
                    await self._own(HEARTBEAT, self._hub.ring.last(self.company), {})

    async def _still(self) -> bool:
        self._doubted = False
        found = await self._again()
        if found is None or (found.role != "provider" and found.company != self.company):
            return False
        self._asker = found
        return True

    async def _minding(self) -> int:
        """Whoever is too far behind is cut; a send that gets stuck is seen by the queue behind it or by time."""
        before, stuck = -1, False
        while not self._slow and not stuck:
            with suppress(TimeoutError):
                async with asyncio.timeout(STUCK_S):
                    await self._cut.wait()
            stuck, before = self._sending and before == self._sent, self._sent
        return TOO_SLOW

    async def _hearing(self) -> int:
        """Nothing that a watcher says means anything; that it leaves does."""
        while (await self._socket.receive())["type"] != "websocket.disconnect":
            pass
        return 1000

    async def _own(self, kind: str, number: int, data: dict[str, Any]) -> None:
        at = moment(self._clock.wall().timestamp())
        told = {"number": number, "type": kind, "company": self.company, "at": at, "data": data}
        await self._send(msgspec.json.encode(told).decode())

    async def _send(self, text: str) -> None:
        self._sending = True
        await self._socket.send_text(text)
        self._sending = False
        self._sent += 1

    async def _end(self, code: int) -> None:
        if self._socket.client_state is WebSocketState.DISCONNECTED:
            return
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(2.0):
                await self._socket.close(code, {ENDED: "session ended", TOO_SLOW: "too slow"}.get(code, ""))


def moment(seconds: float) -> str:
    """RFC 3339, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _told(event: Event, company: str | None) -> str:
    told = {
        "number": number_of(event, company),
        "type": event.type,
        "company": event.company,
        "at": moment(event.at),
        "data": event.data,
    }
    return msgspec.json.encode(told).decode()
