"""Certificates by ACME: obtained by a running server, renewed in time, never lost by a failure."""

import asyncio
import os
import re
import signal
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.integration.acme_server import AcmeServer
from tests.integration.authority import Authority
from tests.interop.ports import Block
from tests.interop.server import Server

from vorzimmer.app.acme import Acme, renewal_time
from vorzimmer.app.clock import LoopClock
from vorzimmer.app.layout import Layout
from vorzimmer.app.options import load
from vorzimmer.app.tls import obtained
from vorzimmer.net.certificates import client_context
from vorzimmer.net.issuing import Issued, IssueError, Order, issue
from vorzimmer.testing.chance import SeededChance

HOST = "127.0.0.1"
NAMES = ("pbx.example", "second.example")


async def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Files and other processes tell nobody: look until it holds; raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 -- the same
            await asyncio.sleep(0.05)  # noqa: TID251 -- the deadline is the test


async def shown(port: int, name: str) -> set[str]:
    """The names in the certificate that a listener shows to who asks for `name`."""
    context = client_context(verify=False)
    _, writer = await asyncio.open_connection(HOST, port, ssl=context, server_hostname=name)
    found: ssl.SSLObject = writer.get_extra_info("ssl_object")
    pem = ssl.DER_cert_to_PEM_cert(found.getpeercert(binary_form=True) or b"")
    writer.close()
    from cryptography import x509  # noqa: PLC0415 -- only here

    leaf = x509.load_pem_x509_certificate(pem.encode())
    named = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(named.get_values_for_type(x509.DNSName))


def test_rfc8555_a_running_server_obtains_its_certificates_and_shows_them_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        authority = Authority(tmp_path / "ca")
        block = Block()
        tls = block.take()
        server = Server(tmp_path / "server", HOST, rtp=block.take_range(100))
        server.sip_port, server.http_port = block.take(2), block.take()
        acme = AcmeServer(authority, authority.issue("acme", HOST), f"{HOST}:{server.http_port}")
        flags = [f"--sip=tls:{HOST}:{tls}", f"--acme-directory={acme.directory}", "--acme-email=ops@pbx.example"]
        flags += [f"--acme-authorities={authority.file}", *(f"--tls-name={name}" for name in NAMES)]
        server.more = tuple(flags)
        try:
            await server.start()
            files = [obtained(Layout(server.state), name) for name in NAMES]
            await until(lambda: all(each.chain.exists() for each in files))
            for name in NAMES:
                async with asyncio.timeout(10):
                    while await shown(tls, name) != {name}:
                        pass
            for path in (*(each.key for each in files), server.state / "tls/acme/account.key"):
                assert path.stat().st_mode & 0o777 == 0o600
            said = await server.cli("certificates")
            assert re.search(rf"pbx\.example: until .*{re.escape(str(files[0].chain))}", said)
            assert acme.accounts[0]["contact"] == ["mailto:ops@pbx.example"]
            assert len(acme.accounts) == 1
            assert not acme.faults
            other = authority.issue("other", "by-hand.example")
            os.replace(other.key, files[0].key)
            os.replace(other.chain, files[0].chain)
            assert server._process is not None
            server._process.send_signal(signal.SIGHUP)
            async with asyncio.timeout(10):
                while await shown(tls, "by-hand.example") != {"by-hand.example"}:
                    pass
            with pytest.raises(urllib.error.HTTPError):  # the proof is taken away again
                await asyncio.to_thread(_get, f"http://{HOST}:{server.http_port}/.well-known/acme-challenge/x")
        finally:
            await server.stop()
            acme.close()
            block.close()

    asyncio.run(main())


def _get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=5) as answer:
        return bytes(answer.read())


@pytest.mark.parametrize("fault", ["refused", "gone", "untrusted", "not acme"])
def test_what_goes_wrong_is_one_line(tmp_path: Path, fault: str) -> None:
    authority = Authority(tmp_path)
    acme = AcmeServer(authority, authority.issue("acme", HOST), f"{HOST}:1")
    directory = {"gone": f"https://{HOST}:1/", "not acme": f"{acme.base}/newNonce"}.get(fault, acme.directory)
    trusted = None if fault == "untrusted" else authority.file
    local = LoopClock().wall().astimezone().replace(tzinfo=None)
    order = Order("pbx.example", directory, "", tmp_path / "account.key", trusted, local)
    paths: dict[str, str | None] = {}
    try:
        with pytest.raises(IssueError) as caught:
            issue(order, paths.__setitem__)
    finally:
        acme.close()
    assert str(caught.value).startswith("pbx.example: ")
    assert "\n" not in str(caught.value)
    assert not any(paths.values()), "the proof is taken away again"


# -- when --------------------------------------------------------------------------------------------------------------
class Played:
    """An ACME agent whose server, clock and waits a test plays."""

    def __init__(self, folder: Path, *, days: float = 90) -> None:
        self.authority = Authority(folder / "ca")
        self.days = days
        self.said: list[str] = []
        self.asked: list[str] = []
        self.installed = 0
        self.waits: list[float] = []
        self.fails = False
        self.passed = 0.0
        self.start = LoopClock().wall()
        self.layout = Layout(folder / "state")
        flags: dict[str, Any] = {"acme_directory": "https://acme.example/", "tls_name": ("a.example",)}
        options = load(None, {"state": str(folder / "state"), **flags})
        ports = (self, SeededChance())
        self.agent = Acme(
            options, self.layout, ports, issue=self.issue, installed=self._installed, say=self.said.append  # type: ignore[arg-type]
        )  # fmt: skip

    def now(self) -> float:
        return self.passed

    def wall(self) -> Any:
        return self.start + timedelta(seconds=self.passed)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.passed += seconds
        if self.passed > self.end:
            raise asyncio.CancelledError

    def issue(self, order: Order, present: Any) -> Issued:
        self.asked.append(order.name)
        if self.fails:
            raise IssueError(f"{order.name}: no")
        made = self.authority.issue("x", order.name, days=self.days + self.passed / 86_400)
        return Issued(made.chain.read_text(), made.key.read_bytes())

    async def _installed(self) -> None:
        self.installed += 1

    def play(self, **time: float) -> None:
        self.end = self.passed + timedelta(**time).total_seconds()
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(self.agent.run())


def test_a_certificate_is_renewed_with_thirty_days_left(tmp_path: Path) -> None:
    played = Played(tmp_path)
    played.play(days=58)
    assert (len(played.asked), played.installed) == (1, 1)
    played.play(days=3)
    assert (len(played.asked), played.installed, played.said) == (2, 2, [])
    chain = obtained(played.layout, "a.example").chain
    assert chain.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("days", "left"), [(90, 30), (365, 30), (5, 2), (47, 16)])
def test_a_short_lived_certificate_is_renewed_with_a_third_of_its_life_left(
    tmp_path: Path, days: int, left: float
) -> None:
    made = Authority(tmp_path).issue("a", "a.example", days=days - 1)  # it began a day ago
    until_end = LoopClock().wall() + timedelta(days=days - 1) - renewal_time(made.chain.read_bytes())
    assert abs(until_end - timedelta(days=left)) < timedelta(days=0.7)


def test_failures_back_off_are_said_and_take_nothing_away(tmp_path: Path) -> None:
    played = Played(tmp_path)
    played.play(hours=1)
    before = obtained(played.layout, "a.example").chain.read_bytes()
    played.fails = True
    played.play(days=62)
    waits = played.waits[-4:]
    assert all(6 * 3600 <= wait <= 7.5 * 3600 for wait in waits), "six hours at most, with some chance in it"
    assert 8 <= len(played.said) <= 20
    assert played.agent.failing == 1
    assert obtained(played.layout, "a.example").chain.read_bytes() == before
    played.fails = False
    played.play(days=1)
    assert played.agent.failing == 0
    assert obtained(played.layout, "a.example").chain.read_bytes() != before
