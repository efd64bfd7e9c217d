"""The server behind 1:1 NAT: Via, Contact and SDP name the address that each network can reach, and audio flows."""

import asyncio
import dataclasses
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.socket_phone import SocketPhone, connect
from tests.interop.netns import INSIDE, OUTSIDE, PUBLIC, SERVER, Net, Translator
from tests.interop.server import Server
from vorzimmer.kernel.address import Address
from vorzimmer.sip.events import Answered


@pytest.fixture
def net() -> Iterator[Net]:
    net = Net()
    try:
        net.build()
        yield net
    finally:
        net.remove()


async def phone_at(net: Net, server: Server, device: str, *, host: str, via: str) -> SocketPhone:
    """A registered phone in the namespace of `host` that knows the server as `via`."""
    phone = SocketPhone(server, device, host=host)
    with net.within("inside" if host == INSIDE else "outside"):
        await phone.start()
    phone.phone.line = dataclasses.replace(phone.phone.line, server=Address(via, server.sip_port))
    return await phone.register()


def test_advertise_names_the_right_address_per_network(net: Net, tmp_path: Path) -> None:
    """Outside sees 203.0.113.7 in Via, Contact and SDP, inside the server's own address; both hear each other."""

    async def test() -> None:
        advertised = ("--advertise", PUBLIC, "--advertise", "self@10.77.1.0/24")
        inside_words = ("ip", "netns", "exec", net.names["server"])
        server = Server(tmp_path, SERVER, rtp="5100-5139", more=advertised, before=inside_words)
        server.sip_port, server.http_port = 5070, 8080
        nat = Translator(net, range(5070, 5140))
        phones: list[SocketPhone] = []
        try:
            await server.start()
            anna = await phone_at(net, server, "anna-tisch", host=INSIDE, via=SERVER)
            phones.append(anna)
            bea = await phone_at(net, server, "bea-tisch", host=OUTSIDE, via=PUBLIC)
            phones.append(bea)
            for caller, callee, number in ((anna, bea, "140"), (bea, anna, "100")):
                caller.fresh()
                callee.fresh()
                outgoing, incoming = await connect(caller, callee, number)
                await callee.until(lambda call=incoming: call.talking)
                invite = callee.invites[-1].request
                answer = next(event.response for event in caller.events if isinstance(event, Answered))
                seen = {anna: SERVER, bea: PUBLIC}
                assert f" {seen[callee]}:{server.sip_port};" in invite.headers.get("Via")
                assert f"@{seen[callee]}:{server.sip_port}" in invite.headers.get("Contact")
                assert f"c=IN IP4 {seen[callee]}\r\n".encode() in invite.body
                assert f"@{seen[caller]}:{server.sip_port}" in answer.headers.get("Contact")
                assert f"c=IN IP4 {seen[caller]}\r\n".encode() in answer.body
                assert SERVER.encode() not in (invite.to_bytes() if callee is bea else answer.to_bytes())
                caller.speak()
                callee.speak()
                await asyncio.gather(caller.heard(20), callee.heard(20))
                outgoing.hang_up()
                await callee.until(lambda call=incoming: call.over)
            assert {5070} < nat.passed, "signalling and audio came by the public address"
        finally:
            nat.close()
            for phone in phones:
                await phone.close()
            await server.stop()

    asyncio.run(asyncio.wait_for(test(), 90))


def test_the_process_is_back_in_its_own_namespace(net: Net) -> None:
    """Opening a socket elsewhere leaves this process where it was."""
    with net.within("inside"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        there.bind((INSIDE, 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here, pytest.raises(OSError):
        here.bind((INSIDE, 0))
