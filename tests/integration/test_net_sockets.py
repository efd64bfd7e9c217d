"""UDP, TCP and TLS on loopback, IPv4 and IPv6: bytes reach the sink with the right flow, and go back on it."""

import asyncio
import socket

import pytest
from tests.integration.net_rig import REQUEST, Ear, certificate, contexts, go, opened

from vorzimmer.app.clock import LoopClock
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import StartError
from vorzimmer.net.advertise import parse_advertise, parse_listener
from vorzimmer.net.certificates import client_context, server_context
from vorzimmer.net.transports import SocketTransports, TlsContexts
from vorzimmer.sip.flow import Flow, Hop, Packet

HOSTS = ["127.0.0.1", "[::1]"]


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

    go(main)


class Echo(Ear):
    """Answers within the call that brings a datagram, as the engine does."""

    transports: SocketTransports

    def received(self, data: bytes, flow: Flow) -> None:
        self.transports.send(Packet(b"200", flow, "transaction"))
        super().received(data, flow)


def test_datagrams_that_waited_in_the_socket_are_answered_at_once() -> None:
    """After a restart the socket holds what phones sent meanwhile; the answers to it must not be lost."""

    async def main() -> None:
        waiting = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        waiting.setblocking(False)
        waiting.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.settimeout(5)
            for _ in range(3):
                phone.sendto(REQUEST, waiting.getsockname())
            transports, echo = SocketTransports(LoopClock()), Echo()
            echo.transports = transports
            transports.attach(echo)
            await transports.listen(parse_listener(f"udp:127.0.0.1:{waiting.getsockname()[1]}"), waiting)
            try:
                answers = [await asyncio.to_thread(phone.recv, 2000) for _ in range(3)]
                assert answers == [b"200"] * 3
                assert echo.told.empty(), "nothing failed"
            finally:
                await transports.close()

    go(main)


@pytest.mark.parametrize("transport", ["tcp", "tls"])
@pytest.mark.parametrize("host", HOSTS)
def test_a_stream_in_both_directions_on_one_connection(transport: str, host: str) -> None:
    async def main() -> None:
        spec = f"{transport}:{host}:0"
        async with (
            opened(spec, tls=contexts()) as (server, at_server),
            opened(spec, tls=contexts()) as (phone, at_phone),
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

    go(main)


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

    go(main)


@pytest.mark.parametrize(
    "hop",
    [
        Hop("tcp", "127.0.0.1", 1),
        Hop("udp", "no-such-name.invalid", 5060),
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

    go(main)


def test_a_tls_server_with_the_wrong_name_gets_nothing() -> None:
    async def main() -> None:
        tls = TlsContexts(server_context(certificate()), client_context())  # does not know our self-made certificate
        async with (
            opened("tls:127.0.0.1:0", tls=tls) as (server, at_server),
            opened("tls:127.0.0.1:0", tls=tls) as (phone, at_phone),
        ):
            phone.send(Packet(REQUEST, Hop("tls", "127.0.0.1", server.listeners[0].local.port), "t"))
            assert await at_phone.told.get() == ("t", None)
            assert at_server.heard.empty()

    go(main)


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

    go(main)


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

    go(main)


def test_other_reasons_for_not_listening() -> None:
    async def main() -> None:
        with pytest.raises(StartError, match="does not have that address"):
            async with opened("udp:203.0.113.77:5060"):
                pass
        with pytest.raises(StartError, match="there is no certificate"):
            async with opened("tls:127.0.0.1:0"):
                pass

    go(main)


def test_ipv4_and_ipv6_wildcards_share_a_port() -> None:
    async def main() -> None:
        async with opened("udp:0.0.0.0:0") as (first, _), opened(f"udp:[::]:{first.listeners[0].local.port}"):
            pass

    go(main)


def test_a_wildcard_listener_tells_the_address_on_the_route_to_the_peer() -> None:
    async def main() -> None:
        async with opened("udp:0.0.0.0:0", "udp:[::]:0") as (server, _):
            four, six = (listener.local.port for listener in server.listeners)
            assert server.sent_by(Hop("udp", "127.0.0.1", 5060)) == Address("127.0.0.1", four)
            assert server.sent_by(Hop("udp", "::1", 5060)) == Address("::1", six)
            flow = Flow("udp", Address("0.0.0.0", four), Address("127.0.0.1", 9), 0, server.listeners[0].name)
            assert server.sent_by(flow) == Address("127.0.0.1", four)

    go(main)


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

    go(main)
