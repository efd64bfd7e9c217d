"""Scenarios of sipp, each in a process of its own, with what it counted."""

import asyncio
import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.interop.bench import Bench
from tests.interop.server import password
from tests.interop.sipp_script import Script

SCENARIOS = Path(__file__).with_name("sipp")
DEADLINE_S = 25
_FROM_TAG, _TO_TAG, _CALL_ID = r"From:[^\n]*;tag=([^\s;]+)", r"To:[^\n]*;tag=([^\s;]+)", r"Call-ID: *(\S+)"


@dataclass(frozen=True)
class Counted:
    """What sipp itself says at its end; `messages` is all it sent and received."""

    successful: int
    failed: int
    messages: str
    errors: str

    def received(self, start: str, cseq: str) -> int:
        """How many messages that begin with `start` and carry this CSeq method arrived, repeated ones included."""
        parts = self.messages.split("message received")[1:]
        heads = [part.partition("\n\n")[2].partition("message sent")[0] for part in parts]
        return sum(head.lstrip().startswith(start) and f" {cseq}\n" in head.replace("\r", "") for head in heads)


class Sipp:
    """One run; `end` waits for it."""

    def __init__(self, bench: Bench, device: str, port: int, media: int) -> None:
        self.bench = bench
        self.device = device
        self.port = port
        self.media = media
        self._runs = 0

    async def start(self, scenario: "str | Script", calls: int = 1, number: str = "0", *more: str) -> "Run":
        """Start a scenario for so many calls, one after the other."""
        self._runs += 1
        name = scenario if isinstance(scenario, str) else scenario.name
        folder = self.bench.folder / f"{self.device}-{name}-{self._runs}"
        folder.mkdir()
        file = SCENARIOS / f"{name}.xml" if isinstance(scenario, str) else folder / f"{name}.xml"
        if not isinstance(scenario, str):
            file.write_text(scenario.xml())
        host = self.bench.server.host
        # sipp would name only the server as the digest's uri, which is not the request's (RFC 7616 section 3.4.6).
        more = more if number == "0" else (*more, "-auth_uri", f"{number}@{self.bench.server.address}")
        process = await asyncio.create_subprocess_exec(
            *("sipp", "-sf", str(file), self.bench.server.address, "-s", number),
            *("-i", host, "-p", str(self.port), "-mi", host, "-mp", str(self.media)),
            *("-au", self.device, "-ap", password(self.device), "-key", "account", self.device),
            *("-m", str(calls), "-l", "1", "-r", "20", "-nostdin", "-timeout", str(DEADLINE_S), "-timeout_error"),
            *("-trace_msg", "-message_file", "messages", "-trace_err", "-error_file", "errors"),
            *("-trace_stat", "-stf", "statistics", "-fd", "1", *more),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        run = Run(folder, process)
        self.bench.started(run)
        return run

    async def run(self, scenario: "str | Script", calls: int = 1, number: str = "0", *more: str) -> Counted:
        """Run a scenario to its end."""
        return await (await self.start(scenario, calls, number, *more)).end()


class Run:
    """A scenario under way."""

    def __init__(self, folder: Path, process: asyncio.subprocess.Process) -> None:
        self._folder = folder
        self._process = process

    async def end(self) -> Counted:
        """Until all its calls are through."""
        async with asyncio.timeout(DEADLINE_S + 5):
            await self._process.wait()
        rows: list[dict[str, Any]] = list(csv.DictReader(self._text("statistics").splitlines(), delimiter=";"))
        last = rows[-1] if rows else {}
        values = int(last.get("SuccessfulCall(C)", 0)), int(last.get("FailedCall(C)", 0))
        return Counted(*values, self._text("messages"), self._text("errors"))

    async def dialog(self, at: str) -> str:
        """The dialog that this phone is called in, as a Replaces names it (RFC 3891), once it has sent the status `at`
        or got the request `at`."""
        start = f"SIP/2.0 {at} " if at.isdigit() else f"{at} sip:"
        async with asyncio.timeout(DEADLINE_S):
            while start not in (text := self._text("messages")):  # noqa: ASYNC110 -- the same
                await asyncio.sleep(0.05)  # noqa: TID251 -- a file cannot be waited for
        said = text[text.index("SIP/2.0 180") :]
        ours, theirs, call = (re.search(each, said) for each in (_FROM_TAG, _TO_TAG, _CALL_ID))
        assert ours is not None, said
        assert theirs is not None, said
        assert call is not None, said
        return f"{call[1]};to-tag={ours[1]};from-tag={theirs[1]}"

    def _text(self, name: str) -> str:
        path = self._folder / name
        return path.read_text(errors="replace") if path.exists() else ""

    async def stop(self) -> None:
        """If it still runs."""
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
