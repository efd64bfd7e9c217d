"""A real phone without a sound card: baresip, driven over its control socket, with what it heard as a WAV file.

The phone sends a tone of its own frequency, so that every test can say whose voice arrived where. Waiting is always for
an event of the phone, with a deadline; nothing sleeps for a result.
"""

import asyncio
import json
import math
import os
import struct
import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.interop.listening import SETTLING_S, Sound, for_a_while, since, sizes

MODULES = "/usr/lib/baresip/modules"
DEADLINE_S = 15.0


class PhoneError(AssertionError):
    """The phone did not do what the test asked for; the text carries the end of its log."""


def write_tone(path: Path, hertz: float, seconds: float = 120.0, rate: int = 8000, channels: int = 1) -> None:
    """A sine of `hertz` at -10 dBFS; long, because a call of baresip ends with its source file."""
    period = [int(10362 * math.sin(2 * math.pi * hertz * n / rate)) for n in range(rate)]
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        frames = [value for value in period for _ in range(channels)]
        out.writeframes(struct.pack(f"<{len(frames)}h", *frames) * int(seconds))


@dataclass
class Baresip:
    """One phone. `hertz` is the tone it speaks with; whole numbers keep the seam clean. `srtp` is its mediaenc,
    `authority` a file of certificates for its TLS."""

    folder: Path
    user: str
    password: str
    server: str
    hertz: int
    sip_port: int
    control_port: int
    rtp_ports: str
    codec: str = "PCMA"
    transport: str = "udp"
    srtp: str = ""
    authority: Path | None = None
    old: set[Path] = field(default_factory=set)
    events: list[dict[str, Any]] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None
    _writer: asyncio.StreamWriter | None = None
    _reading: asyncio.Task[None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _tokens: int = 0
    _answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def start(self) -> None:
        """Write the configuration, start the program, connect to its control socket, wait for the registration."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "heard").mkdir(exist_ok=True)
        spoken = {"opus": (60, 48_000, 2), "G722": (60, 16_000)}.get(self.codec.partition("/")[0], ())
        write_tone(self.folder / "voice.wav", self.hertz, *spoken)
        (self.folder / "config").write_text(self._config())
        (self.folder / "accounts").write_text(self._account())
        (self.folder / "contacts").write_text("")
        with (self.folder / "log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                "baresip", "-f", str(self.folder), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        await self._connect()
        if not await self._registered():
            await self.wait("REGISTER_OK")

    async def _registered(self) -> bool:
        """The program may have registered before anybody listened to its events."""
        return "OK" in (await self.command("reginfo"))["data"]

    def _config(self) -> str:
        modules = ["g711", "g722", "opus", "aufile", "aubridge", "sndfile", *(["srtp"] if self.srtp else [])]
        lines = [
            "poll_method epoll",
            f"sip_listen 0.0.0.0:{self.sip_port}",
            "call_max_calls 4",
            "call_hold_other_calls no",
            f"audio_source aufile,{self.folder / 'voice.wav'}",
            "audio_player aubridge,nil",
            "audio_alert aubridge,nil",
            "audio_txmode poll",
            f"rtp_ports {self.rtp_ports}",
            "rtcp_mux no",
            f"module_path {MODULES}",
            *(f"module {name}.so" for name in modules),
            *(f"module_app {name}.so" for name in ("account", "menu", "ctrl_tcp")),
            f"snd_path {self.folder / 'heard'}",
            *([f"sip_cafile {self.authority}"] if self.authority else []),
            f"ctrl_tcp_listen 127.0.0.1:{self.control_port}",
        ]
        return "\n".join(lines) + "\n"

    def _account(self) -> str:
        encrypted = f";mediaenc={self.srtp}" if self.srtp else ""
        return (
            f"<sip:{self.user}@{self.server};transport={self.transport}>;auth_user={self.user};"
            f"auth_pass={self.password};regint=60;answermode=manual;audio_codecs={self.codec}{encrypted}\n"
        )

    async def _connect(self) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                try:
                    reader, self._writer = await asyncio.open_connection("127.0.0.1", self.control_port)
                    break
                except OSError:
                    if self._process is None or self._process.returncode is not None:
                        raise PhoneError(self.log()) from None
                    await asyncio.sleep(0.05)  # noqa: TID251 -- the program offers no event before its socket exists
        self._reading = asyncio.ensure_future(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                size = int((await reader.readuntil(b":"))[:-1])
                message = json.loads((await reader.readexactly(size + 1))[:-1])
            except asyncio.IncompleteReadError:
                return
            if message.get("event"):
                self.events.append(message)
            else:
                self._answers[message.get("token", "")] = message
            self._changed.set()

    async def command(self, name: str, params: str = "") -> dict[str, Any]:
        """Run a command of baresip and return its answer."""
        self._tokens += 1
        token = f"{self.user}-{self._tokens}"
        body = json.dumps({"command": name, "params": params, "token": token}).encode()
        assert self._writer is not None
        self._writer.write(f"{len(body)}:".encode() + body + b",")
        async with asyncio.timeout(DEADLINE_S):
            while token not in self._answers:
                self._changed.clear()
                await self._changed.wait()
        return self._answers.pop(token)

    def count(self, kind: str) -> int:
        """How many events of a kind there were."""
        return sum(event["type"] == kind for event in self.events)

    async def wait(self, kind: str, times: int = 1, seconds: float = DEADLINE_S) -> dict[str, Any]:
        """Until the `times`-th event of a kind; returns it."""
        try:
            async with asyncio.timeout(seconds):
                while self.count(kind) < times:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            seen = [event["type"] for event in self.events]
            raise PhoneError(f"{self.user}: no {kind} within {seconds} s, only {seen}\n{self.log()}") from None
        return [event for event in self.events if event["type"] == kind][times - 1]

    async def dial(self, number: str) -> None:
        """Call a number or extension at the server."""
        await self.command("dial", f"sip:{number}@{self.server};transport={self.transport}")

    def log(self) -> str:
        """The end of the program's log."""
        path = self.folder / "log"
        lines = path.read_text(errors="replace").replace("\r", "\n").splitlines() if path.exists() else []
        return "\n".join(line for line in lines if line.strip(" \x1b[K") and "(bit/s)" not in line)[-3000:]

    async def calls(self) -> int:
        """How many calls the phone itself has."""
        return (await self.command("listcalls"))["data"].count("sip:")

    async def forget(self) -> None:
        """A new test begins: no call of the last one is left, what happened and was heard until now does not count."""
        for _ in range(await self.calls()):
            closed = self.count("CALL_CLOSED")
            await self.command("hangup")
            await self.wait("CALL_CLOSED", closed + 1)
        self.events.clear()
        self.old = set(self.heard())

    @property
    def rate(self) -> int:
        """At which it writes down what it hears; Opus in two channels, which sounds like one of twice the rate."""
        return {"opus": 96_000, "G722": 16_000}.get(self.codec.partition("/")[0], 8000)

    async def hears(self, seconds: float) -> Sound:
        """What arrives during the next `seconds`, after what is still under way has arrived."""
        await for_a_while(SETTLING_S)
        before = sizes(self.heard())
        await for_a_while(seconds)
        return since(self.heard(), before, self.rate)

    def heard_all(self) -> Sound:
        """Everything that arrived since the test began."""
        return since([path for path in self.heard() if path not in self.old], {}, self.rate)

    def heard(self) -> list[Path]:
        """The recordings of what arrived, oldest first (one per stream of each call)."""
        return sorted((self.folder / "heard").glob("*dec.wav"), key=os.path.getmtime)

    async def stop(self) -> None:
        """End the program (by its id) and wait for it."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(5):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
