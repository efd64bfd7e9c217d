"""Basic calls between scripted phones: answer, hang-up from either side, busy, decline, no answer, CANCEL, forks."""

from vorzimmer.directory.ref import Ref
from vorzimmer.routing.model import Announce, Asked, Forward, Refuse, SoFar, Step
from vorzimmer.testing.house import House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import answers, declines, diverts, early, ignores, rings


def test_first_call_answered_heard_and_ended_by_the_caller_leaves_one_record() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        assert call.statuses == [180, 200]
        await house.clock.sleep(10)
        assert house.talking("anna", "bea")
        assert house.board.calls_of("muster", "bea-1") == 1
        call.hang_up()
        await bea.until(lambda: bea.last.over)
        assert bea.last.reason.startswith("Q.850;cause=16")
        await house.check_empty(records=1)
        record = house.bench.records[0]
        assert (record.ended_by, record.reason, record.answered_by) == ("user:anna", "hung up", Ref("user", "bea"))
        assert record.answered is not None
        assert 9.9 < record.seconds < 10.5
        assert [t.outcome for t in record.so_far] == ["answered"]
        assert [f.kind for f in house.facts] == ["started", "ringing", "answered", "ended"]
        assert [f.number for f in house.facts] == [1, 2, 3, 4]

    run(main())


def test_the_callee_hangs_up() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        bea.last.hang_up()
        await anna.until(lambda: call.over)
        await house.check_empty(records=1)
        assert house.bench.records[0].ended_by == "user:bea"

    run(main())


def test_features_0_6_fork_first_answer_wins_and_the_others_hear_completed_elsewhere() -> None:
    async def main() -> None:
        house = House()
        anna, desk, mobile = house.phone("anna"), house.phone("bea"), house.phone("bea")
        desk.manner, mobile.manner = rings, answers(after=2)
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        assert call.statuses == [180, 200]
        await desk.until(lambda: desk.last.over)
        assert desk.last.reason == 'SIP;cause=200;text="Call completed elsewhere"'
        call.hang_up()
        await house.check_empty(records=1)
        outcomes = house.bench.records[0].so_far[0].offers
        assert [o.outcome for o in outcomes] == ["elsewhere", "answered"]

    run(main())


def test_two_phones_answer_at_once_and_one_call_comes_of_it() -> None:
    async def main() -> None:
        house = House(seed=3)
        anna, desk, mobile = house.phone("anna"), house.phone("bea"), house.phone("bea")
        desk.manner = mobile.manner = answers(after=2)
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        assert sorted([desk.last.state, mobile.last.state]) == ["over", "talking"]
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def _refused(status: int) -> tuple[list[int], str]:
    seen: list[tuple[list[int], str]] = []

    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = declines(status)
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        await house.check_empty(records=1)
        record = house.bench.records[0]
        assert record.answered is None
        seen.append((call.statuses, record.reason))

    run(main())
    return seen[0]


def test_bas_2_busy_declined_and_no_answer_reach_the_caller() -> None:
    assert _refused(486) == ([486], "busy")
    assert _refused(603) == ([603], "declined")
    assert _refused(480)[1] == "unreachable"


def test_bas_2_an_unregistered_phone_is_unreachable_and_the_caller_hears_the_tone() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        house.phone("bea")
        house.contacts_of["bea-1"] = ()
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.statuses == [183, 480]
        assert call.agreed is not None
        assert house.bench.records[0].reason == "unreachable"
        assert str(house.media.named("hear")[0][1]).startswith("Tone(kind='unavailable'")
        await house.check_empty(records=1)

    run(main())


def test_bas_2_no_response_within_4_s_is_unreachable() -> None:
    async def main() -> None:
        house = House()
        anna, _ = house.phone("anna"), house.phone("bea")
        house.network.cut("bea-11")
        call = anna.call("bea")
        began = house.clock.now()
        await anna.until(lambda: 183 in call.statuses)
        assert 4.0 <= house.clock.now() - began < 4.1
        await anna.until(lambda: call.over)
        house.network.mend("bea-11")
        await house.check_empty(records=1)
        assert house.bench.records[0].so_far[0].offers[0].status == 408

    run(main())


def test_bas_2_a_100_is_a_response_too() -> None:
    """A gateway or a slow phone that says 100 within 4 s may take its time to ring."""

    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = lambda phone, call: phone.later(9.0, call.answer)
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        assert call.statuses == [200]
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_bas_2_a_phone_that_said_100_and_nothing_more_does_not_answer() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = ignores
        began = house.clock.now()
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert 20.0 <= house.clock.now() - began < 20.2
        await house.check_empty(records=1)
        assert house.bench.records[0].so_far[0].outcome == "no_answer"

    run(main())


def test_ring_seconds_over_is_no_answer_and_leaves_a_missed_call() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = rings
        call = anna.call("bea")
        began = house.clock.now()
        await anna.until(lambda: call.over)
        assert 20.0 <= house.clock.now() - began < 20.2
        assert call.statuses == [180, 480]
        assert bea.last.reason == ""
        await house.check_empty(records=1)
        assert house.bench.records[0].reason == "no_answer"

    run(main())


def test_rfc3261_13_3_1_1_ringing_is_repeated_every_minute() -> None:
    async def main() -> None:
        house = House()
        house.seconds = 170
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: call.over, seconds=200)
        assert call.statuses == [180, 180, 180, 480]
        await house.check_empty(records=1)

    run(main())


def test_cancel_while_ringing_ends_every_phone_and_the_record_says_cancelled() -> None:
    async def main() -> None:
        house = House()
        anna, desk, mobile = house.phone("anna"), house.phone("bea"), house.phone("bea")
        desk.manner = mobile.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        call.hang_up()
        await mobile.until(lambda: mobile.last.over)
        assert mobile.last.reason == ""
        await house.check_empty(records=1)
        record = house.bench.records[0]
        assert (record.ended_by, record.reason, record.answered) == ("user:anna", "cancelled", None)
        assert [o.outcome for o in record.so_far[0].offers] == ["cancelled", "cancelled"]

    run(main())


def test_cancel_at_any_moment_leaves_nothing_behind() -> None:
    """Every second millisecond from the INVITE until well after the answer, a crossing 200 included."""

    async def main(after: float) -> None:
        house = House(seed=int(after * 1000) + 1)
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = answers(after=0.03)
        call = anna.call("bea")
        await house.clock.sleep(after)
        call.hang_up()
        await house.check_empty(records=1)

    for step in range(0, 60, 2):
        run(main(step / 1000))


def test_forward_sends_181_and_rings_the_next() -> None:
    async def main() -> None:
        house = House()
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        bea.manner = declines(486)

        def steps(asked: Asked, so_far: SoFar) -> Step | None:
            busy = so_far and so_far[-1].outcome == "busy"
            return Forward(Ref("user", "carl"), Ref("user", "bea"), "forward.busy") if busy else None

        house.steps = steps
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        assert call.statuses == [181, 180, 200]
        assert carl.last.talking
        call.hang_up()
        await house.check_empty(records=1)
        assert [t.outcome for t in house.bench.records[0].so_far] == ["busy", "forwarded", "answered"]

    run(main())


def test_bas_1_a_phones_own_diversion_comes_out_as_redirected_with_its_target() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = diverts("sip:carl@muster.example")
        house.steps = lambda asked, so_far: Refuse(480, "seen") if so_far else None
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        offer = house.bench.records[0].so_far[0].offers[0]
        assert (offer.outcome, offer.to) == ("redirected", "sip:carl@muster.example")
        await house.check_empty(records=1)

    run(main())


def test_announcement_is_early_media_with_our_description_then_the_status() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        house.steps = lambda asked, so_far: Announce("rejected.wav", 603)
        call = anna.call("bea")
        await anna.until(lambda: 183 in call.statuses)
        await house.clock.sleep(5)
        endpoint = house.media.leaks()[0]
        house.media.end_source(endpoint)
        await anna.until(lambda: call.over)
        assert call.statuses == [183, 603]
        await house.check_empty(records=1)

    run(main())


def test_early_media_of_the_callee_is_heard_and_the_200_repeats_the_answer() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = early(after=3)
        call = anna.call("bea")
        await anna.until(lambda: 183 in call.statuses)
        await house.clock.sleep(1)
        caller, callee = sorted(house.media.endpoints, key=lambda e: house.media.endpoints[e].address.port)
        assert house.media.hears_whom(caller) == callee
        await anna.until(lambda: call.talking)
        assert house.talking("anna", "bea")
        assert call.reinvited == 0
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_an_unknown_sender_is_refused_without_a_call() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        del house.companies["anna"]
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.statuses == [403]
        await house.check_empty(records=0)

    run(main())


def test_draining_refuses_new_calls_with_retry_after_and_waits_for_the_old() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        house.clock.call_at(house.clock.now() + 5, call.hang_up)
        house.board.draining = True
        other = bea.call("anna")
        await bea.until(lambda: other.over)
        assert other.statuses == [503]
        began = house.clock.now()
        await house.board.drain()
        assert house.clock.now() - began > 4
        await house.check_empty(records=1)

    run(main())
