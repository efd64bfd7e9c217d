"""Three real phones talk through the server: what each hears is measured, not believed."""

from collections.abc import Iterator

import pytest

from tests.interop.listening import Sound
from tests.interop.office import ANNA, BEA, CARL, MELODY, Office, both_hear, rules


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = Office(tmp_path_factory.mktemp("calls"))
    try:
        office.start()
        yield office
    finally:
        office.bench.close()


def is_music(sound: Sound) -> bool:
    """Notes of the shipped melody, and nobody's voice: more than one note, all in its range."""
    notes = [part.tone for part in (sound.after(at / 4) for at in range(int(sound.seconds * 4) - 1)) if not part.silent]
    voices = [note for note in notes if note.purity > 0.95 and round(note.frequency, -1) in (ANNA, BEA, CARL)]
    return bool(notes) and not voices and all(MELODY[0] - 5 <= note.frequency <= MELODY[1] for note in notes)


def test_a_call_by_extension_has_audio_both_ways_and_one_record(office: Office) -> None:
    """Each hears the other's tone within 5 Hz, nobody else hears anything, and `explain --call` says why it rang."""

    async def test() -> None:
        await office.fresh()
        await office.connect(office.anna, office.bea, "140")
        for_anna, for_bea = await both_hear(office.anna, office.bea)
        assert for_anna.is_tone(BEA, seconds=0.9), for_anna.story()
        assert for_bea.is_tone(ANNA, seconds=0.9), for_bea.story()
        assert office.carl.heard_all().silent
        assert [await phone.calls() for phone in office.phones] == [1, 1, 0]
        (live,) = await office.bench.server.calls()
        assert {party["who"] for party in live["parties"]} == {"user:anna", "user:bea"}, live
        await office.bea.command("hangup")
        await office.anna.wait("CALL_CLOSED")
        (record,) = await office.bench.records(1)
        assert (record["from"], record["answered_by"], record["outcome"]) == ("user:anna", "user:bea", "answered")
        assert record["ended_by"] == "user:bea"
        assert 1.0 <= record["ended"] - record["answered"] <= 10.0
        said = await office.bench.server.cli("explain", "--call", record["id"], "--lang", "en")
        assert "140 is the extension of Bea Lindner (setting users[bea].extension)" in said
        assert "ring  device:bea-tisch" in said
        assert {"dialling", "ringing"} <= rules(record)
        await office.idle()

    office.bench.run(test())


def test_hold_plays_the_shipped_music_and_resume_brings_the_voice_back(office: Office) -> None:
    """The one on hold hears music, the holder nothing; after resume the voice is back (FEATURES.md 0.6)."""

    async def test() -> None:
        await office.fresh()
        await office.connect(office.anna, office.bea, "140")
        await office.anna.command("hold")
        for_anna, for_bea = await both_hear(office.anna, office.bea, 2.5)
        assert for_anna.silent, for_anna.story()
        assert for_bea.seconds > 2.3
        assert is_music(for_bea), for_bea.story()
        await office.anna.command("resume")
        # This phone's own recording does not go on after a resume, between two phones neither; Bea tells.
        for_bea = await office.bea.hears(1.0)
        assert for_bea.is_tone(ANNA, seconds=0.9), for_bea.story()
        await office.bea.command("hold")
        for_anna, for_bea = await both_hear(office.anna, office.bea)
        assert for_bea.silent, for_bea.story()
        await office.anna.command("hangup")
        await office.bea.wait("CALL_CLOSED")
        (record,) = await office.bench.records(1)
        assert (record["outcome"], record["ended_by"]) == ("answered", "user:anna")
        await office.idle()

    office.bench.run(test())


def test_blind_transfer_keeps_audio_both_ways_before_and_after(office: Office) -> None:
    """Bea sends Anna on to Carl: ringback in band while he rings, then both voices; two records of one journey."""

    async def test() -> None:
        await office.fresh()
        await office.connect(office.anna, office.bea, "140")
        for_anna, for_bea = await both_hear(office.anna, office.bea)
        assert for_anna.is_tone(BEA, seconds=0.9), for_anna.story()
        assert for_bea.is_tone(ANNA, seconds=0.9), for_bea.story()
        await office.bea.command("transfer", f"sip:141@{office.bench.server.address}")
        shown = await office.carl.wait("CALL_INCOMING")
        assert "100@" in shown["peeruri"], "while he rings, Carl sees who is sent to him"
        waiting = await office.anna.hears(4.5)
        ringback = [s for s in waiting.spells if abs(s.heard.frequency - 425) <= 5 and s.heard.purity > 0.9]
        assert ringback, waiting.story()
        assert len(ringback) == len(waiting.spells), waiting.story()
        await office.carl.command("accept")
        await office.bea.wait("CALL_CLOSED")
        for_anna, for_carl = await both_hear(office.anna, office.carl)
        assert for_anna.is_tone(CARL, seconds=0.9), for_anna.story()
        assert for_carl.is_tone(ANNA, seconds=0.9), for_carl.story()
        assert not office.carl.heard_all().has_tone(BEA)
        assert [await phone.calls() for phone in office.phones] == [1, 0, 1]
        await office.carl.command("hangup")
        await office.anna.wait("CALL_CLOSED")
        first, second = await office.bench.records(2)
        assert first["journey"] == second["journey"], [
            (r["id"], r["journey"], r["from"], r["to"], r["outcome"], r["reason"]) for r in (first, second)
        ]
        assert (first["answered_by"], first["reason"]) == ("user:bea", "transferred")
        assert (second["answered_by"], second["ended_by"]) == ("user:carl", "user:carl")
        assert second["asked"]["role"] == "transfer"
        await office.idle()

    office.bench.run(test())


def test_music_for_one_call_while_another_is_talked_to(office: Office) -> None:
    """Anna holds Bea and calls Carl: Bea hears music, Carl hears Anna, and back again."""

    async def test() -> None:
        await office.fresh()
        await office.connect(office.anna, office.bea, "140")
        await office.anna.command("hold")
        await office.connect(office.anna, office.carl, "141")
        for_bea, for_carl = await both_hear(office.bea, office.carl, 2.0)
        assert is_music(for_bea), for_bea.story()
        assert for_carl.is_tone(ANNA, seconds=1.8), for_carl.story()
        assert [await phone.calls() for phone in office.phones] == [2, 1, 1]
        await office.carl.command("hangup")
        await office.anna.wait("CALL_CLOSED")
        await office.bea.command("hangup")
        await office.anna.wait("CALL_CLOSED", 2)
        await office.bench.records(2)
        await office.idle()

    office.bench.run(test())
