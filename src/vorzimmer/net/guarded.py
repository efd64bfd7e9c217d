"""The one client for outgoing HTTP: sign-in providers, webhooks. Nobody who names an address here reaches our inside.

A company's administrator chooses these addresses, so they are a stranger's: loopback, link-local, private and other
addresses that are not public are refused unless an option of the server allows their network. The name is looked up
once, every address it has is judged, and the connection goes to the judged address (no second look-up that could answer
differently); TLS still proves the name. Redirects are answers, never followed; answers are bounded in size and time.
This module must never read proxies or credentials from the environment.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final, NamedTuple

import httpcore
import httpx

from vorzimmer.kernel.errors import VorzimmerError

Network = IPv4Network | IPv6Network
TOTAL_S: Final = 15.0
MAX_BODY: Final = 1_000_000
"""Bytes of an answer that are read."""
_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")


class OutgoingError(VorzimmerError):
    """The request was not answered: refused here, unreachable, too slow or too large. Its text names no secret."""


class OutgoingRefusedError(OutgoingError):
    """We do not go there."""


class Answer(NamedTuple):
    """What came back; header names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet, also inside the forms that carry another one."""
    ip = ip_address(address.partition("%")[0])
    inner = _inside(ip)
    if inner is not None:
        return is_public(str(inner))
    if isinstance(ip, IPv6Address) and ip not in _UNICAST:
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _inside(ip: IPv4Address | IPv6Address) -> IPv4Address | None:
    if isinstance(ip, IPv4Address):
        return None
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo is not None else None)


class Guard:
    """Which addresses may be connected to."""

    def __init__(self, allowed: tuple[Network, ...] = ()) -> None:
        self._allowed = allowed

    def may(self, address: str) -> bool:
        """Whether a literal address may be reached."""
        return self.allowed(address) or is_public(address)

    def allowed(self, address: str) -> bool:
        """Whether an option of the server names this address."""
        ip = ip_address(address.partition("%")[0])
        return any(ip in network for network in self._allowed if network.version == ip.version)

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a name, all of which may be reached. Raises OutgoingRefusedError, OutgoingError."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise OutgoingError(f"no address for {host}") from None
        addresses = list(dict.fromkeys(str(row[4][0]) for row in found))
        if not addresses or not all(map(self.may, addresses)):
            raise OutgoingRefusedError(f"{host} is not on the public internet; see --outgoing-allow")
        return addresses


class _Backend(httpcore.AsyncNetworkBackend):
    """Connects to judged addresses only."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """The first address that answers."""
        failure: Exception = OutgoingError(f"no address for {host}")
        for address in await self._guard.addresses(host, port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Never."""
        raise OutgoingRefusedError("a file is no server")

    async def sleep(self, seconds: float) -> None:
        """As the library wants it, between its own tries."""
        await self._inner.sleep(seconds)


class _Body(httpx.AsyncByteStream):
    """An answer's body from the library below."""

    def __init__(self, parts: AsyncIterable[bytes]) -> None:
        self._parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._parts:
            yield part

    async def aclose(self) -> None:
        if hasattr(self._parts, "aclose"):
            await self._parts.aclose()


class _Transport(httpx.AsyncBaseTransport):
    """httpx over a pool with our way of connecting."""

    def __init__(self, guard: Guard, context: ssl.SSLContext) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context, max_connections=20, keepalive_expiry=5.0, network_backend=_Backend(guard)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        answer = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        assert isinstance(answer.stream, AsyncIterable)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer.stream))

    async def aclose(self) -> None:
        await self._pool.aclose()


class GuardedHttp:
    """The client. `authorities` is a PEM file of who may vouch for servers, "" for the system's."""

    def __init__(self, allowed: tuple[Network, ...] = (), authorities: str = "") -> None:
        self._guard = Guard(allowed)
        context = ssl.create_default_context(cafile=authorities or None)
        self._client = httpx.AsyncClient(
            transport=_Transport(self._guard, context), timeout=10.0, trust_env=False, follow_redirects=False
        )

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Answer:
        """Ask; redirects are answers. Plain ``http`` goes to allowed networks only. Raises OutgoingError."""
        try:
            async with asyncio.timeout(TOTAL_S):
                await self._judge(httpx.URL(url))
                told = {"User-Agent": "Vorzimmer", "Accept-Encoding": "identity", **(headers or {})}
                async with self._client.stream(method, url, headers=told, content=content) as answer:
                    body = await _bounded(answer)
                    return Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, body)
        except (httpx.HTTPError, httpx.InvalidURL, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise OutgoingError(f"{type(error).__name__} at {_shown(url)}") from None
        except (httpcore.TimeoutException, TimeoutError):
            raise OutgoingError(f"no answer in time from {_shown(url)}") from None
        except (OSError, ValueError) as error:
            raise OutgoingError(f"{type(error).__name__} at {_shown(url)}") from None

    async def close(self) -> None:
        """Give back connections."""
        await self._client.aclose()

    async def _judge(self, url: httpx.URL) -> None:
        if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
            raise OutgoingRefusedError("only http and https addresses without a name and password in them")
        if url.scheme == "https":
            return
        addresses = await self._guard.addresses(url.host, url.port or 80)
        if not all(map(self._guard.allowed, addresses)):
            raise OutgoingRefusedError(f"{url.host} has to be reached by https")


async def _bounded(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for part in answer.aiter_raw():
        body += part
        if len(body) > MAX_BODY:
            raise OutgoingError("the answer is too large")
    return bytes(body)


def _shown(url: str) -> str:
    """Host only: paths and queries may hold secrets."""
    try:
        return httpx.URL(url).host[:200]
    except (httpx.InvalidURL, ValueError):
        return "an address that is none"
