"""Media workers as processes, and phones as UDP sockets on loopback, for the tests of the embedded backend."""

import asyncio
import signal
import sys
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import msgspec
import numpy as np

from vorzimmer.kernel.address import Address
from vorzimmer.media.embedded.client import EmbeddedMedia
from vorzimmer.media.embedded.config import Listener, WorkerConfig, split
from vorzimmer.media.port import MediaEvent, OpenSpec
from vorzimmer.rtp import packet
from vorzimmer.rtp.events import digit_packets

PATIENCE = 5.0
"""Seconds after which something that should happen counts as not happening."""


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


NOWHERE = Address("127.0.0.1", 9)


@dataclass(slots=True)
class Phone(asyncio.DatagramProtocol):
    """A UDP socket that sends and collects RTP. `to` is the address it was given in SDP."""

    ssrc: int = 0x1000
    sequence: int = 100
    timestamp: int = 5000
    to: Address = NOWHERE
    heard: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    transport: asyncio.DatagramTransport = field(init=False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:
        self.heard.put_nowait(data)

    @property
    def address(self) -> Address:
        return Address(*self.transport.get_extra_info("sockname")[:2])

    def send(self, payload: bytes, payload_type: int = 8, *, marker: bool = False) -> None:
        """The next packet of 20 ms."""
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp += 160
        self.raw(payload, payload_type, self.timestamp, marker=marker)

    def raw(self, payload: bytes, payload_type: int, timestamp: int, *, marker: bool = False) -> None:
        data = packet.build(
            payload,
            payload_type=payload_type,
            sequence=self.sequence,
            timestamp=timestamp,
            ssrc=self.ssrc,
            marker=marker,
        )
        self.transport.sendto(data, tuple(self.to))

    def press(self, digit: str, payload_type: int = 101) -> None:
        """One complete event."""
        start = self.timestamp + 160
        for each in digit_packets(digit):
            self.sequence = (self.sequence + 1) & 0xFFFF
            self.timestamp += 160
            self.raw(each.payload, payload_type, start + each.timestamp, marker=each.marker)

    def drain(self) -> list[bytes]:
        """What has been heard and not looked at."""
        return [self.heard.get_nowait() for _ in range(self.heard.qsize())]

    async def next(self, seconds: float = PATIENCE) -> packet.Header:
        """The header of the next packet heard."""
        header = packet.parse(await asyncio.wait_for(self.heard.get(), seconds))
        assert header is not None
        return header


async def phone(host: str = "127.0.0.1", **given: int) -> Phone:
    """A phone on loopback."""
    loop = asyncio.get_running_loop()
    _, made = await loop.create_datagram_endpoint(lambda: Phone(**given), local_addr=(host, 0))
    return made


class Process:
    """One worker process, and its replacement."""

    def __init__(self, config: WorkerConfig) -> None:
        self.config = config
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        text = msgspec.json.encode(self.config).decode()
        module = "vorzimmer.media.embedded.worker"
        self._process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, "--config", text)

    def raise_signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def kill(self, number: int = signal.SIGKILL) -> int:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        return await self._process.wait()


@dataclass(slots=True)
class Workers:
    """N worker processes and a client over them."""

    processes: list[Process]
    media: EmbeddedMedia
    events: asyncio.Queue[MediaEvent] = field(default_factory=asyncio.Queue)
    phones: list[Phone] = field(default_factory=list)

    async def opened(self, spec: OpenSpec) -> Phone:
        """A phone whose endpoint is open, not yet configured."""
        made = await phone(ssrc=0x1000 + len(self.phones))
        self.phones.append(made)
        made.to = await self.media.open(spec)
        return made

    async def event(self) -> MediaEvent:
        return await asyncio.wait_for(self.events.get(), PATIENCE)

    async def stop(self) -> None:
        await self.media.stop()
        for process in self.processes:
            await process.kill(signal.SIGTERM)
        for each in self.phones:
            each.transport.close()


async def start_workers(
    folder: Path, count: int = 1, *, ports: tuple[int, int] = (23400, 23799), silent: float = 30.0, drain: float = 5.0
) -> Workers:
    """Worker processes on loopback, connected."""
    sockets = tuple(str(folder / f"media{n}.sock") for n in range(count))
    sides = (Listener("four", "127.0.0.1", "", *ports), Listener("six", "::1", "", *ports))
    configs = split(sides, sockets, str(folder))
    processes = [Process(msgspec.structs.replace(each, silent=silent, drain=drain)) for each in configs]
    for process in processes:
        await process.start()
    workers = Workers(processes, EmbeddedMedia(sockets, LoopClock(), generation=1))
    workers.media.on_event(workers.events.put_nowait)
    await workers.media.start()
    await until(lambda: all(workers.media.workers().values()))
    return workers


async def until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Look again and again, for processes that tell nobody when they are ready."""
    clock = LoopClock()
    end = clock.now() + seconds
    while not true():
        assert clock.now() < end, "it did not happen"
        await clock.sleep(0.01)


def write_prompt(path: Path, seconds: float = 0.2, hertz: float = 700.0) -> None:
    """A sine as WAV, 16 kHz mono."""
    samples = np.sin(2 * np.pi * hertz * np.arange(round(seconds * 16000)) / 16000) * 12000
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 16000, 0, "NONE", ""))
        out.writeframes(samples.astype("<i2").tobytes())
