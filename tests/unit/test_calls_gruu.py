"""A GRUU rings one phone of its user (RFC 5627 section 6)."""

import msgspec

from vorzimmer.testing.house import House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import Phone, rings


def meant(uri: str, *, transfer: bool = False) -> list[int]:
    """How many calls two phones of Bea (instances urn:x:1 and urn:x:2) get when somebody dials `uri`, or is transferred
    there by Carl."""
    counts: list[int] = []

    async def main() -> None:
        house = House()
        anna = house.phone("anna")
        phones: list[Phone] = [house.phone("bea"), house.phone("bea")]
        for number, phone in enumerate(phones, 1):
            phone.manner = rings
            (contact,) = house.contacts_of[f"bea-{number}"]
            house.contacts_of[f"bea-{number}"] = (msgspec.structs.replace(contact, instance=f"<urn:x:{number}>"),)
        if transfer:
            carl = house.phone("carl")
            call = anna.call("carl")
            await anna.until(lambda: call.talking)
            carl.last.transfer(uri)
        else:
            call = anna.call(uri)
            await anna.until(lambda: 180 in call.statuses)
        await house.clock.sleep(1)
        counts.extend(len(phone.calls) for phone in phones)
        call.hang_up()
        await anna.until(lambda: call.over)
        await house.check_empty(records=2 if transfer else 1)

    run(main())
    return counts


def test_rfc5627_6_the_instance_alone_rings() -> None:
    assert meant("sip:bea@muster.example;gr=urn:x:2") == [0, 1]
    assert meant("sip:bea@muster.example;gr=urn:x:1") == [1, 0]
    assert meant("sip:bea@muster.example;gr=urn:x:1", transfer=True) == [1, 0]


def test_without_an_instance_or_with_one_that_is_not_here_all_ring() -> None:
    assert meant("sip:bea@muster.example") == [1, 1]
    assert meant("sip:bea@muster.example;gr=urn:x:3") == [1, 1]
