"""Debian's Chromium without a window, driven over its own pipe: no driver program, no port.

This module must never reach anything but this computer.
"""

import asyncio
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

MISSING = "Chromium is missing: install the Debian package chromium"
DEADLINE_S = 60.0
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --remote-debugging-pipe"
)
Json = dict[str, Any]


class BrowserError(AssertionError):
    """The browser did not do what the test needs."""


class Browser:
    """One browser with one page."""

    def __init__(self) -> None:
        found = shutil.which("chromium")
        assert found, MISSING
        self._program = found
        self._folder = Path(tempfile.mkdtemp(prefix="vz-chromium-"))
        self._count = 0
        self._session = ""

    async def start(self) -> None:
        """Start it, open an empty page."""
        loop = asyncio.get_running_loop()
        (commands, self._to), (self._from, answers) = os.pipe(), os.pipe()
        command = f'exec "$0" "$@" 3<&{commands} 4>&{answers}'  # the browser speaks on these two
        self._process = await asyncio.create_subprocess_exec(
            *("bash", "-c", command, self._program, *FLAGS.split(), f"--user-data-dir={self._folder}", "about:blank"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=(commands, answers),
        )
        os.close(commands)
        os.close(answers)
        self._reader = asyncio.StreamReader(limit=10_000_000)
        protocol = asyncio.StreamReaderProtocol(self._reader)
        self._transport, _ = await loop.connect_read_pipe(lambda: protocol, os.fdopen(self._from, "rb"))
        target = (await self.call("Target.createTarget", url="about:blank"))["targetId"]
        self._session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        await self.call("Page.enable")

    async def call(self, method: str, **params: Any) -> Json:
        """One command of the DevTools protocol; its result."""
        self._count += 1
        message: Json = {"id": self._count, "method": method, "params": params}
        if self._session and not method.startswith("Target."):
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        async with asyncio.timeout(DEADLINE_S):
            while True:
                answer: Json = json.loads((await self._reader.readuntil(b"\0"))[:-1])
                if answer.get("id") == self._count:
                    break
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']}")
        result: Json = answer["result"]
        return result

    async def open(self, url: str) -> None:
        """Go to a page and wait until it is there."""
        await self.call("Page.navigate", url=url)
        loaded = "document.readyState === 'complete' ? done() : addEventListener('load', done)"
        await self.run(f"new Promise(done => {{ {loaded} }})")

    async def run(self, script: str) -> Any:
        """What a script in the page comes to; raises BrowserError where it throws."""
        done = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in done:
            raise BrowserError(str(done["exceptionDetails"].get("exception", {}).get("description")))
        return done["result"].get("value")

    async def close(self) -> None:
        """End it, and remove what it kept."""
        self._process.terminate()
        await self._process.wait()
        self._transport.close()
        os.close(self._to)
        shutil.rmtree(self._folder, ignore_errors=True)
