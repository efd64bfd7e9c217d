"""Somebody else's proxies: Debian's Kamailio as an edge in front of us, and as a carrier with a person behind it.

Carl (900 Hz) is a pjsua2 phone that sends everything by the edge; it requires 100rel and session timers. Bea (700 Hz)
is a baresip with PCMU alone. The person outside (1300 Hz) is a baresip too, a subscriber of the carrier, with digest.
"""

import asyncio
import re
from collections.abc import Iterator

import pytest

from tests.interop.baresip import Baresip
from tests.interop.bench import Bench
from tests.interop.kamailio import Carrier, Kamailio, edge
from tests.interop.office import BEA, CARL, both_hear, company
from tests.interop.pjsua import Pjsua
from tests.interop.server import password
from vorzimmer.kernel.address import Address

OUTSIDE = 1300
PERSON, REFUSED = "+493023125222", "+493023125333"
ACCOUNT = "498999998000"
SECRET = "Leitung-4711"


def trunks(first: Address, second: int) -> str:
    """A registered trunk to the carrier's first port, and one by address alone to its second."""
    numbers = '[{from: "+498999998100", to: "+498999998199"}]'
    common = f"numbers: {numbers}, transport: udp, srtp: off, options_s: 30"
    return (
        f"trunks:\n  - {{id: provider, kind: register, registrar: 'sip:{first.host}:{first.port}', "
        f"username: '{ACCOUNT}', password: {{value: {SECRET}}}, {common}}}\n"
        f"  - {{id: spare, kind: peer, peers: ['{first.host}:{second}'], {common}}}\n"
    )


class Place:
    """Server, edge, carrier and the three phones."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        host, block = bench.server.host, bench.block
        server = Address(host, bench.server.sip_port)
        near, first, second = Address(host, block.take()), Address(host, block.take()), block.take()
        text = re.sub(r"(?ms)^trunks:\n.*?(?=^\S)", "", company()) + trunks(first, second)
        bench.server.company = text
        self.edge = Kamailio(bench.folder / "edge", edge(near, server))
        carrier = Carrier(first, second, server, SECRET, ACCOUNT, REFUSED, PERSON, "+498999998140")
        self.carrier = Kamailio(bench.folder / "carrier", carrier.text())
        for each in (self.edge, self.carrier):
            bench.started(each)
            bench.run(each.start())
        bench.start()
        self.carl = self._carl(near)
        self.bea = bench.baresip("bea-tisch", BEA, codec="PCMU")
        self.person = self._person(first)

    def _carl(self, near: Address) -> Pjsua:
        bench, block = self.bench, self.bench.block
        phone = Pjsua(
            *(bench.folder / "carl-tisch", "carl-tisch", password("carl-tisch"), bench.server.address, CARL),
            *(block.take(6), block.take(40)),
            proxy=str(near),
            strict=True,
        )
        bench.started(phone)
        bench.run(phone.start())
        return phone

    def _person(self, carrier: Address) -> Baresip:
        bench, block = self.bench, self.bench.block
        phone = Baresip(
            *(bench.folder / "person", PERSON[1:], SECRET, str(carrier), OUTSIDE),
            *(block.take(6), block.take(), block.take_range(20)),
        )
        bench.started(phone)
        bench.run(phone.start())
        return phone

    async def fresh(self) -> None:
        """A new test begins."""
        for phone in (self.carl, self.bea, self.person):
            await phone.forget()
        await self.bench.fresh()

    async def idle(self) -> None:
        """No phone has a call left, as it counts itself."""
        assert [await phone.calls() for phone in (self.bea, self.person)] == [0, 0]
        assert await self.carl.do("count") == 0

    async def carl_calls(self, callee: Baresip, number: str) -> int:
        """By the edge."""
        call = await self.carl.dial(number)
        await callee.wait("CALL_INCOMING")
        await callee.command("accept")
        await self.carl.established(call)
        return call

    async def carl_is_called(self, caller: Baresip, number: str) -> int:
        """The other way round."""
        await caller.dial(number)
        call = int((await self.carl.wait("incoming"))["call"])
        await self.carl.do("answer", call=call)
        await self.carl.established(call)
        return call

    async def carl_and(self, other: Baresip, call: int, hertz: int) -> None:
        """Both hear the other's tone and nothing else."""
        for_carl, for_other = await asyncio.gather(self.carl.hears(call), other.hears(1.0))
        assert for_carl.is_tone(hertz, seconds=0.9), for_carl.story()
        assert for_other.is_tone(CARL, seconds=0.9), for_other.story()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    bench = Bench(tmp_path_factory.mktemp("kamailio"))
    try:
        yield Place(bench)
    finally:
        bench.close()


def test_rfc3327_a_phone_behind_an_edge_proxy_calls(place: Place) -> None:
    """Carl calls Bea by the edge: both voices, hold, music, resume, OPTIONS in the call, BYE: all by the route set."""

    async def test() -> None:
        await place.fresh()
        call = await place.carl_calls(place.bea, "140")
        await place.carl_and(place.bea, call, BEA)
        await place.carl.do("hold", call=call)
        await place.carl.wait("media", call=call, status=2)
        music = await place.bea.hears(1.0)
        assert not music.silent, music.story()
        assert not music.has_tone(CARL), music.story()
        active = len(place.carl.of("media", call=call, status=1))
        await place.carl.do("resume", call=call)
        await place.carl.wait("media", times=active + 1, call=call, status=1)
        heard = await place.bea.hears(1.0)
        assert heard.is_tone(CARL, seconds=0.9), heard.story()
        await place.carl.do("request", call=call, method="OPTIONS")
        await place.carl.wait("request", call=call, method="OPTIONS", status=200)
        await place.carl.do("hang_up", call=call)
        await place.bea.wait("CALL_CLOSED")
        await place.bench.records(1)
        assert place.edge.passed("REGISTER")
        for method, least in (("INVITE", 2), ("ACK", 3), ("OPTIONS", 1), ("BYE", 1)):
            assert len(place.edge.passed(method, tag=True)) >= least, (method, place.edge.log())
        await place.idle()

    place.bench.run(test())


def test_rfc3327_a_phone_behind_an_edge_proxy_is_called(place: Place) -> None:
    """Bea calls Carl by his Path: both voices, hold and resume by Bea, and her BYE; a call given up is a CANCEL."""

    async def test() -> None:
        await place.fresh()
        before = {m: len(place.edge.passed(m)) for m in ("BYE", "CANCEL", "INVITE")}
        call = await place.carl_is_called(place.bea, "141")
        await place.carl_and(place.bea, call, BEA)
        await place.bea.command("hold")
        music = await place.carl.hears(call)
        assert not music.silent, music.story()
        assert not music.has_tone(BEA), music.story()
        await place.bea.command("resume")
        heard = await place.carl.hears(call)
        assert heard.is_tone(BEA, seconds=0.9), heard.story()
        await place.bea.command("hangup")
        await place.carl.ended(call)
        await place.bea.dial("141")
        call = int((await place.carl.wait("incoming", 2))["call"])
        await place.bea.command("hangup")
        assert (await place.carl.ended(call))["status"] == 487
        await place.bench.records(2)
        assert len(place.edge.passed("INVITE", tag=False)) >= 1
        assert len(place.edge.passed("BYE")) > before["BYE"]
        await place.idle()

    place.bench.run(test())


def test_calls_out_by_a_registered_trunk_and_in_again(place: Place) -> None:
    """Bea calls the person (407 answered, PAI and From in E.164); the person calls Carl, who sees who calls."""

    async def test() -> None:
        await place.fresh()
        await place.bea.dial(PERSON)
        await place.person.wait("CALL_INCOMING")
        await place.person.command("accept")
        await place.bea.wait("CALL_ESTABLISHED")
        for_bea, for_person = await both_hear(place.bea, place.person)
        assert for_bea.is_tone(OUTSIDE, seconds=0.9), for_bea.story()
        assert for_person.is_tone(BEA, seconds=0.9), for_person.story()
        sent = place.carrier.passed("INVITE", tag=False)[-1]
        assert f"ru=sip:{PERSON}@" in sent
        assert "pai=sip:+498999998140@" in sent, sent
        await place.person.command("hangup")
        await place.bea.wait("CALL_CLOSED")
        call = await place.carl_is_called(place.person, "+498999998141")
        assert PERSON in place.carl.of("incoming")[-1]["peer"]
        await place.carl_and(place.person, call, OUTSIDE)
        await place.carl.do("hang_up", call=call)
        await place.person.wait("CALL_CLOSED", 2)
        out, back = await place.bench.records(2)
        assert (out["from"], out["outcome"]) == ("user:bea", "answered"), out
        assert (back["answered_by"], back["outcome"]) == ("user:carl", "answered"), back
        await place.idle()

    place.bench.run(test())


def test_503_of_one_trunk_is_tried_over_the_next(place: Place) -> None:
    """The carrier has no line at the first trunk; the peer trunk brings the call, with a phone behind an edge."""

    async def test() -> None:
        await place.fresh()
        call = await place.carl_calls(place.person, REFUSED)
        await place.carl_and(place.person, call, OUTSIDE)
        await place.carl.do("hang_up", call=call)
        await place.person.wait("CALL_CLOSED")
        assert [REFUSED in line for line in place.carrier.passed("INVITE", tag=False)[-2:]] == [True, True]
        (record,) = await place.bench.records(1)
        assert record["outcome"] == "answered"
        await place.idle()

    place.bench.run(test())


def test_calls_in_by_a_peer_trunk_are_put_on_hold_and_resumed(place: Place) -> None:
    """The person calls Bea by the address-only trunk; Bea holds and resumes by the carrier's Record-Route."""

    async def test() -> None:
        await place.fresh()
        await place.person.dial("+498999998140")
        await place.bea.wait("CALL_INCOMING")
        await place.bea.command("accept")
        await place.person.wait("CALL_ESTABLISHED")
        for_bea, for_person = await both_hear(place.bea, place.person)
        assert for_bea.is_tone(OUTSIDE, seconds=0.9), for_bea.story()
        assert for_person.is_tone(BEA, seconds=0.9), for_person.story()
        await place.bea.command("hold")
        music = await place.person.hears(1.0)
        assert not music.silent, music.story()
        assert not music.has_tone(BEA), music.story()
        await place.bea.command("resume")
        heard = await place.person.hears(1.0)
        assert heard.is_tone(BEA, seconds=0.9), heard.story()
        await place.person.command("hangup")
        await place.bea.wait("CALL_CLOSED")
        (record,) = await place.bench.records(1)
        assert (record["answered_by"], record["outcome"]) == ("user:bea", "answered"), record
        await place.idle()

    place.bench.run(test())
