"""Complete calls through a real server: digest, both legs, media sessions, history.

Registered phones on loopback call each other: INVITE, 401, INVITE with credentials, 180, 200, ACK, at once BYE. Counted
are the calls that the caller completed, those that the called completed, and the records of the history; they must be
equal. No packet is sent twice by the phones, so every slip of the server is a failed call.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from benchmarks.load import Load, pause
from benchmarks.phones import Call, Called, Phones, Registration
from benchmarks.server import Server

PHONES = 1_500
CALLERS, RUNG = 20_000, 30_000
"""The extensions of the first caller and the first called; so many of each that hardly one has two calls at once, and
none begins with an emergency number."""
WARM_UP, AT_ONCE = 300, 12
PATIENCE_S = 8.0
LATE_MS = 500
"""T1 of RFC 3261: a phone that waits longer sends its INVITE again."""
ANSWERED = "SELECT count(*) FROM call WHERE outcome = 'answered'"


@dataclass(slots=True)
class Round:
    """What a number of calls gave."""

    load: Load
    called: int
    records: int
    cpu: float
    seconds: float
    delays: list[float] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Every call was complete at both ends and in the history."""
        return self.load.begun == self.load.completed == self.called == self.records

    @property
    def ends(self) -> tuple[int, int, int]:
        """Caller, called, history."""
        return self.load.completed, self.called, self.records


class Exchange:
    """A server with its phones."""

    def __init__(self, server: Server, callers: Phones, called: Called, phones: int = PHONES) -> None:
        """`phones`: how many on each side."""
        self.server = server
        self.phones = phones
        self.callers = callers
        self.called = called
        self._delays: list[float] = []
        self._held: list[Call] = []

    async def register(self) -> None:
        """All phones; raises BenchError through the checks of the first calls if some could not."""

        def start(number: int, over: Callable[[str], None]) -> None:
            phones, first = (self.callers, CALLERS) if number < self.phones else (self.called, RUNG)
            done = partial(_said, over)
            Registration(phones, first + number % self.phones, done).start()

        await Load(start).closed(2 * self.phones, 10, PATIENCE_S)

    def start(self, number: int, over: Callable[[str], None]) -> None:
        """Call number n: every phone in turn."""
        call = self._call(number, lambda why: self._over(call, over, why))
        call.start()

    def hold(self, number: int, over: Callable[[str], None]) -> None:
        """A call that stays; its load is over once it talks."""
        call = self._call(number, lambda why: over(why) if not call.hold or why else None)
        call.hold, call.talking = True, partial(over, "")
        self._held.append(call)
        call.start()

    async def hang_up(self) -> Load:
        """End the calls that stay."""
        held, self._held = self._held, []

        def start(number: int, over: Callable[[str], None]) -> None:
            held[number].over = over
            held[number].hang_up()

        load = Load(start)
        await load.closed(len(held), AT_ONCE, PATIENCE_S)
        return load

    async def round(self, work: Callable[[Load], Awaitable[None]]) -> Round:
        """Measure a load of short calls."""
        loop = asyncio.get_running_loop()
        load, self._delays = Load(self.start), []
        before, records, cpu, began = self.called.completed, self._records(), self.server.cpu(), loop.time()
        await work(load)
        seconds = loop.time() - began
        found = await self.settled(records + load.completed) - records
        return Round(load, self.called.completed - before, found, self.server.cpu() - cpu, seconds, self._delays)

    def close(self) -> tuple[str, ...]:
        """Close the sockets; what was odd."""
        self.callers.transport.close()
        self.called.transport.close()
        odd = sorted(set(self.callers.unexpected))
        return (f"requests that callers did not expect: {odd}",) if odd else ()

    async def settled(self, expected: int) -> int:
        """Records of answered calls, once there are as many as expected (or after a while)."""
        deadline = asyncio.get_running_loop().time() + 3
        while (found := self._records()) < expected and asyncio.get_running_loop().time() < deadline:
            await pause(0.1)
        return found

    def _records(self) -> int:
        return self.server.count(ANSWERED)

    def _call(self, number: int, over: Callable[[str], None]) -> Call:
        return Call(self.callers, CALLERS + number % self.phones, RUNG + number % self.phones, over)

    def _over(self, call: Call, over: Callable[[str], None], why: str) -> None:
        if call.ringing_after is not None:
            self._delays.append(call.ringing_after)
        over(why)


def _said(over: Callable[[str], None], good: bool) -> None:
    over("" if good else "refused")
