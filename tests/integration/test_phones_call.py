"""Calls between our own phones through a real server: what is right on the wire, in the history and in the settings."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from ruamel.yaml import YAML
from tests.integration.phone_bench import PhoneBench
from tests.integration.raw_sip import RawUdp, credentials
from tests.integration.socket_phone import SocketPhone, connect
from tests.interop.server import company_text, password

from vorzimmer.sdp.formats import DEFAULT_FORMATS
from vorzimmer.sip.message import Response
from vorzimmer.testing.phone import declines
from vorzimmer.testing.phone_call import PhoneCall

HOSTILE = "<b>Chef</b>\u202egnp.exe\x07=cmd|' /C calc'!A0" + "A" * 10_000


def company() -> str:
    """The demo company; Anna has a second phone, and Bea's calls go on after five seconds."""
    text = company_text()
    more = '  - {id: anna-zwei, owner: "user:anna", kind: sip, username: anna-zwei, password: Probe-anna-zwei-4711}\n'
    line = "  - {id: anna-browser"
    assert text.count(line) == 1
    return text.replace(line, more + line)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneBench]:
    bench = PhoneBench(tmp_path_factory.mktemp("calls"), company=company())
    bench.start()
    yield bench
    bench.close()


@pytest.fixture(autouse=True)
def _hang_up(bench: PhoneBench) -> Iterator[None]:
    bench.run(bench.mark())
    yield
    bench.run(bench.hang_up())


def shown(call: PhoneCall) -> tuple[str, str]:
    """From and P-Asserted-Identity as they arrived."""
    assert call.request is not None
    headers = call.request.headers
    return headers.get("From").partition(";tag")[0], headers.get("P-Asserted-Identity")


# -- forks -------------------------------------------------------------------------------------------------------------
def test_features_0_6_all_devices_and_registrations_ring_and_the_others_hear_who_was_faster(bench: PhoneBench) -> None:
    async def main() -> None:
        desk, home = await bench.phone("anna-tisch"), await bench.phone("anna-tisch")
        other = await bench.phone("anna-zwei")
        bea = await bench.phone("bea-tisch")
        outgoing = bea.call("100")
        calls = [await phone.rung() for phone in (desk, home, other)]
        calls[1].answer()
        await bea.until(lambda: outgoing.talking)
        for phone, call in ((desk, calls[0]), (other, calls[2])):
            await phone.until(lambda call=call: call.over)  # type: ignore[misc]  # bound at once
            assert (call.cause, "cause=200" in call.reason) == ("cancel", True), call.reason
        bea.speak()
        home.speak()
        await bea.heard(10)
        await home.heard(10)
        outgoing.hang_up()
        await home.until(lambda: calls[1].over)
        (record,) = await bench.records(1)
        assert (record["from"], record["answered_by"], record["reason"]) == ("user:bea", "user:anna", "hung up")

    bench.run(main())


# -- offer and answer --------------------------------------------------------------------------------------------------
def test_rfc3264_5_1_late_offers_both_ways(bench: PhoneBench) -> None:
    async def main() -> None:
        anna, bea = await bench.phone("anna-tisch"), await bench.phone("bea-tisch")
        outgoing = bea.call("100", late=True)
        incoming = await anna.rung()
        incoming.answer()
        await bea.until(lambda: outgoing.talking)
        for call, phone in ((outgoing, bea), (incoming, anna)):
            done = len(call.statuses)
            call.reinvite(late=True)
            await phone.until(lambda call=call, done=done: len(call.statuses) > done)  # type: ignore[misc]  # at once
            assert call.statuses[-1] == 200
        bea.speak()
        anna.speak()
        await bea.heard(10)
        await anna.heard(10)

    bench.run(main())


def test_without_any_codec_that_we_know_the_caller_gets_488(bench: PhoneBench) -> None:
    async def main() -> None:
        anna = SocketPhone(bench.server, "anna-tisch")
        anna.codecs = tuple(each for each in DEFAULT_FORMATS if each.name == "PCMU")
        await bench.keep(await anna.start()).register()
        anna.phone.manner = lambda phone, call: call.answer()
        bea = SocketPhone(bench.server, "bea-tisch")
        bea.codecs = ()
        await bench.keep(await bea.start()).register()
        outgoing = bea.call("100")
        await bea.until(lambda: outgoing.over)
        assert outgoing.statuses[-1] == 488
        await bench.records(1)

    bench.run(main())


# -- transfer ----------------------------------------------------------------------------------------------------------
def test_rfc5589_attended_transfer_with_replaces_in_refer_to(bench: PhoneBench) -> None:
    async def main() -> None:
        anna, bea, carl = [await bench.phone(name) for name in ("anna-tisch", "bea-tisch", "carl-tisch")]
        outgoing, incoming = await connect(anna, bea, "140")
        incoming.hold()
        await bea.until(lambda: 200 in incoming.statuses)
        consulting, consulted = await connect(bea, carl, "141")
        incoming.transfer_to(consulting)
        await bea.until(lambda: incoming.over and consulting.over)
        assert incoming.notified[-1].startswith("SIP/2.0 200")
        anna.speak()
        carl.speak()
        await anna.heard(20)
        await carl.heard(20)
        outgoing.hang_up()
        await carl.until(lambda: consulted.over)
        await bench.records(2)

    bench.run(main())


# -- who is calling ----------------------------------------------------------------------------------------------------
async def invite_as(
    bench: PhoneBench, account: str, target: str, *more: tuple[str, str]
) -> tuple[RawUdp, "asyncio.Task[Response]"]:
    """An INVITE by hand with the account's own password; its answer is still to come."""
    peer = await bench.raw()
    uri = f"sip:{target}@{peer.server}"
    lines = (
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "c=IN IP4 127.0.0.1",
        "t=0 0",
        f"m=audio {peer.local.port} RTP/AVP 8",
    )
    sdp = "".join(f"{line}\r\n" for line in lines)
    usual = (("Contact", f"<sip:x@{peer.local}>"), ("Content-Type", "application/sdp"), *more)
    plain = peer.request("INVITE", account, uri, *usual, body=sdp)
    challenge = await peer.ask(plain)
    assert challenge.status in {401, 407}
    peer.acknowledge(plain, challenge)
    reply = credentials(challenge, plain, (account, password(account)))
    return peer, asyncio.ensure_future(peer.ask(peer.request("INVITE", account, uri, *usual, reply, body=sdp), 20))


@pytest.mark.parametrize(
    "lies",
    [
        (("From", f'"{HOSTILE[:200]}" <sip:anna-tisch@127.0.0.1>;tag=1'),),
        (("From", '"Die Bank" <sip:+49301234@bank.example>;tag=1'), ("P-Asserted-Identity", "<tel:+49301234>")),
        (("From", "<sip:100@musterbau.example>;tag=1"), ("Remote-Party-ID", '"Anna" <sip:100@x>')),
        (("From", f'"{HOSTILE}" <sip:bea-tisch@127.0.0.1>;tag=1'),),
    ],
)
def test_the_account_that_passed_digest_is_shown_whatever_from_says(
    bench: PhoneBench, lies: tuple[tuple[str, str], ...]
) -> None:
    async def main() -> None:
        carl = await bench.phone("carl-tisch")
        _, answer = await invite_as(bench, "bea-tisch", "141", *lies)
        call = await carl.rung()
        sender, asserted = shown(call)
        assert sender == asserted == '"Bea Lindner" <sip:140@musterbau.example>'
        assert call.request is not None
        assert len(call.request.to_bytes()) < 1500
        call.refuse(486)
        response = await answer
        assert response.status in {480, 486}
        (record,) = await bench.records(1)
        assert record["from"] == "user:bea"
        assert "exe" not in json.dumps(record)

    bench.run(main())


@pytest.mark.parametrize(
    ("dialled", "extra"),
    [
        ("141", (("Privacy", "id"),)),
        ("*67141", ()),
        ("141", (("From", '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'),)),
    ],
)
def test_rfc3323_a_hidden_caller_is_in_no_header(
    bench: PhoneBench, dialled: str, extra: tuple[tuple[str, str], ...]
) -> None:
    async def main() -> None:
        carl = await bench.phone("carl-tisch")
        _, answer = await invite_as(bench, "bea-tisch", dialled, *extra)
        call = await carl.rung()
        assert call.request is not None
        arrived = call.request.to_bytes().decode()
        sender, asserted = shown(call)
        assert (sender, asserted) == ('"Anonymous" <sip:anonymous@anonymous.invalid>', "")
        assert "Lindner" not in arrived
        assert "140" not in arrived.partition("v=0")[0].replace("1400", "")
        assert "bea" not in arrived
        call.refuse(486)
        await answer

    bench.run(main())


@pytest.mark.parametrize("uri", ["tel:141", "tel:+4989-9999-8141", "sip:141@musterbau.example", "sips:141@127.0.0.1"])
def test_rfc3966_and_other_ways_to_name_carl(bench: PhoneBench, uri: str) -> None:
    async def main() -> None:
        carl, bea = await bench.phone("carl-tisch"), await bench.phone("bea-tisch")
        outgoing = bea.call(uri)
        incoming = await carl.rung()
        incoming.answer()
        await bea.until(lambda: outgoing.talking)

    bench.run(main())


async def forward_of_bea(bench: PhoneBench) -> dict[str, object]:
    """Her setting as the export says."""
    company = YAML(typ="safe").load(await bench.server.cli("export"))
    bea = next(user for user in company["users"] if user["id"] == "bea")
    always: dict[str, object] = bea["forwarding"].get("always", {})
    return always


# -- forwarding and codes ----------------------------------------------------------------------------------------------
def test_section_13_a_forward_set_by_code_is_in_export_audit_and_history_and_rings_at_once(bench: PhoneBench) -> None:
    async def main() -> None:
        anna, bea, carl = [await bench.phone(name) for name in ("anna-tisch", "bea-tisch", "carl-tisch")]
        code = bea.call("*72141")
        await bea.until(lambda: code.over, 15)
        assert 200 in code.statuses
        assert await forward_of_bea(bench) == {"enabled": True, "to": "user:carl"}
        outgoing = anna.call("140")
        incoming = await carl.rung()
        assert 181 in outgoing.statuses
        assert not bea.invites
        incoming.answer()
        await anna.until(lambda: outgoing.talking)
        outgoing.hang_up()
        await carl.until(lambda: incoming.over)
        off = bea.call("*73")
        await bea.until(lambda: off.over, 15)
        assert (await forward_of_bea(bench)).get("enabled") is not True
        again = anna.call("140")
        await bea.rung()
        again.hang_up()
        coded, forwarded, _, last = await bench.records(4)
        assert coded["from"] == "user:bea"
        assert forwarded["answered_by"] == "user:carl"
        assert any(each["key"].startswith("forwarding.always") for each in forwarded["because"]), forwarded["because"]
        assert last["answered_by"] is None

    bench.run(main())


def test_section_13_an_unknown_code_is_refused_with_a_tone_first(bench: PhoneBench) -> None:
    async def main() -> None:
        bea = await bench.phone("bea-tisch")
        call = bea.call("*99")
        await bea.until(lambda: 183 in call.statuses)
        await bea.heard(5)
        await bea.until(lambda: call.over, 20)
        assert call.statuses[-1] == 404

    bench.run(main())


# -- what takes away acts at once --------------------------------------------------------------------------------------
def test_features_0_5_a_device_switched_off_loses_registration_and_call_at_once(bench: PhoneBench) -> None:
    async def main() -> None:
        other, bea = await bench.phone("anna-zwei"), await bench.phone("bea-tisch")
        outgoing, incoming = await connect(other, bea, "140")
        file = bench.folder / "off.yaml"
        line = "username: anna-zwei,"
        file.write_text(company().replace(line, f"{line} enabled: false,"))
        await bench.server.cli("apply", str(file), "--yes", "--allow-weak-passwords")
        await other.until(lambda: outgoing.over)
        await bea.until(lambda: incoming.over)
        assert "anna-zwei" not in await bench.devices()
        other.phone.registered = False
        other.phone.register()
        await other.until(lambda: len(other.statuses_of("REGISTER")) == 4)
        assert other.statuses_of("REGISTER") == [401, 200, 401, 401]
        file.write_text(company().replace(line, f"{line} enabled: true,"))
        await bench.server.cli("apply", str(file), "--yes", "--allow-weak-passwords")
        other.phone.register()
        await other.until(lambda: other.phone.registered)
        (record,) = await bench.records(1)
        assert record["answered_by"] == "user:bea"

    bench.run(main())


def test_decision_5_a_change_of_the_file_acts_at_the_next_call(bench: PhoneBench) -> None:
    async def main() -> None:
        anna, carl = await bench.phone("anna-tisch"), await bench.phone("carl-tisch")
        file = bench.folder / "dnd.yaml"
        line = "{id: carl, name: Carl Vogt,"
        file.write_text(company().replace(line, f"{line} dnd: true,"))
        await bench.server.cli("apply", str(file), "--yes", "--allow-weak-passwords")
        call = anna.call("141")
        await anna.until(lambda: call.over)
        assert (call.statuses[-1], carl.invites) == (486, [])
        file.write_text(company().replace(line, f"{line} dnd: false,"))
        await bench.server.cli("apply", str(file), "--yes", "--allow-weak-passwords")
        anna.call("141")
        await carl.rung()

    bench.run(main())


def test_declined_and_busy_reach_the_caller(bench: PhoneBench) -> None:
    async def main() -> None:
        anna, carl = await bench.phone("anna-tisch"), await bench.phone("carl-tisch")
        for status in (603, 486):
            carl.phone.manner = declines(status)
            call = anna.call("141")
            await anna.until(lambda call=call: call.over)  # type: ignore[misc]  # bound at once
            assert call.statuses[-1] == status

    bench.run(main())
