"""What a conversation of many costs a media worker: the sums alone, and all of it, from packet to packet.

Everybody talks at once, which people do not. This module must never open a socket.
"""

import asyncio
from dataclasses import dataclass, field

import numpy as np

from benchmarks.figures import Figure, Result, per_cpu_second, reference
from benchmarks.targets import Row
from vorzimmer.app.clock import SystemChance
from vorzimmer.audio.mixing import Mixer
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import CallId, EndpointId
from vorzimmer.media.embedded import protocol as wire
from vorzimmer.media.embedded.clips import Library
from vorzimmer.media.embedded.config import Listener, split
from vorzimmer.media.embedded.encode import SAMPLE_RATES, encoder
from vorzimmer.media.embedded.relay import Where
from vorzimmer.media.embedded.table import Table
from vorzimmer.media.embedded.voices import SLOTS
from vorzimmer.media.embedded.wires import Pair, Receiver
from vorzimmer.media.port import Codec, MediaPlan, Mix
from vorzimmer.rtp import packet

RUNS, CPU_SECONDS = 3, 0.3
MANY = 50
SIZES = (3, 10, MANY)
RATES = (8_000, 16_000)
CODECS = (Codec("PCMA", 8), Codec("G722", 9), Codec("OPUS", 107, 48_000, 2))
FRAME_S = 0.02
HOW = (
    f"`audio.mixing` alone, and a worker's table without sockets; everybody talks all the time. Median of {RUNS} runs "
    f"of {CPU_SECONDS} CPU-seconds."
)


def mixing(parties: int, rate: int, loud: int) -> float:
    """Microseconds of a frame in which all talk, with the sum for those who only listen."""
    noise = np.random.default_rng(1)
    frames = [noise.integers(-loud, loud, rate // 50).astype("<i2").tobytes() for _ in range(parties)]
    mixer = Mixer()

    def work() -> int:
        for _ in range(200):
            mixer.mix(frames, everybody=True)
        return 200

    return 1e6 / per_cpu_second(work, CPU_SECONDS)


@dataclass(slots=True)
class _Ports:
    """Bound in no network; counts what is sent."""

    port: int
    sent: int = 0
    rtp: Receiver = field(init=False)

    def aim(self, rtp: Receiver, rtcp: Receiver) -> None:
        self.rtp = rtp

    def send(self, data: bytes | bytearray, to: Where) -> None:
        self.sent += 1

    def send_control(self, data: bytes, to: Where) -> None:
        """Reports are not counted."""

    def close(self) -> None:
        """There is nothing to close."""


class _Talk:
    """So many phones in one conversation, and the frames that they send."""

    def __init__(self, parties: int, codec: Codec) -> None:
        (config,) = split((Listener("", "192.0.2.1", "", 20_000, 29_999),), ("none",), "")
        self.ports: list[_Ports] = []
        self.table = Table(config, self._bind, Library(""), lambda event: None, SystemChance())
        self.codec, self.parties, self.frames = codec, parties, 0
        self.now = 100.0
        encode, size = encoder(codec.name), SAMPLE_RATES[codec.name] // 50
        noise = np.random.default_rng(2)
        self._payloads = [encode(noise.integers(-3000, 3000, size).astype("<i2").tobytes()) for _ in range(50)]

    async def _bind(self, host: str, port: int) -> Pair:
        self.ports.append(_Ports(port))
        return self.ports[-1]

    async def open(self) -> None:
        ends = tuple(EndpointId(str(number)) for number in range(self.parties))
        for number, end in enumerate(ends):
            await self.table.open(wire.Open(end, CallId("talk")))
            plan = MediaPlan(Address("198.51.100.1", 4000 + 2 * number), (self.codec,), (self.codec,), 101, 101)
            self.table.configure(end, plan, self.now)
        for end in ends:
            await self.table.hear(end, Mix(ends))

    def frame(self) -> int:
        """20 ms."""
        self.frames += 1
        self.now += FRAME_S
        numbers = {"sequence": self.frames, "timestamp": self.frames * self.codec.rate // 50}
        payload = self._payloads[self.frames % len(self._payloads)]
        for number, each in enumerate(self.ports):
            data = packet.build(payload, payload_type=self.codec.payload_type, ssrc=number + 1, **numbers)
            each.rtp(data, ("198.51.100.1", 4000 + 2 * number), self.now)
        for _ in range(SLOTS):
            self.table.voices.tick(self.now)
        return 1


def conversation(parties: int, codec: Codec) -> tuple[float, int, int]:
    """Microseconds of a frame of all, from packets in to packets out; packets that came out, and that should have."""

    async def body() -> tuple[float, int, int]:
        talk = _Talk(parties, codec)
        await talk.open()
        for _ in range(20):
            talk.frame()
        before = sum(each.sent for each in talk.ports), talk.frames
        micros = 1e6 / per_cpu_second(talk.frame, CPU_SECONDS)
        sent, frames = sum(each.sent for each in talk.ports) - before[0], talk.frames - before[1]
        return micros, sent, frames * parties

    return asyncio.run(body())


def run(long: bool = False) -> Result:
    """All sizes and codecs."""
    sums = {
        (size, rate, loud): sorted(mixing(size, rate, loud) for _ in range(RUNS))
        for size in SIZES
        for rate in RATES
        for loud in ((3_000, 32_000) if size == MANY else (3_000,))
    }
    figures = [
        Figure(f"mixing of {size}, {rate // 1000} kHz{', all at full scale' if loud > 3_000 else ''}",
               f"{found[RUNS // 2]:.1f} µs a frame", 1e6 / found[RUNS // 2])
        for (size, rate, loud), found in sums.items()
    ]  # fmt: skip
    for codec in CODECS:
        for size in SIZES:
            micros, sent, expected = conversation(size, codec)
            share = f"{micros:.0f} µs a frame, {micros / 1e6 / FRAME_S:.1%} of a core"
            figures.append(Figure(f"conversation of {size}, all {codec.name}", share, 1e6 / micros, (sent, expected)))
    rows = (Row("mixing", tuple(sums[MANY, 16_000, 3_000]), "16 kHz, everybody talks, sums only"),)
    return Result("A conversation of many", HOW, tuple(figures), reference(), rows=rows)
