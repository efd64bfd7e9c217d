"""Registering at a real server: digest, bindings, connections, limits, over UDP, TCP and TLS."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.phone_bench import PhoneBench
from tests.integration.raw_sip import RawUdp, credentials
from tests.integration.socket_phone import HOST, SocketPhone, connect
from tests.interop.server import password

from vorzimmer.kernel.address import Address
from vorzimmer.sip.message import Response

ANNA = ("anna-tisch", password("anna-tisch"))
CARL = ("carl-tisch", password("carl-tisch"))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneBench]:
    bench = PhoneBench(tmp_path_factory.mktemp("register"))
    bench.start()
    yield bench
    bench.close()


@pytest.fixture(autouse=True)
def _hang_up(bench: PhoneBench) -> Iterator[None]:
    yield
    bench.run(bench.hang_up())


async def registered(peer: RawUdp, *more: tuple[str, str], account: tuple[str, str] = ANNA) -> Response:
    """REGISTER, answering the challenge."""
    plain = peer.request("REGISTER", account[0], "", *more)
    challenge = await peer.ask(plain)
    assert challenge.status == 401
    return await peer.ask(peer.request("REGISTER", account[0], "", *more, credentials(challenge, plain, account)))


def contact(peer: RawUdp, user: str = "anna-tisch", **params: str) -> tuple[str, str]:
    more = "".join(f";{name}={value}" for name, value in params.items())
    return "Contact", f"<sip:{user}@{peer.local}>{more}"


# -- digest ------------------------------------------------------------------------------------------------------------
def test_rfc7616_3_3_an_old_nonce_is_stale_after_a_restart_and_not_before(bench: PhoneBench) -> None:
    async def main() -> None:
        peer = await bench.raw()
        request = peer.request("REGISTER", "anna-tisch", "", contact(peer))
        challenge = await peer.ask(request)
        assert "stale=true" not in str(challenge.headers).lower()
        before = bench.server.pid("control")
        bench.server.kill("control", signal.SIGKILL)
        await bench.server.restarted("control", before)
        again = peer.request("REGISTER", "anna-tisch", "", contact(peer), credentials(challenge, request, ANNA))
        answered = await peer.ask(again)
        assert answered.status == 401
        values = answered.headers.get_all("WWW-Authenticate")
        assert values
        assert all("stale=true" in value.lower() for value in values)
        # The new nonce needs no second question to the person.
        done = peer.request("REGISTER", "anna-tisch", "", contact(peer), credentials(answered, request, ANNA))
        assert (await peer.ask(done)).status == 200

    bench.run(main())


def test_rfc7616_3_4_an_answer_is_good_once(bench: PhoneBench) -> None:
    async def main() -> None:
        peer = await bench.raw()
        request = peer.request("REGISTER", "anna-tisch", "", contact(peer))
        challenge = await peer.ask(request)
        reply = credentials(challenge, request, ANNA)
        assert (await peer.ask(peer.request("REGISTER", "anna-tisch", "", contact(peer), reply))).status == 200
        thief = await bench.raw()
        stolen = thief.request("REGISTER", "anna-tisch", "", contact(thief), reply)
        assert (await thief.ask(stolen)).status == 401
        assert str(thief.local) not in str(await bench.devices())

    bench.run(main())


@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "SUBSCRIBE"])
def test_unknown_users_and_wrong_passwords_get_the_same_bytes(bench: PhoneBench, method: str) -> None:
    async def main() -> None:
        answers = []
        for name, secret in (("anna-tisch", "wrong"), ("nobody-at-all", "wrong")):
            peer = await bench.raw()
            uri = f"sip:100@{peer.server}"
            request = peer.request(method, name, uri, contact(peer))
            challenge = await peer.ask(request)
            tried = peer.request(method, name, uri, contact(peer), credentials(challenge, request, (name, secret)))
            refused = await peer.ask(tried)
            for each in (challenge, refused):
                answers.append(_comparable(each, name, peer))
        assert answers[:2] == answers[2:]

    bench.run(main())


def _comparable(response: Response, name: str, peer: RawUdp) -> str:
    """What is left of an answer without what the request put into it and what differs from any to any."""
    text = response.to_bytes().decode()
    text = text.replace(name, "NAME").replace(str(peer.local.port), "PORT")
    text = re.sub(r"(?m)^(Call-ID|CSeq|Via|From|To): .*$", r"\1:", text)
    return re.sub(r'nonce="[^"]*"', 'nonce=""', text)


# -- bindings ----------------------------------------------------------------------------------------------------------
def test_rfc3261_10_3_too_short_an_expiry_is_423_with_min_expires(bench: PhoneBench) -> None:
    async def main() -> None:
        peer = await bench.raw()
        response = await registered(peer, contact(peer), ("Expires", "5"))
        assert response.status == 423
        assert int(response.headers.get("Min-Expires")) >= 30

    bench.run(main())


def test_rfc3261_10_2_2_a_star_removes_all_bindings_and_only_with_expires_0(bench: PhoneBench) -> None:
    async def main() -> None:
        one, two = await bench.raw(), await bench.raw()
        assert (await registered(one, contact(one), account=CARL)).status == 200
        both = await registered(two, contact(two), account=CARL)
        assert len(both.headers.list_of("Contact")) == 2
        assert (await registered(two, ("Contact", "*"), ("Expires", "60"), account=CARL)).status == 400
        gone = await registered(two, ("Contact", "*"), ("Expires", "0"), account=CARL)
        assert (gone.status, gone.headers.list_of("Contact")) == (200, [])
        assert "carl-tisch" not in await bench.devices()

    bench.run(main())


def test_rfc3581_an_answer_goes_where_the_request_came_from(bench: PhoneBench) -> None:
    async def main() -> None:
        peer = await bench.raw()
        # A phone behind NAT: Via and Contact name an address that means nothing here.
        request = peer.request("REGISTER", "anna-tisch", sent_by="198.51.100.7:5060")
        response = await peer.ask(request)
        assert response.status == 401
        via = response.headers.get("Via")
        assert f"rport={peer.local.port}" in via
        assert f"received={HOST}" in via

    bench.run(main())


def test_rfc3261_10_2_a_phone_behind_nat_is_rung_where_it_registered_from(bench: PhoneBench) -> None:
    async def main() -> None:
        behind = SocketPhone(bench.server, "bea-tisch")
        behind.contact = Address("198.51.100.7", 5060)
        await bench.keep(await behind.start()).register()
        anna = await bench.phone("anna-tisch")
        outgoing, incoming = await connect(anna, behind, "140")
        outgoing.hang_up()
        await behind.until(lambda: incoming.over)

    bench.run(main())


# -- connections -------------------------------------------------------------------------------------------------------
def test_rfc5626_a_call_to_a_phone_on_tcp_comes_over_its_connection(bench: PhoneBench) -> None:
    async def main() -> None:
        bea = await bench.phone("bea-tisch", transport="tcp")
        anna = await bench.phone("anna-tisch")
        outgoing, _ = await connect(anna, bea, "140")
        assert bea.transports.connections == 1
        assert {flow.transport for flow in bea.flows} == {"tcp"}
        outgoing.hang_up()
        await bea.until(lambda: bea.phone.idle)

    bench.run(main())


def test_a_binding_goes_with_its_connection(bench: PhoneBench) -> None:
    async def main() -> None:
        bea = await bench.phone("bea-tisch", transport="tcp")
        assert "bea-tisch" in str(await bench.devices())
        await bea.close()
        bea.phone.registered = False
        await bench.unregistered("bea-tisch")

    bench.run(main())


def test_a_tls_listener_with_its_own_certificate_says_so_and_carries_a_call(tmp_path: Path) -> None:
    bench = PhoneBench(tmp_path)
    port = bench.block.take()
    bench.server = type(bench.server)(
        tmp_path / "server",
        HOST,
        rtp=bench.block.take_range(50),
        more=("--sip", f"tls:{HOST}:{port}", "--sip", f"udp:[::1]:{port}"),
    )
    bench.start()

    async def over_tls() -> None:
        said = bench.server.said
        assert sum("certificate that this server made for itself" in line for line in said) == 1
        phones = []
        for device in ("anna-tisch", "bea-tisch"):
            phone = SocketPhone(bench.server, device, transport="tls")
            phones.append(bench.keep(await phone.start(tmp_path / device, port=port)))
            await phone.register()
        anna, bea = phones
        outgoing, incoming = await connect(anna, bea, "140")
        anna.speak()
        bea.speak()
        await anna.heard(20)
        await bea.heard(20)
        assert {flow.transport for flow in bea.flows} == {"tls"}
        assert bea.transports.connections == 1
        outgoing.hang_up()
        await bea.until(lambda: incoming.over)

    async def over_ipv6() -> None:
        anna = bench.keep(await SocketPhone(bench.server, "anna-tisch", host="::1").start(port=port))
        await anna.register()
        bea = await bench.phone("bea-tisch")  # over IPv4: the relay stands between the families
        outgoing, incoming = await connect(anna, bea, "140")
        assert outgoing.agreed is not None
        assert outgoing.agreed.remote.host == "::1"
        anna.speak()
        bea.speak()
        await anna.heard(20)
        await bea.heard(20)
        outgoing.hang_up()
        await bea.until(lambda: incoming.over)

    try:
        for test in (over_tls, over_ipv6):
            bench.run(test())
            bench.run(bench.hang_up())
    finally:
        bench.close()
