"""Calls that a program makes and steers: dial, hold, resume, transfer, hang up; nothing is left behind."""

from vorzimmer.calls import command
from vorzimmer.calls.live import Live
from vorzimmer.calls.summon import asked_by, summon
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.ids import CallId
from vorzimmer.media.port import Music, Tone
from vorzimmer.routing.model import Presentation
from vorzimmer.testing.house import COMPANY, House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import declines, rings

ANNA, BEA, CARL = Ref("user", "anna"), Ref("user", "bea"), Ref("user", "carl")


def dial(house: House, who: str, to: str) -> CallId:
    """Let a program dial `to` for `who`."""
    asked = asked_by(COMPANY, Ref("user", who), who.title(), to)
    return summon(house.board, asked, tuple(house.devices[who]), Presentation(to.title(), to))


def live(house: House) -> Live:
    """The only call."""
    (state,) = house.board.live_view()
    found = house.board.call(state.id)
    assert found is not None
    return found


async def talk(house: House) -> Live:
    anna, bea = house.phone("anna"), house.phone("bea")
    anna.call("bea")
    await anna.until(lambda: anna.last.talking)
    await bea.until(lambda: bea.last.talking)
    await house.clock.sleep(1)
    return live(house)


def test_dialling_rings_ones_own_phones_first_and_then_the_target() -> None:
    async def main() -> None:
        house = House()
        anna, tisch, bea = house.phone("anna"), house.phone("anna"), house.phone("bea")
        anna.manner = rings
        dial(house, "anna", "bea")
        await house.clock.sleep(0.5)
        assert tisch.calls
        assert anna.last.shown[-1] == '"Bea" <sip:bea@muster.example>'
        assert not bea.calls
        await bea.until(lambda: bool(bea.calls))
        await house.clock.sleep(0.3)
        assert anna.last.over
        assert house.heard_by("anna") == Tone("ringback")
        await bea.until(lambda: bea.last.talking)
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        assert bea.last.shown[-1] == '"Anna" <sip:anna@muster.example>'
        asked, so_far = house.asked[-1]
        assert (asked.caller.ref, asked.caller.device, asked.dialled, so_far) == (ANNA, "anna-2", "bea", ())
        bea.last.hang_up()
        await house.check_empty(records=1)
        record = house.bench.records[0]
        assert (record.asked.caller.ref, record.answered_by, record.reason) == (ANNA, BEA, "hung up")

    run(main())


def test_dialling_comes_to_nothing_when_ones_own_phone_does_not_answer() -> None:
    async def main() -> None:
        house = House()
        for manner, reason in ((rings, "no_answer"), (declines(), "declined")):
            anna = house.phone("anna")
            anna.manner = manner
            dial(house, "anna", "bea")
            await house.clock.sleep(40)
            assert house.bench.records[-1].reason == reason
            house.devices["anna"].clear()
        await house.check_empty(records=2)

    run(main())


def test_without_a_phone_of_ones_own_nothing_rings() -> None:
    async def main() -> None:
        house = House()
        house.phone("bea")
        asked = asked_by(COMPANY, ANNA, "Anna", "bea")
        summon(house.board, asked, ("anna-9",), Presentation("Bea", "bea"))
        await house.clock.sleep(1)
        await house.check_empty(records=1)
        assert house.bench.records[0].reason == "unreachable"

    run(main())


def test_a_target_that_does_not_answer_releases_whoever_dialled() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = declines()
        dial(house, "anna", "bea")
        await anna.until(lambda: bool(anna.calls) and anna.last.over)
        await house.check_empty(records=1)
        assert house.bench.records[0].reason == "declined"
        assert house.bench.records[0].answered is None

    run(main())


def test_whoever_hangs_up_while_the_target_rings_ends_it() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = rings
        dial(house, "anna", "bea")
        await bea.until(lambda: bool(bea.calls))
        anna.last.hang_up()
        await bea.until(lambda: bea.last.over)
        await house.check_empty(records=1)

    run(main())


def test_a_restart_while_ones_own_phone_rings_stops_it() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        anna.manner = rings
        dial(house, "anna", "bea")
        await anna.until(lambda: bool(anna.calls))
        await house.clock.sleep(1)
        await house.restart()
        await anna.until(lambda: anna.last.over)
        await house.check_empty(records=1)
        assert house.bench.records[0].reason == "interrupted"

    run(main())


def test_a_restart_while_the_target_rings_releases_whoever_dialled() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = rings
        dial(house, "anna", "bea")
        await bea.until(lambda: bool(bea.calls))
        await house.clock.sleep(1)
        await house.restart()
        await anna.until(lambda: anna.last.over)
        await bea.until(lambda: bea.last.over)
        await house.check_empty(records=1)

    run(main())


def test_hold_by_command_lets_the_other_hear_music_until_it_is_resumed() -> None:
    async def main() -> None:
        house = House()
        call = await talk(house)
        leg = command.leg_of(call, ANNA)
        assert leg is not None
        command.hold(call, leg, on=True)
        command.hold(call, leg, on=True)
        await house.clock.sleep(1)
        assert house.heard_by("bea") == Music("default")
        assert [fact.kind for fact in house.facts].count("held") == 1
        await house.restart()
        call = live(house)
        await house.clock.sleep(1)
        assert house.heard_by("bea") == Music("default")
        command.hold(call, leg, on=False)
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        house.phones["anna"][0].last.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_resuming_by_command_does_not_undo_the_phones_own_hold() -> None:
    async def main() -> None:
        house = House()
        call = await talk(house)
        leg = command.leg_of(call, ANNA)
        assert leg is not None
        phone = house.phones["anna"][0]
        phone.last.hold()
        await house.clock.sleep(1)
        command.hold(call, leg, on=True)
        command.hold(call, leg, on=False)
        await house.clock.sleep(1)
        assert house.heard_by("bea") == Music("default")
        phone.last.resume()
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        phone.last.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_transfer_by_command_connects_the_others_and_releases_the_transferor() -> None:
    async def main() -> None:
        house = House()
        call = await talk(house)
        carl = house.phone("carl")
        leg = command.leg_of(call, BEA)
        assert leg is not None
        assert command.transfer(house.board, call, leg, "carl")
        await carl.until(lambda: bool(carl.calls) and carl.last.talking)
        bea = house.phones["bea"][0]
        await bea.until(lambda: bea.last.over)
        await house.clock.sleep(1)
        assert house.talking("anna", "carl")
        carl.last.hang_up()
        await house.check_empty(records=2)

    run(main())


def test_a_transfer_by_command_that_fails_brings_everybody_back() -> None:
    async def main() -> None:
        house = House()
        call = await talk(house)
        carl = house.phone("carl")
        carl.manner = declines()
        leg = command.leg_of(call, BEA)
        assert leg is not None
        assert command.transfer(house.board, call, leg, "carl")
        assert not command.transfer(house.board, call, leg, "carl")
        await house.clock.sleep(5)
        assert carl.last.over
        assert house.talking("anna", "bea")
        house.phones["anna"][0].last.hang_up()
        await house.check_empty(records=2)

    run(main())


def test_hanging_up_by_command_takes_ones_own_phone_out() -> None:
    async def main() -> None:
        house = House()
        call = await talk(house)
        assert not command.hang_up(house.board, call, CARL, administers=False)
        assert command.hang_up(house.board, call, BEA, administers=False)
        await house.check_empty(records=1)
        assert (house.bench.records[0].ended_by, house.bench.records[0].reason) == ("user:bea", "hung up")

    run(main())


def test_an_administrator_ends_a_call_that_he_is_not_in() -> None:
    async def main() -> None:
        house = House()
        call = await talk(house)
        assert command.hang_up(house.board, call, CARL, administers=True)
        await house.check_empty(records=1)
        assert house.bench.records[0].ended_by == "user:carl"

    run(main())


def test_hanging_up_by_command_while_it_rings_cancels_for_the_caller_and_declines_for_the_rung() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = rings
        for who, reason in ((ANNA, "cancelled"), (BEA, "declined")):
            anna.call("bea")
            await bea.until(lambda: bool(bea.calls) and not bea.last.over)
            await house.clock.sleep(1)
            assert command.hang_up(house.board, live(house), who, administers=False)
            await bea.until(lambda: bea.last.over)
            await house.clock.sleep(5)
            assert house.bench.records[-1].reason == reason
        await house.check_empty(records=2)

    run(main())
