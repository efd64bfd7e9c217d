"""Inside an answered call: hold with music, resume, moved and changed codecs, late offers, lost media, silence."""

from collections.abc import Awaitable, Callable

import pytest

from vorzimmer.media.port import Music, Nothing
from vorzimmer.sdp.plan import Format
from vorzimmer.testing.house import House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import Phone, answers, early
from vorzimmer.testing.phone_call import PhoneCall

PCMA = (Format("PCMA", 8),)
PCMU = (Format("PCMU", 0),)
G722 = (Format("G722", 9),)
OPUS = (Format("OPUS", 98, 48_000, 2),)
BOTH = (*PCMA, *PCMU)

Scenario = Callable[[House, Phone, Phone, PhoneCall], Awaitable[None]]


def talk(scenario: Scenario, *, anna_has: tuple[Format, ...] = BOTH, bea_has: tuple[Format, ...] = BOTH) -> House:
    """anna and bea talk; then the scenario; then whoever still talks hangs up; nothing may be left."""
    houses: list[House] = []

    async def main() -> None:
        house = House()
        houses.append(house)
        anna, bea = house.phone("anna", formats=anna_has), house.phone("bea", formats=bea_has)
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        await scenario(house, anna, bea, call)
        call.hang_up()
        await house.check_empty(records=1)

    run(main())
    return houses[0]


@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
def test_features_0_6_hold_plays_music_to_the_other_side_and_does_not_disturb_it(direction: str) -> None:
    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        call.hold(direction)  # type: ignore[arg-type]
        await house.clock.sleep(1)
        assert house.heard_by("bea") == Music()
        assert house.heard_by("anna") == Nothing()
        assert bea.last.reinvited == 0
        call.resume()
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")

    house = talk(scenario)
    assert [f.kind for f in house.facts if f.kind in {"held", "resumed"}] == ["held", "resumed"]


def test_rfc3264_8_4_hold_by_the_callee_and_of_both_sides() -> None:
    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        bea.last.hold()
        await house.clock.sleep(1)
        assert house.heard_by("anna") == Music()
        call.hold()
        await house.clock.sleep(1)
        assert (house.heard_by("anna"), house.heard_by("bea")) == (Nothing(), Nothing())
        bea.last.resume()
        await house.clock.sleep(1)
        assert house.heard_by("bea") == Music()
        call.resume()
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")

    talk(scenario)


def test_a_codec_change_takes_the_other_phone_along_where_it_has_to() -> None:
    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        call.reinvite(formats=PCMU)
        await house.clock.sleep(1)
        assert call.agreed is not None
        assert bea.last.agreed is not None
        assert [f.name for f in call.agreed.formats] == ["PCMU"]
        assert bea.last.agreed.formats[0].name == "PCMU"
        assert house.talking("anna", "bea")
        assert not house.transcodes("anna", "bea")

    talk(scenario)


def test_a_codec_that_the_other_cannot_is_answered_and_transcoded() -> None:
    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        call.reinvite(formats=PCMU)
        await house.clock.sleep(1)
        assert call.refused_reinvites == []
        assert bea.last.reinvited == 0
        assert house.talking("anna", "bea")
        assert house.transcodes("anna", "bea")
        call.reinvite(formats=BOTH)
        await house.clock.sleep(1)
        assert not house.transcodes("anna", "bea")

    talk(scenario, bea_has=PCMA)


def test_rfc3261_14_2_a_late_reinvite_gets_our_offer_and_disturbs_nobody() -> None:
    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        call.reinvite(late=True)
        await house.clock.sleep(1)
        assert bea.last.reinvited == 0
        assert house.talking("anna", "bea")

    talk(scenario)


def test_rfc3311_update_holds_as_well() -> None:
    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        call.update("sendonly")
        await house.clock.sleep(1)
        assert call.statuses[-1] == 200
        assert house.heard_by("bea") == Music()

    talk(scenario)


def test_rfc3264_5_1_late_offer_invite_talks_in_what_both_have() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna", formats=PCMU), house.phone("bea", formats=BOTH)
        call = anna.call("bea", late=True)
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        assert bea.last.agreed is not None
        assert [f.name for f in bea.last.agreed.formats] == ["PCMU"]
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


@pytest.mark.parametrize("late", [False, True], ids=["offer", "late offer"])
@pytest.mark.parametrize("one", [PCMA, PCMU, G722, OPUS], ids=lambda f: f[0].name)
@pytest.mark.parametrize("other", [PCMA, PCMU, G722, OPUS], ids=lambda f: f[0].name)
def test_phones_without_a_common_codec_talk_each_its_own(
    one: tuple[Format, ...], other: tuple[Format, ...], late: bool
) -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna", formats=one), house.phone("bea", formats=other)
        call = anna.call("bea", late=late)
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        assert house.transcodes("anna", "bea") == (one != other)
        assert (call.reinvited, bea.last.reinvited) == (0, 0)
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_early_media_in_a_codec_that_the_caller_lacks_is_heard() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna", formats=PCMU), house.phone("bea", formats=PCMA)
        bea.manner = early(after=3)
        call = anna.call("bea")
        await anna.until(lambda: 183 in call.statuses)
        assert [f.name for f in call.agreed.formats] == ["PCMU"]  # type: ignore[union-attr]
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


@pytest.mark.parametrize(
    ("method", "headers", "body", "status"),
    [
        ("OPTIONS", (), b"", 200),
        ("INFO", (("Content-Type", "application/dtmf-relay"),), b"Signal=1\r\nDuration=160\r\n", 200),
        ("INFO", (("Content-Type", "application/x-unknown"),), b"x", 415),
        ("MESSAGE", (("Content-Type", "text/plain"),), b"hello", 405),
        ("UPDATE", (), b"", 200),
    ],
)
def test_other_requests_inside_the_dialog(
    method: str, headers: tuple[tuple[str, str], ...], body: bytes, status: int
) -> None:
    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        call.request_in(method, headers, body)
        await anna.until(lambda: call.statuses[-1:] == [status], seconds=5)

    talk(scenario)


def test_a_silent_phone_that_answers_options_stays() -> None:
    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        endpoint = house.media.leaks()[1]
        house.media.fall_silent(endpoint)
        await house.clock.sleep(40)
        assert "OPTIONS" in [r.method for r in (*bea.requests, *anna.requests)]
        assert house.talking("anna", "bea")

    talk(scenario)


def test_a_phone_that_vanished_ends_the_call_with_a_reason() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        bea.vanish()
        house.network.cut("bea-11")
        endpoint = next(
            p.sound.endpoint for s in house.board.live_view() for p in s.parties if p.party.device == "bea-1"
        )
        house.media.fall_silent(endpoint)
        await anna.until(lambda: call.over)
        await house.clock.sleep(60)
        bea.calls.clear()
        await house.check_empty(records=1)
        record = house.bench.records[0]
        assert (record.ended_by, record.reason) == ("user:bea", "phone vanished")

    run(main())


def test_a_lost_worker_gives_both_phones_new_addresses() -> None:
    async def scenario(house: House, anna: Phone, bea: Phone, call: PhoneCall) -> None:
        assert call.agreed is not None
        before = call.agreed.remote
        house.media.lose_worker()
        await house.clock.sleep(1)
        assert call.reinvited == bea.last.reinvited == 1
        assert call.agreed.remote != before
        assert house.talking("anna", "bea")

    talk(scenario)


def test_a_lost_worker_without_another_ends_the_call_with_a_reason() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        house.media.broken = "no worker"
        house.media.lose_worker()
        await anna.until(lambda: call.over)
        await bea.until(lambda: bea.last.over)
        await house.check_empty(records=1)
        assert house.bench.records[0].reason == "media lost"

    run(main())


def test_without_media_a_new_call_is_refused_503() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        house.phone("bea")
        house.media.broken = "no worker"
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.statuses == [503]
        await house.check_empty(records=1)

    run(main())


def test_a_worker_lost_while_ringing_is_repaired_after_the_answer() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        house.media.lose_worker()
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_rfc6337_3_1_1_the_200_repeats_the_early_answer_and_another_codec_follows_by_reinvite() -> None:
    """One phone is heard early in PCMU, another answers in PCMA: the caller's session changes only after its ACK."""

    async def main() -> None:
        house = House()
        anna = house.phone("anna", formats=BOTH)
        desk, mobile = house.phone("bea", formats=PCMU), house.phone("bea", formats=PCMA)
        desk.manner, mobile.manner = early(after=50), answers(after=3)
        call = anna.call("bea")
        await anna.until(lambda: 183 in call.statuses)
        assert call.agreed is not None
        assert [f.name for f in call.agreed.formats] == ["PCMU"]
        await anna.until(lambda: call.talking)
        assert [f.name for f in call.agreed.formats] == ["PCMU"]
        await anna.until(lambda: call.reinvited == 1)
        assert [f.name for f in call.agreed.formats] == ["PCMA"]
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        assert mobile.last.reinvited == 0
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_of_two_phones_with_early_media_only_the_first_is_heard() -> None:
    async def main() -> None:
        house = House()
        anna, desk, mobile = house.phone("anna"), house.phone("bea"), house.phone("bea")
        desk.manner = mobile.manner = early(after=5)
        call = anna.call("bea")
        await anna.until(lambda: 183 in call.statuses)
        await house.clock.sleep(1)
        assert call.statuses.count(183) == 1
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_a_call_held_by_both_sides_ends_once_a_phone_has_vanished() -> None:
    """Nobody need send audio, so silence tells nothing: phones on hold are asked every two minutes."""

    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        call.hold("inactive")
        bea.last.hold("inactive")
        await house.clock.sleep(500)
        assert [r.method for r in anna.requests] == ["OPTIONS"] * 4
        assert call.talking
        bea.vanish()
        house.network.cut("bea-11")
        await anna.until(lambda: call.over, seconds=200)
        await house.clock.sleep(60)
        bea.calls.clear()
        await house.check_empty(records=1)
        assert house.bench.records[0].reason == "phone vanished"

    run(main())
