"""Phones over TLS with mandatory SRTP (SDES): heard both ways, also after control was killed in the middle of a call.

Anna (500 Hz) is a linphonec that checks the server's certificate, Bea (700 Hz) a baresip; both accounts are set to
`srtp: required`. The certificate is of an authority that only the test knows.
"""

import asyncio
import signal
from collections.abc import Iterator

import pytest

from tests.integration.authority import Authority
from tests.interop.baresip import Baresip
from tests.interop.bench import Bench
from tests.interop.linphone import Linphone
from tests.interop.office import ANNA, BEA
from tests.interop.office import company as usual
from tests.interop.server import password


def company() -> str:
    """Anna's and Bea's accounts insist on SRTP."""
    text = usual().replace("transport: any, srtp: optional", "transport: any, srtp: required")
    bea = f"username: bea-tisch, password: {password('bea-tisch')}"
    assert text.count("srtp: required}") + text.count("srtp: required,") >= 1
    assert text.count(bea) == 1
    return text.replace(bea, f"{bea}, srtp: required")


class Desks:
    """The two phones and their server."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        host, port = bench.server.host, bench.block.take(2)
        authority = Authority(bench.folder / "authority")
        made = authority.issue("server", host)
        certificate = ("--tls-certificate", str(made.chain), "--tls-key", str(made.key))
        bench.server.more = ("--sip", f"tls:{host}:{port}", *certificate)
        bench.start()
        block = bench.block
        self.anna = Linphone(
            *(bench.folder / "anna-tisch", "anna-tisch", password("anna-tisch"), f"{host}:{port}", ANNA),
            *(block.take(6), block.take_range(40)),
            transport="tls",
            srtp=True,
            authority=authority.file,
        )
        self.bea = Baresip(
            *(bench.folder / "bea-tisch", "bea-tisch", password("bea-tisch"), f"{host}:{port}", BEA),
            *(block.take(6), block.take(), block.take_range(20)),
            transport="tls",
            srtp="srtp-mand",
            authority=authority.file,
        )
        for phone in (self.anna, self.bea):
            bench.started(phone)
            bench.run(phone.start())

    async def hear_each_other(self) -> None:
        """Each hears the other's tone and nothing else."""
        for_anna, for_bea = await asyncio.gather(self.anna.hears(1.0), self.bea.hears(1.0))
        assert for_anna.is_tone(BEA, seconds=0.9), for_anna.story()
        assert for_bea.is_tone(ANNA, seconds=0.9), for_bea.story()

    async def anna_calls(self) -> str:
        """Anna calls Bea."""
        ringing = self.bea.count("CALL_INCOMING")
        call = await self.anna.dial("140")
        await self.bea.wait("CALL_INCOMING", ringing + 1)
        await self.bea.command("accept")
        await self.anna.established(call)
        return call


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    bench = Bench(tmp_path_factory.mktemp("tls"), company=company())
    try:
        yield Desks(bench)
    finally:
        bench.close()


def test_rfc4568_phones_over_tls_talk_encrypted_hold_and_resume(desks: Desks) -> None:
    """Bea calls Anna: both voices; hold, music, resume, both voices. The wire carries RTP/SAVP with keys."""

    async def test() -> None:
        await desks.bench.fresh()
        await desks.bea.dial("100")
        call = await desks.anna.rung()
        await desks.anna.answer(call)
        await desks.bea.wait("CALL_ESTABLISHED")
        await desks.hear_each_other()
        await desks.anna.hold(call)
        music = await desks.bea.hears(1.0)
        assert not music.silent, music.story()
        assert not music.has_tone(ANNA), music.story()
        await desks.anna.resume(call)
        await desks.hear_each_other()
        await desks.anna.hang_up(call)
        await desks.bea.wait("CALL_CLOSED")
        await desks.bench.records(1)
        log = (desks.anna.folder / "log").read_text(errors="replace")
        assert "RTP/SAVP" in log
        assert "a=crypto:" in log

    desks.bench.run(test())


def test_phones_over_tls_come_back_after_kill_9_of_control(desks: Desks) -> None:
    """Their sound goes on, their connections are made anew; the old call can be ended and a new one is heard."""

    async def test() -> None:
        for phone in (desks.anna, desks.bea):
            await phone.forget()
        await desks.bench.fresh()
        call = await desks.anna_calls()
        await desks.hear_each_other()
        server, before = desks.bench.server, desks.bench.server.pid("control")
        registered = desks.anna.registrations()
        server.kill("control", signal.SIGKILL)
        await desks.hear_each_other()
        await server.restarted("control", before)
        await asyncio.gather(desks.anna.registered_again(registered), desks.bea.wait("REGISTER_OK", seconds=90))
        await desks.hear_each_other()
        await desks.anna.hang_up(call)
        await desks.bea.wait("CALL_CLOSED")
        call = await desks.anna_calls()
        await desks.hear_each_other()
        await desks.bea.command("hangup")
        await desks.anna.ended(call)
        await desks.bench.records(2)

    desks.bench.run(test(), 150)
