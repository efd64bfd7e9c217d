"""UDP, TCP and TLS on loopback, IPv4 and IPv6: bytes reach the sink with the right flow, and go back on it."""

import asyncio
import itertools
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from vorzimmer.app.clock import LoopClock
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import StartError
from vorzimmer.net import acceptor
from vorzimmer.net.advertise import parse_advertise, parse_listener
from vorzimmer.net.certificates import Certificate, client_context, ensure_certificate, server_context
from vorzimmer.net.stream import Limits
from vorzimmer.net.transports import SocketTransports, TlsContexts
from vorzimmer.sip.flow import Flow, Hop, Packet

HOSTS = ["127.0.0.1", "[::1]"]
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
_loop = ["asyncio"]
REQUEST = b"OPTIONS sip:x SIP/2.0\r\n\r\n"


class Ear:
    """A sink with futures instead of waiting."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[bytes, Flow]] = asyncio.Queue()
        self.told: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.in_message: Callable[[], int] | None = None

    def received(self, data: bytes, flow: Flow) -> None:
        self.heard.put_nowait((data, flow))

    def closed(self, flow: Flow) -> None:
        self.told.put_nowait(("closed", flow))

    def found(self, transaction: str, flow: Flow) -> None:
        self.told.put_nowait((transaction, flow))

    def failed(self, transaction: str) -> None:
        self.told.put_nowait((transaction, None))

    def reading(self, flow: Flow) -> int | None:
        return self.in_message() if self.in_message else None


@asynccontextmanager
async def opened(*specs: str, **options: Any) -> AsyncIterator[tuple[SocketTransports, Ear]]:
    transports, ear = SocketTransports(LoopClock(), **options), Ear()
    transports.attach(ear)
    try:
        for spec in specs:
            await transports.listen(parse_listener(spec))
        yield transports, ear
    finally:
        await transports.close()


def go(main: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await main

    with asyncio.Runner(loop_factory=LOOPS[_loop[0]]) as runner:
        runner.run(bounded())


@pytest.fixture(autouse=True, params=sorted(LOOPS))
def _on_every_loop(request: pytest.FixtureRequest) -> None:
    _loop[0] = request.param


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    directory: Path = tmp_path_factory.mktemp("tls")
    return ensure_certificate(directory, ("localhost", "127.0.0.1", "::1"), LoopClock().wall())


def contexts(certificate: Certificate) -> TlsContexts:
    return TlsContexts(server_context(certificate), client_context(certificate.chain))


@pytest.mark.parametrize("host", HOSTS)
def test_rfc3261_18_2_2_a_datagram_is_answered_from_the_socket_it_came_to(host: str) -> None:
    async def main() -> None:
        async with opened(f"udp:{host}:0") as (transports, ear):
            local = transports.listeners[0].local
            family = socket.AF_INET6 if ":" in local.host else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as phone:
                phone.bind((local.host, 0))
                phone.settimeout(5)
                phone.sendto(REQUEST, local)
                data, flow = await ear.heard.get()
                assert data == REQUEST
                assert flow.remote == Address(*phone.getsockname()[:2])
                assert flow.listener == transports.listeners[0].name
                transports.send(Packet(b"200", flow))
                answer, source = await asyncio.to_thread(phone.recvfrom, 2000)
                assert (answer, Address(*source[:2])) == (b"200", local)

    go(main())


@pytest.mark.parametrize("transport", ["tcp", "tls"])
@pytest.mark.parametrize("host", HOSTS)
def test_a_stream_in_both_directions_on_one_connection(transport: str, host: str, certificate: Certificate) -> None:
    async def main() -> None:
        spec = f"{transport}:{host}:0"
        async with (
            opened(spec, tls=contexts(certificate)) as (server, at_server),
            opened(spec, tls=contexts(certificate)) as (phone, at_phone),
        ):
            there = server.listeners[0].local
            phone.send(Packet(REQUEST, Hop(transport, there.host, there.port), "t1"))
            data, incoming = await at_server.heard.get()
            assert data == REQUEST
            assert incoming.transport == transport
            assert incoming.local == there
            server.send(Packet(b"200", incoming))
            answer, outgoing = await at_phone.heard.get()
            assert answer == b"200"
            assert await at_phone.told.get() == ("t1", outgoing)
            assert outgoing.remote == there
            assert outgoing.local.port == phone.listeners[0].local.port  # what Via and Contact may name
            phone.send(Packet(b"again", Hop(transport, there.host, there.port), "t2"))
            assert await at_server.heard.get() == (b"again", incoming)  # RFC 3261 18: the connection is used again
            assert await at_phone.told.get() == ("t2", outgoing)
            server.close_flow(incoming)
            assert await at_server.told.get() == ("closed", incoming)
            assert await at_phone.told.get() == ("closed", outgoing)
            phone.send(Packet(b"late", outgoing, "t3"))
            assert await at_phone.told.get() == ("t3", None)

    go(main())


def test_packets_for_a_connection_that_is_being_opened_keep_their_order() -> None:
    async def main() -> None:
        async with opened("tcp:127.0.0.1:0") as (server, at_server), opened("tcp:127.0.0.1:0") as (phone, at_phone):
            hop = Hop("tcp", "localhost", server.listeners[0].local.port)
            for number in range(5):
                phone.send(Packet(b"%d" % number, hop, f"t{number}"))
            heard = b""
            while len(heard) < 5:
                heard += (await at_server.heard.get())[0]
            assert heard == b"01234"
            flows = {(await at_phone.told.get())[1] for _ in range(5)}
            assert len(flows) == 1
            assert server.connections == 1

    go(main())


@pytest.mark.parametrize(
    "hop",
    [
        Hop("tcp", "127.0.0.1", 1),
        Hop("udp", "no-such-name.invalid", 5060),
        Hop("udp", "127.0.0.1", 0),
        Hop("udp", "::1", 5060),
        Hop("tls", "127.0.0.1", 5061),
        Hop("tcp", "a" * 300, 5060),
        Hop("tcp", "..", 5060),
    ],
)
def test_rfc3261_8_1_3_1_what_cannot_be_sent_is_told(hop: Hop) -> None:
    async def main() -> None:
        async with opened("udp:127.0.0.1:0", "tcp:127.0.0.1:0") as (transports, ear):
            transports.send(Packet(REQUEST, hop, "t"))
            told = [await ear.told.get()]
            if told[0][1] is not None:  # found, and then refused by the system
                told.append(await ear.told.get())
            assert told[-1] == ("t", None)

    go(main())


def test_a_tls_server_with_the_wrong_name_gets_nothing(certificate: Certificate) -> None:
    async def main() -> None:
        tls = TlsContexts(server_context(certificate), client_context())  # does not know our self-made certificate
        async with (
            opened("tls:127.0.0.1:0", tls=tls) as (server, at_server),
            opened("tls:127.0.0.1:0", tls=tls) as (phone, at_phone),
        ):
            phone.send(Packet(REQUEST, Hop("tls", "127.0.0.1", server.listeners[0].local.port), "t"))
            assert await at_phone.told.get() == ("t", None)
            assert at_server.heard.empty()

    go(main())


async def _closed_by_server(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read(1) == b""
    except ConnectionError:
        return True


def test_connections_per_address_and_in_total_are_bounded() -> None:
    async def main() -> None:
        limits = Limits(connections=3, per_address=2)
        async with opened("tcp:127.0.0.1:0", limits=limits) as (server, ear):
            there = server.listeners[0].local
            writers = []
            for _ in range(2):
                _, writer = await asyncio.open_connection(*there)
                writer.write(b"x")
                await ear.heard.get()
                writers.append(writer)
            reader, third = await asyncio.open_connection(*there)
            assert await _closed_by_server(reader)
            assert (server.connections, server.counts.refused) == (2, 1)
            _, other = await asyncio.open_connection(*there, local_addr=("127.0.0.2", 0))
            other.write(b"x")
            await ear.heard.get()
            reader, fifth = await asyncio.open_connection(*there, local_addr=("127.0.0.3", 0))
            assert await _closed_by_server(reader)
            writers[0].close()
            await ear.told.get()
            _, again = await asyncio.open_connection(*there)
            again.write(b"x")
            await ear.heard.get()
            for writer in (*writers, third, other, fifth, again):
                writer.close()

    go(main())


def test_peers_that_never_finish_their_handshake_are_bounded_too(certificate: Certificate) -> None:
    async def main() -> None:
        options: dict[str, Any] = {"limits": Limits(per_address=2), "tls": contexts(certificate)}
        async with opened("tls:127.0.0.1:0", **options) as (server, ear):
            there = server.listeners[0].local
            silent = [await asyncio.open_connection(*there) for _ in range(2)]
            reader, third = await asyncio.open_connection(*there)
            assert await _closed_by_server(reader)
            silent[0][1].write(b"this is no handshake" * 10)
            await silent[0][0].read()
            secure = client_context(certificate.chain)
            _, writer = await asyncio.open_connection(*there, ssl=secure, server_hostname="localhost")
            writer.write(b"x")
            await ear.heard.get()
            assert (server.counts.refused, server.counts.handshakes, server.counts.accepted) == (1, 1, 1)
            for open_writer in (silent[0][1], silent[1][1], third, writer):
                open_writer.close()

    go(main())


def test_without_file_descriptors_accepting_pauses_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr(acceptor, "PAUSE", 0.02)
        async with opened("tcp:127.0.0.1:0") as (server, ear):
            listening = server.listeners[0].acceptor
            assert listening is not None
            real, calls = listening._sock, itertools.count()

            class Exhausted:
                def accept(self) -> Any:
                    if next(calls) < 3:
                        raise OSError(24, "Too many open files")
                    return real.accept()

                def __getattr__(self, name: str) -> Any:
                    return getattr(real, name)

            listening._sock = Exhausted()  # type: ignore[assignment]  # a socket that fails as a full file table does
            _, writer = await asyncio.open_connection(*server.listeners[0].local)
            writer.write(b"x")
            assert (await ear.heard.get())[0] == b"x"
            assert next(calls) > 3
            writer.close()

    go(main())


@pytest.mark.parametrize(
    ("limits", "count"), [(Limits(idle=0.05, sweep=0.02), "idle"), (Limits(slow=0.05, sweep=0.02), "slow")]
)
def test_idle_and_slow_peers_are_closed(limits: Limits, count: str) -> None:
    async def main() -> None:
        async with opened("tcp:127.0.0.1:0", limits=limits) as (server, ear):
            ear.in_message = (lambda: 7) if count == "slow" else None
            reader, writer = await asyncio.open_connection(*server.listeners[0].local)
            writer.write(b"INV")
            _, flow = await ear.heard.get()
            assert await _closed_by_server(reader)
            assert await ear.told.get() == ("closed", flow)
            assert getattr(server.counts, count) == 1
            writer.close()

    go(main())


def test_a_busy_peer_that_is_always_in_some_message_is_not_slow() -> None:
    async def main() -> None:
        async with opened("tcp:127.0.0.1:0", limits=Limits(slow=0.05, sweep=0.02)) as (server, ear):
            messages = itertools.count()
            ear.in_message = lambda: next(messages)
            _, writer = await asyncio.open_connection(*server.listeners[0].local)
            writer.write(b"INV")
            await ear.heard.get()
            await LoopClock().sleep(0.3)
            assert next(messages) > 3
            assert server.connections == 1
            writer.close()

    go(main())


def test_a_peer_that_says_nothing_is_closed() -> None:
    async def main() -> None:
        async with opened("tcp:127.0.0.1:0", limits=Limits(silent=0.05, sweep=0.02)) as (server, _):
            reader, writer = await asyncio.open_connection(*server.listeners[0].local)
            assert await _closed_by_server(reader)
            assert server.counts.silent == 1
            writer.close()

    go(main())


def test_activity_keeps_a_connection_open() -> None:
    async def main() -> None:
        clock = LoopClock()
        async with opened("tcp:127.0.0.1:0", limits=Limits(idle=0.3, sweep=0.02)) as (server, ear):
            _, writer = await asyncio.open_connection(*server.listeners[0].local)
            for _ in range(6):
                writer.write(b"\r\n\r\n")
                await ear.heard.get()
                await clock.sleep(0.1)
            assert server.connections == 1
            writer.close()

    go(main())


def test_a_peer_that_does_not_read_is_closed() -> None:
    async def main() -> None:
        async with opened("tcp:127.0.0.1:0", limits=Limits(unread=100_000)) as (server, ear):
            _, writer = await asyncio.open_connection(*server.listeners[0].local, limit=1)
            writer.write(b"x")
            _, flow = await ear.heard.get()
            sent = 0
            while server.counts.unread == 0:
                server.send(Packet(b"z" * 65_536, flow, "t"))
                sent += 65_536
                assert sent < 100_000_000
            assert await ear.told.get() == ("t", None)
            assert await ear.told.get() == ("closed", flow)
            writer.close()

    go(main())


def test_oversized_datagrams_are_dropped_and_counted() -> None:
    async def main() -> None:
        async with opened("udp:127.0.0.1:0", limits=Limits(message=100)) as (server, ear):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
                phone.sendto(b"x" * 101, server.listeners[0].local)
                phone.sendto(b"x" * 100, server.listeners[0].local)
                assert len((await ear.heard.get())[0]) == 100
            udp = server.listeners[0].udp
            assert udp is not None
            assert udp.oversized == 1

    go(main())


def test_a_flow_from_before_a_restart_never_names_another_connection() -> None:
    async def main() -> None:
        async with opened("tcp:127.0.0.1:0") as (server, ear):
            _, writer = await asyncio.open_connection(*server.listeners[0].local)
            writer.write(b"x")
            _, flow = await ear.heard.get()
            stale = Flow("tcp", flow.local, Address("127.0.0.1", 9), flow.connection, flow.listener)
            server.send(Packet(b"secret", stale, "t"))
            assert await ear.told.get() == ("t", None)
            assert flow.connection > 1 << 40
            writer.close()

    go(main())


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_taken_port_is_one_clear_line(transport: str) -> None:
    async def main() -> None:
        async with opened(f"{transport}:127.0.0.1:0") as (first, _):
            text = first.listeners[0].name
            with pytest.raises(StartError) as caught:
                async with opened(text):
                    pass
            assert str(caught.value) == f"cannot listen on {text}: the port is taken by another program"
        async with opened(text):  # closing has freed it
            pass

    go(main())


def test_other_reasons_for_not_listening() -> None:
    async def main() -> None:
        with pytest.raises(StartError, match="does not have that address"):
            async with opened("udp:203.0.113.77:5060"):
                pass
        with pytest.raises(StartError, match="there is no certificate"):
            async with opened("tls:127.0.0.1:0"):
                pass

    go(main())


def test_ipv4_and_ipv6_wildcards_share_a_port() -> None:
    async def main() -> None:
        async with opened("udp:0.0.0.0:0") as (first, _), opened(f"udp:[::]:{first.listeners[0].local.port}"):
            pass

    go(main())


def test_a_wildcard_listener_tells_the_address_on_the_route_to_the_peer() -> None:
    async def main() -> None:
        async with opened("udp:0.0.0.0:0", "udp:[::]:0") as (server, _):
            four, six = (listener.local.port for listener in server.listeners)
            assert server.sent_by(Hop("udp", "127.0.0.1", 5060)) == Address("127.0.0.1", four)
            assert server.sent_by(Hop("udp", "::1", 5060)) == Address("::1", six)
            flow = Flow("udp", Address("0.0.0.0", four), Address("127.0.0.1", 9), 0, server.listeners[0].name)
            assert server.sent_by(flow) == Address("127.0.0.1", four)

    go(main())


def test_advertise_per_listener_and_network() -> None:
    async def main() -> None:
        rules = (parse_advertise("203.0.113.7:5099"), parse_advertise("self@127.0.0.0/8"))
        transports = SocketTransports(LoopClock())
        transports.attach(Ear())
        listener = await transports.listen(parse_listener("udp:127.0.0.1:0", rules))
        local = listener.local
        inside = Flow("udp", local, Address("127.0.0.9", 5060), 0, listener.name)
        outside = Flow("udp", local, Address("198.51.100.1", 5060), 0, listener.name)
        assert transports.sent_by(inside) == local
        assert transports.sent_by(outside) == Address("203.0.113.7", 5099)
        assert transports.sent_by(Hop("udp", "trunk.example", 5060)) == Address("203.0.113.7", 5099)
        await transports.close()

    go(main())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda made: made.chain.unlink(),
        lambda made: made.chain.write_text("not a certificate"),
        lambda made: made.key.write_bytes(made.chain.read_bytes()),
    ],
)
def test_a_broken_certificate_is_one_clear_line(spoil: Callable[[Certificate], object], tmp_path: Path) -> None:
    made = ensure_certificate(tmp_path, ("localhost",), LoopClock().wall())
    spoil(made)
    with pytest.raises(StartError) as caught:
        server_context(made)
    assert str(made.chain) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_key_of_another_certificate_is_named(tmp_path: Path) -> None:
    now = LoopClock().wall()
    one, two = (ensure_certificate(tmp_path / name, ("localhost",), now) for name in "ab")
    with pytest.raises(StartError, match="the key does not belong to the certificate"):
        server_context(Certificate(one.chain, two.key))


def test_a_self_made_certificate_is_kept_renewed_and_private(tmp_path: Path) -> None:
    now = LoopClock().wall()
    made = ensure_certificate(tmp_path, ("localhost", "::1"), now)
    assert made.self_made
    assert made.key.stat().st_mode & 0o777 == 0o600
    first = made.chain.read_bytes()
    assert ensure_certificate(tmp_path, ("localhost",), now).chain.read_bytes() == first
    assert ensure_certificate(tmp_path, ("pbx.example",), now).chain.read_bytes() != first
    assert isinstance(server_context(made), ssl.SSLContext)
