"""The tests' side of a pjsua2 phone: it starts ``pjsua_phone.py``, gives it commands and waits for its events."""

import asyncio
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.interop.baresip import DEADLINE_S, PhoneError, write_tone
from tests.interop.listening import SETTLING_S, Sound, for_a_while
from vorzimmer.audio.wav import read

RECORDER_S = 0.4
SCRIPT = Path(__file__).with_name("pjsua_phone.py")


@dataclass
class Pjsua:
    """One phone, speaking with a tone of `hertz`; `srtp` 0 off, 1 optional, 2 mandatory; `strict` requires 100rel and
    session timers of 90 s in its calls; all it sends goes by `proxy` (HOST:PORT)."""

    folder: Path
    user: str
    password: str
    server: str
    hertz: int
    sip_port: int
    rtp_port: int
    codec: str = "PCMA"
    transport: str = "udp"
    srtp: int = 0
    strict: bool = False
    proxy: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None
    _reading: asyncio.Task[None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _tokens: int = 0

    async def start(self) -> None:
        """Start the program and wait for the registration."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_tone(self.folder / "voice.wav", self.hertz, 10)
        line = {
            "user": self.user,
            "password": self.password,
            "server": self.server,
            "transport": self.transport,
            "port": self.sip_port,
            "rtp": self.rtp_port,
            "rtp_ports": 40,
            "codec": self.codec,
            "srtp": self.srtp,
            "strict": self.strict,
            "proxy": self.proxy,
            "voice": str(self.folder / "voice.wav"),
            "log": str(self.folder / "log"),
        }
        with (self.folder / "errors").open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, str(SCRIPT), json.dumps(line)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
            )
        self._reading = asyncio.ensure_future(self._read())
        registered = await self.wait("registered")
        assert registered["status"] == 200, registered

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            if line.startswith(b"{"):
                self.events.append(json.loads(line))
                self._changed.set()

    async def wait(self, kind: str, times: int = 1, seconds: float = DEADLINE_S, **wanted: Any) -> dict[str, Any]:
        """Until the `times`-th event of a kind with these values; returns it."""
        try:
            async with asyncio.timeout(seconds):
                while len(found := self.of(kind, **wanted)) < times:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise PhoneError(f"{self.user}: no {kind} {wanted} in {seconds} s: {self.events}\n{self.log()}") from None
        return found[times - 1]

    def of(self, kind: str, **wanted: Any) -> list[dict[str, Any]]:
        """The events of a kind with these values."""
        values = {"event": kind, **wanted}
        return [event for event in self.events if values.items() <= event.items()]

    async def do(self, command: str, **more: Any) -> Any:
        """Run a command; raises PhoneError with what the library says."""
        self._tokens += 1
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": command, "token": self._tokens, **more}).encode() + b"\n")
        answer = await self.wait("answer", token=self._tokens)
        if "error" in answer:
            raise PhoneError(f"{self.user}: {command} {more}: {answer['error']}\n{self.log()}")
        return answer["result"]

    async def dial(self, number: str) -> int:
        """Call an extension; the call's name."""
        call = await self.do("dial", number=number)
        assert isinstance(call, int)
        return call

    async def established(self, call: int) -> None:
        """Until the call is confirmed and has sound."""
        await self.wait("state", call=call, state="CONFIRMED")
        await self.wait("media", call=call)

    async def ended(self, call: int) -> dict[str, Any]:
        """Until the call is over; how."""
        return await self.wait("state", call=call, state="DISCONNECTED")

    async def hears(self, call: int, seconds: float = 1.0) -> Sound:
        """What arrives in the call during the next `seconds`; the recorder begins late and drops its end."""
        await for_a_while(SETTLING_S)
        file = self.folder / f"heard-{self._tokens}.wav"
        await self.do("record", call=call, file=str(file))
        await for_a_while(seconds + RECORDER_S)
        await self.do("recorded")
        sound = read(file.read_bytes())
        return Sound(sound.pcm, sound.rate)

    async def forget(self) -> None:
        """A new test begins: no call of the last one is left."""
        await self.do("hang_up_all")
        self.events.clear()

    def log(self) -> str:
        """The end of the library's log."""
        texts = [(self.folder / name).read_text(errors="replace") for name in ("errors", "log")]
        return "\n".join(text[-3000:] for text in texts)

    async def stop(self) -> None:
        """End of its input is the end of the program."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._reading is not None:
            await self._reading
