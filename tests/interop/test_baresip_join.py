"""Three real phones in one call: who joins by RFC 3911 hears both others and not himself, and they hear it.

No phone of this kind can write a Join; a small relay between it and the server writes the line into its INVITE.
"""

import asyncio
import signal
from collections.abc import Callable, Iterator
from typing import cast

import numpy as np
import pytest

from tests.interop.baresip import Baresip
from tests.interop.bench import Bench
from tests.interop.listening import Sound
from tests.interop.office import ANNA, BEA, company
from tests.interop.server import password
from vorzimmer.audio.detect import peaks
from vorzimmer.audio.pcm import samples_of

MOBILE, AWAY = "bea-mobil", 1130
"""Bea's second phone and its tone in Hz: no sum or difference of the others' (A-law makes a little of these)."""
TONES = (ANNA, BEA, AWAY)


Address = tuple[str, int]
Told = Callable[[bytes, Address], None]


class Relay:
    """Between one phone and the server, over UDP; `line` is written into the next INVITEs of the phone."""

    def __init__(self, server: Address) -> None:
        self.line = ""
        self._server = server
        self._phone: Address | None = None
        self.outside: asyncio.DatagramTransport
        self.inside: asyncio.DatagramTransport

    async def start(self, host: str, port: int) -> None:
        """Listen for the phone at `port`."""
        loop = asyncio.get_running_loop()
        inside, _ = await loop.create_datagram_endpoint(lambda: _End(self._from_phone), local_addr=(host, port))
        outside, _ = await loop.create_datagram_endpoint(lambda: _End(self._from_server), local_addr=(host, port + 1))
        self.inside, self.outside = inside, outside

    def _from_phone(self, data: bytes, source: Address) -> None:
        self._phone = source
        if data.startswith(b"INVITE ") and self.line and b"\r\nJoin:" not in data:
            data = data.replace(b"\r\n", b"\r\n" + self.line.encode() + b"\r\n", 1)
        self.outside.sendto(data, self._server)

    def _from_server(self, data: bytes, source: Address) -> None:
        if self._phone is not None:
            self.inside.sendto(data, self._phone)

    async def stop(self) -> None:
        """No more of it."""
        self.inside.close()
        self.outside.close()


class _End(asyncio.DatagramProtocol):
    def __init__(self, told: Told) -> None:
        self._told = told

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._told(data, addr)


class Desks:
    """The server; Anna, and Bea with two phones."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def start(self) -> None:
        self.bench.start()
        self.anna = self.bench.baresip("anna-tisch", ANNA)
        self.bea = self.bench.baresip("bea-tisch", BEA)
        host, port = self.bench.server.host, self.bench.block.take(2)
        self.relay = Relay((host, self.bench.server.sip_port))
        self.bench.run(self.relay.start(host, port))
        self.bench.started(self.relay)
        ports = self.bench.block
        self.mobile = Baresip(
            self.bench.folder / MOBILE,
            MOBILE,
            password(MOBILE),
            f"{host}:{port}",
            AWAY,
            ports.take(6),
            ports.take(),
            ports.take_range(20),
        )
        self.bench.started(self.mobile)
        self.bench.run(self.mobile.start())

    @property
    def phones(self) -> tuple[Baresip, Baresip, Baresip]:
        return self.anna, self.bea, self.mobile

    async def fresh(self) -> None:
        self.relay.line = ""
        for phone in self.phones:
            await phone.forget()
        await self.bench.fresh()

    async def talk(self) -> None:
        """Anna calls Bea, who answers at her desk."""
        await self.anna.dial("140")
        await self.bea.wait("CALL_INCOMING")
        await self.bea.command("accept")
        await self.anna.wait("CALL_ESTABLISHED")
        established = await self.bea.wait("CALL_ESTABLISHED")
        await self.mobile.wait("CALL_CLOSED")  # answered elsewhere
        self.relay.line = f"Join: {established['id']}"

    async def join(self) -> None:
        """Bea's other phone joins her call."""
        before = self.mobile.count("CALL_ESTABLISHED")
        await self.mobile.dial("whoever")
        await self.mobile.wait("CALL_ESTABLISHED", before + 1)

    async def strangers(self) -> list[tuple[str, tuple[float, ...], str]]:
        """Who does not hear just the two others, and what instead."""
        found = []
        for phone, sound in zip(self.phones, await self.hear(), strict=True):
            others = cast(tuple[int, int], tuple(hertz for hertz in TONES if hertz != phone.hertz))
            if not is_both(sound, others):
                found.append((phone.user, tones_in(sound), sound.story()))
        return found

    async def hear(self, seconds: float = 1.0) -> list[Sound]:
        return list(await asyncio.gather(*(phone.hears(seconds) for phone in self.phones)))


def with_mobile() -> str:
    """The company, with a second phone for Bea."""
    text = company()
    desk = (
        f'  - {{id: bea-tisch, owner: "user:bea", kind: sip, username: bea-tisch, password: {password("bea-tisch")}}}\n'
    )
    assert text.count(desk) == 1
    return text.replace(desk, desk + desk.replace("bea-tisch", MOBILE))


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    desks = Desks(Bench(tmp_path_factory.mktemp("join"), company=with_mobile()))
    try:
        desks.start()
        yield desks
    finally:
        desks.bench.close()


def tones_in(sound: Sound) -> tuple[float, ...]:
    """The two strongest tones."""
    return peaks(sound.pcm, sound.rate)


def is_both(sound: Sound, wanted: tuple[int, int]) -> bool:
    """Both of these tones within 5 Hz, and nothing of the phone's own."""
    found = tones_in(sound)
    exact = len(found) == 2 and all(abs(one - hertz) <= 5 for one, hertz in zip(found, sorted(wanted), strict=True))
    own = next(hertz for hertz in TONES if hertz not in wanted)
    return exact and sound.seconds >= 0.8 and amplitude(sound, own) < 0.01 * amplitude(sound, wanted[0])


def amplitude(sound: Sound, hertz: int) -> float:
    """How loud this tone is in it."""
    wave = samples_of(sound.pcm) * np.hanning(len(sound.pcm) // 2)
    at = np.exp(-2j * np.pi * hertz * np.arange(len(wave)) / sound.rate)
    return float(abs((wave * at).sum()) / len(wave))


def test_rfc3911_a_third_phone_joins_and_each_hears_both_others_and_not_itself(desks: Desks) -> None:
    async def test() -> None:
        await desks.fresh()
        await desks.talk()
        await desks.join()
        assert await desks.strangers() == []
        (live,) = await desks.bench.server.calls()
        assert len(live["parties"]) == 3
        assert live["state"] == "talking"
        # The desk phone leaves; its owner goes on at the other one.
        await desks.bea.command("hangup")
        await desks.bea.wait("CALL_CLOSED")
        for_anna, for_bea, for_mobile = await desks.hear()
        assert for_anna.is_tone(AWAY, seconds=0.8), for_anna.story()
        assert for_mobile.is_tone(ANNA, seconds=0.8), for_mobile.story()
        assert not for_bea.pcm or for_bea.silent
        await desks.mobile.command("hangup")
        await desks.anna.wait("CALL_CLOSED")
        (record,) = await desks.bench.records(1)
        assert sorted(leg["party"]["device"] for leg in record["legs"]) == sorted(phone.user for phone in desks.phones)
        said = await desks.bench.server.cli("explain", "--call", record["id"], "--lang", "en")
        assert f"Bea Lindner has joined the call ({MOBILE})" in said

    desks.bench.run(test())


def test_rfc3911_hold_by_one_of_three_leaves_the_others_talking_without_music(desks: Desks) -> None:
    async def test() -> None:
        await desks.fresh()
        await desks.talk()
        await desks.join()
        await desks.bea.command("hold")
        for_anna, for_bea, for_mobile = await desks.hear()
        assert for_anna.is_tone(AWAY, seconds=0.8), for_anna.story()
        assert for_mobile.is_tone(ANNA, seconds=0.8), for_mobile.story()
        assert for_bea.silent, for_bea.story()
        await desks.bea.command("resume")
        for_anna, _, for_mobile = await desks.hear()
        assert is_both(for_anna, (BEA, AWAY)), (tones_in(for_anna), for_anna.story())
        assert is_both(for_mobile, (ANNA, BEA)), (tones_in(for_mobile), for_mobile.story())
        for phone in (desks.mobile, desks.anna):
            await phone.command("hangup")
        await desks.bea.wait("CALL_CLOSED")
        await desks.bench.records(1)

    desks.bench.run(test())


def test_three_go_on_while_control_is_killed_and_after_media_was(desks: Desks) -> None:
    """Sound goes on without control; a killed media worker costs a moment of it, and who leaves leaves two."""

    async def test() -> None:
        await desks.fresh()
        await desks.talk()
        await desks.join()
        assert await desks.strangers() == []
        server = desks.bench.server
        before = server.pid("control")
        server.kill("control", signal.SIGKILL)
        assert await desks.strangers() == []
        assert await server.restarted("control", before) != before
        workers = {name: server.pid(name) for name in ("media-0", "media-1")}
        for name in workers:
            server.kill(name, signal.SIGKILL)
        for name, pid in workers.items():
            await server.restarted(name, pid)
        async with asyncio.timeout(20):
            while await desks.strangers():
                pass
        await desks.anna.command("hangup")
        await desks.anna.wait("CALL_CLOSED")
        _, for_bea, for_mobile = await desks.hear()
        assert for_bea.is_tone(AWAY, seconds=0.8), for_bea.story()
        assert for_mobile.is_tone(BEA, seconds=0.8), for_mobile.story()
        await desks.bea.command("hangup")
        await desks.mobile.wait("CALL_CLOSED", 2)
        (record,) = await desks.bench.records(1)
        assert len(record["legs"]) == 3

    desks.bench.run(test())
