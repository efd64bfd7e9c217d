"""Long calls: session timers keep them alive, end them for phones that are gone, and disturb nobody (RFC 4028)."""

from vorzimmer.testing.house import House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import early


def test_rfc4028_a_call_of_three_hours_goes_on_over_a_restart_and_nobody_is_disturbed() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        await house.clock.sleep(5000)
        await house.restart()
        await house.clock.sleep(6000)
        assert house.talking("anna", "bea")
        assert not call.over
        assert not bea.last.over
        assert not [event for event in house.facts if event.kind == "ended"]
        call.hang_up()
        await bea.until(lambda: bea.last.over)
        await house.check_empty(records=1)

    run(main())


def test_rfc4028_10_a_phone_that_has_lost_power_is_found_and_the_other_one_freed() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        await house.clock.sleep(10)
        bea.vanish()
        house.network.cut("bea-11")
        await anna.until(lambda: call.over, seconds=1800)
        await house.clock.sleep(60)
        bea.calls.clear()
        await house.check_empty(records=1)
        assert house.bench.records[0].reason == "phone vanished"

    run(main())


def test_rfc3262_a_call_with_early_media_is_answered_through_a_reliable_183() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = early(after=2)
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        assert call.statuses == [183, 200]
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())
