"""A real server in a process of its own, with the demo company and known passwords, for real phones to talk to."""

import asyncio
import os
import re
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from vorzimmer.cli.asking import ask
from vorzimmer.kernel.errors import VorzimmerError

COMPANY = Path(__file__).resolve().parents[2] / "src/vorzimmer/app/demo/musterbau.yaml"
DEADLINE_S = 30.0


def own_address() -> str:
    """An address of this machine other than loopback, which baresip refuses to use; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("198.51.100.1", 9))
        return str(probe.getsockname()[0])


def password(device: str) -> str:
    """The password of a device of the test company."""
    return f"Probe-{device}-4711"


def company_text() -> str:
    """The demo company with known passwords."""
    return re.sub(
        r"(username: (\S+), password: )generated",
        lambda match: match.group(1) + password(match.group(2)),
        COMPANY.read_text(),
    )


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """A port that is free now on every address of this machine."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("0.0.0.0", 0))
        return int(probe.getsockname()[1])


class ServerError(AssertionError):
    """The server did not do what the test needs."""


class Server:
    """`vorzimmer serve` on free ports of `host`; `before` are words before its command, such as ``ip netns exec X``."""

    def __init__(
        self,
        folder: Path,
        host: str = "",
        *,
        rtp: str = "30000-31999",
        more: tuple[str, ...] = (),
        company: str = "",
        before: tuple[str, ...] = (),
    ) -> None:
        self.state = folder / "state"
        self.company = company or company_text()
        self._before = before
        self.host = host or own_address()
        self.sip_port = free_port()
        self.http_port = free_port(socket.SOCK_STREAM)
        self._rtp = rtp
        self.more = more
        self._log = folder / "server.log"
        self._process: asyncio.subprocess.Process | None = None
        self.said: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def address(self) -> str:
        """HOST:PORT for phones."""
        return f"{self.host}:{self.sip_port}"

    async def start(self) -> None:
        """Apply the company, serve, wait for the ready line."""
        file = self.state.parent / "company.yaml"
        file.write_text(self.company)
        await self.cli("apply", str(file), "--yes", "--allow-weak-passwords")
        await self.serve()

    async def serve(self) -> None:
        """Start the server on the state that is there."""
        arguments = [
            *("serve", "--state", str(self.state), "--http", f"{self.host}:{self.http_port}"),
            *("--sip", f"udp:{self.address}", "--sip", f"tcp:{self.address}", "--rtp-range", self._rtp),
            *("--media-workers", "2", *self.more),
        ]
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(*self._before, sys.executable, "-m", "vorzimmer.cli.main", *arguments),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(DEADLINE_S):
                while line := (await self._process.stdout.readline()).decode():
                    self.said.append(line.rstrip())
                    if "is ready" in line:
                        return
        except TimeoutError:
            pass
        raise ServerError(f"no ready line\n{self.log()}")

    async def read_line(self) -> str:
        """The next line that the server says after it was ready."""
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(DEADLINE_S):
            return (await self._process.stdout.readline()).decode()

    async def cli(self, *arguments: str, expect: int = 0) -> str:
        """Run the command line against this server's state; returns what it printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "vorzimmer.cli.main", *arguments, "--state", str(self.state)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        if process.returncode != expect:
            raise ServerError(f"{arguments}: exit {process.returncode}\n{out.decode()}{err.decode()}{self.log()}")
        return out.decode()

    async def history(self) -> list[dict[str, Any]]:
        """All records, newest first, as the command line gets them."""
        records: list[dict[str, Any]] = await ask(str(self.state), "history", company=None, limit=500)
        return records

    async def calls(self) -> list[dict[str, Any]]:
        """The calls that exist now."""
        calls: list[dict[str, Any]] = await ask(str(self.state), "calls", company=None)
        return calls

    async def watchers(self) -> list[dict[str, Any]]:
        """Who watches whom now."""
        rows: list[dict[str, Any]] = await ask(str(self.state), "watchers", company=None)
        return rows

    def pid(self, name: str) -> int:
        """The process id of a child: control, web, media-0 ..."""
        return int((self.state / "run" / f"{name}.pid").read_text())

    def kill(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a child of this server."""
        os.kill(self.pid(name), number)

    async def restarted(self, name: str, before: int) -> int:
        """The new process id of a child, once it has written it; the file is the event there is."""
        async with asyncio.timeout(DEADLINE_S):
            while (now := self.pid(name)) == before:  # noqa: ASYNC110 -- the same
                await asyncio.sleep(0.02)  # noqa: TID251 -- a file cannot be waited for
        return now

    async def answers(self) -> None:
        """Wait until web answers the command line (again)."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                try:
                    await ask(str(self.state), "calls", company=None)
                except VorzimmerError:
                    await asyncio.sleep(0.1)  # noqa: TID251 -- asked again until the deadline
                else:
                    return

    async def murder(self) -> None:
        """``kill -9`` of the supervisor."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    @property
    def exit_code(self) -> int | None:
        """How the server ended."""
        return self._process.returncode if self._process is not None else None

    def log(self) -> str:
        """The end of the server's log."""
        return self._log.read_text(errors="replace")[-4000:] if self._log.exists() else ""

    async def stop(self) -> None:
        """SIGTERM, then wait for the clean end."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(40):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise ServerError(f"the server did not end on SIGTERM\n{self.log()}") from None
