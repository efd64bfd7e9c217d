"""TLS that changes while it runs: certificates by name, reloading, mutual TLS, reuse of a proven connection."""

import asyncio
import contextlib
import os
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.integration.authority import Authority
from tests.integration.net_rig import REQUEST, go, opened
from tests.integration.test_net_engine import Server, serving

from vorzimmer.app.clock import LoopClock
from vorzimmer.kernel.errors import StartError
from vorzimmer.net.certificates import Certificate, client_context
from vorzimmer.net.keyring import Keyring, Trust
from vorzimmer.net.names import Srv
from vorzimmer.net.resolver import DnsResolver
from vorzimmer.sip.events import Requested, Responded
from vorzimmer.sip.flow import Hop, Packet
from vorzimmer.sip.message import Headers, Request
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.names import ScriptedNames

LISTENER = "tls:127.0.0.1:0"


def ring(*certificates: Certificate, trust: Trust | None = None, said: list[str] | None = None) -> Keyring:
    wall = LoopClock().wall
    say = (said if said is not None else []).append
    return Keyring(lambda: certificates, trust or Trust(), [LISTENER], wall=wall, on_trouble=say)


async def shown(server: Any, root: Path, name: str | None) -> tuple[str, ...]:
    """The DNS names in the certificate that a client gets, its chain verified."""
    context = client_context(root)
    there = server.listeners[0].local
    _, writer = await asyncio.open_connection(*there, ssl=context, server_hostname=name or "127.0.0.1")
    found = writer.get_extra_info("ssl_object").getpeercert()
    writer.close()
    return tuple(value for kind, value in found["subjectAltName"] if kind == "DNS")


def test_rfc6066_3_the_certificate_of_the_name_that_is_asked_for_with_its_chain(tmp_path: Path) -> None:
    async def main() -> None:
        authority = Authority(tmp_path)
        default = authority.issue("default", "pbx.example")
        other, wild = authority.issue("other", "sip.other.example"), authority.issue("wild", "*.third.example")
        keys = ring(default, other, wild)
        async with opened(LISTENER, tls=keys.contexts) as (server, _):
            for name, wanted in (
                ("pbx.example", "pbx.example"),
                ("SIP.other.example", "sip.other.example"),
                ("any.third.example", "*.third.example"),
                ("unknown.example", "pbx.example"),
                (None, "pbx.example"),
            ):
                assert await shown(server, authority.file, name) == (wanted,)

    go(main)


def replace(old: Certificate, new: Certificate) -> None:
    os.replace(new.chain, old.chain)
    os.replace(new.key, old.key)


def test_a_new_certificate_is_taken_up_and_old_connections_live_on(tmp_path: Path) -> None:
    async def main() -> None:
        authority = Authority(tmp_path)
        used = authority.issue("used", "first.example")
        keys = ring(used)
        async with opened(LISTENER, tls=keys.contexts) as (server, ear):
            there = server.listeners[0].local
            context = client_context(authority.file)
            _, writer = await asyncio.open_connection(*there, ssl=context, server_hostname="first.example")
            writer.write(REQUEST)
            _, flow = await ear.heard.get()
            assert not keys.look(), "nothing has changed"
            replace(used, authority.issue("new", "second.example"))
            assert keys.look()
            assert await shown(server, authority.file, None) == ("second.example",)
            writer.write(REQUEST)
            assert await ear.heard.get() == (REQUEST, flow)
            writer.close()

    go(main)


@pytest.mark.parametrize("what", ["garbage", "key of another", "gone"])
def test_a_broken_new_file_keeps_the_certificate_that_works_and_is_said_once(tmp_path: Path, what: str) -> None:
    async def main() -> None:
        authority, said = Authority(tmp_path / what.replace(" ", "")), []
        used = authority.issue("used", "first.example")
        keys = ring(used, said=said)
        async with opened(LISTENER, tls=keys.contexts) as (server, _):
            if what == "garbage":
                used.chain.write_text("-----BEGIN CERTIFICATE-----\nnone\n")
            elif what == "gone":
                used.key.unlink()
            else:
                os.replace(authority.issue("new", "second.example").key, used.key)
            for _ in range(3):
                assert not keys.look()
            assert await shown(server, authority.file, None) == ("first.example",)
            assert len(said) == 1
            assert "stays in use" in said[0]
            replace(used, authority.issue("third", "third.example"))
            assert keys.look()
            assert await shown(server, authority.file, None) == ("third.example",)

    go(main)


def test_a_certificate_that_ends_soon_is_said_once_a_day(tmp_path: Path) -> None:
    authority, said = Authority(tmp_path), []
    keys = ring(authority.issue("short", "a.example", days=5.5), said=said)
    for _ in range(3):
        keys.look()
    assert said == [f"certificate {tmp_path / 'short.crt'} ends in 5 days"]
    assert timedelta(days=5) < timedelta(seconds=keys.seconds_left()) < timedelta(days=6)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_rfc8996_old_tls_is_refused(tmp_path: Path, version: ssl.TLSVersion) -> None:
    async def main() -> None:
        authority = Authority(tmp_path)
        async with opened(LISTENER, tls=ring(authority.issue("a", "a.example")).contexts) as (server, _):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version, context.maximum_version = version, version
            with pytest.raises(OSError):
                await asyncio.open_connection(*server.listeners[0].local, ssl=context)

    asyncio.run(main())


def test_authorities_that_cannot_be_read_are_one_clear_line(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    for path in (tmp_path / "none.pem", authority.issue("a", "a.example").key):
        with pytest.raises(StartError) as caught:
            ring(authority.issue("b", "b.example"), trust=Trust(peers={"": path}))
        assert str(path) in str(caught.value)


# -- mutual TLS --------------------------------------------------------------------------------------------------------
def test_rfc5922_7_a_peer_is_known_by_what_its_certificate_proves(tmp_path: Path) -> None:
    async def main() -> None:
        ours, theirs, stranger = (Authority(tmp_path / name) for name in ("ours", "theirs", "stranger"))
        keys = ring(ours.issue("pbx", "pbx.example", "127.0.0.1"), trust=Trust(peers={"": theirs.file}))
        async with opened(LISTENER, tls=keys.contexts) as (server, ear):
            there = server.listeners[0].local
            for made, names in (
                (theirs.issue("uri", "sip:carrier.example", "edge1.example"), ("carrier.example",)),
                (theirs.issue("dns", "edge2.example"), ("edge2.example",)),
                (None, ()),
            ):
                context = client_context(ours.file, own=made)
                _, writer = await asyncio.open_connection(*there, ssl=context, server_hostname="pbx.example")
                writer.write(REQUEST)
                _, flow = await ear.heard.get()
                assert flow.peer_names == names
                writer.close()
                await ear.told.get()
            context = client_context(ours.file, own=stranger.issue("fake", "sip:carrier.example"))
            reader, writer = await asyncio.open_connection(*there, ssl=context, server_hostname="pbx.example")
            writer.write(REQUEST)
            with contextlib.suppress(OSError):
                assert await reader.read(1) == b""
            writer.close()
            assert ear.heard.empty(), "a certificate of somebody else's ends the connection"

    go(main)


def carrier(authority: Authority, *names: str, trusts: Authority) -> dict[str, Any]:
    made = authority.issue("-".join(names).replace(":", "_"), *names)
    trust = Trust(servers=trusts.file, peers={"": trusts.file})
    return {"tls": ring(made, trust=trust).contexts}


@pytest.mark.parametrize(
    ("names", "reached"), [(("sip:carrier.example",), True), (("*.example",), True), (("other.example",), False)]
)
def test_rfc5922_7_3_a_server_must_prove_the_domain_that_was_asked_for(
    tmp_path: Path, names: tuple[str, ...], reached: bool
) -> None:
    async def main() -> None:
        authority = Authority(tmp_path)
        async with opened(LISTENER, **carrier(authority, *names, trusts=authority)) as (server, ear):
            zone = {
                ("_sips._tcp.carrier.example", "SRV"): (Srv(0, 0, server.listeners[0].local.port, "edge.x"),),
                ("edge.x", "A"): ("127.0.0.1",),
            }
            resolver = DnsResolver(ScriptedNames(zone), SeededChance())
            mine = carrier(authority, "sip:pbx.example", trusts=authority)
            async with opened(LISTENER, resolver=resolver, **mine) as (pbx, told):
                pbx.send(Packet(REQUEST, Hop("tls", "carrier.example", 0), "t"))
                transaction, flow = await told.told.get()
                assert (transaction, flow is not None) == ("t", reached)
                if reached:
                    assert (await ear.heard.get())[1].peer_names == ("pbx.example",), "we prove who we are, too"

    go(main)


ASKED = Request("OPTIONS", "sip:carrier.example", Headers([("From", "<sip:pbx>"), ("To", "<sip:carrier.example>")]))


async def _event(server: Server, kind: type) -> Any:
    while not isinstance(event := await server.events.get(), kind):
        pass
    return event


@pytest.mark.parametrize(("proves", "asks"), [(True, True), (False, True), (True, False)])
def test_rfc5923_5_a_connection_that_a_proven_peer_opened_and_offers_carries_our_requests(
    tmp_path: Path, proves: bool, asks: bool
) -> None:
    async def main() -> None:
        deaf = {} if asks else {"config": {"aliased": lambda flow, port: None}}
        authority = Authority(tmp_path)
        mine = carrier(authority, "pbx.example", trusts=authority)
        if not proves:
            mine["tls"].server = ring(authority.issue("plain", "pbx.example")).contexts.server
        nowhere = DnsResolver(ScriptedNames({}), SeededChance())
        async with serving(LISTENER, resolver=nowhere, **mine, **deaf) as pbx:
            zone = {("pbx.example", "A"): ("127.0.0.1",)}
            theirs = carrier(authority, "carrier.example", trusts=authority)
            options = {"resolver": DnsResolver(ScriptedNames(zone), SeededChance()), **theirs}
            async with serving(LISTENER, **options) as peer:
                peer.engine.request(ASKED, Hop("tls", "pbx.example", pbx.local.port), peer.pump.now())
                peer.pump.kick()
                await _event(peer, Responded)
                pbx.engine.request(ASKED, Hop("tls", "carrier.example", 0), pbx.pump.now())
                pbx.pump.kick()
                answer = await _event(pbx, Responded)
                reused = proves and asks
                assert answer.status == (200 if reused else 503), "DNS knows nobody: only that connection leads there"
                if reused:
                    assert (await _event(peer, Requested)).request.method == "OPTIONS"
                    pbx.engine.request(ASKED, Hop("tls", "carrier.example", peer.local.port), pbx.pump.now())
                    pbx.pump.kick()
                    assert (await _event(pbx, Responded)).status == 200, "that port it has offered"
                    assert pbx.transports.connections == 1
                    for hop in (Hop("tls", "other.example", 0), Hop("tls", "carrier.example", 5071)):
                        pbx.engine.request(ASKED, hop, pbx.pump.now())
                        pbx.pump.kick()
                        assert (await _event(pbx, Responded)).status == 503

    asyncio.run(main())
