"""Thousands of broken messages at a running server: it stays, calls live on, garbage closes its connection."""

import asyncio
import random  # noqa: TID251 -- a seeded generator of garbage is no source of chance
from collections.abc import Iterator

import pytest
from tests.integration.phone_bench import PhoneBench
from tests.integration.raw_sip import credentials
from tests.integration.socket_phone import HOST, connect
from tests.integration.test_app_serve import fetch

SAMPLE = (
    "INVITE sip:140@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/{transport} 127.0.0.1:{port};branch=z9hG4bK{n};rport\r\n"
    'Max-Forwards: 70\r\nFrom: "Bob" <sip:bob@biloxi.example>;tag=a{n}\r\nTo: <sip:140@127.0.0.1>\r\n'
    "Call-ID: garbage-{n}@here\r\nCSeq: 1 {method}\r\nContact: <sip:bob@127.0.0.1:{port}>\r\n"
    "Refer-To: <sip:141@x?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>\r\nReplaces: a;to-tag=b;from-tag=c\r\n"
    'Authorization: Digest username="bea-tisch", realm="vorzimmer", nonce="x", uri="sip:x", response="y"\r\n'
    "Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}"
)
BODY = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0\r\n"
METHODS = ("INVITE", "REGISTER", "REFER", "BYE", "CANCEL", "ACK", "OPTIONS", "UPDATE", "SUBSCRIBE", "NOTIFY", "X-Y")
BITS = (b"\r\n", b"\0", b"\xff\xfe", b"<", b">", b'"', b";", b"%", b"@", b":", b"9" * 14, b"-1", b"\xe2\x80\xae")


def message(chance: random.Random, n: int, transport: str, port: int) -> bytes:
    """A message of some method with a few mutations."""
    values = {"transport": transport, "port": port, "n": n, "length": len(BODY), "body": BODY}
    method = chance.choice(METHODS)
    text = SAMPLE.format(method=method, **values).replace("INVITE", method, 1)
    data = bytearray(text.encode())
    for _ in range(chance.randrange(6)):
        at = chance.randrange(len(data))
        kind = chance.randrange(4)
        if kind == 0:
            data[at] = chance.randrange(256)
        elif kind == 1:
            data[at:at] = chance.choice(BITS)
        elif kind == 2:
            del data[at : at + chance.randrange(1, 40)]
        else:
            data[at:at] = data[at : at + 60] * chance.randrange(1, 40)
    return bytes(data[:60_000])


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneBench]:
    bench = PhoneBench(tmp_path_factory.mktemp("hostile"))
    bench.start()
    yield bench
    bench.close()


@pytest.fixture(autouse=True)
def _hang_up(bench: PhoneBench) -> Iterator[None]:
    yield
    bench.run(bench.hang_up())


def test_a_storm_of_broken_messages_ends_nothing(bench: PhoneBench) -> None:
    async def main() -> None:
        anna = await bench.phone("anna-tisch", transport="tcp")
        bea = await bench.phone("bea-tisch")
        outgoing, incoming = await connect(anna, bea, "140")
        anna.speak()
        bea.speak()
        await bea.heard(10)
        pids = {name: bench.server.pid(name) for name in ("control", "web", "media-0", "media-1")}
        chance = random.Random(8_1)
        peer = await bench.raw()
        for n in range(3000):
            peer.send(message(chance, n, "UDP", peer.local.port))
            if n % 20 == 0:
                await asyncio.sleep(0.002)  # noqa: TID251 -- the socket's buffer has an end
        closed = 0
        for n in range(40):
            closed += await garbage_stream(bench, chance, n)
        await anna.heard(25)
        await bea.heard(25)
        assert {name: bench.server.pid(name) for name in pids} == pids
        assert outgoing.talking
        assert incoming.talking
        assert closed > 0  # streams that lost their place; the others were answered, or still wait for their bodies
        assert len(await bench.server.calls()) == 1
        assert '"level": "error"' not in bench.server.log()
        metrics = (await asyncio.to_thread(fetch, f"http://{HOST}:{bench.server.http_port}/metrics")).decode()
        figures = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if not line.startswith("#"))
        # Refused as wrong, turned away after too much of it, or turned away for overload: a storm is all three.
        kinds = ("vorzimmer_sip_failures", "vorzimmer_sip_limited", "vorzimmer_sip_overload_refused")
        assert sum(float(figures[kind]) for kind in kinds) > 200
        assert not [name for name in figures if name.startswith("vorzimmer_bugs_total") and float(figures[name])]
        incoming.hold()  # and the phones, on the very same address as the storm, work on
        await bea.until(lambda: 200 in incoming.statuses)
        outgoing.hang_up()
        await bea.until(lambda: incoming.over)
        assert anna.transports.connections == 1

    bench.run(main())


async def garbage_stream(bench: PhoneBench, chance: random.Random, n: int) -> int:
    """One connection with three messages; 1 if the server closed it by itself."""
    reader, writer = await asyncio.open_connection(HOST, bench.server.sip_port)
    port = writer.get_extra_info("sockname")[1]
    try:
        for more in range(3):
            writer.write(message(chance, 100_000 + 10 * n + more, "TCP", port))
        if n % 3 == 0:
            writer.write(chance.randbytes(500) + b"\r\n\r\n")
        async with asyncio.timeout(0.15):
            while await reader.read(65536):
                pass
        return 1
    except TimeoutError:
        return 0
    except OSError:
        return 1
    finally:
        writer.close()


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        bytes(range(256)) + b"\r\n\r\n",
        b"INVITE sip:1@x SIP/2.0\r\nContent-Length: -5\r\n\r\n",
        b"OPTIONS sip:1@x SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n",
        b"OPTIONS sip:1@x SIP/2.0\r\nSubject: " + b"a" * 200_000,
    ],
)
def test_a_connection_that_sends_garbage_is_closed_and_no_other(bench: PhoneBench, garbage: bytes) -> None:
    async def main() -> None:
        anna = await bench.phone("anna-tisch", transport="tcp")
        reader, writer = await asyncio.open_connection(HOST, bench.server.sip_port)
        try:
            writer.write(garbage)
            async with asyncio.timeout(5):
                while await reader.read(65536):
                    pass
        except ConnectionResetError:
            pass  # closed while we were still sending
        finally:
            writer.close()
        assert anna.transports.connections == 1
        await anna.register()

    bench.run(main())


def test_failures_are_limited_by_source_and_named_in_the_answer(bench: PhoneBench) -> None:
    async def main() -> None:
        peer = await bench.raw()
        statuses = []
        for _ in range(15):
            request = peer.request("REGISTER", "dora-tisch", "", ("Contact", f"<sip:x@{peer.local}>"))
            challenge = await peer.ask(request)
            reply = credentials(challenge, request, ("dora-tisch", "wrong"))
            response = await peer.ask(peer.request("REGISTER", "dora-tisch", "", reply))
            statuses.append(response.status)
        assert statuses[:10] == [401] * 10
        assert statuses[-1] == 503
        assert int(response.headers.get("Retry-After")) > 0

    bench.run(main())
