"""Child processes that are kept alive: started, watched, started again, and ended in order.

A child says that it is ready by writing a line to the descriptor named in ``VORZIMMER_READY_FD``. This module must
never know what a child does.
"""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vorzimmer.kernel.clock import Clock

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
READY_FD = "VORZIMMER_READY_FD"
MAX_BACKOFF_S = 5.0


@dataclass(slots=True)
class Child:
    """One child. `argv` is run with this Python; `fds` are inherited by number; `on_ready` runs at every readiness."""

    name: str
    argv: Sequence[str]
    clock: Clock
    fds: Sequence[int] = ()
    on_start: Callable[[str, int], None] = lambda name, pid: None
    on_exit: Callable[[str, int], None] = lambda name, code: None
    process: asyncio.subprocess.Process | None = None
    starts: int = 0
    was_ready: bool = False
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False

    async def run(self) -> None:
        """Keep the child alive until `stop`; a child that dies quickly again and again is started ever more slowly."""
        backoff = 0.0
        while True:
            began = self.clock.now()
            code = await self._once()
            if not self._stopping:
                self.on_exit(self.name, code)
            if self._stopping:
                return
            backoff = min(MAX_BACKOFF_S, backoff * 2 + 0.1) if self.clock.now() - began < 10 else 0.0
            await self.clock.sleep(backoff)

    async def _once(self) -> int:
        read, write = os.pipe()
        self.ready.clear()
        self.starts += 1
        try:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self.argv,
                pass_fds=(*self.fds, write),
                env={**os.environ, READY_FD: str(write)},
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        finally:
            os.close(write)
        self.on_start(self.name, self.process.pid)
        watcher = asyncio.ensure_future(self._watch(read))
        try:
            return await self.process.wait()
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)

    async def _watch(self, read: int) -> None:
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(read, "rb", 0)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            if await reader.readline():
                self.was_ready = True
                self.ready.set()
        finally:
            transport.close()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it runs."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)

    def retire(self) -> None:
        """From now on its end is wanted."""
        self._stopping = True

    async def stop(self, grace_s: float) -> None:
        """TERM, wait at most `grace_s` seconds, then KILL."""
        self.retire()
        self.signal(signal.SIGTERM)
        if self.process is None:
            return
        try:
            async with asyncio.timeout(grace_s):
                await self.process.wait()
        except TimeoutError:
            self.signal(signal.SIGKILL)
            await self.process.wait()


def _end_with_parent() -> None:
    """Runs in the child before its program: a supervisor that is killed must not leave a server behind that nobody
    watches and that keeps the ports. Where the system knows no such signal the child just goes on."""
    prctl = getattr(_LIBC, "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def announce_ready() -> None:
    """Called by a child: tell the supervisor that it serves now (a child started by hand has nobody to tell)."""
    descriptor = os.environ.pop(READY_FD, "")
    if descriptor:
        os.write(int(descriptor), b"ready\n")
        os.close(int(descriptor))
