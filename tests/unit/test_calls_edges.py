"""The edges of calls: services, alarms, hostile names, addresses that nobody may name, authentication, ending all."""

import pytest

from vorzimmer.calls.world import Identified, Refusal
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.port import File, MediaError, MediaPlan, Nothing, Source, Tone
from vorzimmer.routing.model import Announce, Because, Caller, Refuse, Run
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Request
from vorzimmer.testing.house import House
from vorzimmer.testing.loop import VirtualClock, run
from vorzimmer.testing.media import RecordingMedia
from vorzimmer.testing.phone import Phone, display_of, diverts, rings
from vorzimmer.testing.phone_call import PhoneCall

HOSTILE = (
    "<script>alert(1)</script>",
    'quote"inside\\',
    "line\r\nInjected: yes",
    "\u202egnp.exe",
    "=cmd|' /C calc'!A0",
    "x" * 10_000,
    "\x00\x1b[31mred",
    "Jörg Müßig 山田",
)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_display_names_reach_phones_as_one_safe_line(name: str) -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        house.names["anna"] = house.names["bea"] = name
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        assert bea.last.request is not None
        shown = display_of(bea.last.request)
        assert len(shown) <= 80
        assert "Injected" not in bea.last.request.headers
        assert not any(ord(char) < 32 for char in shown)
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_a_private_caller_is_in_no_header_of_the_invite() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        known = house.identify

        def private(request: Request, flow: Flow) -> Identified | Refusal:
            who = known(request, flow)
            assert isinstance(who, Identified)
            return Identified(who.company, Caller(who.caller.ref, who.caller.device, name="Anna", private=True))

        house.identify = private  # type: ignore[method-assign]
        house.open()
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        assert bea.last.request is not None
        text = bea.last.request.to_bytes().decode().lower()
        assert "anna" not in text
        assert bea.last.request.headers.get("Privacy") == "id"
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_a_feature_code_is_answered_confirmed_and_hung_up() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        because = Because("codes", "codes.dnd_on")
        house.steps = lambda asked, so_far: Run("dnd.on", {"code": "*78"}, (because,))
        call = anna.call("*78")
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        assert [source for _, source in house.media.named("hear")] == [Tone("confirm")]
        await anna.until(lambda: call.over)
        assert [each.action for each in house.served] == ["dnd.on"]
        await house.check_empty(records=1)
        assert house.bench.records[0].because == (because,)
        assert house.bench.records[0].asked.dialled == "*78"

    run(main())


def test_a_feature_code_that_is_denied_ends_with_its_status() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        house.steps = lambda asked, so_far: Run("no")
        call = anna.call("*78")
        await anna.until(lambda: call.over)
        assert call.statuses == [403]
        await house.check_empty(records=1)

    run(main())


def test_the_caller_hangs_up_during_a_confirmation() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        house.steps = lambda asked, so_far: Run("dnd.on")
        call = anna.call("*78", late=True)
        await anna.until(lambda: call.talking)
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_an_alarm_of_the_plan_is_told_at_once() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        house.alarm = "emergency_failed"
        house.steps = lambda asked, so_far: Refuse(503, "no trunk")
        call = anna.call("112")
        await anna.until(lambda: call.over)
        assert [f.data for f in house.facts if f.kind == "alarm"] == [{"what": "emergency_failed"}]
        await house.check_empty(records=1)

    run(main())


def test_an_offer_with_a_refused_media_address_is_488_and_on_record() -> None:
    async def main() -> None:
        house = House()
        house.refused["169.254.1.1"] = "link-local"
        anna = house.phone("anna", media=Address("169.254.1.1", 4000))
        house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.statuses == [488]
        await house.check_empty(records=1)

    run(main())


def test_an_answer_with_a_refused_media_address_does_not_connect() -> None:
    async def main() -> None:
        house = House()
        house.refused["169.254.1.1"] = "link-local"
        anna = house.phone("anna")
        house.phone("bea", media=Address("169.254.1.1", 4000))
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.statuses[-1] == 488
        await house.check_empty(records=1)

    run(main())


def test_a_reinvite_to_a_refused_media_address_is_refused_and_the_call_goes_on() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        house.refused["192.0.2.10"] = "own port"
        call.reinvite("sendonly")
        await anna.until(lambda: bool(call.refused_reinvites))
        assert call.refused_reinvites == [488]
        assert house.talking("anna", "bea")
        house.refused.clear()
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_a_contact_that_may_not_be_named_is_403() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        house.refused["192.0.2.10"] = "multicast"
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.statuses == [403]
        await house.check_empty(records=0)

    run(main())


def test_a_refer_to_an_address_that_may_not_be_named_is_403_but_ours_is_fine() -> None:
    async def main() -> None:
        house = House()
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        house.refused = {"224.0.0.1": "multicast", "192.0.2.1": "own port"}
        call.transfer("sip:carl@224.0.0.1")
        await anna.until(lambda: 403 in call.statuses)
        call.transfer("sip:carl@192.0.2.1:5060")
        await carl.until(lambda: bool(carl.calls) and carl.last.talking)
        await anna.until(lambda: call.over)
        bea.last.hang_up()
        await house.check_empty(records=2)

    run(main())


@pytest.mark.parametrize(
    ("contact", "to"),
    [("sip:carl@169.254.1.1", ""), ("sip:carl@192.0.2.1", "sip:carl@192.0.2.1"), ("tel:141", "tel:141")],
)
def test_rfc3261_8_1_3_4_a_diversion_to_an_address_that_may_not_be_named_leads_nowhere(contact: str, to: str) -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        house.refused = {"169.254.1.1": "link-local", "192.0.2.1": "own port"}
        bea.manner = diverts(contact)
        house.steps = lambda asked, so_far: Refuse(480, "seen") if so_far else None
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        offer = house.bench.records[0].so_far[0].offers[0]
        assert (offer.outcome, offer.to) == ("redirected" if to else "unreachable", to)
        await house.check_empty(records=1)

    run(main())


def test_everything_ends_after_the_drains_limit() -> None:
    async def main() -> None:
        house = House()
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        carl.manner = rings
        talking = anna.call("bea")
        ringing = bea.call("carl")
        await anna.until(lambda: talking.talking)
        await bea.until(lambda: 180 in ringing.statuses)
        house.board.hang_up_all("shutting down")
        await anna.until(lambda: talking.over)
        await bea.until(lambda: ringing.over and bea.last.over)
        assert ringing.statuses[-1] == 503
        await carl.until(lambda: carl.last.over)
        await house.check_empty(records=2)
        assert [r.reason for r in house.bench.records] == ["shutting down"] * 2

    run(main())


def test_a_transfer_that_may_refuses_is_403() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        house.phone("bea")
        house.may = lambda actor, action, call: actor.ref != Ref("user", "anna")
        house.open()
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        call.transfer("bea")
        await anna.until(lambda: 403 in call.statuses)
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_a_bug_in_deciding_costs_one_call_and_is_reported() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")

        def broken(asked: object, so_far: object) -> None:
            raise ZeroDivisionError("a bug")

        house.steps = broken
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.statuses == [500]
        assert [doing for doing, _ in house.bench.bugs] == ["connecting a call"]
        house.bench.bugs.clear()
        await house.check_empty(records=1)
        assert house.bench.records[0].reason == "interrupted"

    run(main())


def test_a_bug_in_identifying_answers_500() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")

        def broken(request: Request, flow: Flow) -> Refusal:
            raise ZeroDivisionError("a bug")

        house.identify = broken  # type: ignore[method-assign]
        house.open()
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.statuses == [500]
        assert len(house.bench.bugs) == 1
        house.bench.bugs.clear()
        await house.check_empty(records=0)

    run(main())


def test_features_0_6_silence_on_hold_where_no_music_is_set() -> None:
    async def main() -> None:
        house = House()
        house.music = ""
        anna = house.phone("anna")
        house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        call.hold()
        await house.clock.sleep(1)
        assert house.heard_by("bea") == Nothing()
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


class SlowMedia(RecordingMedia):
    """A worker that takes its time."""

    async def configure(self, endpoint: EndpointId, plan: MediaPlan) -> None:
        await VirtualClock().sleep(0.5)
        await super().configure(endpoint, plan)


def test_a_bye_right_behind_the_answer_is_not_lost_while_media_is_slow() -> None:
    async def main() -> None:
        house = House()
        house.media = SlowMedia()
        house.open()
        anna, bea = house.phone("anna"), house.phone("bea")

        def manner(phone: Phone, call: PhoneCall) -> None:
            call.ring(183, media=True)
            phone.later(0.05, call.answer)
            phone.later(0.06, call.hang_up)

        bea.manner = manner
        call = anna.call("bea")
        await anna.until(lambda: call.over, seconds=5)
        # The caller's 200 waits for its PRACK (RFC 3262 section 3); hung up before, it becomes a 487.
        assert call.statuses[-1] in {200, 487}
        await house.check_empty(records=1)

    run(main())


class Speechless(RecordingMedia):
    """A media host that has no file of that name."""

    async def hear(self, endpoint: EndpointId, source: Source) -> None:
        if isinstance(source, File):
            raise MediaError(f"no file {source.path}")
        await super().hear(endpoint, source)


@pytest.mark.parametrize(("step", "status"), [(Announce("say.rejected", 603), 603), (Announce("say.done", 200), 200)])
def test_a_missing_announcement_changes_no_status_and_keeps_nobody_waiting(step: Announce, status: int) -> None:
    async def main() -> None:
        house = House()
        house.media = Speechless()
        house.open()
        anna = house.phone("anna")
        house.steps = lambda asked, so_far: step
        call = anna.call("bea")
        await anna.until(lambda: call.over, seconds=5)
        assert call.statuses[-1] == status
        await house.check_empty(records=1)

    run(main())


def test_rfc3515_2_4_6_a_second_refer_is_told_apart_by_its_id() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        for _ in range(2):
            told = len(call.notified)
            call.transfer("nobody")
            await anna.until(lambda told=told: len(call.notified) >= told + 2)  # type: ignore[misc]
            await house.clock.sleep(1)
        events = [r.headers.get("Event").partition(";id=")[::2] for r in anna.requests if r.method == "NOTIFY"]
        assert [name for name, _ in events] == ["refer"] * 4
        assert [bool(ident) for _, ident in events] == [False, False, True, True]
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=3)

    run(main())


def test_a_number_that_hides_is_in_no_fact() -> None:
    async def main() -> None:
        house = House()
        anna, _ = house.phone("anna"), house.phone("bea")
        known = house.identify

        def private(request: Request, flow: Flow) -> Identified | Refusal:
            who = known(request, flow)
            assert isinstance(who, Identified)
            return Identified(who.company, Caller(device=who.caller.device, number="+49301234", private=True))

        house.identify = private  # type: ignore[method-assign]
        house.open()
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        assert house.facts[0].data["from"] == "anonymous"
        call.hang_up()
        await house.check_empty(records=1)

    run(main())
