"""Phones that share no codec, and phones that encrypt: everybody hears everybody, tones within 5 Hz both ways.

Anna is a pjsua2 phone with G.722 that insists on SRTP, Dora one with PCMU that would like to encrypt; Bea is a baresip
with PCMA and no SRTP, Carl one with Opus that insists on it. No two of them have a codec in common.
"""

import asyncio
from collections.abc import Iterator
from itertools import combinations

import pytest

from tests.interop.baresip import Baresip
from tests.interop.bench import Bench
from tests.interop.listening import Sound
from tests.interop.office import ANNA, BEA, CARL
from tests.interop.office import company as usual
from tests.interop.pjsua import Pjsua
from tests.interop.server import password

DORA = 1100
NUMBERS = {"anna": "100", "bea": "140", "carl": "141", "dora": "120"}
TONES = {"anna": ANNA, "bea": BEA, "carl": CARL, "dora": DORA}
Phone = Pjsua | Baresip


def company() -> str:
    """Anna's and Carl's accounts insist on SRTP."""
    text = usual()
    anna = "transport: any, srtp: optional"
    assert text.count(anna) == 1
    carl = f"username: carl-tisch, password: {password('carl-tisch')}"
    assert text.count(carl) == 1
    return text.replace(anna, "transport: any, srtp: required").replace(carl, f"{carl}, srtp: required")


class Desks:
    """The four phones and their server."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        bench.start()
        self.anna = self._pjsua("anna-tisch", ANNA, "G722", 2)
        self.dora = self._pjsua("dora-tisch", DORA, "PCMU", 1)
        self.bea = bench.baresip("bea-tisch", BEA)
        self.carl = bench.baresip("carl-tisch", CARL, codec="opus/48000/2", srtp="srtp-mand")

    def _pjsua(self, device: str, hertz: int, codec: str, srtp: int) -> Pjsua:
        block = self.bench.block
        phone = Pjsua(
            *(self.bench.folder / device, device, password(device), self.bench.server.address, hertz),
            *(block.take(6), block.take(40)),
            codec=codec,
            srtp=srtp,
        )
        self.bench.started(phone)
        self.bench.run(phone.start())
        return phone

    def phone(self, name: str) -> Phone:
        """Of whom."""
        found: Phone = getattr(self, name)
        return found

    async def connect(self, caller: str, callee: str) -> tuple[int, int]:
        """`caller` calls, `callee` answers; the names of their calls (0 for a baresip)."""
        one, other = self.phone(caller), self.phone(callee)
        mine = await one.dial(NUMBERS[callee]) or 0
        if isinstance(other, Pjsua):
            theirs = int((await other.wait("incoming"))["call"])
            await other.do("answer", call=theirs)
            await other.established(theirs)
        else:
            theirs = 0
            await other.wait("CALL_INCOMING")
            await other.command("accept")
            await other.wait("CALL_ESTABLISHED")
        if isinstance(one, Pjsua):
            await one.established(mine)
        else:
            await one.wait("CALL_ESTABLISHED")
        return mine, theirs

    async def check_tones(self, caller: str, callee: str, calls: tuple[int, int]) -> None:
        """Each hears the other, and nothing else."""
        heard = await asyncio.gather(_hears(self.phone(caller), calls[0]), _hears(self.phone(callee), calls[1]))
        for sound, speaker in zip(heard, (callee, caller), strict=True):
            assert sound.is_tone(TONES[speaker], seconds=0.9), f"{speaker}: {sound.story()}"


async def _hears(phone: Phone, call: int) -> Sound:
    return await (phone.hears(call, 1.0) if isinstance(phone, Pjsua) else phone.hears(1.0))


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    bench = Bench(tmp_path_factory.mktemp("codecs"), company=company())
    try:
        yield Desks(bench)
    finally:
        bench.close()


@pytest.mark.parametrize(("one", "other"), tuple(combinations(NUMBERS, 2)))
def test_phones_without_a_common_codec_hear_each_other_encrypted_or_not(desks: Desks, one: str, other: str) -> None:
    async def test() -> None:
        for name in NUMBERS:
            await desks.phone(name).forget()
        await desks.bench.fresh()
        # Either side may call: half of the pairs in each direction.
        caller, callee = (one, other) if (len(one) + len(other)) % 2 else (other, one)
        calls = await desks.connect(caller, callee)
        await desks.check_tones(caller, callee, calls)
        for name in (caller, callee):
            await desks.phone(name).forget()
        (record,) = await desks.bench.records(1)
        assert record["answered_by"] == f"user:{callee}"

    desks.bench.run(test())


def test_rfc4568_hold_and_resume_keep_the_keys(desks: Desks) -> None:
    async def test() -> None:
        for name in NUMBERS:
            await desks.phone(name).forget()
        await desks.bench.fresh()
        calls = await desks.connect("anna", "carl")
        await desks.anna.do("hold", call=calls[0])
        await desks.anna.wait("media", 2, call=calls[0])
        media = len(desks.anna.of("media", call=calls[0]))
        await desks.anna.do("resume", call=calls[0])
        await desks.anna.wait("media", media + 1, call=calls[0])
        await desks.check_tones("anna", "carl", calls)
        for name in ("anna", "carl"):
            await desks.phone(name).forget()
        await desks.bench.records(1)

    desks.bench.run(test())
