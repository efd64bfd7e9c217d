"""Server and phones both behind NAT: calls and audio both ways, a translator that reboots, mappings that are kept open.

The server is behind 1:1 NAT and advertises its public address; Bea and Carl are at home behind one translator of
addresses and ports, Anna is beside the server.
"""

import asyncio
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.socket_phone import SocketPhone, connect
from tests.interop.masquerade import HOME, Masquerade
from tests.interop.netns import INSIDE, PUBLIC, SERVER, Net, Translator
from tests.interop.server import Server
from vorzimmer.kernel.address import Address
from vorzimmer.testing.phone_call import PhoneCall

IDLE_S = 30.0
"""After which the translator at home forgets; the shortest that is usual."""


class Site:
    """Everything; one event loop for all tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runner = asyncio.Runner()
        self.net = Net()
        self.phones: list[SocketPhone] = []

    async def open(self) -> None:
        """Networks, server, phones; all are registered afterwards."""
        self.net.build()
        self.box = Masquerade(self.net, IDLE_S)
        self.nat = Translator(self.net, range(5070, 5140))
        advertised = ("--advertise", PUBLIC, "--advertise", "self@10.77.1.0/24")
        within = ("ip", "netns", "exec", self.net.names["server"])
        self.server = Server(self.folder, SERVER, rtp="5100-5139", more=advertised, before=within)
        self.server.sip_port, self.server.http_port = 5070, 8080
        await self.server.start()
        self.anna = await self._phone("anna-tisch", INSIDE, SERVER, "inside")
        self.bea = await self._phone("bea-tisch", HOME, PUBLIC, "home")
        self.carl = await self._phone("carl-tisch", HOME, PUBLIC, "home")

    async def _phone(self, device: str, host: str, via: str, role: str) -> SocketPhone:
        phone = SocketPhone(self.server, device, host=host)
        with self.net.within(role):
            await phone.start()
        self.phones.append(phone)
        phone.phone.line = dataclasses.replace(phone.phone.line, server=Address(via, self.server.sip_port))
        return await phone.register()

    async def close(self) -> None:
        """Phones, server, networks."""
        for phone in self.phones:
            await phone.close()
        await self.server.stop()
        self.nat.close()
        self.box.close()

    async def connect(self, caller: SocketPhone, callee: SocketPhone, number: str) -> tuple[PhoneCall, PhoneCall]:
        """They talk, and hear each other."""
        caller.fresh()
        callee.fresh()
        outgoing, incoming = await connect(caller, callee, number)
        await callee.until(lambda: incoming.talking)
        caller.speak()
        callee.speak()
        await asyncio.gather(caller.heard(20), callee.heard(20))
        return outgoing, incoming

    async def again(self, phone: SocketPhone) -> None:
        """The phone refreshes its registration."""
        before = phone.statuses_of("REGISTER").count(200)
        phone.phone.register(300)
        await phone.until(lambda: phone.statuses_of("REGISTER").count(200) > before)

    def public_port(self, phone: SocketPhone) -> int:
        """Of the phone's signalling."""
        assert phone.phone.line.contact is not None
        return self.box.port_of(phone.phone.line.contact.port)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("nat"))
    try:
        site.runner.run(asyncio.wait_for(site.open(), 90))
        yield site
    finally:
        site.runner.run(asyncio.wait_for(site.close(), 60))
        site.runner.close()
        site.net.remove()


def run(site: Site, test: object) -> None:
    """Within a minute and a half."""
    site.runner.run(asyncio.wait_for(test, 90))  # type: ignore[arg-type]  # a coroutine


def test_rfc3581_server_and_phone_behind_nat_call_each_other_and_are_heard(site: Site) -> None:
    """Bea calls Anna and is called by her; either side hangs up; nobody but the translator is told her own address."""

    async def test() -> None:
        outgoing, incoming = await site.connect(site.bea, site.anna, "100")
        assert HOME.encode() not in site.anna.invites[-1].request.to_bytes()
        incoming.hang_up()
        await site.bea.until(lambda: outgoing.over)
        outgoing, incoming = await site.connect(site.anna, site.bea, "140")
        assert PUBLIC.encode() in site.bea.invites[-1].request.body
        incoming.hang_up()
        await site.anna.until(lambda: outgoing.over)

    run(site, test())


def test_the_translator_reboots_in_the_middle_of_a_call(site: Site) -> None:
    """The ports change: sound comes back both ways by itself; after her next REGISTER Bea gets BYE and new calls."""

    async def test() -> None:
        outgoing, incoming = await site.connect(site.anna, site.bea, "140")
        before = site.public_port(site.bea)
        site.box.reboot()
        await asyncio.gather(site.anna.heard(20), site.bea.heard(20))
        await site.again(site.bea)
        assert site.public_port(site.bea) != before
        outgoing.hang_up()
        await site.bea.until(lambda: incoming.over)
        outgoing, incoming = await site.connect(site.anna, site.bea, "140")
        outgoing.hang_up()
        await site.bea.until(lambda: incoming.over)

    run(site, test())


def test_rfc4787_6_keep_alives_of_the_server_keep_the_mapping_open(site: Site) -> None:
    """Carl says nothing for longer than his translator remembers, and is called all the same."""

    async def test() -> None:
        assert site.carl.phone.line.contact is not None
        site.carl.fresh()
        await site.again(site.carl)
        mapping = site.box.mappings[site.carl.phone.line.contact.port]
        silent_since = mapping.sent
        loop = asyncio.get_running_loop()
        await asyncio.sleep(silent_since + IDLE_S + 1 - loop.time())  # noqa: TID251 -- the time itself is tested
        assert mapping.sent == silent_since, "he has said nothing"
        assert mapping.came_in >= 1
        outgoing, incoming = await site.connect(site.anna, site.carl, "141")
        assert site.box.mappings[mapping.inside] is mapping
        outgoing.hang_up()
        await site.carl.until(lambda: incoming.over)

    run(site, test())
