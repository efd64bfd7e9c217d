"""Names of servers over real sockets: fail-over, reuse while connecting, and a real DNS exchange."""

import asyncio
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from tests.integration.net_rig import REQUEST, go, opened
from tests.integration.test_net_engine import Server, serving

from vorzimmer.kernel.address import Address
from vorzimmer.net.names import Srv
from vorzimmer.net.nameserver import DnsNames
from vorzimmer.net.resolver import DnsResolver
from vorzimmer.sip.events import Responded
from vorzimmer.sip.flow import Hop, Packet
from vorzimmer.sip.message import Headers, Request
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.names import ScriptedNames

HEADERS = Headers([("From", "<sip:pbx>"), ("To", "<sip:carrier.example>")])
ASKED = Request("OPTIONS", "sip:carrier.example", HEADERS)


def resolver(service: str, *ports: int, host: str = "127.0.0.1") -> DnsResolver:
    kind = "AAAA" if ":" in host else "A"
    servers = tuple(Srv(order, 0, port, "s.example") for order, port in enumerate(ports))
    return DnsResolver(ScriptedNames({(service, "SRV"): servers, ("s.example", kind): (host,)}), SeededChance())


async def asked(server: Server, hop: Hop) -> int:
    server.engine.request(ASKED, hop, server.pump.now())
    server.pump.kick()
    while True:
        event = await server.events.get()
        if isinstance(event, Responded):
            return event.status


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_rfc3263_4_3_a_refused_connection_goes_to_the_next_server(host: str) -> None:
    text = f"[{host}]" if ":" in host else host

    async def main() -> None:
        async with serving(f"tcp:{text}:0") as carrier:
            names = resolver("_sip._tcp.carrier.example", 1, carrier.local.port, host=host)
            async with serving(f"tcp:{text}:0", resolver=names) as pbx:
                assert await asked(pbx, Hop("tcp", "carrier.example", 0)) == 200
                assert pbx.transports.servers_avoided == 1

    asyncio.run(main())


def test_rfc3263_4_3_a_silent_server_is_left_after_a_while_and_avoided_for_longer() -> None:
    async def main() -> None:
        async with serving("udp:127.0.0.1:0") as carrier:
            names = resolver("_sip._udp.carrier.example", 9, carrier.local.port)
            async with serving("udp:127.0.0.1:0", resolver=names, config={"failover": 0.2}) as pbx:
                hop = Hop("udp", "carrier.example", 0)
                assert await asked(pbx, hop) == 200
                began = pbx.pump.now()
                assert await asked(pbx, hop) == 200
                assert pbx.pump.now() - began < 0.15, "the dead one is not tried first again"

    asyncio.run(main())


def test_rfc5923_5_requests_that_come_at_once_share_one_new_connection() -> None:
    async def main() -> None:
        async with serving("tcp:127.0.0.1:0") as carrier:
            port = carrier.local.port
            async with serving("tcp:127.0.0.1:0", resolver=resolver("_sip._tcp.carrier.example", port)) as pbx:
                ways = (Hop("tcp", "carrier.example", 0), Hop("tcp", "carrier.example", 0, "pinned to none"))
                for hop in ways:
                    pbx.engine.request(ASKED, hop, pbx.pump.now())
                pbx.pump.kick()
                answers = 0
                while answers < 2:
                    answers += isinstance(await pbx.events.get(), Responded)
                assert carrier.transports.connections == 1
                assert await asked(pbx, ways[0]) == 200
                assert carrier.transports.connections == 1

    asyncio.run(main())


def test_rfc3261_18_1_1_a_large_request_goes_over_a_stream_where_dns_offers_one() -> None:
    async def main() -> None:
        zone = {
            ("_sip._udp.x.example", "SRV"): (Srv(0, 0, 5060, "s.example"),),
            ("_sip._tcp.x.example", "SRV"): (Srv(0, 0, 5060, "s.example"),),
            ("s.example", "A"): ("127.0.0.1",),
        }
        async with opened("udp:127.0.0.1:0", "tcp:127.0.0.1:0") as (server, heard):
            port = {each.spec.transport: each.local.port for each in server.listeners}
            zone[("_sip._udp.x.example", "SRV")] = (Srv(0, 0, port["udp"], "s.example"),)
            zone[("_sip._tcp.x.example", "SRV")] = (Srv(0, 0, port["tcp"], "s.example"),)
            names = DnsResolver(ScriptedNames(zone), SeededChance())
            async with opened("udp:127.0.0.1:0", "tcp:127.0.0.1:0", resolver=names) as (phone, _):
                for size, transport in ((400, "udp"), (1400, "tcp")):
                    phone.send(Packet(REQUEST + b"x" * size, Hop("", "x.example", 0), "t"))
                    assert (await heard.heard.get())[1].transport == transport
                fixed = Hop("udp", "x.example", 0)
                phone.send(Packet(REQUEST + b"x" * 1400, fixed, "t"))
                assert (await heard.heard.get())[1].transport == "udp", "nobody offers more than the Hop says"

    go(main)


class TinyDns(asyncio.DatagramProtocol):
    """A nameserver with four records."""

    RECORDS = (
        ("_sip._udp.carrier.example.", "SRV", "10 5 5070 edge.carrier.example."),
        ("carrier.example.", "NAPTR", '10 10 "s" "SIP+D2U" "" _sip._udp.carrier.example.'),
        ("edge.carrier.example.", "A", "192.0.2.1"),
        ("edge.carrier.example.", "AAAA", "2001:db8::1"),
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        wanted = query.question[0]
        for name, kind, text in self.RECORDS:
            if wanted.name.to_text() == name and wanted.rdtype == dns.rdatatype.from_text(kind):
                answer.answer.append(dns.rrset.from_text(name, 300, "IN", kind, text))
        if wanted.name.to_text().startswith("nothing"):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), addr)  # type: ignore[attr-defined]


def test_rfc3263_4_over_a_real_nameserver_and_the_hosts_file(tmp_path: Path) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(TinyDns, local_addr=("127.0.0.1", 0))
        hosts = tmp_path / "hosts"
        hosts.write_text("# ours\n192.0.2.77 Pinned.Example other # the test\n")
        try:
            names = DnsNames(("127.0.0.1",), transport.get_extra_info("sockname")[1], hosts)
            resolve = DnsResolver(names, SeededChance()).resolve
            targets = await resolve(Hop("", "carrier.example", 0), ("tls", "udp", "tcp"))
            assert [str(target.address) for target in targets] == ["192.0.2.1:5070", "[2001:db8::1]:5070"]
            assert (await resolve(Hop("tcp", "pinned.example", 5060), ()))[0].address == Address("192.0.2.77", 5060)
            assert (await resolve(Hop("tcp", "localhost", 5060), ()))[0].address == Address("127.0.0.1", 5060)
            assert (await names.ask("nothing.example", "SRV")).records == ()
            with pytest.raises(OSError, match="no server"):
                await resolve(Hop("udp", "nothing.example", 5060), ())
            with pytest.raises(OSError):
                await names.ask("a" * 70 + ".example", "A")
        finally:
            transport.close()

    asyncio.run(main())
