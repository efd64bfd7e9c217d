"""Lamps at a real server: real sockets, real processes, a real kill -9; a bare socket for what no phone does."""

import asyncio
import signal
from collections.abc import Iterator

import pytest
from tests.integration.phone_bench import PhoneBench
from tests.integration.raw_sip import RawUdp, credentials
from tests.interop.server import password

from vorzimmer.sip.message import Headers, Request, Response, parse
from vorzimmer.testing.phone import answers
from vorzimmer.testing.phone_watch import Watch

ANNA = ("anna-tisch", password("anna-tisch"))
DOCUMENT = (
    '<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="full">'
    '<dialog id="1"><state>confirmed</state></dialog></dialog-info>'
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneBench]:
    bench = PhoneBench(tmp_path_factory.mktemp("watch"))
    bench.start()
    yield bench
    bench.close()


@pytest.fixture(autouse=True)
def _hang_up(bench: PhoneBench) -> Iterator[None]:
    yield
    bench.run(bench.hang_up())


async def shows(watch: Watch, word: str, seconds: float = 10.0) -> None:
    """Wait until the lamp shows it."""
    try:
        await watch.phone.until(lambda: watch.right == word, seconds)
    except AssertionError:
        raise AssertionError(f"{watch.statuses} {watch.documents} {watch.over}") from None


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_t25_a_lamp_follows_a_call_and_is_right_after_kill_9(bench: PhoneBench, transport: str) -> None:
    async def main() -> None:
        anna = await bench.phone("anna-tisch", transport=transport)
        carl, bea = await bench.phone("carl-tisch"), await bench.phone("bea-tisch")
        carl.phone.manner = answers(1)
        watch = anna.phone.watch("141")
        await shows(watch, "idle")
        call = bea.phone.call("141")
        await shows(watch, "early")
        await shows(watch, "confirmed")
        await asyncio.sleep(1.5)  # noqa: TID251 -- subscriptions are in the database within a second
        rows = await bench.server.watchers()
        mine = [(row["device"], row["what"], row["shows"], row["state"]) for row in rows]
        assert ("anna-tisch", "user:carl", "talking", "told") in mine
        version, before = watch.versions[-1], bench.server.pid("control")
        bench.server.kill("control", signal.SIGKILL)
        await bench.server.restarted("control", before)
        if transport == "tcp":
            await anna.register()
        await watch.phone.until(lambda: watch.versions[-1] > version, 20)
        assert watch.right == "confirmed"
        assert watch.versions[-1] >= 1 << 18
        call.hang_up()
        await shows(watch, "idle")
        watch.subscribe()
        await watch.phone.until(lambda: len(watch.statuses) == 2)
        assert watch.statuses == [200, 200]
        watch.subscribe(0)
        await watch.phone.until(lambda: watch.over == "timeout")
        assert carl.phone.alive

    bench.run(main())


async def asked(
    peer: RawUdp, method: str, uri: str, *lines: tuple[str, str], body: str = ""
) -> tuple[Request, Response]:
    """A request of Anna's with its challenge answered: the second request and what came of it."""
    plain = peer.request(method, ANNA[0], uri, *lines, body=body)
    challenge = await peer.ask(plain)
    assert challenge.status == 401
    request = peer.request(method, ANNA[0], uri, *lines, credentials(challenge, plain, ANNA), body=body)
    return request, await peer.ask(request)


async def notified(peer: RawUdp) -> Request:
    """The next NOTIFY, not answered yet."""
    while True:
        message = parse(await peer.receive())
        if isinstance(message, Request):
            return message


def ok(peer: RawUdp, request: Request) -> None:
    kept = ("Via", "From", "To", "Call-ID", "CSeq")
    lines = [(name, value) for name, value in request.headers if name in kept]
    peer.send(Response(200, "OK", Headers(lines)).to_bytes())


def test_rfc6665_a_bare_subscribe_and_its_repeated_notify(bench: PhoneBench) -> None:
    async def main() -> None:
        peer = await bench.raw()
        lines = (("Contact", f"<sip:anna-tisch@{peer.local}>"), ("Event", "dialog"), ("Expires", "60"))
        uri = f"sip:140@{peer.server}"
        request, answer = await asked(peer, "SUBSCRIBE", uri, *lines)
        assert (answer.status, answer.headers.get("Expires")) == (200, "60")
        assert answer.headers.get("Contact").startswith("<sip:")
        first, again = await notified(peer), await notified(peer)
        assert first.to_bytes() == again.to_bytes()
        assert first.headers.get("To") == request.headers.get("From")
        assert first.headers.get("From") == answer.headers.get("To")
        assert first.headers.get("Subscription-State").startswith("active;expires=")
        ok(peer, first)
        _, fetched = await asked(peer, "SUBSCRIBE", uri, *lines[:2], ("Expires", "0"))
        assert fetched.headers.get("Expires") == "0"
        last = await notified(peer)
        assert last.headers.get("Subscription-State") == "terminated;reason=timeout"
        ok(peer, last)

    bench.run(main())


@pytest.mark.parametrize(
    ("method", "uri", "lines", "status"),
    [
        ("SUBSCRIBE", "140", (("Event", "presence"),), 489),
        ("SUBSCRIBE", "140", (), 489),
        ("SUBSCRIBE", "999", (("Event", "dialog"),), 404),
        ("SUBSCRIBE", "140", (("Event", "dialog"), ("Expires", "5")), 423),
        ("SUBSCRIBE", "140", (("Event", "dialog"), ("Accept", "text/plain")), 406),
        ("SUBSCRIBE", "140", (("Event", "reg"),), 404),
        ("SUBSCRIBE", "140", (("Event", "dialog"), ("To", "<sip:140@x>;tag=made-up")), 481),
        ("PUBLISH", "140", (("Event", "dialog"), ("Content-Type", "application/dialog-info+xml")), 404),
        ("PUBLISH", "anna-tisch", (("Event", "presence"), ("Content-Type", "application/pidf+xml")), 489),
        ("PUBLISH", "anna-tisch", (("Event", "dialog"), ("Content-Type", "text/plain")), 415),
        ("PUBLISH", "anna-tisch", (("Event", "dialog"), ("SIP-If-Match", "x")), 412),
    ],
)
def test_what_is_refused(
    bench: PhoneBench, method: str, uri: str, lines: tuple[tuple[str, str], ...], status: int
) -> None:
    async def main() -> None:
        peer = await bench.raw()
        contact = ("Contact", f"<sip:anna-tisch@{peer.local}>")
        body = DOCUMENT if any(name == "Content-Type" for name, _ in lines) else ""
        _, answer = await asked(peer, method, f"sip:{uri}@{peer.server}", contact, *lines, body=body)
        assert answer.status == status
        if status == 489:
            assert "dialog" in answer.headers.get("Allow-Events")

    bench.run(main())


def test_rfc3903_a_published_call_lights_the_lamp_until_it_is_taken_back(bench: PhoneBench) -> None:
    async def main() -> None:
        bea = await bench.phone("bea-tisch")
        watch = bea.phone.watch("100")
        await shows(watch, "idle")
        peer = await bench.raw()
        kind, uri = ("Content-Type", "application/dialog-info+xml"), f"sip:anna-tisch@{peer.server}"
        _, answer = await asked(peer, "PUBLISH", uri, ("Event", "dialog"), kind, body=DOCUMENT)
        assert (answer.status, answer.headers.get("Expires")) == (200, "3600")
        await shows(watch, "confirmed")
        match = ("SIP-If-Match", answer.headers.get("SIP-ETag"))
        _, gone = await asked(peer, "PUBLISH", uri, ("Event", "dialog"), match, ("Expires", "0"))
        assert gone.status == 200
        await shows(watch, "idle")

    bench.run(main())


def test_bas_5_a_phones_own_key_sets_do_not_disturb_and_a_kill_right_after_loses_no_subscription(
    bench: PhoneBench,
) -> None:
    kind = "application/x-as-feature-event+xml"
    key = '<SetDoNotDisturb xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3"><device/>'

    async def main() -> None:
        anna, bea = await bench.phone("anna-tisch"), await bench.phone("bea-tisch")
        watch = bea.phone.watch("bea-tisch", "as-feature-event")
        quiet = b"<doNotDisturbOn>true</doNotDisturbOn>"
        await watch.phone.until(lambda: bool(watch.documents), 10)
        assert not any(quiet in document for document in watch.documents)
        body = f"{key}<doNotDisturbOn>true</doNotDisturbOn></SetDoNotDisturb>".encode()
        watch.subscribe(body=(kind, body))
        await watch.phone.until(lambda: any(quiet in document for document in watch.documents), 10)
        call = anna.phone.call("140")
        await anna.phone.until(lambda: call.over, 10)
        assert call.statuses[-1] in {480, 486}
        assert bea.phone.calls == []
        watch.subscribe(body=(kind, body.replace(b"true", b"false")))
        await watch.phone.until(lambda: b"<doNotDisturbOn>false" in watch.documents[-1], 10)
        lamp = bea.phone.watch("141")
        await shows(lamp, "idle")
        version, before = lamp.versions[-1], bench.server.pid("control")
        bench.server.kill("control", signal.SIGKILL)
        await bench.server.restarted("control", before)
        await lamp.phone.until(lambda: lamp.versions[-1] > version, 20)

    bench.run(main())


def test_rfc6665_4_1_3_a_notify_of_nothing_that_we_asked_for(bench: PhoneBench) -> None:
    async def main() -> None:
        peer = await bench.raw()
        lines = (("Event", "dialog"), ("Subscription-State", "active"), ("Contact", f"<sip:x@{peer.local}>"))
        assert (await peer.ask(peer.request("NOTIFY", "x", f"sip:{peer.server}", *lines))).status == 481

    bench.run(main())
