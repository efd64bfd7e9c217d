"""Phones on pjsua2: attended transfer, digits, hold and resume heard from both sides, TCP.

Anna (500 Hz, UDP) and Dora (1100 Hz, TCP) are pjsua2 phones, Bea (700 Hz) and Carl (900 Hz) baresips. Dora requires
reliable provisional responses and session timers in all her calls (RFC 3262, RFC 4028).
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.baresip import Baresip
from tests.interop.bench import Bench
from tests.interop.office import ANNA, BEA, CARL, company
from tests.interop.pjsua import Pjsua
from tests.interop.server import password

DORA = 1100


class Desks:
    """The four phones and their server."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        bench.start()
        self.anna = self._pjsua("anna-tisch", ANNA, "udp")
        self.dora = self._pjsua("dora-tisch", DORA, "tcp")
        self.bea = bench.baresip("bea-tisch", BEA)
        self.carl = bench.baresip("carl-tisch", CARL)

    def _pjsua(self, device: str, hertz: int, transport: str) -> Pjsua:
        block = self.bench.block
        phone = Pjsua(
            *(self.bench.folder / device, device, password(device), self.bench.server.address, hertz),
            *(block.take(6), block.take(40)),
            transport=transport,
            strict=device == "dora-tisch",
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
        assert [await phone.do("count") for phone in (self.anna, self.dora)] == [0, 0]

    async def calls_baresip(self, phone: Pjsua, callee: Baresip, number: str) -> int:
        """A pjsua2 phone calls a baresip, which answers."""
        ringing = callee.count("CALL_INCOMING")
        call = await phone.dial(number)
        await callee.wait("CALL_INCOMING", ringing + 1)
        await callee.command("accept")
        await phone.established(call)
        return call

    async def pjsua_pair(self) -> tuple[int, int]:
        """Anna calls Dora."""
        mine = await self.anna.dial("120")
        theirs = (await self.dora.wait("incoming"))["call"]
        await self.dora.do("answer", call=theirs)
        await asyncio.gather(self.anna.established(mine), self.dora.established(theirs))
        return mine, theirs


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    bench = Bench(tmp_path_factory.mktemp("pjsua2"), company=company())
    try:
        yield Desks(bench)
    finally:
        bench.close()


async def _bea_and_carl_talk(desks: Desks) -> None:
    for_bea, for_carl = await asyncio.gather(desks.bea.hears(1.0), desks.carl.hears(1.0))
    assert for_bea.is_tone(CARL, seconds=0.9), for_bea.story()
    assert for_carl.is_tone(BEA, seconds=0.9), for_carl.story()


async def _one_of_them_hangs_up(desks: Desks) -> list[dict[str, Any]]:
    await desks.bea.command("hangup")
    await desks.carl.wait("CALL_CLOSED")
    records = await desks.bench.records(2)
    await desks.idle()
    return records


def test_rfc3262_a_phone_that_requires_100rel_and_session_timers_calls_and_is_called(desks: Desks) -> None:
    """Each PRACK that Dora sends or gets is answered 200, and both legs have an interval."""

    async def test() -> None:
        await desks.fresh()
        call = await desks.calls_baresip(desks.dora, desks.bea, "140")
        heard = await desks.bea.hears(1.0)
        assert heard.is_tone(DORA, seconds=0.9), heard.story()
        await desks.dora.do("hang_up", call=call)
        await desks.bea.wait("CALL_CLOSED")
        mine, theirs = await desks.pjsua_pair()
        await desks.anna.do("hang_up", call=mine)
        await desks.dora.ended(theirs)
        log = (desks.dora.folder / "log").read_text(errors="replace")
        assert "Require: 100rel" in log
        for message in ("Response msg 200/PRACK", "Session-Expires: 90;refresher="):
            assert message in log
        await desks.bench.records(2)
        await desks.idle()

    desks.bench.run(test())


def test_rfc3311_update_in_a_call_is_answered_and_the_call_is_heard(desks: Desks) -> None:
    """Dora, then Anna, offers again by UPDATE; each gets 200, and both voices are there afterwards."""

    async def test() -> None:
        await desks.fresh()
        mine, theirs = await desks.pjsua_pair()
        for phone, call in ((desks.dora, theirs), (desks.anna, mine)):
            await phone.do("update", call=call)
            await phone.wait("request", call=call, method="UPDATE", status=200)
        for_anna, for_dora = await asyncio.gather(desks.anna.hears(mine), desks.dora.hears(theirs))
        assert for_anna.is_tone(DORA, seconds=0.9), for_anna.story()
        assert for_dora.is_tone(ANNA, seconds=0.9), for_dora.story()
        await desks.anna.do("hang_up", call=mine)
        await desks.dora.ended(theirs)
        await desks.bench.records(1)
        await desks.idle()

    desks.bench.run(test())


def test_attended_transfer_by_the_caller(desks: Desks) -> None:
    """Anna calls Bea, holds her, asks Carl, and connects the two (REFER with Replaces): both hear each other."""

    async def test() -> None:
        await desks.fresh()
        first = await desks.calls_baresip(desks.anna, desks.bea, "140")
        await desks.anna.do("hold", call=first)
        second = await desks.calls_baresip(desks.anna, desks.carl, "141")
        asked = await desks.carl.hears(1.0)
        assert asked.is_tone(ANNA, seconds=0.9), asked.story()
        await desks.anna.do("transfer_to", call=first, other=second)
        await asyncio.gather(desks.anna.ended(first), desks.anna.ended(second))
        assert desks.anna.of("transfer", call=first)[-1]["status"] == 200
        await _bea_and_carl_talk(desks)
        records = await _one_of_them_hangs_up(desks)
        assert {record["answered_by"] for record in records} == {"user:bea", "user:carl"}

    desks.bench.run(test())


def test_attended_transfer_by_the_one_who_was_called(desks: Desks) -> None:
    """The same from the other side: Bea has called Anna, who asks Carl and connects them."""

    async def test() -> None:
        await desks.fresh()
        await desks.bea.dial("100")
        first = (await desks.anna.wait("incoming"))["call"]
        await desks.anna.do("answer", call=first)
        await desks.anna.established(first)
        await desks.anna.do("hold", call=first)
        second = await desks.calls_baresip(desks.anna, desks.carl, "141")
        await desks.anna.do("transfer_to", call=first, other=second)
        await asyncio.gather(desks.anna.ended(first), desks.anna.ended(second))
        await _bea_and_carl_talk(desks)
        await _one_of_them_hangs_up(desks)

    desks.bench.run(test())


def test_attended_transfer_while_the_other_still_rings(desks: Desks) -> None:
    """Anna does not wait for Carl to answer (semi-attended): Bea hears ringback, then Carl."""

    async def test() -> None:
        await desks.fresh()
        first = await desks.calls_baresip(desks.anna, desks.bea, "140")
        await desks.anna.do("hold", call=first)
        second = await desks.anna.dial("141")
        await desks.carl.wait("CALL_INCOMING")
        await desks.anna.wait("state", call=second, state="EARLY")
        await desks.anna.do("transfer_to", call=first, other=second)
        assert (await desks.anna.ended(second))["status"] == 487
        assert (await desks.bea.hears(4.5)).has_tone(425)
        await desks.carl.command("accept")
        await desks.carl.wait("CALL_ESTABLISHED")
        await desks.anna.ended(first)
        await _bea_and_carl_talk(desks)
        await _one_of_them_hangs_up(desks)

    desks.bench.run(test())


def test_hold_and_resume_are_heard_on_both_sides_over_udp_and_tcp(desks: Desks) -> None:
    """Each of the two holds once: music for the other, silence for the holder, then both voices again."""

    async def test() -> None:
        await desks.fresh()
        at_anna, at_dora = await desks.pjsua_pair()
        sides = (
            (desks.anna, at_anna, DORA, desks.dora, at_dora, ANNA),
            (desks.dora, at_dora, ANNA, desks.anna, at_anna, DORA),
        )
        for holder, mine, my_peer, held, theirs, their_peer in sides:
            await holder.do("hold", call=mine)
            await holder.wait("media", call=mine, status=2)
            music = await held.hears(theirs, 1.0)
            assert not music.silent, music.story()
            assert not music.has_tone(their_peer), music.story()
            # Counted before the command: its event may be here before the command's own answer is read.
            active = len(holder.of("media", call=mine, status=1))
            await holder.do("resume", call=mine)
            await holder.wait("media", times=active + 1, call=mine, status=1)
            heard, heard_there = await asyncio.gather(holder.hears(mine), held.hears(theirs))
            assert heard.is_tone(my_peer, seconds=0.9), heard.story()
            assert heard_there.is_tone(their_peer, seconds=0.9), heard_there.story()
        await desks.dora.do("hang_up", call=at_dora)
        await desks.anna.ended(at_anna)
        (record,) = await desks.bench.records(1)
        assert (record["outcome"], record["ended_by"]) == ("answered", "user:dora")
        await desks.idle()

    desks.bench.run(test())


def test_rfc4733_digits_are_relayed_both_ways(desks: Desks) -> None:
    """Every key arrives once and in order, over the relay, in both directions."""

    async def test() -> None:
        await desks.fresh()
        at_anna, at_dora = await desks.pjsua_pair()
        keys = "123A*0#"
        await desks.anna.do("digits", call=at_anna, digits=keys)
        await desks.dora.do("digits", call=at_dora, digits=keys[::-1])
        await desks.dora.wait("digit", len(keys))
        await desks.anna.wait("digit", len(keys))
        await desks.anna.do("hang_up", call=at_anna)
        await desks.dora.ended(at_dora)
        assert "".join(event["digit"] for event in desks.dora.of("digit")) == keys
        assert "".join(event["digit"] for event in desks.anna.of("digit")) == keys[::-1]
        await desks.bench.records(1)
        await desks.idle()

    desks.bench.run(test())


def test_a_phone_on_tcp_is_called_by_one_on_udp_and_hears_it(desks: Desks) -> None:
    """Bea (UDP) calls Dora (TCP, reached over the connection that registered), both voices, and a decline (603)."""

    async def test() -> None:
        await desks.fresh()
        await desks.bea.dial("120")
        call = (await desks.dora.wait("incoming"))["call"]
        await desks.dora.do("answer", call=call)
        await desks.dora.established(call)
        for_bea, for_dora = await asyncio.gather(desks.bea.hears(1.0), desks.dora.hears(call))
        assert for_bea.is_tone(DORA, seconds=0.9), for_bea.story()
        assert for_dora.is_tone(BEA, seconds=0.9), for_dora.story()
        await desks.bea.command("hangup")
        await desks.dora.ended(call)
        await desks.bea.dial("120")
        call = (await desks.dora.wait("incoming", 2))["call"]
        await desks.dora.do("hang_up", call=call, status=603)
        closed = await desks.bea.wait("CALL_CLOSED", 2)
        assert closed["param"].startswith("603"), closed
        await desks.bench.records(2)
        await desks.idle()

    desks.bench.run(test())


def test_a_busy_phone_says_so(desks: Desks) -> None:
    """486 of the only device reaches the caller; a caller who gives up leaves no call behind on TCP either."""

    async def test() -> None:
        await desks.fresh()
        mine = await desks.anna.dial("120")
        theirs = (await desks.dora.wait("incoming"))["call"]
        await desks.dora.do("hang_up", call=theirs, status=486)
        assert (await desks.anna.ended(mine))["status"] == 486
        mine = await desks.anna.dial("120")
        theirs = (await desks.dora.wait("incoming", 2))["call"]
        await desks.anna.do("hang_up", call=mine)
        await desks.dora.ended(theirs)
        assert (await desks.anna.ended(mine))["status"] == 487
        await desks.bench.records(2)
        await desks.idle()

    desks.bench.run(test())
