"""How many calls a media worker relays at the real pace on one core, and what a packet costs it.

A real worker process on one core, real UDP sockets on loopback, both ends of every call in this process on another.
"""

import asyncio
import gc
import os
import resource
import select
import socket
import struct
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import msgspec

from benchmarks.figures import Figure, Result, cpu_of, percentile, reference
from benchmarks.targets import Row
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import CallId, EndpointId
from vorzimmer.media.embedded.client import EmbeddedMedia
from vorzimmer.media.embedded.config import Listener, WorkerConfig, split
from vorzimmer.media.port import Codec, MediaPlan, OpenSpec, Peer

STEPS = (300, 600, 750, 900, 1050, 1200, 1350, 1500, 1800)
"""Calls at a time; each packet of 20 ms goes both ways, so a call is 100 packets a second in, and 100 out."""

PORTS = (20000, 29999)
STEP_SECONDS, LAST_SECONDS, LONG_SECONDS, WARM_SECONDS, RUNS = 4.0, 10.0, 60.0, 1.0, 3
MOST_LOST, LATEST_MS = 0.001, 5.0
SLOTS = 40
"""Parts of 20 ms in which the phones take turns to send."""

HEADER = struct.Struct("!BBHIId")
PCMA = (Codec("PCMA", 8),)
HOW = (
    "One media worker on one core, the phones on another; G.711 packets of 20 ms in both directions of every call, at "
    f"the real pace, RTCP included. More and more calls, {STEP_SECONDS:.0f} s each, while fewer than 0.1 % of the "
    "packets are lost and the 99th percentile of the delay from sending to receiving is below "
    f"{LATEST_MS:.0f} ms; the most that held runs {RUNS} times more. Packets per CPU-second are those "
    "that came out at the other end, by the CPU time of the worker."
)


class LoopClock:
    """kernel.Clock over the running loop."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def wall(self) -> datetime:
        return datetime.fromtimestamp(0, UTC)

    async def sleep(self, seconds: float) -> None:
        done = asyncio.get_running_loop().create_future()
        self.call_at(self.now() + seconds, lambda: None if done.done() else done.set_result(None))
        await done

    def call_at(self, when: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_at(when, callback)


@dataclass(slots=True)
class Phone:
    """One end of a call."""

    socket: socket.socket
    endpoint: EndpointId
    count: int = 0
    packet: bytearray = field(default_factory=lambda: bytearray(172))

    def send(self) -> None:
        """The next packet, with the time in its payload."""
        self.count += 1
        number = self.socket.fileno()
        HEADER.pack_into(self.packet, 0, 0x80, 8, self.count & 0xFFFF, self.count * 160, number, perf_counter())
        self.socket.send(self.packet)


@dataclass(slots=True)
class Outcome:
    """What one step measured: packets sent and received, delays in seconds, CPU time of the worker in seconds."""

    calls: int
    seconds: float
    sent: int = 0
    delays: list[float] = field(default_factory=list)
    cpu: float = 0.0

    @property
    def lost(self) -> float:
        """The part of the packets that never came."""
        return 1 - len(self.delays) / self.sent

    @property
    def holds(self) -> bool:
        """Whether people would call this good."""
        return self.lost < MOST_LOST and percentile(self.delays, 99) * 1000 < LATEST_MS

    def figure(self, name: str) -> Figure:
        """The row of the report."""
        p50, p99, p999 = (percentile(self.delays, each) * 1000 for each in (50, 99, 99.9))
        text = (
            f"{self.lost:.3%} lost, delay p50 {p50:.2f} ms, p99 {p99:.2f} ms, p99.9 {p999:.2f} ms, "
            f"worker {self.cpu / self.seconds:.0%} of a core"
        )
        return Figure(name, text, len(self.delays) / self.cpu if self.cpu else None)


def run(long: bool = False) -> Result:
    """Start a worker, send packets through it, stop it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    cores = os.sched_getaffinity(0)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return asyncio.run(_measured(folder, LONG_SECONDS if long else LAST_SECONDS))
    finally:
        os.sched_setaffinity(0, cores)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _measured(folder: str, seconds: float) -> Result:
    before = reference()
    (config,) = split((Listener("", "127.0.0.1", "", *PORTS),), (str(Path(folder) / "media.sock"),))
    worker = await _start(config)
    media = EmbeddedMedia((config.socket,), LoopClock())
    await media.start()
    while not all(media.workers().values()):
        await LoopClock().sleep(0.01)
    load = Load(worker.pid)
    try:
        figures, row = await _climb(media, load, seconds)
    finally:
        load.close()
        await media.stop()
        worker.terminate()
        await worker.wait()
    return Result("Relayed media", HOW, figures, (before + reference()) / 2, (), (row,))


async def _climb(media: EmbeddedMedia, load: "Load", seconds: float) -> tuple[tuple[Figure, ...], Row]:
    """More and more calls, then the most that held a few times more; the next fewer where that does not hold."""
    figures, held, best = list[Figure](), list[int](), 0
    for step, calls in enumerate(STEPS):
        await _grow(media, load, calls)
        found = load.run(calls, STEP_SECONDS)
        figures.append(found.figure(f"{calls:,} calls"))
        if not found.holds:
            break
        best = step
    for number in range(RUNS):
        load.keep(2 * STEPS[best])
        last = load.run(STEPS[best], seconds)
        words = "holds" if last.holds else "does not hold"
        figures.append(last.figure(f"run {number + 1}: {STEPS[best]:,} calls for {seconds:.0f} s ({words})"))
        if last.holds:
            held.append(STEPS[best])
        best -= best > 0 and not last.holds
    note = f"{len(held)} of {RUNS} runs of {seconds:.0f} s held; media worker on one core, RTCP included"
    return tuple(figures), Row("relayed", tuple(map(float, held)) if len(held) > 1 else (0.0,), note)


async def _grow(media: EmbeddedMedia, load: "Load", calls: int) -> None:
    for number in range(len(load.phones) // 2, calls):
        both = [await _phone(media, f"{number}.{side}", CallId(str(number))) for side in "ab"]
        for one, other in (both, both[::-1]):
            await media.hear(one.endpoint, Peer(other.endpoint))
        load.add(both)


async def _start(config: WorkerConfig) -> asyncio.subprocess.Process:
    text = msgspec.json.encode(config).decode()
    module = "vorzimmer.media.embedded.worker"
    return await asyncio.create_subprocess_exec(sys.executable, "-m", module, "--config", text)


async def _phone(media: EmbeddedMedia, name: str, call: CallId) -> Phone:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    phone = Phone(sock, EndpointId(name))
    to = await media.open(OpenSpec(phone.endpoint, call))
    await media.configure(phone.endpoint, MediaPlan(Address(*sock.getsockname()), PCMA, PCMA))
    sock.connect(to)
    return phone


class Load:
    """All phones of the calls, on a core of their own where there are two."""

    def __init__(self, worker: int) -> None:
        self.phones: list[Phone] = []
        self._worker = worker
        self._by_number: dict[int, Phone] = {}
        self._poll = select.epoll()
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(worker, {cores[0]})
        os.sched_setaffinity(0, {cores[-1]})

    def add(self, phones: list[Phone]) -> None:
        """Two more phones."""
        self.phones += phones
        for phone in phones:
            self._by_number[phone.socket.fileno()] = phone
            self._poll.register(phone.socket.fileno(), select.EPOLLIN)

    def keep(self, count: int) -> None:
        """Only so many phones go on talking."""
        del self.phones[count:]

    def run(self, calls: int, seconds: float) -> Outcome:
        """Everybody talks for so long; a first second does not count."""
        self._talk(WARM_SECONDS, [])
        self._read(0.2, [])
        found = Outcome(calls, seconds)
        before = cpu_of([self._worker])
        gc.disable()
        found.sent = self._talk(seconds, found.delays)
        gc.enable()
        found.cpu = cpu_of([self._worker]) - before
        return found

    def close(self) -> None:
        """Hang up."""
        self._poll.close()
        for phone in self._by_number.values():
            phone.socket.close()

    def _talk(self, seconds: float, delays: list[float]) -> int:
        """Every phone sends every 20 ms, a part of them in each slot; what comes is read in between."""
        parts = [self.phones[number::SLOTS] for number in range(SLOTS)]
        start, sent, slots = perf_counter(), 0, round(seconds * 50 * SLOTS)
        for slot in range(slots):
            for phone in parts[slot % SLOTS]:
                phone.send()
            sent += len(parts[slot % SLOTS])
            due = start + (slot + 1) * 0.02 / SLOTS
            self._once(0.0, delays)
            while (left := due - perf_counter()) > 0:
                self._once(left, delays)
        self._read(0.2, delays)
        return sent

    def _read(self, quiet: float, delays: list[float]) -> None:
        while self._once(quiet, delays):
            pass

    def _once(self, seconds: float, delays: list[float]) -> bool:
        ready = self._poll.poll(seconds, 512)
        for number, _ in ready:
            data = self._by_number[number].socket.recv(2048)
            if len(data) == len(self._by_number[number].packet):
                delays.append(perf_counter() - HEADER.unpack_from(data)[5])
        return bool(ready)


if __name__ == "__main__":
    print(msgspec.json.format(msgspec.json.encode(run())).decode())
