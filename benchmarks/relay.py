"""How many packets a media worker relays per second of its CPU time, and how much delay it adds.

A real worker process, real UDP sockets on loopback, both ends of every call in this process.
"""

import asyncio
import select
import socket
import struct
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import msgspec

from benchmarks.figures import Figure, Result, cpu_of, percentile, reference
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
HOW = (
    f"One media worker, {CALLS} calls with G.711 packets of 20 ms in both directions. First as fast as possible: the "
    "packets per CPU-second of the worker; then 5,000 packets a second (100 directions): the delay from sending to "
    "receiving. Counted are the packets that were sent and those that came out at the other end."
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


def run() -> Result:
    """Start a worker, send packets through it, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measured(folder))


async def _measured(folder: str) -> Result:
    before = reference()
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
        paced = _pace(phones)
    finally:
        for phone in phones:
            phone.socket.close()
        await media.stop()
        worker.terminate()
        await worker.wait()
    return Result("Relayed media", HOW, (busy, paced), (before + reference()) / 2)


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


def _saturate(phones: list[Phone], pid: int) -> Figure:
    """As fast as this process can send and receive: what came out, divided by the worker's CPU time."""
    seen: list[float] = []
    before, end = cpu_of([pid]), perf_counter() + LOAD_SECONDS
    while perf_counter() < end:
        for phone in phones:
            phone.send()
        for phone in phones:
            phone.drain(seen)
    used = cpu_of([pid]) - before
    sent = sum(phone.count for phone in phones)
    return Figure("packets relayed as fast as they come", f"{sent} sent, {len(seen)} read by then", len(seen) / used)


def _pace(phones: list[Phone]) -> Figure:
    """5,000 packets a second: the delay from sending to receiving."""
    with select.epoll() as poll:
        by_number = {phone.socket.fileno(): phone for phone in phones}
        for number in by_number:
            poll.register(number, select.EPOLLIN)

        def read(seconds: float, delays: list[float]) -> bool:
            ready = poll.poll(seconds)
            for number, _ in ready:
                by_number[number].drain(delays)
            return bool(ready)

        while read(0.3, []):  # what the saturation has left in the sockets is not of this measurement
            pass
        delays: list[float] = []
        sent = _send_paced(phones, lambda left: read(left, delays))
        while read(0.3, delays):
            pass
    text = f"delay p50 {percentile(delays, 50) * 1000:.2f} ms, p99 {percentile(delays, 99) * 1000:.2f} ms"
    return Figure("5,000 packets a second", text, None, (sent, len(delays)))


def _send_paced(phones: list[Phone], read: Callable[[float], object]) -> int:
    start = due = perf_counter()
    sent = 0
    while due - start < DELAY_SECONDS:
        for _ in range(5):
            phones[sent % len(phones)].send()
            sent += 1
        due += 0.001
        while (left := due - perf_counter()) > 0:
            read(left)
    return sent


if __name__ == "__main__":
    print(run())
