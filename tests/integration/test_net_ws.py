"""WS and WSS (RFC 7118, RFC 6455): upgrades, messages, what browsers and others may not do, calls with a UDP phone."""

import asyncio
import base64
import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.net_rig import HandClock, certificate, contexts, go, opened
from tests.integration.phone_bench import PhoneBench
from tests.integration.socket_phone import SocketPhone, connect
from tests.integration.ws_client import RawWebSocket, WebPhone
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Pong, TextMessage

from vorzimmer.kernel.address import Address
from vorzimmer.net.certificates import client_context
from vorzimmer.net.stream import Limits
from vorzimmer.sip.events import Failed, FlowGone
from vorzimmer.sip.flow import Packet

KEY = base64.b64encode(b"0123456789abcdef").decode()
UPGRADE = {
    "Host": "pbx",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "sip",
}


def there(server: Any) -> Address:
    return server.listeners[0].local


@pytest.mark.parametrize("transport", ["ws", "wss"])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_rfc7118_5_one_sip_message_is_one_websocket_message(transport: str, host: str) -> None:
    async def main() -> None:
        async with opened(f"{transport}:{host}:0", tls=contexts()) as (server, ear):
            tls = client_context(certificate().chain) if transport == "wss" else None
            phone = RawWebSocket(there(server), tls)
            accepted = await phone.open()
            assert isinstance(accepted, AcceptConnection)
            assert accepted.subprotocol == "sip"
            assert accepted.extensions == []
            phone.put(TextMessage("OPTIONS sip:x SIP/2.0\r\n\r\n", message_finished=False))
            phone.put(TextMessage("Müller"))
            data, flow = await ear.heard.get()
            assert data == "OPTIONS sip:x SIP/2.0\r\n\r\nMüller".encode()
            assert (flow.transport, flow.local) == (transport, there(server))
            phone.put(BytesMessage(b"\xff\x00"))
            assert (await ear.heard.get())[0] == b"\xff\x00"
            for answer in (b"SIP/2.0 200 OK\r\n\r\n", b"\xfe\x00"):
                server.send(Packet(answer, flow))
                assert (await phone.next()).data == answer
            phone.put(Ping(b"are you there"))
            assert await phone.next() == Pong(b"are you there")
            server.close_flow(flow)
            assert isinstance(await phone.next(), CloseConnection)
            phone.put(CloseConnection(1000))
            phone.writer.close()
            assert await ear.told.get() == ("closed", flow)

    go(main)


async def raw(server: Any, headers: dict[str, str], method: str = "GET") -> str:
    """Whatever HTTP, and the head of the answer."""
    reader, writer = await asyncio.open_connection(*there(server))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"{method} / HTTP/1.1\r\n{lines}\r\n".encode())
    answer = await reader.read()  # to the end: the connection is closed
    writer.close()
    return answer.decode("latin-1")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Upgrade": "", "Connection": "close"}, 426),
        ({"Upgrade": "h2c"}, 426),
        ({"Sec-WebSocket-Version": "8"}, 426),
        ({"Sec-WebSocket-Protocol": "chat"}, 400),
        ({"Sec-WebSocket-Protocol": ""}, 400),
        ({"Sec-WebSocket-Key": None}, 400),
        ({"Origin": "https://evil.example"}, 403),
    ],
)
def test_rfc6455_4_4_and_rfc7118_4_2_what_is_no_upgrade_is_answered(change: dict[str, Any], status: int) -> None:
    async def main() -> None:
        origins = frozenset({"https://pbx.example"})
        async with opened("ws:127.0.0.1:0", web_origins=origins) as (server, ear):
            wanted = {**UPGRADE, **change}
            answer = await raw(server, {name: value for name, value in wanted.items() if value is not None})
            assert answer.startswith(f"HTTP/1.1 {status} ")
            if status == 426 and "Version" not in str(change):
                assert "upgrade: websocket" in answer.lower()
            assert ear.heard.empty()
            await ear.told.get()
            assert server.connections == 0

    go(main)


def test_rfc6455_4_4_other_methods_garbage_and_tls_are_turned_away() -> None:
    async def main() -> None:
        async with opened("ws:127.0.0.1:0") as (server, ear):
            assert (await raw(server, UPGRADE, "POST")).startswith("HTTP/1.1 400")
            large = b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000
            for garbage in (
                large,
                b"\x16\x03\x01\x02\x00\x01\xfc",
                b"REGISTER sip:x SIP/2.0\r\n\r\n",
                b"\r\n" * 50_000,
            ):
                reader, writer = await asyncio.open_connection(*there(server))
                writer.write(garbage + b"\r\n\r\n")
                with contextlib.suppress(ConnectionError):
                    assert b"101" not in await reader.read()
                writer.close()
            assert ear.heard.empty()

    go(main)


@pytest.mark.parametrize("origin", [b"https://pbx.example", b"HTTPS://PBX.example", b""])
def test_pages_that_are_ours_and_phones_that_are_no_browser_may_connect(origin: bytes) -> None:
    async def main() -> None:
        async with opened("ws:127.0.0.1:0", web_origins=frozenset({"https://pbx.example"})) as (server, _):
            phone = RawWebSocket(there(server))
            headers = ((b"Origin", origin),) if origin else ()
            assert isinstance(await phone.open(headers=headers), AcceptConnection)
            await phone.close()

    go(main)


def test_a_message_over_the_limit_ends_that_connection_only() -> None:
    async def main() -> None:
        async with opened("ws:127.0.0.1:0", limits=Limits(message=1000)) as (server, ear):
            good, bad = RawWebSocket(there(server)), RawWebSocket(there(server))
            await good.open()
            await bad.open()
            bad.put(BytesMessage(b"x" * 600, message_finished=False))
            bad.put(BytesMessage(b"x" * 600, message_finished=False))
            closing = await bad.next()
            assert isinstance(closing, CloseConnection)
            assert closing.code == 1009
            good.put(BytesMessage(b"fine"))
            assert (await ear.heard.get())[0] == b"fine"
            await good.close()
            await bad.close()

    go(main)


def test_frames_that_are_none_end_the_connection() -> None:
    async def main() -> None:
        async with opened("ws:127.0.0.1:0") as (server, ear):
            phone = RawWebSocket(there(server))
            await phone.open()
            phone.writer.write(b"\x81\x05hello")  # not masked: RFC 6455 section 5.1
            closing = await phone.next()
            assert isinstance(closing, CloseConnection)
            assert closing.code == 1002
            assert (await ear.told.get())[0] == "closed"
            phone.writer.close()

    go(main)


async def _gone(phone: RawWebSocket) -> None:
    while not isinstance(await _last(phone), bool):
        pass


def test_upgrades_that_never_end_and_messages_that_never_end_are_bounded() -> None:
    async def main() -> None:
        clock = HandClock()
        async with opened("ws:127.0.0.1:0", clock=clock) as (server, _):
            reader, writer = await asyncio.open_connection(*there(server))
            writer.write(b"GET / HTTP/1.1\r\n")
            slow = RawWebSocket(there(server))
            await slow.open()
            slow.put(BytesMessage(b"part", message_finished=False))
            slow.put(Ping(b"1"))
            assert await slow.next() == Pong(b"1")  # now the part has arrived
            for _ in range(4):
                clock.advance(9)
                writer.write(b"X: y\r\n")  # byte by byte does not help
                slow.put(Ping(b"2"))
                try:
                    while await slow.next() != Pong(b"2"):
                        pass
                except (EOFError, ConnectionError):
                    break
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            await _gone(slow)
            assert (server.counts.silent, server.counts.slow) == (1, 1)
            writer.close()
            slow.writer.close()

    go(main)


def test_rfc6455_5_5_2_who_does_not_answer_pings_is_gone() -> None:
    async def main() -> None:
        clock = HandClock()
        async with opened("ws:127.0.0.1:0", clock=clock) as (server, ear):
            alive, dead = RawWebSocket(there(server)), RawWebSocket(there(server))
            await alive.open()
            await dead.open()
            for _ in range(4):
                clock.advance(31)
                assert isinstance(await alive.next(), Ping)
                alive.put(BytesMessage(b"here"))
                await ear.heard.get()
            while not isinstance(event := await _last(dead), bool):
                assert isinstance(event, Ping)
            assert (server.connections, server.counts.idle) == (1, 1)
            await alive.close()
            dead.writer.close()

    go(main)


async def _last(phone: RawWebSocket) -> object:
    try:
        return await phone.next()
    except (EOFError, ConnectionError):
        return True


# -- a whole server ----------------------------------------------------------------------------------------------------
Bench = tuple[PhoneBench, dict[str, int]]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = PhoneBench(tmp_path_factory.mktemp("ws"))
    ports = {name: bench.block.take() for name in ("ws", "wss", "tls")}
    more = [f"--ws=127.0.0.1:{ports['ws']}", f"--wss=127.0.0.1:{ports['wss']}", f"--sip=tls:127.0.0.1:{ports['tls']}"]
    bench.server.more = tuple(more)
    bench.start()
    yield bench, ports
    bench.close()


@pytest.fixture(autouse=True)
def _hang_up(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "bench" in request.fixturenames:
        bench, _ = request.getfixturevalue("bench")
        bench.run(bench.hang_up())


@pytest.mark.parametrize("transport", ["ws", "wss"])
def test_rfc7118_calls_between_a_browser_and_a_udp_phone(
    bench: tuple[PhoneBench, dict[str, int]], transport: str
) -> None:
    server, ports = bench

    async def main() -> None:
        web = server.keep(WebPhone(server.server, "bea-tisch", transport=transport))
        assert isinstance(web, WebPhone)
        await web.start(port=ports[transport])
        await web.register()
        desk: SocketPhone = await server.phone("carl-tisch")
        for caller, callee, dialled in ((web, desk, "141"), (desk, web, "140")):
            outgoing, incoming = await connect(caller, callee, dialled)
            for phone in (web, desk):
                phone.speak()
            for phone in (web, desk):
                await phone.heard(5)
            outgoing.hang_up()
            await callee.until(lambda incoming=incoming: incoming.over)
        assert ";transport=ws" in str(web.invites[-1].request.headers)

    server.run(main())


@pytest.mark.parametrize("transport", ["tls", "ws"])
def test_after_a_kill_of_control_the_binding_of_a_stream_is_gone_until_the_phone_registers_again(
    bench: Bench, transport: str, tmp_path: Path
) -> None:
    server, ports = bench

    async def come(phone: SocketPhone) -> None:
        await phone.start(tmp_path if transport == "tls" else None, port=ports[transport])
        await phone.register()

    async def main() -> None:
        kind = SocketPhone if transport == "tls" else WebPhone
        caller = await server.phone("carl-tisch")
        lost = kind(server.server, "bea-tisch", transport=transport)
        await come(lost)
        before = server.server.pid("control")
        server.server.kill("control", signal.SIGKILL)
        await server.server.restarted("control", before)
        await lost.until(lambda: any(isinstance(event, FlowGone) for event in lost.events))
        await lost.close()
        await caller.register()  # over UDP: answered as soon as control is back
        assert await _refused(caller, "140") in {404, 480}, "nobody is there"
        again = server.keep(kind(server.server, "bea-tisch", transport=transport))
        await come(again)
        outgoing, incoming = await connect(caller, again, "140")
        outgoing.hang_up()
        await again.until(lambda: incoming.over)

    server.run(main())


async def _refused(caller: SocketPhone, dialled: str) -> int:
    call = caller.call(dialled)
    await caller.until(lambda: call.over)
    failed = [event for event in caller.events if isinstance(event, Failed)]
    return failed[-1].status
