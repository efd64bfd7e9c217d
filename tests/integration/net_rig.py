"""Sockets on loopback with a listening ear, on every event loop that the server may run on."""

import asyncio
import atexit
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from types import SimpleNamespace
from typing import Any

import uvloop

from vorzimmer.app.clock import LoopClock
from vorzimmer.net.advertise import parse_listener
from vorzimmer.net.certificates import Certificate, client_context, ensure_certificate, server_context
from vorzimmer.net.transports import SocketTransports, TlsContexts
from vorzimmer.sip.flow import Flow

LOOPS = (asyncio.new_event_loop, uvloop.new_event_loop)
REQUEST = b"OPTIONS sip:x SIP/2.0\r\n\r\n"


class Ear:
    """A sink with futures instead of waiting."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[bytes, Flow]] = asyncio.Queue()
        self.told: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.in_message: Callable[[], int] | None = None

    def received(self, data: bytes, flow: Flow) -> None:
        self.heard.put_nowait((data, flow))

    def closed(self, flow: Flow) -> None:
        self.told.put_nowait(("closed", flow))

    def found(self, transaction: str, flow: Flow, *, spare: bool = False) -> None:
        self.told.put_nowait((transaction, flow))

    def failed(self, transaction: str) -> None:
        self.told.put_nowait((transaction, None))

    def waited(self, seconds: float) -> None:
        return

    def reading(self, flow: Flow) -> int | None:
        return self.in_message() if self.in_message else None


class HandClock(LoopClock):
    """Time stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = 0.0
        self.alarms: list[tuple[float, Callable[[], None]]] = []

    def now(self) -> float:
        return self.time

    def call_at(self, when: float, callback: Callable[[], None]) -> Any:
        entry = (when, callback)
        self.alarms.append(entry)
        return SimpleNamespace(cancel=lambda: self.alarms.remove(entry) if entry in self.alarms else None)

    def advance(self, seconds: float) -> None:
        end = self.time + seconds
        while due := [entry for entry in self.alarms if entry[0] <= end]:
            first = min(due, key=lambda entry: entry[0])
            self.alarms.remove(first)
            self.time = max(self.time, first[0])
            first[1]()
        self.time = end


@asynccontextmanager
async def opened(
    *specs: str, clock: LoopClock | None = None, **options: Any
) -> AsyncIterator[tuple[SocketTransports, Ear]]:
    transports, ear = SocketTransports(clock or LoopClock(), **options), Ear()
    transports.attach(ear)
    try:
        for spec in specs:
            await transports.listen(parse_listener(spec))
        yield transports, ear
    finally:
        await transports.close()


def go(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test on asyncio's own loop and on uvloop."""

    async def bounded() -> None:
        async with asyncio.timeout(20):
            await main()

    for new_loop in LOOPS:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(bounded())


@cache
def certificate() -> Certificate:
    """A certificate for loopback, made once."""
    directory = Path(mkdtemp(prefix="vz-tls-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return ensure_certificate(directory, ("localhost", "127.0.0.1", "::1"), LoopClock().wall())


def contexts() -> TlsContexts:
    """Both directions, trusting the certificate of loopback."""
    return TlsContexts(server_context(certificate()), client_context(certificate().chain))
