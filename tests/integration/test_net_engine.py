"""The engine over real sockets: responses go where RFC 3261 section 18.2.2 and RFC 3581 say."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from vorzimmer.app.clock import LoopClock, SystemChance
from vorzimmer.kernel.address import Address
from vorzimmer.net.advertise import parse_advertise, parse_listener
from vorzimmer.net.pump import Pump
from vorzimmer.net.stream import Limits
from vorzimmer.net.transports import SocketTransports
from vorzimmer.sip.engine import Engine, EngineConfig
from vorzimmer.sip.events import Event, FlowGone, Malformed, Requested, Responded
from vorzimmer.sip.flow import Hop
from vorzimmer.sip.message import Headers, Request, Response, parse


class Server:
    """An engine behind sockets that answers everything with 200."""

    def __init__(self, config: dict[str, Any] | None = None, **options: Any) -> None:
        self.transports = SocketTransports(LoopClock(), **options)
        said = {"sent_by": self.transports.sent_by, "aliased": self.transports.aliased} | (config or {})
        self.engine = Engine(EngineConfig(**said), SystemChance())
        self.pump = Pump(self.engine, LoopClock(), self.transports, on_bug=self._bug)
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.pump.handle_with(self._handle)

    def _handle(self, event: Event) -> None:
        if isinstance(event, Requested):
            self.engine.respond(event.transaction, 200, self.pump.now())
        self.events.put_nowait(event)

    def _bug(self, doing: str, error: Exception) -> None:
        raise AssertionError(doing) from error

    @property
    def local(self) -> Address:
        return self.transports.listeners[0].local


@asynccontextmanager
async def serving(*specs: str, **options: Any) -> AsyncIterator[Server]:
    server = Server(**options)
    async with asyncio.timeout(20):
        for spec in specs:
            await server.transports.listen(parse_listener(spec))
        yield server
        server.pump.close()
        await server.transports.close()


def options(via: str, transport: str = "UDP", branch: str = "1") -> bytes:
    return (
        f"OPTIONS sip:pbx SIP/2.0\r\nVia: SIP/2.0/{transport} {via};branch=z9hG4bK{branch}\r\n"
        f"From: <sip:a@x>;tag=1\r\nTo: <sip:pbx>\r\nCall-ID: {branch}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def udp(host: str = "127.0.0.1") -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, 0))
    sock.settimeout(5)
    return sock


async def heard(sock: socket.socket) -> tuple[Response, Address]:
    data, source = await asyncio.to_thread(sock.recvfrom, 4000)
    message = parse(data)
    assert isinstance(message, Response)
    return message, Address(*source[:2])


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_rfc3581_4_with_rport_the_response_goes_back_to_the_source_port(host: str) -> None:
    async def main() -> None:
        text = f"[{host}]" if ":" in host else host
        async with serving(f"udp:{text}:0") as server:
            with udp(host) as phone:
                phone.sendto(options("192.0.2.99:4444;rport"), server.local)
                response, source = await heard(phone)
                assert (response.status, source) == (200, server.local)
                via = response.headers.get("Via")
                assert f"rport={phone.getsockname()[1]}" in via
                assert f"received={text}" in via or f"received={host}" in via

    asyncio.run(main())


def test_rfc3261_18_2_2_without_rport_it_goes_to_the_port_of_the_via() -> None:
    async def main() -> None:
        async with serving("udp:127.0.0.1:0") as server:
            with udp() as sender, udp() as contact:
                port = contact.getsockname()[1]
                sender.sendto(options(f"127.0.0.1:{port}"), server.local)
                response, source = await heard(contact)
                assert (response.status, source) == (200, server.local)

    asyncio.run(main())


def test_rfc3261_18_2_2_a_via_host_that_lies_is_replaced_by_the_source_address() -> None:
    async def main() -> None:
        async with serving("udp:127.0.0.1:0") as server:
            with udp() as sender, udp() as contact:
                sender.sendto(options(f"203.0.113.5:{contact.getsockname()[1]}"), server.local)
                response, _ = await heard(contact)
                assert "received=127.0.0.1" in response.headers.get("Via")

    asyncio.run(main())


def test_rfc3261_18_2_2_over_tcp_the_response_uses_the_connection_of_the_request() -> None:
    async def main() -> None:
        async with serving("tcp:127.0.0.1:0") as server:
            reader, writer = await asyncio.open_connection(*server.local)
            whole = options("192.0.2.99:4444", "TCP")
            writer.write(b"\r\n\r\n" + whole[:50])  # RFC 5626 ping, and half of a request
            assert await reader.readexactly(2) == b"\r\n"
            writer.write(whole[50:])
            response = parse(await reader.readuntil(b"\r\n\r\n"))
            assert isinstance(response, Response)
            assert response.status == 200
            writer.close()
            while not isinstance(await server.events.get(), FlowGone):
                pass

    asyncio.run(main())


def test_rfc3261_18_3_garbage_on_a_stream_ends_that_connection_only() -> None:
    async def main() -> None:
        async with serving("tcp:127.0.0.1:0") as server:
            good_reader, good = await asyncio.open_connection(*server.local)
            reader, bad = await asyncio.open_connection(*server.local)
            bad.write(b"\x16\x03\x01 not SIP" * 3_000)
            assert (await reader.read()) in (b"",)
            assert isinstance(await server.events.get(), Malformed)
            good.write(options("x", "TCP"))
            assert (await good_reader.readuntil(b"\r\n")) == b"SIP/2.0 200 OK\r\n"
            for writer in (good, bad):
                writer.close()

    asyncio.run(main())


def test_two_servers_talk_over_every_transport_and_family() -> None:
    async def main() -> None:
        specs = ("udp:127.0.0.1:0", "udp:[::1]:0", "tcp:127.0.0.1:0", "tcp:[::1]:0")
        async with serving(*specs) as one, serving(*specs) as two:
            for listener in two.transports.listeners:
                headers = Headers([("From", "<sip:one@x>"), ("To", "<sip:two@x>")])
                hop = Hop(listener.spec.transport, *listener.local)
                transaction = one.engine.request(Request("OPTIONS", "sip:two", headers), hop, one.pump.now())
                one.pump.kick()
                asked = await two.events.get()
                assert isinstance(asked, Requested)
                answer = await one.events.get()
                assert isinstance(answer, Responded)
                assert (answer.transaction, answer.status) == (transaction, 200)

    asyncio.run(main())


def test_rfc3261_8_1_3_1_a_peer_that_refuses_the_connection_is_a_503() -> None:
    async def main() -> None:
        async with serving("tcp:127.0.0.1:0") as server:
            headers = Headers([("From", "<sip:one@x>"), ("To", "<sip:two@x>")])
            server.engine.request(Request("OPTIONS", "sip:two", headers), Hop("tcp", "127.0.0.1", 1), server.pump.now())
            server.pump.kick()
            answer = await server.events.get()
            assert isinstance(answer, Responded)
            assert answer.status == 503

    asyncio.run(main())


def test_advertised_addresses_are_what_via_and_contact_say() -> None:
    async def main() -> None:
        server = Server()
        rule = parse_advertise("203.0.113.7:5080")
        await server.transports.listen(parse_listener("udp:127.0.0.1:0", (rule,)))
        with udp() as phone:
            headers = Headers([("From", "<sip:one@x>"), ("To", "<sip:two@x>")])
            hop = Hop("udp", *phone.getsockname())
            server.engine.request(Request("SUBSCRIBE", "sip:two", headers), hop, server.pump.now())
            server.pump.kick()
            data, _ = await asyncio.to_thread(phone.recvfrom, 4000)
            sent = parse(data)
            assert "203.0.113.7:5080" in sent.headers.get("Via")
            assert "203.0.113.7:5080" in sent.headers.get("Contact")
        server.pump.close()
        await server.transports.close()

    asyncio.run(main())


def test_a_socket_that_was_bound_by_somebody_else_is_taken_over() -> None:
    async def main() -> None:
        server = Server(limits=Limits())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
            bound.bind(("127.0.0.1", 0))
            bound.setblocking(False)
            host, port = bound.getsockname()
            await server.transports.listen(parse_listener(f"udp:{host}:{port}"), bound.dup())
            with udp() as phone:
                phone.sendto(options("127.0.0.1;rport"), (host, port))
                assert (await heard(phone))[0].status == 200
        server.pump.close()
        await server.transports.close()

    asyncio.run(main())
