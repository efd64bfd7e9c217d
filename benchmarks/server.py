"""A real server for benchmarks: `vorzimmer serve` in processes of its own, with a generated company.

This module must never reach into the server: it talks to it as people do, and reads its database after the fact.
"""

import asyncio
import os
import socket
import sqlite3
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.figures import cpu_of, memory_of, processes_of

DOMAIN = "bench.example"
READY_S = 40.0
END_S = 45.0
RTP = "10240-59999"
"""Wide: the ports of an ended call drain for 5 s before they are used again."""


def account(number: int) -> str:
    """The account and device of extension `number`."""
    return f"d{number}"


def password(number: int) -> str:
    """Its password."""
    return f"Bench-{number}-4711"


def company_text(numbers: Iterable[int]) -> str:
    """A company in which each of `numbers` is a user with one phone."""
    lines = ["company:", "  id: bench", "  name: Bench GmbH", f"  sip_domain: {DOMAIN}", '  area_code: "89"']
    lines += ["  extension_length: {min: 4, max: 6}", "sites:", "  - {id: haus, name: Haus}", "users:"]
    numbers = tuple(numbers)
    lines += [f'  - {{id: u{n}, name: User {n}, site: haus, extension: "{n}"}}' for n in numbers]
    lines.append("devices:")
    device = '  - {{id: d{n}, owner: "user:u{n}", kind: sip, username: {user}, password: {word}}}'
    lines += [device.format(n=n, user=account(n), word=password(n)) for n in numbers]
    return "\n".join(lines) + "\n"


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
        file = self._folder / "company.yaml"
        file.write_text(company_text(self._numbers))
        await self._cli("apply", str(file), "--yes", "--allow-weak-passwords")
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

    async def _cli(self, *arguments: str) -> None:
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
                    self.processes = processes_of(self._process.pid)
                    if self._pinned:
                        self._pin()
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
