"""What peers may cost us: connections, silence, slowness, unread bytes, size."""

import asyncio
import itertools
import socket
from typing import Any

import pytest
from tests.integration.net_rig import HandClock, certificate, contexts, go, opened

from vorzimmer.app.clock import LoopClock
from vorzimmer.net import acceptor
from vorzimmer.net.certificates import client_context
from vorzimmer.net.stream import Limits
from vorzimmer.sip.flow import Packet


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

    go(main)


def test_peers_that_never_finish_their_handshake_are_bounded_too() -> None:
    async def main() -> None:
        options: dict[str, Any] = {"limits": Limits(per_address=2), "tls": contexts()}
        async with opened("tls:127.0.0.1:0", **options) as (server, ear):
            there = server.listeners[0].local
            silent = [await asyncio.open_connection(*there) for _ in range(2)]
            reader, third = await asyncio.open_connection(*there)
            assert await _closed_by_server(reader)
            silent[0][1].write(b"this is no handshake" * 10)
            await silent[0][0].read()
            secure = client_context(certificate().chain)
            _, writer = await asyncio.open_connection(*there, ssl=secure, server_hostname="localhost")
            writer.write(b"x")
            await ear.heard.get()
            assert (server.counts.refused, server.counts.handshakes, server.counts.accepted) == (1, 1, 1)
            for open_writer in (silent[0][1], silent[1][1], third, writer):
                open_writer.close()

    go(main)


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

    go(main)


@pytest.mark.parametrize(("limits", "count"), [(Limits(idle=100.0), "idle"), (Limits(slow=100.0), "slow")])
def test_idle_and_slow_peers_are_closed(limits: Limits, count: str) -> None:
    async def main() -> None:
        clock = HandClock()
        async with opened("tcp:127.0.0.1:0", clock=clock, limits=limits) as (server, ear):
            ear.in_message = (lambda: 7) if count == "slow" else None
            reader, writer = await asyncio.open_connection(*server.listeners[0].local)
            writer.write(b"INV")
            _, flow = await ear.heard.get()
            clock.advance(99)
            assert getattr(server.counts, count) == 0
            clock.advance(20)  # sweeps are five seconds apart
            assert getattr(server.counts, count) == 1
            assert await _closed_by_server(reader)
            assert await ear.told.get() == ("closed", flow)
            assert clock.alarms == []
            writer.close()

    go(main)


def test_a_busy_peer_that_is_always_in_some_message_is_not_slow() -> None:
    async def main() -> None:
        clock = HandClock()
        async with opened("tcp:127.0.0.1:0", clock=clock, limits=Limits(slow=20.0)) as (server, ear):
            messages = itertools.count()
            ear.in_message = lambda: next(messages)
            _, writer = await asyncio.open_connection(*server.listeners[0].local)
            writer.write(b"INV")
            await ear.heard.get()
            clock.advance(200)
            assert next(messages) > 30
            assert (server.connections, server.counts.slow) == (1, 0)
            writer.close()

    go(main)


def test_a_peer_that_says_nothing_is_closed() -> None:
    async def main() -> None:
        clock = HandClock()
        async with opened("tcp:127.0.0.1:0", clock=clock, limits=Limits(silent=30.0)) as (server, _):
            reader, writer = await asyncio.open_connection(*server.listeners[0].local)
            while not server.connections:
                await LoopClock().sleep(0)
            clock.advance(29)
            assert server.counts.silent == 0
            clock.advance(10)
            assert server.counts.silent == 1
            assert await _closed_by_server(reader)
            writer.close()

    go(main)


def test_rfc5626_4_4_1_a_phone_that_was_told_to_ping_and_does_not_is_cut_off() -> None:
    async def main() -> None:
        clock = HandClock()
        async with opened("tcp:127.0.0.1:0", clock=clock) as (server, ear):
            pinging, silent = [await asyncio.open_connection(*server.listeners[0].local) for _ in range(2)]
            flows = []
            for _, writer in (pinging, silent):
                writer.write(b"REGISTER")
                flows.append((await ear.heard.get())[1])
                server.expects(flows[-1], 250.0)
            for _ in range(3):
                clock.advance(120)
                pinging[1].write(b"\r\n\r\n")
                await ear.heard.get()
                server.send(Packet(b"NOTIFY", flows[1]))  # what we say does not count
            assert (server.connections, server.counts.silent) == (1, 1)
            assert await ear.told.get() == ("closed", flows[1])
            server.expects(flows[1], 1.0)
            for _, writer in (pinging, silent):
                writer.close()

    go(main)


def test_activity_in_either_direction_keeps_a_connection_open() -> None:
    async def main() -> None:
        clock = HandClock()
        async with opened("tcp:127.0.0.1:0", clock=clock, limits=Limits(idle=100.0)) as (server, ear):
            reader, writer = await asyncio.open_connection(*server.listeners[0].local)
            for _ in range(3):
                writer.write(b"\r\n\r\n")
                _, flow = await ear.heard.get()
                clock.advance(90)
                server.send(Packet(b"\r\n", flow))
                await reader.readexactly(2)
                clock.advance(90)
            assert (server.connections, server.counts.idle) == (1, 0)
            writer.close()

    go(main)


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

    go(main)


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

    go(main)
