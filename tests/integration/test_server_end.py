"""A server at work and at its end: drain, a killed control, backup, logs, metrics, what explain says of it all."""

import asyncio
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from ruamel.yaml import YAML
from tests.integration.phone_bench import PhoneBench
from tests.integration.raw_sip import credentials
from tests.integration.socket_phone import HOST, connect
from tests.integration.test_app_serve import fetch
from tests.interop.server import COMPANY, company_text, password

from vorzimmer.cli.asking import ask
from vorzimmer.routing.explain import Question


def started(folder: Path) -> PhoneBench:
    """A server that logs everything and does not wait long for calls to end."""
    bench = PhoneBench(folder, more=("--log-level", "debug", "--drain-s", "2"))
    bench.start()
    return bench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneBench]:
    bench = started(tmp_path_factory.mktemp("end"))
    yield bench
    bench.close()


@pytest.fixture(autouse=True)
def _hang_up(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "bench" in request.fixturenames:
        bench = request.getfixturevalue("bench")
        bench.run(bench.hang_up())


def test_logs_carry_the_calls_id_and_no_secret_even_at_debug(bench: PhoneBench) -> None:
    async def main() -> None:
        anna, bea = await bench.phone("anna-tisch"), await bench.phone("bea-tisch")
        peer = await bench.raw()
        request = peer.request("REGISTER", "carl-tisch", "", ("Contact", "<sip:x@127.0.0.1>"))
        challenge = await peer.ask(request)
        name, value = credentials(challenge, request, ("carl-tisch", "Wrong-Secret-99"))
        await peer.ask(peer.request("REGISTER", "carl-tisch", "", (name, value)))
        answer = re.search(r'response="([0-9a-f]+)"', value)
        assert answer is not None
        outgoing, incoming = await connect(anna, bea, "140")
        outgoing.hang_up()
        await bea.until(lambda: incoming.over)
        (record,) = await bench.records(1)
        log = (bench.folder / "server" / "server.log").read_text()
        lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
        kinds = [line["kind"] for line in lines if line.get("call") == record["id"]]
        assert {"started", "answered", "ended"} <= set(kinds)
        for secret in (answer.group(1), "Wrong-Secret-99", password("anna-tisch"), "ha1", "nonce"):
            assert secret not in log
        metrics = (await asyncio.to_thread(fetch, f"http://{HOST}:{bench.server.http_port}/metrics")).decode()
        assert "vorzimmer_sip_failures 1.0" in metrics
        assert "vorzimmer_devices_registered 2.0" in metrics

    bench.run(main())


def test_explain_knows_what_is_live_and_what_was(bench: PhoneBench) -> None:
    async def main() -> None:
        anna, bea = await bench.phone("anna-tisch"), await bench.phone("bea-tisch")
        question = ("explain", "--from", "user:carl", "--to", "140", "--json")
        idle = json.loads(await bench.server.cli(*question))
        assert idle["plan"][0]["targets"] == ["device:bea-tisch"]
        outgoing, _ = await connect(anna, bea, "140")
        live = json.loads(await bench.server.cli("calls", "--json"))
        assert [each["state"] for each in live] == ["talking"]
        assumed = json.loads(await bench.server.cli(*question, "--assume", "user:bea=unregistered"))
        assert assumed["plan"][0]["targets"] == ["voicemail:bea"]
        await bench.mark()
        outgoing.hang_up()
        (record,) = await bench.records(1)
        for language, word in (("en", "extension"), ("de", "Durchwahl")):
            told = await bench.server.cli("explain", "--call", record["id"], "--lang", language)
            assert word in told
        for who in ("user:anna", "device:anna-tisch", "+493023125001", "anonymous", "unavailable"):
            for what in ("140", "+498999998140", "*72141", "112", "user:bea", "voicemail:bea", "hunt:zentrale"):
                question = Question("", who, what, "2026-12-24T20:15", ("all=idle",), "en")
                answer = await ask(str(bench.server.state), "explain", question=msgspec.to_builtins(question))
                assert answer["lines"]
                assert all(step["because"] for step in answer["json"]["plan"])
        assert "not acting yet" in await bench.server.cli(
            "explain", "--from", "user:carl", "--to", "100", "--lang", "en"
        )
        assert "noch nicht" in await bench.server.cli("explain", "--from", "user:carl", "--to", "100", "--lang", "de")

    bench.run(main())


def test_kill_9_leaves_the_call_talking_and_one_record_each(bench: PhoneBench) -> None:
    async def main() -> None:
        await bench.mark()
        phones = [await bench.phone(name) for name in ("anna-tisch", "bea-tisch", "carl-tisch", "dora-tisch")]
        anna, bea, carl, dora = phones
        outgoing, incoming = await connect(anna, bea, "140")
        ringing = carl.call("120")
        await dora.rung()
        anna.speak()
        bea.speak()
        await bea.heard(5)
        before = bench.server.pid("control")
        bench.server.kill("control", signal.SIGKILL)
        await bea.heard(25)
        await bench.server.restarted("control", before)
        outgoing.hang_up()
        await bea.until(lambda: incoming.over)
        rows = {row["reason"]: row for row in await bench.records(2, 15)}
        assert set(rows) == {"interrupted", "hung up"}
        assert rows["hung up"]["answered_by"] == "user:bea"
        legs = rows["hung up"]["legs"]
        assert all(leg["statistics"]["received"] > 20 for leg in legs), legs
        ringing.hang_up()

    bench.run(main())


def test_two_companies_live_on_one_server_and_one_is_never_the_other(bench: PhoneBench) -> None:
    async def main() -> None:
        other = company_text().replace("id: musterbau", "id: zweite", 1).replace("musterbau.example", "zweite.example")
        other = re.sub(r"username: (\S+?)(-tisch)", r"username: z-\1\2", other)
        file = bench.folder / "zweite.yaml"
        file.write_text(other)
        await bench.server.cli("apply", str(file), "--yes", "--allow-weak-passwords")
        mine, theirs = await bench.phone("bea-tisch"), await bench.phone("z-bea-tisch", secret=password("bea-tisch"))
        caller = await bench.phone("z-anna-tisch", secret=password("anna-tisch"))
        outgoing = caller.call("140")
        await theirs.rung()
        assert not mine.invites
        outgoing.hang_up()
        await bench.server.cli("history", expect=1)
        rows = json.loads(await bench.server.cli("history", "--company", "musterbau", "--json"))
        assert {row["company"] for row in rows} <= {"musterbau"}

    bench.run(main())


def test_sigterm_takes_no_new_call_waits_as_long_as_it_should_and_ends_the_rest(tmp_path: Path) -> None:
    bench = started(tmp_path)

    async def main() -> None:
        anna, bea, carl = [await bench.phone(name) for name in ("anna-tisch", "bea-tisch", "carl-tisch")]
        outgoing, incoming = await connect(anna, bea, "140")
        loop = asyncio.get_running_loop()
        stopping = asyncio.ensure_future(bench.server.stop())
        refused = None
        while refused is None or 503 not in refused.statuses:  # the signal may not have arrived at the first try
            refused = carl.call("121")
            await carl.until(lambda call=refused: call.over)  # type: ignore[misc]  # bound at once
        last = [event for event in carl.events if getattr(event, "status", 0) == 503][-1]
        assert int(last.response.headers.get("Retry-After")) > 0  # type: ignore[union-attr]  # a 503 has one
        began = loop.time()
        assert outgoing.talking
        await anna.until(lambda: outgoing.over)
        await bea.until(lambda: incoming.over)
        assert (outgoing.cause, incoming.cause) == ("bye", "bye")
        assert 0.5 < loop.time() - began < 3.5
        await stopping
        assert bench.server.exit_code == 0
        for phone in (anna, bea, carl):
            phone.phone.registered = False
        records = json.loads(await bench.server.cli("history", "--json"))
        assert [each["reason"] for each in records if each["answered"]] == ["shutdown"]

    try:
        bench.run(main())
    finally:
        bench.close()


def test_a_backup_restores_the_very_same_accounts_on_an_empty_server(tmp_path: Path) -> None:
    """The first server makes up its passwords; a phone that knows one registers with the second."""
    first = PhoneBench(tmp_path / "one", company=COMPANY.read_text())
    backup = ""

    async def made() -> tuple[str, str]:
        plain = await first.server.cli("export")
        text = await first.server.cli("export", "--with-secrets")
        devices = {each["id"]: each for each in YAML(typ="safe").load(text)["devices"]}
        secret = devices["anna-tisch"]["password"]
        secret = secret["value"] if isinstance(secret, dict) else secret
        assert secret not in plain
        return text, secret

    try:
        first.start()
        backup, secret = first.run(made())
    finally:
        first.close()
    second = PhoneBench(tmp_path / "two", company=backup)

    async def register() -> None:
        anna = await second.phone("anna-tisch", register=False, secret=secret)
        await anna.register()
        assert await second.server.cli("export", "--with-secrets") == backup

    try:
        second.start()
        second.run(register())
    finally:
        second.close()
