"""Transfers with REFER and Replaces, from either side; what everybody hears; who is told; one record per call."""

import pytest

from vorzimmer.calls.records import Record
from vorzimmer.directory.ref import Ref
from vorzimmer.media.port import Music, Peer, Tone
from vorzimmer.sdp.plan import Format
from vorzimmer.sip.message import Headers, Request
from vorzimmer.testing.house import House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import answers, declines, early, rings
from vorzimmer.testing.phone_call import PhoneCall

PCMA = (Format("PCMA", 8),)
PCMU = (Format("PCMU", 0),)
BOTH = (*PCMA, *PCMU)


class Three:
    """anna has called bea; carl is there too."""

    def __init__(self, house: House, bea_called: bool = False, **formats: tuple[Format, ...]) -> None:
        self.house = house
        self.anna = house.phone("anna", formats=formats.get("anna", BOTH))
        self.bea = house.phone("bea", formats=formats.get("bea", BOTH))
        self.carl = house.phone("carl", formats=formats.get("carl", BOTH))
        self.bea_called = bea_called

    async def talk(self) -> PhoneCall:
        """bea's call with anna, whichever side called."""
        caller, callee = (self.bea, "anna") if self.bea_called else (self.anna, "bea")
        caller.call(callee)
        await caller.until(lambda: caller.last.talking)
        await self.house.clock.sleep(1)
        return self.bea.last

    def records(self) -> list[Record]:
        """By start."""
        return sorted(self.house.bench.records, key=lambda r: r.started)

    def journeys(self) -> int:
        """How many journeys the records tell of."""
        return len({r.journey for r in self.records()})


@pytest.mark.parametrize("bea_called", [False, True])
def test_rfc5589_blind_transfer_from_either_side(bea_called: bool) -> None:
    async def main() -> None:
        house = House()
        three = Three(house, bea_called)
        call = await three.talk()
        call.transfer("carl")
        await three.carl.until(lambda: bool(three.carl.calls))
        await house.clock.sleep(0.5)
        assert house.heard_by("anna") == Tone("ringback")
        await three.carl.until(lambda: three.carl.last.talking)
        await three.bea.until(lambda: call.over)
        assert call.statuses[-1] == 202
        assert call.notified == ["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing", "SIP/2.0 200 OK"]
        await house.clock.sleep(1)
        assert house.talking("anna", "carl")
        # Both are shown whom they talk to now (PAI in a re-INVITE).
        assert three.anna.last.shown[-1] == '"Carl" <sip:carl@muster.example>'
        assert three.carl.last.shown[-1] == '"Anna" <sip:anna@muster.example>'
        three.carl.last.hang_up()
        await three.anna.until(lambda: three.anna.last.over)
        await house.check_empty(records=2)
        first, second = three.records()
        assert (first.ended_by, first.reason) == ("user:bea", "transferred")
        assert (second.asked.role, second.asked.dialled, str(second.asked.caller.ref)) == (
            "transfer",
            "carl",
            "user:bea",
        )
        assert three.journeys() == 1

    run(main())


def test_features_0_6_music_until_the_target_rings() -> None:
    async def main() -> None:
        house = House()
        three = Three(house)
        call = await three.talk()
        house.contacts_of["carl-1"] = ()
        call.transfer("carl")
        house.steps = lambda asked, so_far: None
        await three.bea.until(lambda: bool(call.notified))
        assert Music() in [source for _, source in house.media.named("hear")]
        await three.bea.until(lambda: "480" in "".join(call.notified[-1:]))
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=2)

    run(main())


@pytest.mark.parametrize("status", [486, 603])
def test_a_failed_blind_transfer_gives_the_call_back_to_a_transferor_who_is_still_there(status: int) -> None:
    async def main() -> None:
        house = House()
        three = Three(house)
        three.carl.manner = declines(status, after=1)
        call = await three.talk()
        call.hold()
        await house.clock.sleep(0.2)
        call.transfer("carl")
        await three.bea.until(lambda: any(str(status) in line for line in call.notified))
        await house.clock.sleep(0.2)
        assert house.heard_by("anna") == Music()
        call.resume()
        await house.clock.sleep(0.2)
        assert house.talking("anna", "bea")
        three.anna.last.hang_up()
        await house.check_empty(records=2)
        first, second = three.records()
        assert (first.reason, second.reason) == ("hung up", "transfer failed")
        assert second.so_far[0].outcome in {"busy", "declined"}

    run(main())


def test_the_transferor_leaves_at_once_and_the_target_answers_later() -> None:
    async def main() -> None:
        house = House()
        three = Three(house)
        three.carl.manner = answers(after=3)
        call = await three.talk()
        call.transfer("carl")
        await three.bea.until(lambda: bool(call.notified))
        call.hang_up()
        await three.carl.until(lambda: three.carl.last.talking, seconds=10) if three.carl.calls else None
        await house.clock.sleep(5)
        assert house.talking("anna", "carl")
        three.anna.last.hang_up()
        await house.check_empty(records=2)
        assert three.records()[0].reason == "transferred"

    run(main())


def test_the_transferor_has_left_and_nobody_answers() -> None:
    async def main() -> None:
        house = House()
        three = Three(house)
        three.carl.manner = rings
        call = await three.talk()
        call.transfer("carl")
        await three.bea.until(lambda: bool(call.notified))
        call.hang_up()
        await three.anna.until(lambda: three.anna.last.over)
        await house.check_empty(records=2)
        assert [r.reason for r in three.records()] == ["transferred", "no_answer"]

    run(main())


def test_the_transferred_party_hangs_up_while_the_target_rings() -> None:
    async def main() -> None:
        house = House()
        three = Three(house)
        three.carl.manner = rings
        call = await three.talk()
        call.transfer("carl")
        await three.carl.until(lambda: bool(three.carl.calls))
        three.anna.last.hang_up()
        await three.carl.until(lambda: three.carl.last.over)
        await three.bea.until(lambda: "487" in "".join(call.notified[-1:]))
        await three.bea.until(lambda: call.over)
        await house.check_empty(records=2)
        # The record has waited for the attempt's last word.
        assert [t.outcome for t in three.records()[1].so_far] == ["cancelled"]

    run(main())


def test_early_media_in_a_codec_that_a_waiting_party_lacks_is_heard() -> None:
    async def main() -> None:
        house = House()
        three = Three(house, bea=PCMA, carl=PCMU)
        three.carl.manner = early(after=3)
        call = await three.talk()
        call.transfer("carl")
        await house.clock.sleep(2)
        assert isinstance(house.heard_by("anna"), Peer)
        await three.carl.until(lambda: three.carl.last.talking)
        await house.clock.sleep(1)
        assert house.talking("anna", "carl")
        three.anna.last.hang_up()
        await house.check_empty(records=2)

    run(main())


def test_early_media_that_a_waiting_party_can_decode_is_heard() -> None:
    async def main() -> None:
        house = House()
        three = Three(house)
        three.carl.manner = early(after=3)
        call = await three.talk()
        call.transfer("carl")
        await house.clock.sleep(2)
        assert isinstance(house.heard_by("anna"), Peer)
        await three.carl.until(lambda: three.carl.last.talking)
        await house.clock.sleep(1)
        assert house.talking("anna", "carl")
        three.anna.last.hang_up()
        await house.check_empty(records=2)

    run(main())


@pytest.mark.parametrize("bea_called", [False, True])
def test_rfc5589_attended_transfer_from_either_side(bea_called: bool) -> None:
    async def main() -> None:
        house = House()
        three = Three(house, bea_called)
        call = await three.talk()
        call.hold()
        consult = three.bea.call("carl")
        await three.bea.until(lambda: consult.talking)
        consult.hold()
        await house.clock.sleep(0.5)
        call.transfer_to(consult)
        await three.bea.until(lambda: call.over and consult.over)
        await house.clock.sleep(1)
        assert call.notified == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]
        assert house.talking("anna", "carl")
        assert three.anna.last.shown[-1] == '"Carl" <sip:carl@muster.example>'
        assert three.carl.last.shown[-1] == '"Anna" <sip:anna@muster.example>'
        three.anna.last.hang_up()
        await house.check_empty(records=2)
        assert three.journeys() == 1
        consulted = next(r for r in three.records() if r.asked.dialled == "carl")
        assert consulted.answered_by == Ref("user", "carl")

    run(main())


def test_attended_transfer_the_other_way_round() -> None:
    """REFER on the consultation, replacing the first call."""

    async def main() -> None:
        house = House()
        three = Three(house)
        call = await three.talk()
        call.hold()
        consult = three.bea.call("carl")
        await three.bea.until(lambda: consult.talking)
        consult.transfer_to(call)
        await three.bea.until(lambda: call.over and consult.over)
        await house.clock.sleep(1)
        assert house.talking("anna", "carl")
        three.carl.last.hang_up()
        await house.check_empty(records=2)

    run(main())


def test_semi_attended_transfer_to_a_phone_that_still_rings() -> None:
    async def main() -> None:
        house = House()
        three = Three(house)
        three.carl.manner = answers(after=4)
        call = await three.talk()
        call.hold()
        consult = three.bea.call("carl")
        await three.bea.until(lambda: 180 in consult.statuses)
        call.transfer_to(consult)
        await house.clock.sleep(0.5)
        assert house.heard_by("anna") == Tone("ringback")
        assert consult.over
        await three.carl.until(lambda: three.carl.last.talking)
        await three.bea.until(lambda: call.over)
        await house.clock.sleep(1)
        assert call.notified[-1] == "SIP/2.0 200 OK"
        assert house.talking("anna", "carl")
        assert three.carl.last.shown[-1] == '"Anna" <sip:anna@muster.example>'
        three.anna.last.hang_up()
        await house.check_empty(records=2)

    run(main())


def test_a_failed_semi_attended_transfer_gives_the_call_back() -> None:
    async def main() -> None:
        house = House()
        three = Three(house)
        three.carl.manner = declines(486, after=4)
        call = await three.talk()
        consult = three.bea.call("carl")
        await three.bea.until(lambda: 180 in consult.statuses)
        call.transfer_to(consult)
        await three.bea.until(lambda: "486" in "".join(call.notified[-1:]))
        await house.clock.sleep(0.5)
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=2)

    run(main())


def test_a_transfer_between_phones_without_a_common_first_codec_reinvites_both_to_one() -> None:
    """anna and bea agreed on both, carl has PCMU only: anna is re-invited, nothing is transcoded."""

    async def main() -> None:
        house = House()
        three = Three(house, carl=PCMU)
        call = await three.talk()
        consult = three.bea.call("carl")
        await three.bea.until(lambda: consult.talking)
        call.transfer_to(consult)
        await three.bea.until(lambda: call.over and consult.over)
        await house.clock.sleep(1)
        assert house.talking("anna", "carl")
        agreed = three.anna.last.agreed
        assert agreed is not None
        assert [f.name for f in agreed.formats] == ["PCMU"]
        three.anna.last.hang_up()
        await house.check_empty(records=2)

    run(main())


def test_a_transfer_between_phones_that_share_no_codec_is_transcoded() -> None:
    async def main() -> None:
        house = House()
        three = Three(house, anna=PCMA, carl=PCMU)
        call = await three.talk()
        consult = three.bea.call("carl")
        await three.bea.until(lambda: consult.talking)
        call.transfer_to(consult)
        await three.bea.until(lambda: call.over and consult.over)
        await house.clock.sleep(1)
        assert house.talking("anna", "carl")
        assert house.transcodes("anna", "carl")
        three.anna.last.hang_up()
        await house.check_empty(records=2)

    run(main())


def test_security_a_refer_to_another_companys_extension_or_dialog_finds_nothing() -> None:
    async def main() -> None:
        house = House()
        three = Three(house)
        otto, olga = house.phone("otto", company="other"), house.phone("olga", company="other")
        call = await three.talk()
        theirs = otto.call("olga")
        await otto.until(lambda: theirs.talking)
        call.transfer("olga")
        await three.bea.until(lambda: "404" in "".join(call.notified[-1:]))
        ids = house.engine.dialog_ids(house.board.live_view("other")[0].parties[0].id)
        assert ids is not None
        replaces = f"{ids[0]}%3Bto-tag%3D{ids[1]}%3Bfrom-tag%3D{ids[2]}"
        call.transfer(f"sip:x@muster.example?Replaces={replaces}")
        await three.bea.until(lambda: "481" in "".join(call.notified[-1:]))
        thief = three.carl.call("x", extra=(("Replaces", f"{ids[0]};to-tag={ids[1]};from-tag={ids[2]}"),))
        await three.carl.until(lambda: thief.over)
        assert thief.statuses == [481]
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        assert house.talking("otto", "olga")
        call.hang_up()
        olga.last.hang_up()
        await house.check_empty(records=3)

    run(main())


def test_rfc3891_invite_with_replaces_takes_the_place_of_a_leg() -> None:
    async def main() -> None:
        house = House()
        house.may = lambda actor, action, call: True
        house.open()
        three = Three(house)
        call = await three.talk()
        ids = house.engine.dialog_ids(house.board.live_view()[0].parties[1].id)
        assert ids is not None
        taken = three.carl.call("bea", extra=(("Replaces", f"{ids[0]};to-tag={ids[1]};from-tag={ids[2]}"),))
        await three.carl.until(lambda: taken.talking)
        await three.bea.until(lambda: call.over)
        await house.clock.sleep(1)
        assert house.talking("anna", "carl")
        taken.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_nobody_replaces_a_leg_of_a_call_that_is_not_theirs() -> None:
    async def main() -> None:
        house = House()
        three = Three(house)
        call = await three.talk()
        ids = house.engine.dialog_ids(house.board.live_view()[0].parties[1].id)
        assert ids is not None
        thief = three.carl.call("bea", extra=(("Replaces", f"{ids[0]};to-tag={ids[1]};from-tag={ids[2]}"),))
        await three.carl.until(lambda: thief.over)
        assert thief.statuses == [403]
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


@pytest.mark.parametrize(
    ("refer_to", "status"),
    [
        ("<sip:carl@muster.example;method=BYE>", 403),
        ("<mailto:carl@muster.example>", 403),
        ("<sip:muster.example>", 400),
        ("no uri at all", 400),
    ],
)
def test_rfc3515_a_refer_that_asks_for_anything_but_a_call_is_refused(refer_to: str, status: int) -> None:
    async def main() -> None:
        house = House()
        three = Three(house)
        call = await three.talk()
        call.request_in("REFER", (("Refer-To", refer_to),))
        await three.bea.until(lambda: status in call.statuses)
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_rfc4488_refer_sub_false_sends_no_notify() -> None:
    async def main() -> None:
        house = House()
        three = Three(house)
        call = await three.talk()
        call.transfer("carl", extra=(("Refer-Sub", "false"),))
        await three.carl.until(lambda: bool(three.carl.calls) and three.carl.last.talking)
        await three.bea.until(lambda: call.over)
        assert call.notified == []
        three.carl.last.hang_up()
        await house.check_empty(records=2)

    run(main())


def test_rfc4488_a_phone_may_require_that_no_subscription_is_made() -> None:
    async def main() -> None:
        house = House()
        three = Three(house)
        call = await three.talk()
        call.transfer("carl", extra=(("Refer-Sub", "false"), ("Require", "norefersub")))
        await three.carl.until(lambda: bool(three.carl.calls) and three.carl.last.talking)
        await three.bea.until(lambda: call.over)
        assert 202 in call.statuses
        assert call.notified == []
        three.carl.last.hang_up()
        await house.check_empty(records=2)

    run(main())


def test_rfc5589_a_refer_outside_any_call_is_refused() -> None:
    async def main() -> None:
        house = House()
        three = Three(house)
        call = await three.talk()
        address = three.carl.address
        headers = Headers(
            (("From", f"<{address}>"), ("To", "<sip:bea@muster.example>"), ("Refer-To", "<sip:anna@muster.example>"))
        )
        sent = three.carl.signalling.engine.request(
            Request("REFER", "sip:bea@muster.example", headers), three.carl.hop, three.carl.signalling.now()
        )
        three.carl.signalling.kick()
        await house.clock.sleep(1)
        assert three.carl.answers[sent].status == 403
        assert house.talking("anna", "bea")
        assert three.carl.calls == []
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


@pytest.mark.parametrize(
    ("method", "headers", "status", "told"),
    [
        ("INFO", (("Info-Package", "camera"), ("Content-Type", "text/plain")), 469, "Recv-Info"),
        ("MESSAGE", (("Content-Type", "text/plain"),), 405, "Allow"),
        ("OPTIONS", (), 200, ""),
    ],
)
def test_requests_inside_a_call_get_the_status_and_the_header_that_belongs_to_it(
    method: str, headers: tuple[tuple[str, str], ...], status: int, told: str
) -> None:
    async def main() -> None:
        house = House()
        three = Three(house)
        call = await three.talk()
        sent = call.request_in(method, headers, b"x" if headers else b"")
        await three.bea.until(lambda: sent in three.bea.answers)
        answer = three.bea.answers[sent]
        assert (answer.status, not told or told in answer.headers) == (status, True)
        if told == "Allow":
            assert method not in answer.headers.get("Allow")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())
