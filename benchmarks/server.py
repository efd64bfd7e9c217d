"""A real server for benchmarks: `vorzimmer serve` in processes of its own, with a generated company.

This module must never reach into a running server: it talks to it as people do, and reads its database after the fact.
"""

import asyncio
import os
import socket
import sqlite3
import sys
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter

from benchmarks.company import DOMAIN, account, fill, password
from benchmarks.figures import cpu_of, memory_of, processes_of

__all__ = ["DOMAIN", "BenchError", "Server", "account", "free_port", "password"]
READY_S = 90.0
END_S = 45.0
RTP = "10240-59999"
"""Wide: the ports of an ended call drain for 5 s before they are used again."""


def free_port(kind: socket.SocketKind) -> int:
    """A port of loopback that is free now, above the range for media."""
    for port in range(60_001, 65_000):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise BenchError("no free port on loopback")


class BenchError(Exception):
    """The server did not start, or did not do what it was asked for."""


class Server:
    """One server on loopback; a context manager."""

    def __init__(self, folder: str, numbers: Iterable[int], *, pinned: bool = False) -> None:
        """`pinned`: all processes of the server share one core, and whoever puts the load on it has the others."""
        self._pinned = pinned
        self._cores = os.sched_getaffinity(0)
        self._folder = Path(folder)
        self._state = self._folder / "state"
        self._numbers = numbers
        self.sip = ("127.0.0.1", free_port(socket.SOCK_DGRAM))
        self._http = free_port(socket.SOCK_STREAM)
        self._process: asyncio.subprocess.Process | None = None
        self.processes: dict[int, str] = {}

    async def __aenter__(self) -> "Server":
        await fill(self._state, self._numbers)
        await self._serve()
        return self

    def _pin(self) -> None:
        mine = min(self._cores)
        os.sched_setaffinity(0, self._cores - {mine} or {mine})
        for pid in self.processes:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {mine})

    async def __aexit__(self, *_: object) -> None:
        os.sched_setaffinity(0, self._cores)
        await self._end()

    async def again(self) -> float:
        """End all processes and start them with the same state; seconds from the start to the ready line."""
        await self._end()
        began = perf_counter()
        os.sched_setaffinity(0, self._cores)
        await self._serve()
        return perf_counter() - began

    def renew(self) -> None:
        """Look again which processes there are (after one was killed)."""
        self.processes = processes_of(self.pid)
        if self._pinned:
            self._pin()

    async def _end(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(END_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _command(self, *arguments: str) -> tuple[str, ...]:
        return (sys.executable, "-m", "vorzimmer.cli.main", *arguments, "--state", str(self._state))

    async def ask(self, *arguments: str) -> None:
        """The command line, on this server; raises BenchError."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*self._command(*arguments), stdout=pipe, stderr=pipe)
        out, errors = await process.communicate()
        if process.returncode:
            raise BenchError(f"{arguments[0]}: {out.decode()[-500:]}{errors.decode()[-500:]}")

    async def _serve(self) -> None:
        sip = f"udp:{self.sip[0]}:{self.sip[1]}"
        flags = ("--sip", sip, "--http", f"127.0.0.1:{self._http}", "--rtp-range", RTP)
        command = self._command("serve", *flags, "--drain-s", "2")
        log = self._folder / "server.log"
        with log.open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *command, stdout=asyncio.subprocess.PIPE, stderr=errors
            )
        assert self._process.stdout is not None
        async with asyncio.timeout(READY_S):
            while line := (await self._process.stdout.readline()).decode():
                if "is ready" in line:
                    self.renew()
                    return
        raise BenchError(f"the server did not start: {log.read_text(errors='replace')[-1000:]}")

    @property
    def pid(self) -> int:
        """Of the supervisor."""
        assert self._process is not None
        return self._process.pid

    def web(self, path: str) -> str:
        """A page's address."""
        return f"http://127.0.0.1:{self._http}{path}"

    # -- figures ----------------------------------------------------------------------------------------------------
    def cpu(self, name: str = "") -> float:
        """CPU-seconds of all processes, or of those called `name`."""
        return cpu_of(self._pids(name))

    def memory(self, name: str = "") -> int:
        """Bytes of all processes, or of those called `name`."""
        return memory_of(self._pids(name))

    def _pids(self, name: str) -> list[int]:
        return [pid for pid, of in self.processes.items() if name in ("", of)]

    def count(self, query: str) -> int:
        """A number from the server's database."""
        with sqlite3.connect(f"file:{self._state / 'vorzimmer.db'}?mode=ro", uri=True, timeout=10) as connection:
            return int(connection.execute(query).fetchone()[0])

    def trouble(self) -> str:
        """What the server has complained about; what it tells of every call is no complaint."""
        lines = (self._folder / "server.log").read_text(errors="replace").splitlines()
        return "\n".join(line for line in lines if '"level": "info"' not in line)[-2000:]
