"""The busy hour: calls, talking with real audio, registrations and lamps at once, while the web imports people.

Everybody registers once a minute and watches eight colleagues; 14 calls a second change two people's lamps three times
each, which is where the 670 NOTIFYs a second come from. Server and load share all cores here. This module must
never leave a part of it out.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import process_time

from benchmarks.audio import SOCKETS, Audio, Heard
from benchmarks.calls import ANSWERED
from benchmarks.company import newcomers
from benchmarks.figures import Figure, Result, percentile, reference
from benchmarks.lamps import Key, Watchers
from benchmarks.load import Load, pause
from benchmarks.loop import run_on_fast_loop
from benchmarks.phones import Address, Call, Called, Phones, Registration, opened
from benchmarks.server import BenchError, Server
from benchmarks.targets import Row

FIRST, KEYS = 20_000, 8
USERS, CALLS_S, REGISTRATIONS_S, TALK_S, IMPORTED = 10_000, 14.0, 170.0, 50.0, 500
RUNS, RUN_S, LONG_RUN_S = 3, 15.0, 100.0
SHARE = 0.1
"""Of all of it, unless it is run in full."""
FILL_S = 20.0
"""In which the first calls begin, so that they end spread over the time of talking."""
AT_ONCE, PATIENCE_S = 8, 20.0


def audio_port(answer: bytes) -> int:
    """The port in a description."""
    return int(answer.partition(b"m=audio ")[2].split(maxsplit=1)[0])


class Voices:
    """Streams of audio by end of call: `name` of one that begins, and what the server has said where it goes."""

    def __init__(self) -> None:
        self.audio = Audio()
        self._names: dict[bytes, int] = {}
        self._count = 0

    def port(self, end: bytes) -> int:
        """Where this end of a call hears."""
        self._names[end] = self._count
        self._count += 1
        return self.audio.ports[self._names[end] % SOCKETS]

    def talk(self, end: bytes, description: bytes) -> None:
        """It has been told where to send."""
        name = self._names[end]
        self.audio.begin(name, name % SOCKETS, audio_port(description))

    def stop(self, end: bytes) -> None:
        """It has hung up."""
        name = self._names.pop(end, None)
        if name is not None:
            self.audio.end(name)


class Callers(Phones):
    """Those who call."""

    def __init__(self, server: Address, voices: Voices) -> None:
        super().__init__(server)
        self.voices = voices

    def audio(self, call: bytes, offer: bytes = b"") -> int:
        return self.voices.port(call)

    def agreed(self, call: bytes, answer: bytes) -> None:
        self.voices.talk(call, answer)


class People(Watchers, Called):
    """Everybody's phone: is rung, watches lamps, and registers."""

    def __init__(self, server: Address, voices: Voices) -> None:
        super().__init__(server)
        self.voices = voices

    def audio(self, call: bytes, offer: bytes = b"") -> int:
        end = b"called " + call
        port = self.voices.port(end)
        self.voices.talk(end, offer)
        return port

    def asked(self, method: str, data: bytes) -> None:
        super().asked(method, data)
        if method == "BYE":
            start = data.index(b"\r\nCall-ID: ") + 11
            self.voices.stop(b"called " + data[start : data.index(b"\r\n", start)])


@dataclass(slots=True)
class Window:
    """One run of it."""

    delays: list[float]
    heard: Heard
    cpu: float
    own: float
    notifies: int
    registered: int
    calls: int


class Bench:
    """A server with everything that is going on. What went wrong is in `wrong`."""

    def __init__(self, server: Server, share: float, phones: tuple[Callers, People, Voices]) -> None:
        self.server = server
        self.users = round(USERS * share)
        self.share = share
        self.callers, self.people, self.voices = phones
        self.wrong: list[str] = []
        self.registered = 0
        self._delays: list[float] = []
        self._calls = Load(self._call)
        self._registrations = Load(self._register)
        self._stopping = False

    def _register(self, number: int, over: Callable[[str], None]) -> None:
        def done(good: bool) -> None:
            self.registered += good
            over("" if good else "refused")

        Registration(self.people, FIRST + number % self.users, done).start()

    def _watch(self, number: int, over: Callable[[str], None]) -> None:
        who, key = number % self.users, number // self.users
        Key(self.people, FIRST + who, FIRST + (who + 1 + key) % self.users, over).start()

    def _call(self, number: int, over: Callable[[str], None]) -> None:
        who = number * 2 % self.users
        call = Call(self.callers, FIRST + who, FIRST + who + 1, lambda why: self._over(call, why, over), hold=True)
        early = number < TALK_S * CALLS_S * self.share
        seconds = TALK_S * (number * 0.618034 % 1) + 1 if early else TALK_S
        call.talking = partial(self._talks, call, seconds)
        call.start()

    def _talks(self, call: Call, seconds: float) -> None:
        if call.ringing_after is not None:
            self._delays.append(call.ringing_after)
        asyncio.get_running_loop().call_later(seconds, self._hang_up, call)

    def _hang_up(self, call: Call) -> None:
        self.voices.stop(call.call.encode())
        call.hang_up()

    def _over(self, call: Call, why: str, over: Callable[[str], None]) -> None:
        self.voices.stop(call.call.encode())
        over(why)

    async def fill(self) -> None:
        """Everybody registers and watches; then as many call as will be talking."""
        for start, count in ((self._register, self.users), (self._watch, self.users * KEYS)):
            load = Load(start)
            await load.closed(count, AT_ONCE, PATIENCE_S)
            if load.completed != count:
                raise BenchError(f"{load.completed} of {count}: {load.failures}")
        talking = TALK_S * CALLS_S * self.share
        await self._calls.offered(talking / FILL_S, FILL_S)

    async def window(self, seconds: float) -> Window:
        """So much of the busy hour."""
        self._delays, people, calls = [], self.people.told, self._calls.begun
        self.voices.audio.window()
        cpu, own, registered = self.server.cpu(), process_time(), self.registered
        await asyncio.gather(
            self._calls.offered(CALLS_S * self.share, seconds),
            self._registrations.offered(REGISTRATIONS_S * self.share, seconds),
        )
        heard, used = self.voices.audio.window(), self.server.cpu() - cpu
        counts = self.people.told - people, self.registered - registered, self._calls.begun - calls
        return Window(self._delays, heard, used / seconds, (process_time() - own) / seconds, *counts)

    async def imports(self, folder: Path, number: int) -> None:
        """The web imports people meanwhile."""
        count = round(IMPORTED * self.share)
        file, first = folder / f"more{number}.yaml", 50_000 + number * IMPORTED
        file.write_text(newcomers(range(first, first + count)))
        await self.server.ask("apply", str(file), "--yes", "--allow-weak-passwords")

    async def end(self) -> tuple[int, int, int]:
        """All hang up; the counts of caller, called and history."""
        for load in (self._calls, self._registrations):
            await load.rest(TALK_S + PATIENCE_S)
            if load.failures:
                self.wrong.append(f"failed: {load.failures}")
        await pause(2.0)
        return self._calls.completed, self.people.completed, self.server.count(ANSWERED)


def run(long: bool = False) -> Result:
    """Start a server, fill it, keep it busy."""
    with tempfile.TemporaryDirectory() as folder:
        return run_on_fast_loop(_run(folder, 1.0 if long else SHARE, LONG_RUN_S if long else RUN_S))


async def _run(folder: str, share: float, seconds: float) -> Result:
    before, voices = reference(), Voices()
    try:
        async with Server(folder, range(FIRST, FIRST + round(USERS * share))) as server:
            callers, people = await opened(Callers(server.sip, voices)), await opened(People(server.sip, voices))
            bench = Bench(server, share, (callers, people, voices))
            await bench.fill()
            windows = []
            for number in range(RUNS):
                window, _ = await asyncio.gather(bench.window(seconds), bench.imports(Path(folder), number))
                windows.append(window)
            ends = await bench.end()
    finally:
        voices.audio.close()
    cores = len(os.sched_getaffinity(0))
    figures = [_figure(window, number + 1, seconds, cores) for number, window in enumerate(windows)]
    figures.append(Figure("all calls", f"{ends[0]:,}", None, ends))
    silent = [f"{each.heard.silent} ends of calls heard nothing" for each in windows if each.heard.silent]
    rows = _rows(windows, share, cores)
    return Result(
        "The busy hour", _how(share), tuple(figures), (before + reference()) / 2, (*bench.wrong, *silent), rows
    )


def _how(share: float) -> str:
    return (
        f"{USERS * share:,.0f} registered phones, each watching {KEYS} colleagues; {CALLS_S * share:.3g} calls/s of "
        f"{TALK_S:.0f} s with G.711 in both directions, {REGISTRATIONS_S * share:.3g} registrations/s, and the "
        f"command line imports {IMPORTED * share:.0f} people through the web process in each run. Server and load "
        "share all cores; CPU is the server's processes'. A gap is the longest time between two packets heard in one "
        "direction of a call, by the clock of the listening process."
    )


def _figure(window: Window, number: int, seconds: float, cores: int) -> Figure:
    heard = window.heard
    text = (
        f"{window.calls / seconds:.1f} calls/s, {window.registered / seconds:.0f} registrations/s, "
        f"{window.notifies / seconds:.0f} NOTIFY/s, {heard.sent / seconds:,.0f} packets/s sent, "
        f"{1 - heard.heard / max(1, heard.sent):.3%} lost or late; INVITE to 180 p50 "
        f"{percentile(window.delays, 50) * 1000:.1f} ms, p99 {percentile(window.delays, 99) * 1000:.1f} ms; longest "
        f"gaps p50 {percentile(heard.gaps, 50) * 1000:.0f} ms, p99.9 {percentile(heard.gaps, 99.9) * 1000:.0f} ms "
        f"(listener itself late by {heard.late * 1000:.0f} ms at most); server {window.cpu / cores:.0%} of {cores} "
        f"cores, load {(window.own + heard.cpu / seconds) / cores:.0%}"
    )
    return Figure(f"run {number}, {seconds:.0f} s", text)


def _rows(windows: list[Window], share: float, cores: int) -> tuple[Row, ...]:
    scaled = "" if share == 1.0 else f"**scaled down** to {share:.0%}: {USERS * share:,.0f} users"
    return (
        Row("busy 180", tuple(percentile(each.delays, 99) * 1000 for each in windows), scaled),
        Row("busy gap", tuple(percentile(each.heard.gaps, 99.9) * 1000 for each in windows), scaled),
        Row("busy cpu", tuple(each.cpu / cores * 100 for each in windows), scaled),
    )


if __name__ == "__main__":
    print(run())
