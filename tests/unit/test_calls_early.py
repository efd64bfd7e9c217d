"""Early media: the first phone is heard, no other mutes it, and the next is heard when it rings no more (RFC 3960)."""

import pytest

from vorzimmer.media.port import Peer, Tone
from vorzimmer.sdp.plan import Format
from vorzimmer.testing.house import House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import Manner, Phone, rings
from vorzimmer.testing.phone_call import PhoneCall

PCMA, PCMU = Format("PCMA", 8), Format("PCMU", 0)


def announces(after: float, *then: tuple[float, int]) -> Manner:
    """183 with media after so many seconds, then other provisional statuses."""

    def manner(phone: Phone, call: PhoneCall) -> None:
        phone.later(after, lambda: call.ring(183, media=True))
        for seconds, status in then:
            phone.later(seconds, lambda status=status: call.ring(status))  # type: ignore[misc]  # bound at once

    return manner


def heard(house: House) -> object:
    """What the caller hears now."""
    return [source for endpoint, source in house.media.named("hear") if endpoint == house.media.named("hear")[0][0]][-1]


@pytest.mark.parametrize("formats", [(PCMA,), (PCMU,)])
def test_one_forks_early_media_mutes_no_other_and_the_next_is_heard_when_it_fails(formats: tuple[Format, ...]) -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna", formats=(PCMA,))
        first, second, third = house.phone("bea"), house.phone("bea", formats=formats), house.phone("bea")
        first.manner, second.manner, third.manner = announces(0.0), announces(1.0), rings
        call = anna.call("bea")
        await house.clock.sleep(2)
        ends = [rung.leg for rung in house.board.live_view()[0].ringing]
        assert heard(house) == Peer(ends[0])
        assert sorted(call.statuses) == [180, 183]
        first.last.refuse(486)
        await house.clock.sleep(1)
        assert heard(house) == Peer(ends[1])
        second.last.refuse(480)
        await house.clock.sleep(1)
        assert heard(house) == Tone("ringback")
        third.last.answer()
        await anna.until(lambda: call.talking)
        await house.clock.sleep(2)
        assert house.talking("anna", "bea")
        assert call.statuses.count(183) == call.statuses.count(180) == 1
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_rfc3960_180_after_183_is_passed_on_with_the_same_answer() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = announces(0.0, (1.0, 180), (2.0, 180))
        call = anna.call("bea")
        await house.clock.sleep(3)
        assert call.statuses == [183, 180]
        assert call.bodies[0] == call.bodies[1] != b""
        bea.last.answer()
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_183_without_a_session_is_ringing() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = lambda phone, call: call.ring(183)
        call = anna.call("bea")
        await house.clock.sleep(1)
        assert call.statuses == [180]
        bea.last.answer()
        await anna.until(lambda: call.talking)
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_early_media_with_a_late_offer_is_ringing_and_the_call_is_fine() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        bea.manner = announces(0.0)
        call = anna.call("bea", late=True)
        await house.clock.sleep(1)
        assert call.statuses == [180]
        bea.last.answer()
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_a_waiting_party_hears_the_next_phone_and_then_ringback() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        first, second, third = house.phone("carl"), house.phone("carl"), house.phone("carl")
        first.manner, second.manner, third.manner = announces(0.0), announces(0.5), rings
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        bea.last.transfer("carl")
        await third.until(lambda: bool(third.calls))
        await house.clock.sleep(2)
        ends = [rung.leg for rung in house.board.live_view()[-1].ringing]
        assert house.heard_by("anna") == Peer(ends[0])
        first.last.refuse(486)
        await house.clock.sleep(1)
        assert house.heard_by("anna") == Peer(ends[1])
        second.last.refuse(486)
        await house.clock.sleep(1)
        assert house.heard_by("anna") == Tone("ringback")
        call.hang_up()
        await house.check_empty(records=2)

    run(main())
