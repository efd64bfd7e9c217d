"""The media contract over the embedded worker: a real process, real sockets on loopback."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from tests.media_contract import (
    PROMISES,
    A,
    B,
    C,
    Rig,
    a_transfer_joins_two_calls,
    a_vanished_phone_is_reported,
    plan,
    spec,
)
from tests.media_rig import LoopClock, Phone, Workers, phone, start_workers, write_prompt

from vorzimmer.audio import pcm
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.embedded.encode import SAMPLE_RATES, encoder
from vorzimmer.media.port import Codec, Media, MediaError, MediaEvent, Mix, OpenSpec, WorkerLost

TONES = {EndpointId("a"): 500, EndpointId("b"): 800, EndpointId("c"): 1200}
"""In Hz, one for each phone."""


class _Opening:
    """Tells every phone where its endpoint is; otherwise the client itself."""

    def __init__(self, rig: "WorkerRig") -> None:
        self._rig = rig

    def __getattr__(self, name: str) -> object:
        return getattr(self._rig.workers.media, name)

    async def open(self, spec: OpenSpec) -> Address:
        address = await self._rig.workers.media.open(spec)
        self._rig.phones[spec.endpoint].to = address
        return address


class WorkerRig:
    def __init__(self, workers: Workers, phones: dict[EndpointId, Phone], prompt: str) -> None:
        self.workers = workers
        self.phones = phones
        self.prompt = prompt
        self.media: Media = _Opening(self)  # type: ignore[assignment]  # delegates what it does not define

    def phone(self, endpoint: EndpointId) -> Address:
        return self.phones[endpoint].address

    async def hears(self, listener: EndpointId, speaker: EndpointId) -> bool:
        before = await self._received(speaker)
        self.phones[listener].drain()
        said = f"{speaker} {before}".encode().ljust(160, b".")
        for _ in range(3):
            self.phones[speaker].send(said)
        clock = LoopClock()
        end = clock.now() + 0.3  # a phone that speaks another codec is not even received
        while await self._received(speaker) < before + 3 and clock.now() < end:
            await clock.sleep(0.001)
        return await self._arrives(listener, lambda data: data[12:] == said)

    async def hears_translated(self, listener: EndpointId, speaker: EndpointId, *, codecs: tuple[Codec, Codec]) -> bool:
        spoken, wanted = codecs
        encode = encoder(spoken.name)
        self.phones[listener].drain()
        clock = LoopClock()
        for _ in range(5):
            self.phones[speaker].send(encode(bytes(SAMPLE_RATES[spoken.name] // 50 * 2)), spoken.payload_type)
            await clock.sleep(0.01)
        return await self._arrives(listener, lambda data: data[1] & 127 == wanted.payload_type)

    async def hears_mixed(self, listener: EndpointId, *speakers: EndpointId) -> frozenset[EndpointId]:
        """Each has a tone of its own, half a second long; A-law."""
        at = np.arange(4000) / 8000
        said = {
            each: pcm.alaw_encode((np.sin(2 * np.pi * TONES[each] * at) * 8000).astype("<i2").tobytes())
            for each in speakers
        }
        self.phones[listener].drain()
        clock = LoopClock()
        begin = clock.now()
        for number in range(25):
            for each in speakers:
                self.phones[each].send(said[each][160 * number : 160 * number + 160])
            await clock.sleep(max(begin + 0.02 * (number + 1) - clock.now(), 0.0))
        await clock.sleep(0.15)
        heard = b"".join(data[12:] for data in self.phones[listener].drain() if data[1] & 127 == 8)
        wave = pcm.samples_of(pcm.alaw_decode(heard)).astype(np.float64)[800:]
        wave = wave * np.hanning(len(wave))
        found = np.abs(np.fft.rfft(wave, 32_000)) * 4 / max(len(wave), 1)
        return frozenset(each for each, hertz in TONES.items() if found[hertz * 4] > 2000)

    async def hears_sound(self, listener: EndpointId) -> bool:
        self.phones[listener].drain()
        return await self._arrives(listener, lambda data: len(data) == 172)

    async def _arrives(self, listener: EndpointId, wanted: Callable[[bytes], bool]) -> bool:
        try:
            async with asyncio.timeout(0.1):
                while not wanted(await self.phones[listener].heard.get()):
                    pass
        except TimeoutError:
            return False
        return True

    async def _received(self, endpoint: EndpointId) -> int:
        try:
            return (await self.media.statistics(endpoint)).received
        except MediaError:
            return 1 << 30

    async def press(self, endpoint: EndpointId, digits: str) -> None:
        for digit in digits:
            self.phones[endpoint].press(digit)

    async def event(self) -> MediaEvent:
        return await self.workers.event()

    async def finish(self, endpoint: EndpointId) -> None:
        """It plays in real time."""

    async def silence(self, endpoint: EndpointId) -> None:
        """The phones send nothing anyway."""

    async def kill(self) -> None:
        await self.workers.processes[0].kill()


def _run(promise: Callable[[Rig], Awaitable[None]], folder: Path, count: int) -> None:
    async def body() -> None:
        write_prompt(folder / "prompt.wav")
        silent = 0.3 if promise is a_vanished_phone_is_reported else 30.0
        workers = await start_workers(folder, count, silent=silent)
        phones = {EndpointId(name): await phone(ssrc=ord(name)) for name in "abc"}
        try:
            await promise(WorkerRig(workers, phones, str(folder / "prompt.wav")))
        finally:
            for each in phones.values():
                each.transport.close()
            await workers.stop()

    asyncio.run(body())


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_media_contract(promise: Callable[[Rig], Awaitable[None]], tmp_path: Path) -> None:
    _run(promise, tmp_path, 1)


def test_transfer_between_calls_of_two_workers(tmp_path: Path) -> None:
    _run(a_transfer_joins_two_calls, tmp_path, 2)


async def a_mix_of_calls_in_two_workers(rig: Rig) -> None:
    """C came from another call, so it is in another worker; when it leaves, nothing of it stays."""
    for each in (A, B, C):
        await rig.media.open(spec(each, "other" if each == C else "call"))
        await rig.media.configure(each, plan(rig, each))
    for each in (A, B, C):
        await rig.media.hear(each, Mix((A, B, C)))
    assert await rig.hears_mixed(A, A, B, C) == {B, C}
    assert await rig.hears_mixed(C, A, B, C) == {A, B}
    assert set(await rig.media.adopt((A, B, C))) == {A, B, C}  # control has come back
    for each in (A, B, C):
        await rig.media.hear(each, Mix((A, B, C)))
    assert await rig.hears_mixed(B, A, B, C) == {A, C}
    await rig.media.close(C)
    assert await rig.hears_mixed(A, A, B) == {B}


def test_mix_between_calls_of_two_workers(tmp_path: Path) -> None:
    _run(a_mix_of_calls_in_two_workers, tmp_path, 2)


async def a_mix_outlives_one_of_two_workers(rig: Rig) -> None:
    """The one who was served by the worker that died comes back at another."""
    assert isinstance(rig, WorkerRig)
    for each in (A, B, C):
        await rig.media.open(spec(each, "other" if each == C else "call"))
        await rig.media.configure(each, plan(rig, each))
    for each in (A, B, C):
        await rig.media.hear(each, Mix((A, B, C)))
    await rig.workers.processes[1].kill()
    assert await rig.event() == WorkerLost((C,))
    assert await rig.hears_mixed(A, A, B) == {B}
    await rig.media.open(spec(C))
    await rig.media.configure(C, plan(rig, C))
    for each in (A, B, C):
        await rig.media.hear(each, Mix((A, B, C)))
    assert await rig.hears_mixed(C, A, B, C) == {A, B}
    assert await rig.hears_mixed(B, A, B, C) == {A, C}


def test_mix_of_two_workers_of_which_one_dies(tmp_path: Path) -> None:
    _run(a_mix_outlives_one_of_two_workers, tmp_path, 2)
