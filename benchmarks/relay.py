"""How many packets a media worker relays per second of its CPU time, and how much delay it adds.

A real worker process, real UDP sockets on loopback, both ends of every call in this process. Run as a script, or call
``run()``.
"""

import asyncio
import os
import select
import socket
import struct
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

import msgspec

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import CallId, EndpointId
from vorzimmer.media.embedded.client import EmbeddedMedia
from vorzimmer.media.embedded.config import Listener, WorkerConfig, split
from vorzimmer.media.port import Codec, MediaPlan, OpenSpec, Peer

CALLS = 100
PORTS = (25000, 25999)
LOAD_SECONDS = 3.0
DELAY_SECONDS = 3.0
HEADER = struct.Struct("!BBHIId")
PCMA = (Codec("PCMA", 8),)
TICKS = os.sysconf("SC_CLK_TCK")


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
    to: tuple[str, int] = ("", 0)
    count: int = 0

    def send(self) -> None:
        """The next packet, with the time in its payload."""
        self.count += 1
        head = HEADER.pack(0x80, 8, self.count & 0xFFFF, self.count * 160, self.socket.fileno(), perf_counter())
        self.socket.sendto(head + bytes(152), self.to)

    def drain(self, delays: list[float]) -> None:
        """Read everything that has come."""
        while True:
            try:
                data = self.socket.recv(2048)
            except BlockingIOError:
                return
            delays.append(perf_counter() - HEADER.unpack_from(data)[5])


def run() -> dict[str, float]:
    """packets_per_cpu_second, relayed, added delay in ms (p50, p99) at a moderate load, and the reference loop."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measured(folder))


async def _measured(folder: str) -> dict[str, float]:
    (config,) = split((Listener("", "127.0.0.1", "", *PORTS),), (str(Path(folder) / "media.sock"),))
    worker = await _start(config)
    media = EmbeddedMedia((config.socket,), LoopClock())
    await media.start()
    while not all(media.workers().values()):
        await LoopClock().sleep(0.01)
    phones: list[Phone] = []
    try:
        for number in range(CALLS):
            phones += await _call(media, number)
        busy = _saturate(phones, worker.pid)
        delays = sorted(_pace(phones))
        return busy | {
            "delay_p50_ms": round(delays[len(delays) // 2] * 1000, 3),
            "delay_p99_ms": round(delays[len(delays) * 99 // 100] * 1000, 3),
            "delay_packets": len(delays),
            "reference_loops_per_cpu_second": reference(),
        }
    finally:
        for phone in phones:
            phone.socket.close()
        await media.stop()
        worker.terminate()
        await worker.wait()


async def _start(config: WorkerConfig) -> asyncio.subprocess.Process:
    text = msgspec.json.encode(config).decode()
    module = "vorzimmer.media.embedded.worker"
    return await asyncio.create_subprocess_exec(sys.executable, "-m", module, "--config", text)


async def _call(media: EmbeddedMedia, number: int) -> list[Phone]:
    both = [await _phone(media, f"{number}.{side}", CallId(str(number))) for side in "ab"]
    for one, other in (both, both[::-1]):
        await media.hear(one.endpoint, Peer(other.endpoint))
    return both


async def _phone(media: EmbeddedMedia, name: str, call: CallId) -> Phone:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    phone = Phone(sock, EndpointId(name))
    phone.to = await media.open(OpenSpec(phone.endpoint, call))
    await media.configure(phone.endpoint, MediaPlan(Address(*sock.getsockname()), PCMA, PCMA))
    return phone


def _saturate(phones: list[Phone], pid: int) -> dict[str, float]:
    """As fast as this process can send and receive: the worker's CPU time divided by what came out of it."""
    seen: list[float] = []
    before, end = _cpu(pid), perf_counter() + LOAD_SECONDS
    while perf_counter() < end:
        for phone in phones:
            phone.send()
        for phone in phones:
            phone.drain(seen)
    used = _cpu(pid) - before
    sent = sum(phone.count for phone in phones)
    return {
        "packets_per_cpu_second": round(len(seen) / used),
        "relayed": len(seen),
        "lost": sent - len(seen),
        "worker_cpu_seconds": round(used, 2),
    }


def _pace(phones: list[Phone]) -> list[float]:
    """5,000 packets a second, a hundred calls: the delay from sending to receiving."""
    poll = select.epoll()
    by_number = {phone.socket.fileno(): phone for phone in phones}
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    delays: list[float] = []
    while ready := poll.poll(0.3):  # what the saturation has left in the sockets is not of this measurement
        for number, _ in ready:
            by_number[number].drain([])
    start = perf_counter()
    due, turn = start, 0
    while due - start < DELAY_SECONDS:
        for _ in range(5):
            phones[turn % len(phones)].send()
            turn += 1
        due += 0.001
        while (left := due - perf_counter()) > 0:
            for number, _ in poll.poll(left):
                by_number[number].drain(delays)
    return delays


def _cpu(pid: int) -> float:
    """Seconds of user and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def reference() -> int:
    """A fixed loop of pure Python, so that results of different computers can be compared."""
    begin, total = process_time(), 0
    for number in range(2_000_000):
        total = (total * 31 + number) & 0xFFFF
    return round(2_000_000 / (process_time() - begin))


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:32} {value:>12,}")
