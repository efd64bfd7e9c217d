"""The guarded HTTP client against real sockets: where it goes, where it does not, and what it takes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from tests.integration.authority import Authority

from vorzimmer.net import guarded
from vorzimmer.net.guarded import Guard, GuardedHttp, OutgoingError, OutgoingRefusedError, is_public

LOOPBACK = (ip_network("127.0.0.0/8"),)
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answering(data: bytes) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()

    return handle


INSIDE = (
    "127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 240.0.0.1 "
    "192.0.2.1 198.18.0.1 ::1 :: fe80::1 fe80::1%eth0 fc00::1 ff02::1 2001:db8::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 "
    "64:ff9b::7f00:1 64:ff9b::10.0.0.1 2002:7f00:1:: 2002:a00:1::1 fec0::1"
)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Test: yes\r\n\r\nhi"


@asynccontextmanager
async def server(handle: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server for one test; whoever still talks to it at the end is cut off."""
    writers: list[asyncio.StreamWriter] = []

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            await handle(reader, writer)
        writer.close()

    running = await asyncio.start_server(tracked, "127.0.0.1", 0, ssl=context)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        running.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


async def asked(url: str, *, allowed: Any = LOOPBACK, authorities: str = "", method: str = "GET") -> guarded.Answer:
    client = GuardedHttp(allowed, authorities)
    try:
        return await client.request(method, url, content=b"x" if method == "POST" else b"")
    finally:
        await client.close()


@pytest.mark.parametrize("address", INSIDE.split())
def test_no_address_inside_is_public(address: str) -> None:
    assert not is_public(address)
    assert not Guard().may(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "64:ff9b::1.1.1.1", "::ffff:8.8.8.8"])
def test_addresses_outside_are_public(address: str) -> None:
    assert is_public(address)


def test_an_allowed_network_is_reached_and_no_other() -> None:
    guard = Guard((ip_network("10.1.0.0/16"), ip_network("fd00::/8")))
    assert guard.may("10.1.2.3")
    assert guard.may("fd00::1")
    assert not guard.may("10.2.0.1")
    assert not guard.may("::ffff:10.2.0.1")


def test_loopback_is_refused_by_address_and_by_name_before_anything_is_sent() -> None:
    async def main() -> None:
        touched = []

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            touched.append(1)

        async with server(handle) as port:
            for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "[::ffff:127.0.0.1]"):
                for scheme in ("http", "https"):
                    with pytest.raises(OutgoingError):
                        await asked(f"{scheme}://{host}:{port}/", allowed=())
        assert not touched

    asyncio.run(main())


def test_an_allowed_address_answers() -> None:
    async def main() -> None:
        async with server(answering(OK)) as port:
            answer = await asked(f"http://127.0.0.1:{port}/x?y=1", method="POST")
            assert (answer.status, answer.body, answer.headers["x-test"]) == (200, b"hi", "yes")

    asyncio.run(main())


def test_a_name_with_one_address_inside_is_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def looked_up(host: str, port: int, **more: Any) -> Any:
            return [(2, 1, 6, "", ("1.1.1.1", port)), (2, 1, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr(loop, "getaddrinfo", looked_up)
        with pytest.raises(OutgoingRefusedError):
            await Guard().addresses("rebind.example", 443)

    asyncio.run(main())


def test_the_connection_goes_to_the_judged_address_and_tls_proves_the_name(tmp_path: Path) -> None:
    """A name that answers differently the second time gains nothing: there is no second time."""
    authority = Authority(tmp_path)
    made = authority.issue("hook", "hook.example")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.chain, made.key)

    async def main() -> None:
        asks: list[str] = []
        loop = asyncio.get_running_loop()
        plain = loop.getaddrinfo

        async def looked_up(host: Any, port: int, **more: Any) -> Any:
            asks.append(str(host))
            named = {"hook.example": "127.0.0.1", "other.example": "127.0.0.1"}.get(str(host), host)
            return await plain(named, port, **more)

        loop.getaddrinfo = looked_up  # type: ignore[assignment,method-assign]  # a name server of our own
        async with server(answering(OK), context) as port:
            answer = await asked(f"https://hook.example:{port}/", authorities=str(authority.file))
            assert answer.status == 200
            assert asks.count("hook.example") == 1
            with pytest.raises(OutgoingError, match=r"ConnectError at other\.example"):
                await asked(f"https://other.example:{port}/", authorities=str(authority.file))
            with pytest.raises(OutgoingError):  # an authority that we do not know
                await asked(f"https://hook.example:{port}/")

    asyncio.run(main())


def test_plain_http_goes_to_allowed_networks_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutgoingRefusedError, match="https"):
        asyncio.run(asked("http://1.1.1.1/"))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://",
        "http://u:p@127.0.0.1/",
        "//x",
        "",
        "http://[",
        "http://a b/",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(OutgoingError):
        asyncio.run(asked(url))


def test_redirects_are_answers() -> None:
    async def main() -> None:
        moved = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
        async with server(answering(moved)) as port:
            answer = await asked(f"http://127.0.0.1:{port}/")
            assert (answer.status, answer.headers["location"]) == (302, "http://169.254.169.254/")

    asyncio.run(main())


def test_an_endless_slow_or_broken_answer_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr(guarded, "TOTAL_S", 0.5)
        endless = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 1_100_000
        for data in (endless, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", b"garbage\r\n\r\n"):
            async with server(answering(data)) as port:
                with pytest.raises(OutgoingError):
                    await asked(f"http://127.0.0.1:{port}/")

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()

        async with server(silent) as port:
            with pytest.raises(OutgoingError, match="in time"):
                await asked(f"http://127.0.0.1:{port}/secret-path")

    asyncio.run(main())
