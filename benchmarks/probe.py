"""How long people wait: from INVITE to 180, and from the answer to the first audio that is heard.

A probe of its own, apart from the load generator: one thread, plain sockets, ten calls a second by its own clock on a
server that has nothing else to do; when a datagram came is the kernel's stamp. Both ends of every call are here, so
what the called phone takes to answer is in the figures. This module must never put load on the server.
"""

import gc
import heapq
import select
import socket
import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from time import CLOCK_REALTIME, clock_gettime

from benchmarks.figures import Figure, Result, percentile, reference
from benchmarks.load import pause
from benchmarks.loop import run_on_fast_loop
from benchmarks.phones import Address, Call, Called, Phones, Registration
from benchmarks.server import Server, free_port
from benchmarks.targets import Row

PAIRS, CALLERS, RUNG = 20, 20_000, 30_000
RATE, RUNS, RUN_S, LONG_RUN_S = 10.0, 3, 12.0, 60.0
TALK_S, FRAME_S, PATIENCE_S = 0.4, 0.02, 3.0
STAMPS = 35
"""SO_TIMESTAMPNS of Linux: each datagram comes with the time at which the kernel had it."""
STAMP = struct.Struct("@qq")
RTP = struct.Struct("!BBHII")
ANSWERED = "SELECT count(*) FROM call WHERE outcome = 'answered'"
HOW = (
    f"One thread with plain sockets makes {RATE:.0f} calls a second and nothing else goes on; times of arrival are "
    "the kernel's. INVITE to 180 is from the first INVITE, through its 401 and the INVITE with credentials, to the "
    "180 at the caller; what the called phone takes is included. Answer to first audio is from the 200 of the called "
    "phone to the first packet that the other one has, the later of the two directions; both send every "
    f"{FRAME_S * 1000:.0f} ms as soon as they may."
)


def now() -> float:
    """The clock of the kernel's stamps."""
    return clock_gettime(CLOCK_REALTIME)


class Wires:
    """The sockets of the probe and its timers: one turn reads what is there, then does what is due."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._sockets: dict[int, tuple[socket.socket, Callable[[bytes, float], None]]] = {}
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def open(self, port: int, receive: Callable[[bytes, float], None]) -> socket.socket:
        """A socket whose datagrams and their times go to `receive`."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, STAMPS, 1)
        sock.bind(("127.0.0.1", port))
        sock.setblocking(False)
        self._sockets[sock.fileno()] = sock, receive
        self._poll.register(sock.fileno(), select.EPOLLIN)
        return sock

    def close(self, sock: socket.socket) -> None:
        """Forget it."""
        self._poll.unregister(sock.fileno())
        del self._sockets[sock.fileno()]
        sock.close()

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Do it then."""
        heapq.heappush(self._due, (when, next(self._order), what))

    def run(self, until: Callable[[], bool], seconds: float) -> None:
        """Turn until it is so, or for so long."""
        end = now() + seconds
        while not until() and now() < end:
            next_due = self._due[0][0] if self._due else end
            for number, _ in self._poll.poll(max(0.0, min(next_due - now(), 0.05))):
                self._read(number)
            while self._due and self._due[0][0] <= now():
                heapq.heappop(self._due)[2]()

    def _read(self, number: int) -> None:
        while number in self._sockets:
            sock, receive = self._sockets[number]
            try:
                data, more, _, _ = sock.recvmsg(4096, 64)
            except BlockingIOError:
                return
            seconds, nanos = STAMP.unpack_from(more[0][2])
            receive(data, seconds + nanos / 1e9)


class Voice:
    """One end's audio: sends every 20 ms once it may, and knows when it heard the first packet."""

    def __init__(self, wires: Wires, source: int) -> None:
        """`source`: an SSRC that no earlier call had, since the server refuses those of the call before on a port."""
        self._source = source
        self.port = free_port(socket.SOCK_DGRAM)
        self.heard: float | None = None
        self._wires = wires
        self._sock = wires.open(self.port, self._received)
        self._to: Address | None = None
        self._sent = 0

    def talk(self, answer: bytes) -> None:
        """Send to the address in this description from now on."""
        if self._to is None:
            self._to = ("127.0.0.1", int(answer.partition(b"m=audio ")[2].split()[0]))
            self._frame()

    def stop(self) -> None:
        """No more."""
        self._wires.close(self._sock)
        self._to = None

    def _frame(self) -> None:
        if self._to is None:
            return
        self._sent += 1
        head = RTP.pack(0x80, 8, self._sent, self._sent * 160, self._source)
        self._sock.sendto(head + b"\xd5" * 160, self._to)
        self._wires.at(now() + FRAME_S, self._frame)

    def _received(self, data: bytes, when: float) -> None:
        if self.heard is None and len(data) == 172:
            self.heard = when


class Stamped(Phones):
    """Phones on a plain socket that go by the kernel's stamp of the message that they handle."""

    def __init__(self, server: Address, wires: Wires) -> None:
        super().__init__(server)
        self.wires = wires
        self.stamp: float | None = None
        self.own = ("127.0.0.1", free_port(socket.SOCK_DGRAM))
        self.sock = wires.open(self.own[1], self._received)
        self.transport = self.sock  # type: ignore[assignment]  # of a transport they use sendto only
        self.voices: dict[bytes, Voice] = {}

    def now(self) -> float:
        return self.stamp or now()

    def _received(self, data: bytes, when: float) -> None:
        self.stamp = when
        self.datagram_received(data, self.server)
        self.stamp = None

    def audio(self, call: bytes, offer: bytes = b"") -> int:
        voice = self.voices[call] = Voice(self.wires, next(self.ids) * 0x9E3779B1 & 0xFFFFFFFF)
        return voice.port

    def agreed(self, call: bytes, answer: bytes) -> None:
        self.voices[call].talk(answer)


class Rung(Stamped, Called):
    """The called phones: audio begins with their 200."""

    def __init__(self, server: Address, wires: Wires) -> None:
        super().__init__(server, wires)
        self.answered: dict[bytes, float] = {}

    def audio(self, call: bytes, offer: bytes = b"") -> int:
        who = offer[: offer.index(b"@")].rpartition(b":")[2]
        port = super().audio(who)
        self.answered[who] = now()
        self.wires.at(0.0, lambda: self.voices[who].talk(offer))
        return port


@dataclass(slots=True)
class Times:
    """Of one run, in seconds."""

    ringing: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    audio: list[float] = field(default_factory=list)
    late: float = 0.0
    begun: int = 0
    completed: int = 0
    failures: list[str] = field(default_factory=list)


class Probe:
    """Both ends of all calls."""

    def __init__(self, server: Address) -> None:
        self.wires = Wires()
        self.callers, self.called = Stamped(server, self.wires), Rung(server, self.wires)
        self.times = Times()

    def register(self) -> bool:
        """All phones; whether all could."""
        good: list[bool] = []
        for number in range(PAIRS):
            for phones, first in ((self.callers, CALLERS), (self.called, RUNG)):
                Registration(phones, first + number, good.append).start()
        self.wires.run(lambda: len(good) == 2 * PAIRS, PATIENCE_S)
        return good.count(True) == 2 * PAIRS

    def run(self, seconds: float) -> Times:
        """So many calls a second for so long."""
        self.times, number = Times(), round(RATE * seconds)
        began = now() + 0.1
        gc.disable()
        for each in range(number):
            due = began + each / RATE
            self.wires.at(due, lambda each=each, due=due: self._begin(each, due))  # type: ignore[misc]  # bound at once
        self.wires.run(lambda: self._over() == number, seconds + PATIENCE_S)
        self.wires.run(lambda: False, 0.5)  # the other end of the last call
        gc.enable()
        if left := number - self._over():
            self.times.failures.append(f"{left} calls not over in time")
        return self.times

    def _over(self) -> int:
        return self.times.completed + len(self.times.failures)

    def _begin(self, number: int, due: float) -> None:
        self.times.begun += 1
        self.times.late = max(self.times.late, now() - due)
        call = Call(
            self.callers, CALLERS + number % PAIRS, RUNG + number % PAIRS, lambda why: self._ended(call, why), True
        )
        call.talking = lambda: self.wires.at(now() + TALK_S, call.hang_up)
        call.start()

    def _ended(self, call: Call, why: str) -> None:
        who = f"d{call.called}".encode()
        mine, other = self.callers.voices.pop(call.call.encode()), self.called.voices.pop(who, None)
        answered = self.called.answered.pop(who, 0.0)
        mine.stop()
        if other is not None:
            other.stop()
        if why or other is None or call.ringing_after is None:
            self.times.failures.append(why or "never rang")
        elif mine.heard is None or other.heard is None:
            self.times.failures.append("silence")
        else:
            self.times.completed += 1
            self.times.ringing.append(call.ringing_after)
            self.times.alone.append(call.ringing_after - call.challenged_after)
            self.times.audio.append(max(mine.heard, other.heard) - answered)


def run(long: bool = False) -> Result:
    """Start a server, call it now and then, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        return run_on_fast_loop(_run(folder, LONG_RUN_S if long else RUN_S))


async def _run(folder: str, seconds: float) -> Result:
    before = reference()
    numbers = [first + n for first in (CALLERS, RUNG) for n in range(PAIRS)]
    figures, runs, wrong = list[Figure](), list[Times](), list[str]()
    async with Server(folder, numbers, pinned=True) as server:
        probe = Probe(server.sip)
        if not probe.register():
            wrong.append("phones could not register")
        probe.run(2.0)
        await pause(1.0)
        for number in range(RUNS):
            records, called = server.count(ANSWERED), probe.called.completed
            runs.append(probe.run(seconds))
            await pause(1.0)
            ends = (runs[-1].completed, probe.called.completed - called, server.count(ANSWERED) - records)
            figures.append(_figure(runs[-1], number + 1, ends))
            wrong += runs[-1].failures[:3]
    return Result("A probe", HOW, tuple(figures), (before + reference()) / 2, tuple(wrong), _rows(runs, seconds))


def _figure(times: Times, number: int, ends: tuple[int, ...]) -> Figure:
    parts = (("INVITE to 180", times.ringing), ("without the challenge", times.alone), ("first audio", times.audio))
    text = "; ".join(
        f"{name} p50 {percentile(values, 50) * 1000:.2f} ms, p99 {percentile(values, 99) * 1000:.2f} ms"
        for name, values in parts
    )
    return Figure(f"run {number}", f"{text}; own pace late by {times.late * 1000:.1f} ms at most", None, ends)


def _rows(runs: list[Times], seconds: float) -> tuple[Row, ...]:
    def of(name: str, percent: float) -> tuple[float, ...]:
        return tuple(percentile(getattr(times, name), percent) * 1000 for times in runs)

    note = f"with the challenge; {RATE * seconds:.0f} calls a run, nothing else going on"
    audio = f"the later direction; {RATE * seconds:.0f} calls a run"
    return (
        Row("180 p50", of("ringing", 50), note),
        Row("180 p99", of("ringing", 99), note),
        Row("first audio", of("audio", 99), audio),
    )


if __name__ == "__main__":
    print(run())
