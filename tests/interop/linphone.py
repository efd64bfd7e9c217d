"""A real phone without a sound card: linphonec (Debian's linphone-cli), driven over its standard input and output.

It plays a file instead of a microphone and records what it hears, so that every test can say whose voice arrived where.
Waiting is always for a line that the program prints, with a deadline; nothing sleeps for a result.
"""

import asyncio
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from tests.interop.baresip import DEADLINE_S, PhoneError, write_tone
from tests.interop.listening import SETTLING_S, Sound, for_a_while, read, since, sizes

ENDED = re.compile(r"Call (\d+) .*(?:ended|terminated|declined|error)")


@dataclass
class Linphone:
    """One phone, speaking with a tone of `hertz`. `codecs` are those of its list by name. With `authority` (a file of
    certificates to trust) it checks the server's certificate; `srtp` makes encryption mandatory in all its calls."""

    folder: Path
    user: str
    password: str
    server: str
    hertz: int
    sip_port: int
    rtp_ports: str
    codecs: tuple[str, ...] = ("PCMA",)
    transport: str = "udp"
    srtp: bool = False
    authority: Path | None = None
    lines: list[str] = field(default_factory=list)
    _process: asyncio.subprocess.Process | None = None
    _reading: asyncio.Task[None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _recordings: int = 0

    async def start(self) -> None:
        """Start the program, choose codecs, register and wait until that has worked."""
        (self.folder / ".local/share/linphone").mkdir(parents=True, exist_ok=True)
        write_tone(self.folder / "voice.wav", self.hertz, 60)
        (self.folder / "rc").write_text(self._config())
        with (self.folder / "errors").open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *("linphonec", "-c", "rc", "-d", "6", "-l", "log"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                cwd=self.folder,
                env={**os.environ, "HOME": str(self.folder), "COLUMNS": "2000"},
            )
        self._reading = asyncio.ensure_future(self._read())
        await self.do("soundcard use files")
        await self.do(f"play {self.folder / 'voice.wav'}")
        await self._choose_codecs()
        to = f"sip:{self.server};transport={self.transport}"
        await self.do(f"register sip:{self.user}@{self.server} {to} {self.password}")
        await self.registered()

    def _config(self) -> str:
        lines = ["[sip]", *(f"sip_{kind}port=-1" for kind in ("tcp_", "tls_")), f"sip_port={self.sip_port}"]
        lines.append(f"verify_server_certs={int(self.authority is not None)}")
        if self.authority is not None:
            # It compares names only, never the address that a certificate is for; the chain is checked all the same.
            lines += [f"root_ca={self.authority}", "verify_server_cn=0"]
        if self.srtp:
            lines += ["media_encryption=srtp", "media_encryption_mandatory=1"]
        return "\n".join([*lines, "[rtp]", f"audio_rtp_port={self.rtp_ports}"]) + "\n"

    async def registered(self) -> None:
        """Until it is registered, by its own words; it is asked again and again, since it does not say so by itself."""
        async with asyncio.timeout(DEADLINE_S):
            while not self.seen("(registered), identity="):
                await self.do("status registered")
                await asyncio.sleep(0.2)  # noqa: TID251 -- the program is asked again, until the deadline

    async def registered_again(self, before: int) -> None:
        """Until it has registered once more than `registrations` said before."""
        async with asyncio.timeout(90):
            while self.registrations() <= before:  # noqa: ASYNC110 -- a file cannot be waited for
                await asyncio.sleep(0.2)  # noqa: TID251 -- the same

    def registrations(self) -> int:
        """How often it became registered, by its log."""
        log = (self.folder / "log").read_text(errors="replace")
        return log.count("to [LinphoneRegistrationOk]")

    async def _choose_codecs(self) -> None:
        await self.do("codec list")
        await self.wait(r"^\s*(18): ")
        for line in [*self.lines]:
            if (found := re.match(r"\s*(\d+): (\S+) \(\d+\) (enabled|disabled)", line)) is None:
                continue
            wanted = found[2] in self.codecs
            if wanted != (found[3] == "enabled"):
                await self.do(f"codec {'enable' if wanted else 'disable'} {found[1]}")

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self.lines.append(line.decode(errors="replace").removeprefix("linphonec> ").rstrip())
            self._changed.set()

    async def do(self, words: str) -> None:
        """Type a line."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(words.encode() + b"\n")
        await self._process.stdin.drain()

    def seen(self, pattern: str) -> list[str]:
        """The first groups of the lines that match."""
        return [found[1] for line in self.lines if (found := re.search(pattern, line))]

    async def wait(self, pattern: str, times: int = 1, seconds: float = DEADLINE_S) -> str:
        """Until so many lines match; the first group of the last of them."""
        try:
            async with asyncio.timeout(seconds):
                while len(found := self.seen(pattern)) < times:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            told = "\n".join(self.lines[-20:])
            raise PhoneError(f"{self.user}: no {pattern!r} in {seconds} s:\n{told}\n{self.log()}") from None
        return found[times - 1]

    async def dial(self, number: str) -> str:
        """Call an extension; the call's number in this program."""
        before = len(self.seen(r"assigned id (\d+)"))
        await self.do(f"call sip:{number}@{self.server}")
        return await self.wait(r"Establishing call id .*assigned id (\d+)", before + 1)

    async def rung(self, times: int = 1) -> str:
        """The call that has just come in."""
        return await self.wait(r"incoming call from .*assigned id (\d+)", times)

    async def established(self, call: str, times: int = 1) -> None:
        """Until the call has sound (again)."""
        await self.wait(rf"Media streams established with .* for call ({call}) ", times)

    async def answer(self, call: str) -> None:
        """Take the call; it has sound afterwards."""
        await self.do(f"answer {call}")
        await self.established(call)

    async def hold(self, call: str) -> None:
        """re-INVITE sendonly, answered."""
        paused = rf"Call ({call}) .*is now paused"
        before = len(self.seen(paused))
        await self.do("pause")
        await self.wait(paused, before + 1)

    async def resume(self, call: str) -> None:
        """re-INVITE sendrecv, answered."""
        before = len(self.seen(rf"Media streams established with .* for call ({call}) "))
        await self.do(f"resume {call}")
        await self.established(call, before + 1)

    async def transfer(self, call: str, number: str) -> None:
        """REFER."""
        await self.do(f"transfer {call} sip:{number}@{self.server}")

    async def transfer_to(self, call: str, other: str) -> None:
        """REFER with Replaces: the far ends of the two are connected."""
        await self.do(f"transfer {call} --to-call {other}")

    async def hang_up(self, call: str) -> None:
        """BYE or CANCEL; over afterwards."""
        await self.do(f"terminate {call}")
        await self.ended(call)

    async def ended(self, call: str) -> None:
        """Until the call is over."""
        await self.wait(rf"Call ({call}) .*(?:ended|terminated|declined|error)")

    def calls(self) -> int:
        """How many calls it has told the beginning of and not the end."""
        begun = set(self.seen(r"assigned id (\d+)"))
        return len(begun - {found[1] for line in self.lines if (found := ENDED.search(line))})

    async def forget(self) -> None:
        """A new test begins: no call of the last one is left."""
        if self.calls():
            await self.do("terminate all")
            async with asyncio.timeout(DEADLINE_S):
                while self.calls():
                    self._changed.clear()
                    await self._changed.wait()
        self.lines.clear()

    async def hears(self, seconds: float = 1.0) -> Sound:
        """What arrives in the call with sound during the next `seconds`, after what is still under way."""
        self._recordings += 1
        file = self.folder / f"heard-{self._recordings}.wav"
        await self.do(f"record {file}")
        await for_a_while(SETTLING_S)
        async with asyncio.timeout(DEADLINE_S):
            while not file.exists() or not read(file).pcm:  # noqa: ASYNC110 -- a file cannot be waited for
                await asyncio.sleep(0.05)  # noqa: TID251 -- the same
        before = sizes([file])
        await for_a_while(seconds)
        # It records with the codec's own rate; its header tells which only in the end.
        return since([file], before, 48_000 if "opus" in self.codecs else 8000)

    def log(self) -> str:
        """The end of the program's log."""
        path = self.folder / "log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    async def stop(self) -> None:
        """Tell it to quit, and wait for it."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        if self._process.returncode is None:
            self._process.stdin.write(b"terminate all\nquit\n")
        try:
            async with asyncio.timeout(8):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._reading is not None:
            await self._reading
