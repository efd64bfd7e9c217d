"""Flows that a proxy finds broken (RFC 5626 section 7), and how long a phone that was told to ping may be silent."""

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from vorzimmer.kernel.address import Address
from vorzimmer.presence.bindings import Bindings
from vorzimmer.presence.registrar import SILENT_FLOW
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.registration import FLOW_TIMER, Visit
from vorzimmer.testing.house import SERVER, House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import Phone, rings
from vorzimmer.testing.phone_call import PhoneCall

INSTANCE = '"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>"'


def fails(phone: Phone, call: PhoneCall) -> None:
    """An edge proxy whose connection to the phone is gone."""
    call.refuse(430)


def play(scene: Callable[[House], Awaitable[None]]) -> None:
    async def main() -> None:
        house = House()
        await scene(house)
        await house.clock.sleep(40)
        assert house.board.idle()

    run(main())


def test_rfc5626_7_after_430_another_flow_to_the_same_phone_is_tried_and_the_broken_one_forgotten() -> None:
    async def scene(house: House) -> None:
        anna, broken = house.phone("anna"), house.phone("bea", device="bea-1")
        other = house.phone("bea", device="bea-2")
        broken.manner, other.manner = fails, rings
        (first,), (second,) = house.contacts_of["bea-1"], house.contacts_of.pop("bea-2")
        one, two = (replace(each, device="bea-1", instance=INSTANCE) for each in (first, second))
        house.contacts_of["bea-1"] = (one,)

        def gone(phone: Phone, call: PhoneCall) -> None:
            house.contacts_of["bea-1"] = (one, two)  # as bindings have it: one flow of a phone is rung at a time
            call.refuse(430)

        broken.manner = gone
        call = anna.call("bea")
        await other.until(lambda: bool(other.calls))
        assert not call.over
        other.last.answer()
        await anna.until(lambda: call.talking)
        assert house.contacts_of["bea-1"] == (two,)
        call.hang_up()

    play(scene)


def test_rfc5626_7_without_another_flow_the_phone_is_not_available() -> None:
    async def scene(house: House) -> None:
        anna, broken = house.phone("anna"), house.phone("bea", device="bea-1")
        broken.manner = fails
        call = anna.call("bea")
        await anna.until(lambda: call.over)
        assert call.statuses[-1] == 480
        assert house.contacts_of["bea-1"] == ()

    play(scene)


def register(reg_id: int, flow: Flow, bindings: Bindings) -> None:
    contact = f"<sip:bea@10.0.0.2:{5060 + reg_id}>;reg-id={reg_id};+sip.instance={INSTANCE}"
    lines = [("Call-ID", f"r{reg_id}"), ("CSeq", "1 REGISTER"), ("Contact", contact), ("Via", "SIP/2.0/UDP x")]
    bindings.register("bea-1", Request("REGISTER", "sip:x", Headers(lines)), Visit(flow, 0.0))


def test_rfc5626_7_the_next_flow_of_an_instance_takes_over_once_one_has_failed() -> None:
    bindings = Bindings()
    flows = [Flow("udp", SERVER, Address("10.0.0.2", 5061 + at)) for at in range(2)]
    for at, flow in enumerate(flows):
        register(at + 1, flow, bindings)
    (newest,) = bindings.contacts("bea-1")
    assert newest.flow == flows[1]
    bindings.flow_failed("bea-1", newest.uri, newest.flow)
    (left,) = bindings.contacts("bea-1")
    assert left.flow == flows[0]
    bindings.flow_failed("bea-1", newest.uri, newest.flow)
    bindings.flow_failed("nobody", newest.uri, newest.flow)
    assert bindings.contacts("bea-1") == (left,)
    bindings.flow_failed("bea-1", left.uri, left.flow)
    assert not bindings.registered("bea-1")


def test_rfc5626_4_4_1_a_phone_has_more_than_twice_its_time_to_ping() -> None:
    assert SILENT_FLOW > 2 * FLOW_TIMER
