"""linphonec as a phone: calls, hold, digits, blind and attended transfer with baresips, heard from both sides.

Anna (500 Hz) is a linphonec with PCMA, Dora (1100 Hz) one with Opus alone; Bea (700 Hz) is a baresip with PCMA, Carl
(900 Hz) one with G.722 alone.
"""

import asyncio
from collections.abc import Iterator

import pytest

from tests.interop.baresip import Baresip
from tests.interop.bench import Bench
from tests.interop.linphone import Linphone
from tests.interop.office import ANNA, BEA, CARL, company
from tests.interop.server import password

DORA = 1100


class Desks:
    """The four phones and their server."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        bench.start()
        self.anna = self._linphone("anna-tisch", ANNA, "PCMA")
        self.dora = self._linphone("dora-tisch", DORA, "opus")
        self.bea = bench.baresip("bea-tisch", BEA)
        self.carl = bench.baresip("carl-tisch", CARL, codec="G722/16000/1")

    def _linphone(self, device: str, hertz: int, codec: str) -> Linphone:
        block = self.bench.block
        phone = Linphone(
            *(self.bench.folder / device, device, password(device), self.bench.server.address, hertz),
            *(block.take(6), block.take_range(40)),
            codecs=(codec,),
        )
        self.bench.started(phone)
        self.bench.run(phone.start())
        return phone

    async def fresh(self) -> None:
        """A new test begins."""
        for phone in (self.anna, self.dora, self.bea, self.carl):
            await phone.forget()
        await self.bench.fresh()

    async def idle(self) -> None:
        """No phone has a call left, as it counts itself."""
        assert [await phone.calls() for phone in (self.bea, self.carl)] == [0, 0]
        assert [phone.calls() for phone in (self.anna, self.dora)] == [0, 0]

    async def calls_baresip(self, phone: Linphone, callee: Baresip, number: str) -> str:
        """A linphonec calls a baresip, which answers."""
        ringing = callee.count("CALL_INCOMING")
        call = await phone.dial(number)
        await callee.wait("CALL_INCOMING", ringing + 1)
        await callee.command("accept")
        await phone.established(call)
        return call

    async def called_by(self, phone: Linphone, caller: Baresip, number: str) -> str:
        """The other way round."""
        await caller.dial(number)
        call = await phone.rung()
        await phone.answer(call)
        await caller.wait("CALL_ESTABLISHED")
        return call


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    bench = Bench(tmp_path_factory.mktemp("linphone"), company=company())
    try:
        yield Desks(bench)
    finally:
        bench.close()


async def _hear_each_other(one: Baresip | Linphone, other: Baresip | Linphone) -> None:
    for_one, for_other = await asyncio.gather(one.hears(1.0), other.hears(1.0))
    assert for_one.is_tone(other.hertz, seconds=0.9), for_one.story()
    assert for_other.is_tone(one.hertz, seconds=0.9), for_other.story()


def test_linphone_calls_holds_and_resumes(desks: Desks) -> None:
    """Both voices; on hold Bea hears music and Anna nothing; then both voices again; Anna hangs up."""

    async def test() -> None:
        await desks.fresh()
        call = await desks.calls_baresip(desks.anna, desks.bea, "140")
        await _hear_each_other(desks.anna, desks.bea)
        await desks.anna.hold(call)
        music = await desks.bea.hears(1.0)
        assert not music.silent, music.story()
        assert not music.has_tone(ANNA), music.story()
        await desks.anna.resume(call)
        await _hear_each_other(desks.anna, desks.bea)
        await desks.anna.hang_up(call)
        await desks.bea.wait("CALL_CLOSED")
        (record,) = await desks.bench.records(1)
        assert (record["outcome"], record["ended_by"]) == ("answered", "user:anna")
        await desks.idle()

    desks.bench.run(test())


def test_linphone_is_called_and_put_on_hold(desks: Desks) -> None:
    """Bea calls Anna: both voices; Bea holds, Anna hears music, then Bea again; Bea hangs up."""

    async def test() -> None:
        await desks.fresh()
        call = await desks.called_by(desks.anna, desks.bea, "100")
        await _hear_each_other(desks.anna, desks.bea)
        await desks.bea.command("hold")
        await for_music(desks.anna)
        await desks.bea.command("resume")
        heard = await desks.anna.hears(1.0)
        assert heard.is_tone(BEA, seconds=0.9), heard.story()
        await desks.bea.command("hangup")
        await desks.anna.ended(call)
        await desks.bench.records(1)
        await desks.idle()

    desks.bench.run(test())


async def for_music(phone: Linphone) -> None:
    """It hears something that is no caller's voice."""
    music = await phone.hears(1.0)
    assert not music.silent, music.story()
    assert not any(music.has_tone(voice) for voice in (BEA, CARL)), music.story()


def test_linphone_with_opus_and_a_baresip_with_pcma_hear_each_other(desks: Desks) -> None:
    """Transcoded, both directions, also between two linphonecs, where a key arrives as one; a declined call is told."""

    async def test() -> None:
        await desks.fresh()
        call = await desks.calls_baresip(desks.dora, desks.bea, "140")
        await _hear_each_other(desks.dora, desks.bea)
        await desks.dora.hang_up(call)
        await desks.bea.wait("CALL_CLOSED")
        mine = await desks.dora.dial("100")
        theirs = await desks.anna.rung()
        await desks.anna.answer(theirs)
        await desks.dora.established(mine)
        await _hear_each_other(desks.dora, desks.anna)
        await desks.dora.do("7")
        await desks.anna.wait(r"[Rr]eceiv\w+ tone (7)")
        await desks.anna.hang_up(theirs)
        await desks.dora.ended(mine)
        await desks.bea.dial("120")
        await desks.dora.hang_up(await desks.dora.rung())
        closed = await desks.bea.wait("CALL_CLOSED", 2)
        assert closed["param"][:3] in {"603", "486"}, closed
        await desks.bench.records(3)
        await desks.idle()

    desks.bench.run(test())


def test_linphone_transfers_blindly(desks: Desks) -> None:
    """Anna sends Bea on to Carl; Anna is free, Bea and Carl hear each other."""

    async def test() -> None:
        await desks.fresh()
        call = await desks.called_by(desks.anna, desks.bea, "100")
        await desks.anna.transfer(call, "141")
        await desks.carl.wait("CALL_INCOMING")
        await desks.carl.command("accept")
        await desks.carl.wait("CALL_ESTABLISHED")
        await desks.anna.ended(call)
        await _hear_each_other(desks.bea, desks.carl)
        await desks.bea.command("hangup")
        await desks.carl.wait("CALL_CLOSED")
        first, second = await desks.bench.records(2)
        assert (first["reason"], second["answered_by"]) == ("transferred", "user:carl")
        await desks.idle()

    desks.bench.run(test())


def test_linphone_transfers_after_asking(desks: Desks) -> None:
    """Anna holds Bea, asks Carl and connects the two (REFER with Replaces); both of Anna's calls end."""

    async def test() -> None:
        await desks.fresh()
        first = await desks.calls_baresip(desks.anna, desks.bea, "140")
        await desks.anna.hold(first)
        second = await desks.calls_baresip(desks.anna, desks.carl, "141")
        await _hear_each_other(desks.anna, desks.carl)
        await desks.anna.transfer_to(first, second)
        await asyncio.gather(desks.anna.ended(first), desks.anna.ended(second))
        await _hear_each_other(desks.bea, desks.carl)
        await desks.bea.command("hangup")
        await desks.carl.wait("CALL_CLOSED")
        await desks.bench.records(2)
        await desks.idle()

    desks.bench.run(test())
