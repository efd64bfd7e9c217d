"""Calls over a restart of control: everything is dropped and goes on from the journal's bytes."""

import asyncio

import msgspec
import pytest

from vorzimmer.calls.records import Frozen, Pending, decode_frozen, encode
from vorzimmer.kernel.address import Address
from vorzimmer.media.port import Music
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.unanswered import FrozenCalling
from vorzimmer.testing.house import SERVER, House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import Phone, declines, rings
from vorzimmer.testing.phone_call import PhoneCall


async def talk(house: House, caller: Phone, callee: str) -> PhoneCall:
    """An answered call, a second old."""
    call = caller.call(callee)
    await caller.until(lambda: call.talking)
    await house.clock.sleep(1)
    return call


def test_a_talking_call_survives_and_can_hold_resume_and_end() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        call = await talk(house, anna, "bea")
        await house.restart()
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        assert house.board.calls_of("muster", "anna-1") == 1
        bea.last.hold()
        await house.clock.sleep(1)
        assert house.heard_by("anna") == Music()
        bea.last.resume()
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        call.hang_up()
        await bea.until(lambda: bea.last.over)
        await house.check_empty(records=1)
        assert house.bench.records[0].reason == "hung up"

    run(main())


def test_a_held_call_survives_held() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        call = await talk(house, anna, "bea")
        call.hold()
        await house.clock.sleep(1)
        await house.restart()
        assert house.heard_by("bea") == Music()
        call.resume()
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        bea.last.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_an_attempt_that_is_lost_leaves_one_record_that_says_interrupted() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        await house.restart()
        await house.clock.sleep(1)
        assert call.statuses[-1] == 500
        assert anna.idle
        assert bea.last.over
        assert bea.last.cause == "cancel"
        assert house.board.idle()
        await house.check_empty(records=1)
        assert house.bench.records[0].reason == "interrupted"
        assert house.facts[-1].data == {"by": "system", "reason": "interrupted"}

    run(main())


def test_a_lost_attempt_with_two_phones_silences_both() -> None:
    """Also the one that has said nothing yet: it is called once more, and cancelled as soon as it speaks."""

    async def main() -> None:
        house = House()
        anna, bea, desk = house.phone("anna"), house.phone("bea"), house.phone("bea", device="bea-desk")
        bea.manner = desk.manner = rings
        call = anna.call("bea")
        await bea.until(lambda: bool(bea.calls))
        await house.restart()
        await house.clock.sleep(1)
        assert call.statuses[-1] == 500
        assert anna.idle
        assert bea.idle
        assert desk.idle
        await house.check_empty(records=1)

    run(main())


def test_an_answer_while_control_was_down_is_ended() -> None:
    """RFC 3261 section 9.1: the 200 crosses the CANCEL, is acknowledged, and BYE follows."""

    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        house.pump.close()
        bea.last.answer()
        await house.clock.sleep(2)
        await house.restart()
        await house.clock.sleep(2)
        assert call.statuses[-1] == 500
        assert bea.last.cause == "bye"
        await house.check_empty(records=1)
        assert house.bench.records[0].answered is None

    run(main())


def test_a_caller_who_gave_up_while_control_was_down_is_let_go() -> None:
    """RFC 3261 section 9.2: the CANCEL that comes again after the restart is answered."""

    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        house.pump.close()
        call.hang_up()
        await house.clock.sleep(2)
        await house.restart()
        await house.clock.sleep(2)
        assert anna.idle
        assert bea.idle
        await house.check_empty(records=1)

    run(main())


def test_a_leg_without_an_answer_that_cannot_be_read_costs_that_leg_alone() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        (ident,) = house.bench.states
        frozen = decode_frozen(house.bench.states[ident])
        assert {pending.device for pending in frozen.pending.values()} == {None, "bea-1"}
        spoilt = {leg: Pending(b"\x81\xa4type\xa1x", p.device) if p.device else p for leg, p in frozen.pending.items()}
        house.bench.states[ident] = encode(Frozen(frozen.state, frozen.dialogs, spoilt))
        await house.restart()
        await house.clock.sleep(1)
        assert call.statuses[-1] == 500
        assert [doing for doing, _ in house.bench.bugs] == ["bringing back a leg without an answer"]
        house.bench.bugs.clear()
        bea.last.refuse(480)
        await house.check_empty(records=1)

    run(main())


def test_a_phone_that_has_refused_is_not_called_again() -> None:
    async def main() -> None:
        house = House()
        anna, bea, desk = house.phone("anna"), house.phone("bea"), house.phone("bea", device="bea-desk")
        bea.manner, desk.manner = rings, declines(486)
        anna.call("bea")
        await bea.until(lambda: bool(bea.calls))
        await house.clock.sleep(10)
        await house.restart()
        await house.clock.sleep(1)
        assert len(desk.calls) == 1
        assert anna.idle
        assert bea.idle
        await house.check_empty(records=1)

    run(main())


def test_a_phone_that_rings_and_has_moved_is_found_where_it_is() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = rings
        anna.call("bea")
        await bea.until(lambda: bool(bea.calls))
        moved = Flow("udp", SERVER, Address("192.0.2.99", 5060), 0, "pbx")
        house.board.refreshed("muster", "bea-1", moved)
        await house.clock.sleep(0)  # to the end of the turn
        frozen = decode_frozen(next(iter(house.bench.states.values())))
        (pending,) = (pending for pending in frozen.pending.values() if pending.device == "bea-1")
        assert msgspec.msgpack.decode(pending.data, type=FrozenCalling).flow == moved
        bea.last.refuse(486)
        await house.check_empty(records=1)

    run(main())


def test_one_append_a_ring_says_who_rings() -> None:
    """Not one a packet: the journal is written in the turn of the call."""

    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = rings
        written: list[int] = []
        append = house.bench.append

        def counting(kind: str, key: str, value: bytes) -> None:
            append(kind, key, value)
            if kind == "state":
                written.append(len(decode_frozen(value).pending))

        house.bench.append = counting  # type: ignore[method-assign]  # what is written is what matters
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        assert [each for each in written if each != 1] == [2]
        bea.last.answer()
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        assert written[-1] == 0
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


@pytest.mark.parametrize("stays", [True, False])
def test_a_lost_transfer_goes_back_to_the_transferor_or_ends(stays: bool) -> None:
    async def main() -> None:
        house = House()
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        carl.manner = rings
        await talk(house, anna, "bea")
        call = bea.last
        call.transfer("carl")
        await carl.until(lambda: bool(carl.calls))
        await house.clock.sleep(1)
        if not stays:
            call.hang_up()
            await house.clock.sleep(1)
        await house.restart()
        await house.clock.sleep(1)
        assert carl.last.over
        assert carl.last.cause == "cancel"
        if stays:
            assert house.talking("anna", "bea")
            anna.last.hang_up()
        await house.check_empty(records=2)
        assert "interrupted" in [r.reason for r in house.bench.records]

    run(main())


def test_a_call_whose_worker_died_with_control_gets_new_endpoints() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        call = await talk(house, anna, "bea")
        house.media.endpoints.clear()
        await house.restart()
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        assert bea.last.reinvited == 1
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_a_state_written_down_reads_back_the_same() -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        house.phone("bea")
        call = await talk(house, anna, "bea")
        state = house.board.live_view()[0]
        frozen = Frozen(state, {leg.id: b"x" for leg in state.parties})
        assert decode_frozen(encode(frozen)) == frozen
        assert set(house.board.freeze_all()) == {state.id}
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_a_party_that_came_back_from_a_failed_transfer_is_in_one_call_only() -> None:
    """The call that it left has ended, which the journal knows even before its record is written."""

    async def main() -> None:
        house = House()
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        carl.manner = rings
        await talk(house, anna, "bea")
        bea.last.transfer("carl")
        await carl.until(lambda: bool(carl.calls))
        await house.clock.sleep(1)
        together, append = asyncio.Event(), house.bench.append

        def appended(kind: str, key: str, value: bytes) -> None:
            append(kind, key, value)
            if kind == "state" and len(decode_frozen(value).state.parties) == 2:
                together.set()

        house.bench.append = appended  # type: ignore[method-assign]  # the very turn is what matters
        carl.last.refuse(486)
        await together.wait()
        await house.restart()
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        anna.last.hang_up()
        await house.check_empty(records=2)
        assert sorted(r.reason for r in house.bench.records) == ["hung up", "transfer failed"]

    run(main())


def test_a_state_that_cannot_be_read_costs_that_call_alone() -> None:
    """Bytes of another version become that call's record as they are; all others come back."""

    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        house.phone("bea")
        call = await talk(house, anna, "bea")
        kept: list[tuple[str, bytes]] = []
        append = house.bench.append

        def keeping(kind: str, key: str, value: bytes) -> None:
            if key == "other":
                kept.append((kind, value))
            if key != "other" or kind == "gone":
                append(kind, key, value)

        house.bench.append = keeping  # type: ignore[method-assign]  # only the stranger's call is looked at
        house.bench.states["other"] = b"\xc1"
        await house.restart()
        assert kept == [("record", b"\xc1"), ("gone", b"")]
        assert [doing for doing, _ in house.bench.bugs] == ["reading a call's state"]
        assert house.talking("anna", "bea")
        house.bench.bugs.clear()
        call.hang_up()
        await house.check_empty(records=1)

    run(main())
