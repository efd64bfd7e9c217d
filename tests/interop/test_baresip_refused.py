"""What real callers hear and get when nobody answers them: busy, declined, no answer, cancelled, unknown number."""

from collections.abc import Iterator

import pytest

from tests.interop.listening import Sound
from tests.interop.office import ANNA, Office, rules


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = Office(tmp_path_factory.mktemp("refused"))
    try:
        office.start()
        yield office
    finally:
        office.bench.close()


def begins_with_sit(sound: Sound) -> bool:
    """950, 1400 and 1800 Hz, a third of a second each (tone zone DE, FEATURES.md 0.4)."""
    if not sound.spells:
        return False
    start = sound.spells[0].start
    parts = [Sound(sound.after(start + at).pcm[: int(0.2 * sound.rate) * 2], sound.rate) for at in (0.06, 0.39, 0.72)]
    return all(abs(part.tone.frequency - hertz) <= 5 for part, hertz in zip(parts, (950, 1400, 1800), strict=True))


def test_bas_busy_without_call_waiting_is_486_and_the_talk_goes_on(office: Office) -> None:
    """Carl talks and takes no waiting calls: Bea gets 486 at once, his call is not disturbed."""

    async def test() -> None:
        await office.fresh()
        await office.connect(office.anna, office.carl, "141")
        await office.bea.dial("141")
        closed = await office.bea.wait("CALL_CLOSED")
        assert closed["param"].startswith("486"), closed
        heard = await office.carl.hears(1.0)
        assert heard.is_tone(ANNA, seconds=0.9), heard.story()
        assert office.carl.count("CALL_INCOMING") == 1
        await office.anna.command("hangup")
        await office.carl.wait("CALL_CLOSED")
        refused = next(r for r in await office.bench.records(2) if r["from"] == "user:bea")
        assert "call_waiting" in rules(refused)
        said = await office.bench.server.cli("explain", "--call", refused["id"], "--lang", "en")
        assert "with call waiting off: busy (setting users[carl].call_waiting)" in said
        await office.idle()

    office.bench.run(test())


def test_declined_without_mailbox_reaches_the_caller_as_a_status(office: Office) -> None:
    """Carl rejects the ringing call; he has no mailbox, so the caller gets the phone's own answer, 486."""

    async def test() -> None:
        await office.fresh()
        await office.anna.dial("141")
        await office.carl.wait("CALL_INCOMING")
        await office.carl.command("hangup")
        closed = await office.anna.wait("CALL_CLOSED")
        assert closed["param"].startswith("486"), closed
        (record,) = await office.bench.records(1)
        assert record["answered"] is None
        assert "ringing" in rules(record)
        await office.idle()

    office.bench.run(test())


def test_declined_with_mailbox_is_forwarded_and_hears_the_unavailable_tone(office: Office) -> None:
    """Bea rejects; her busy forwarding leads to a mailbox that would answer: the tone for now, then 480."""

    async def test() -> None:
        await office.fresh()
        await office.anna.dial("140")
        await office.bea.wait("CALL_INCOMING")
        await office.bea.command("hangup")
        await office.bea.wait("CALL_CLOSED")
        closed = await office.anna.wait("CALL_CLOSED")
        assert closed["param"].startswith("480"), closed
        heard = office.anna.heard_all()
        assert begins_with_sit(heard), heard.story()
        (record,) = await office.bench.records(1)
        assert "forwarding.busy" in rules(record)
        await office.idle()

    office.bench.run(test())


def test_no_answer_forwards_after_the_time_that_is_set(office: Office) -> None:
    """Bea lets it ring: after her five seconds the mailbox's turn has come; the caller heard ringing until then."""

    async def test() -> None:
        await office.fresh()
        await office.anna.dial("140")
        await office.bea.wait("CALL_INCOMING")
        await office.anna.wait("CALL_RINGING")
        assert office.anna.heard_all().silent, "ringing is told, the phone makes the tone"
        await office.bea.wait("CALL_CLOSED", seconds=8)
        closed = await office.anna.wait("CALL_CLOSED")
        assert closed["param"].startswith("480"), closed
        heard = office.anna.heard_all()
        assert begins_with_sit(heard), heard.story()
        (record,) = await office.bench.records(1)
        assert 5.0 <= record["ended"] - record["started"] <= 15.0
        assert "forwarding.no_answer" in rules(record)
        said = await office.bench.server.cli("explain", "--call", record["id"], "--lang", "en")
        assert "setting users[bea].forwarding.no_answer.after_s" in said
        await office.idle()

    office.bench.run(test())


def test_a_caller_who_gives_up_stops_the_ringing(office: Office) -> None:
    """CANCEL while it rings: the other phone stops, nobody is left, the record says who ended it."""

    async def test() -> None:
        await office.fresh()
        await office.anna.dial("140")
        await office.bea.wait("CALL_INCOMING")
        await office.anna.command("hangup")
        await office.bea.wait("CALL_CLOSED")
        (record,) = await office.bench.records(1)
        assert record["answered"] is None
        assert record["ended_by"] == "user:anna"
        await office.idle()

    office.bench.run(test())


def test_an_unknown_number_is_heard_before_it_is_refused(office: Office) -> None:
    """The tone of an unknown number as early media, then 404 (FEATURES.md 0.6: the reason, then the status)."""

    async def test() -> None:
        await office.fresh()
        await office.anna.dial("777")
        closed = await office.anna.wait("CALL_CLOSED")
        assert closed["param"].startswith("404"), closed
        assert office.anna.count("CALL_ESTABLISHED") == 0
        heard = office.anna.heard_all()
        assert begins_with_sit(heard), heard.story()
        (record,) = await office.bench.records(1)
        assert record["answered"] is None
        said = await office.bench.server.cli("explain", "--call", record["id"], "--lang", "en")
        assert "777" in said
        await office.idle()

    office.bench.run(test())
