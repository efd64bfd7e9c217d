"""How rung phones are alerted (FEATURES.md EXA-32, EXA-34; RFC 7462)."""

from vorzimmer.directory.ref import Ref
from vorzimmer.routing.model import Asked, Offer, Refuse, Ring, SoFar, Step
from vorzimmer.testing.house import House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import rings


def silently(asked: Asked, so_far: SoFar) -> Step | None:
    """Ring both of Bea's phones without a sound, once."""
    if so_far:
        return Refuse(480, "seen")
    return Ring(tuple(Offer(Ref("device", device), "screening", alert="silent") for device in ("bea-1", "bea-2")), 5.0)


def test_exa_32_a_phone_that_cannot_be_silent_is_not_disturbed() -> None:
    async def main() -> None:
        house = House()
        house.steps = silently
        anna = house.phone("anna")
        quiet = house.phone("bea", agent="Yealink SIP-T46S 66.85.0.5")
        loud = house.phone("bea", agent="somebody's phone 1.0")
        quiet.manner = loud.manner = rings
        call = anna.call("bea")
        await house.clock.sleep(3)
        assert len(quiet.calls) == 1
        assert loud.calls == []
        invite = quiet.last.request
        assert invite is not None
        assert invite.headers.get("Alert-Info") == "<http://notused.invalid>;info=ringtone-9"
        await anna.until(lambda: call.over)
        await house.check_empty(records=1)
        outcomes = [(offer.target.id, offer.outcome) for offer in house.bench.records[0].so_far[0].offers]
        assert outcomes == [("bea-1", "no_answer"), ("bea-2", "unreachable")]

    run(main())


def test_exa_32_nobody_is_rung_where_all_would_be_disturbed() -> None:
    async def main() -> None:
        house = House()
        house.steps = silently
        anna, loud = house.phone("anna"), house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.statuses[-1] == 480
        assert loud.calls == []
        await house.check_empty(records=1)

    run(main())
