"""Connected identity (RFC 3325, RFC 3311, RFC 5876): whoever comes into a call is shown to the other, by UPDATE
where the phone takes it, else by re-INVITE; and exchanges that overlap."""

import pytest

from vorzimmer.sdp.plan import Format
from vorzimmer.sip.message import Request
from vorzimmer.testing.house import House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import Phone, rings
from vorzimmer.testing.phone_call import PhoneCall

ANNA, BEA, CARL = (f'"{name.title()}" <sip:{name}@muster.example>' for name in ("anna", "bea", "carl"))
PCMA, PCMU = Format("PCMA", 8), Format("PCMU", 0)


def updates(phone: Phone) -> list[Request]:
    """The UPDATEs that have come."""
    return [request for request in phone.requests if request.method == "UPDATE"]


async def talking(house: House, caller: Phone, callee: str) -> PhoneCall:
    call = caller.call(callee)
    await caller.until(lambda: call.talking)
    await house.clock.sleep(1)
    return call


async def consulted(house: House, anna: Phone, bea: Phone, carl: Phone) -> None:
    """anna and carl are connected by bea, who goes."""
    await talking(house, anna, "bea")
    consult = bea.call("carl")
    await bea.until(lambda: consult.talking)
    bea.calls[0].transfer_to(consult)
    await bea.until(lambda: consult.over and bea.calls[0].over)
    await house.clock.sleep(3)
    assert house.talking("anna", "carl")


def test_rfc5876_an_attended_transfer_is_shown_by_update_without_a_body() -> None:
    async def main() -> None:
        house = House()
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        await consulted(house, anna, bea, carl)
        for phone, shown in ((anna, CARL), (carl, ANNA)):
            (update,) = updates(phone)
            assert update.headers.get("P-Asserted-Identity") == shown == phone.last.shown[-1]
            assert update.body == b""
            assert phone.last.reinvited == 0
        anna.last.hang_up()
        await house.check_empty(records=2)

    run(main())


@pytest.mark.parametrize("status", [0, 405, 491, 500, 501, 503])
def test_rfc5876_a_phone_that_takes_no_update_is_reinvited_with_the_session_as_it_is(status: int) -> None:
    async def main() -> None:
        house = House()
        anna, bea, carl = house.phone("anna", updates=bool(status)), house.phone("bea"), house.phone("carl")
        anna.refuses["UPDATE"] = status
        await consulted(house, anna, bea, carl)
        assert len(updates(anna)) == bool(status)
        assert (anna.last.shown[-1], anna.last.reinvited) == (CARL, 1)
        assert (carl.last.shown[-1], carl.last.reinvited) == (ANNA, 0)
        anna.last.hang_up()
        await house.check_empty(records=2)

    run(main())


def test_an_update_whose_phone_hangs_up_meanwhile_leaves_nothing_behind() -> None:
    async def main() -> None:
        house = House()
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        await talking(house, anna, "bea")
        consult = bea.call("carl")
        await bea.until(lambda: consult.talking)
        bea.calls[0].transfer_to(consult)
        await anna.until(lambda: bool(updates(anna)))
        anna.last.hang_up()
        await house.check_empty(records=2)
        assert carl.last.over

    run(main())


# -- transfers while the target rings ----------------------------------------------------------------------------------
def test_the_target_of_a_blind_transfer_sees_who_is_transferred_from_the_start() -> None:
    async def main() -> None:
        house = House()
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        carl.manner = rings
        await talking(house, anna, "bea")
        bea.last.transfer("carl")
        await carl.until(lambda: bool(carl.calls))
        assert carl.last.shown == [ANNA]
        carl.last.answer()
        await bea.until(lambda: bea.last.over)
        await house.clock.sleep(1)
        assert house.talking("anna", "carl")
        assert (updates(carl), carl.last.reinvited) == ([], 0)
        assert [u.headers.get("P-Asserted-Identity") for u in updates(anna)] == [CARL]
        anna.last.hang_up()
        await house.check_empty(records=2)
        # Rights and rules are those of whoever transfers.
        second = house.bench.records[-1]
        assert (str(second.asked.caller.ref), str(second.asked.shown and second.asked.shown.ref)) == (
            "user:bea",
            "user:anna",
        )

    run(main())


def test_rfc3323_a_transferred_caller_who_hides_stays_hidden() -> None:
    async def main() -> None:
        house = House()
        house.private.add("anna")
        anna, _, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        carl.manner = rings
        await talking(house, anna, "bea")
        house.phones["bea"][0].last.transfer("carl")
        await carl.until(lambda: bool(carl.calls))
        assert carl.last.request is not None
        assert "anna" not in carl.last.request.to_bytes().decode().lower()
        anna.last.hang_up()
        await house.check_empty(records=2)

    run(main())


@pytest.mark.parametrize("takes", [True, False])
def test_rfc3311_a_phone_that_rings_is_shown_who_takes_the_consulting_callers_place(takes: bool) -> None:
    async def main() -> None:
        house = House()
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl", updates=takes)
        carl.manner = rings
        call = await talking(house, anna, "bea")
        consult = bea.call("carl")
        await bea.until(lambda: 180 in consult.statuses)
        assert carl.last.shown == [BEA]
        bea.calls[0].transfer_to(consult)
        await house.clock.sleep(1)
        assert carl.last.shown == ([BEA, ANNA] if takes else [BEA])
        assert carl.last.state == "ringing"
        carl.last.answer()
        await house.clock.sleep(2)
        assert house.talking("anna", "carl")
        assert carl.last.shown == [BEA, ANNA]
        assert (len(updates(carl)), carl.last.reinvited) == ((1, 0) if takes else (0, 1))
        call.hang_up()
        await house.check_empty(records=2)

    run(main())


def test_a_phone_that_is_rung_later_is_shown_who_waits_now() -> None:
    """The consultation is forwarded after the transfer: the next phone sees the one who waits."""

    async def main() -> None:
        house = House()
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        dora = house.phone("dora")
        carl.manner = dora.manner = rings
        house.steps = lambda asked, so_far: house.ring("dora", asked) if so_far and asked.dialled == "carl" else None
        call = await talking(house, anna, "bea")
        consult = bea.call("carl")
        await bea.until(lambda: 180 in consult.statuses)
        bea.calls[0].transfer_to(consult)
        await house.clock.sleep(1)
        carl.last.refuse(486)
        await dora.until(lambda: bool(dora.calls))
        assert dora.last.shown == [ANNA]
        call.hang_up()
        await house.check_empty(records=2)

    run(main())


# -- exchanges that overlap --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("gap", [0.0, 0.01, 0.05, 0.3])
def test_rfc3261_14_reinvites_of_both_phones_at_once_are_all_answered(late: bool, gap: float) -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna", formats=(PCMA, PCMU)), house.phone("bea", formats=(PCMA, PCMU))
        call = await talking(house, anna, "bea")
        call.reinvite(formats=(PCMU,))
        await house.clock.sleep(gap)
        bea.last.reinvite(formats=(PCMU,), late=late)
        call.request_in("INFO")
        await house.clock.sleep(20)
        for leg in house.board.live_view()[0].parties:
            assert not leg.busy
            assert leg.sound.agreed is not None
            assert [f.name for f in leg.sound.agreed.formats] == ["PCMU"]
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


@pytest.mark.parametrize("gap", [0.0, 0.01, 0.02, 0.04, 0.1])
def test_rfc3261_14_a_reinvite_while_both_learn_whom_they_talk_to(gap: float) -> None:
    async def main() -> None:
        house = House()
        anna, bea, carl = (house.phone(name, updates=False) for name in ("anna", "bea", "carl"))
        await talking(house, anna, "bea")
        consult = bea.call("carl")
        await bea.until(lambda: consult.talking)
        bea.calls[0].transfer_to(consult)
        await house.clock.sleep(gap)
        anna.last.hold()
        carl.last.reinvite(formats=(PCMU,))
        await house.clock.sleep(20)
        anna.last.resume()
        await house.clock.sleep(20)
        assert house.talking("anna", "carl")
        assert (anna.last.shown[-1], carl.last.shown[-1]) == (CARL, ANNA)
        anna.last.hang_up()
        await house.check_empty(records=2)

    run(main())


# -- RFC 4916 ----------------------------------------------------------------------------------------------------------
def froms(phone: Phone) -> list[tuple[str, str]]:
    """Method and From, up to the tag, of all requests that come from now on."""
    seen: list[tuple[str, str]] = []

    def tap(data: bytes, flow: object, ours: bool) -> None:
        head = data.decode()
        if not ours and not head.startswith("SIP/2.0"):
            sender = next(line for line in head.split("\r\n") if line.startswith("From: "))
            seen.append((head.partition(" ")[0], sender.removeprefix("From: ").partition(";tag=")[0]))

    phone.signalling.engine.show(tap)
    return seen


@pytest.mark.parametrize("agent", ["snom/8", "Cisco-CP8841/12"])
def test_rfc4916_from_changes_for_a_phone_that_supports_it_and_the_tags_stay(agent: str) -> None:
    async def main() -> None:
        house = House()
        anna = house.phone("anna", from_change=True, agent=agent)
        bea, carl = house.phone("bea"), house.phone("carl")
        seen = froms(anna)
        await consulted(house, anna, bea, carl)
        assert anna.last.shown[-1] == CARL
        carl.last.hang_up()
        await house.clock.sleep(1)
        assert anna.last.over
        if agent.startswith("snom"):
            assert seen == [("UPDATE", CARL), ("BYE", CARL)]
        else:
            assert seen == [("INVITE", CARL), ("ACK", CARL), ("BYE", CARL)]
        await house.check_empty(records=2)

    run(main())


def test_rfc4916_a_phone_that_does_not_support_it_sees_the_same_from_throughout() -> None:
    async def main() -> None:
        house = House()
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        seen = froms(anna)
        await consulted(house, anna, bea, carl)
        carl.last.hang_up()
        await house.clock.sleep(1)
        assert [method for method, _ in seen] == ["UPDATE", "BYE"]
        assert CARL not in {sender for _, sender in seen}
        await house.check_empty(records=2)

    run(main())


def test_rfc4916_a_phone_that_rings_gets_the_new_caller_in_from_and_keeps_him_after_the_answer() -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        carl = house.phone("carl", from_change=True)
        carl.manner = rings
        seen = froms(carl)
        call = await talking(house, anna, "bea")
        consult = bea.call("carl")
        await bea.until(lambda: 180 in consult.statuses)
        bea.calls[0].transfer_to(consult)
        await house.clock.sleep(1)
        (update,) = updates(carl)
        assert update.headers.get("From").startswith(ANNA)
        carl.last.answer()
        await house.clock.sleep(1)
        call.hang_up()
        await house.clock.sleep(1)
        assert seen == [("INVITE", BEA), ("UPDATE", ANNA), ("ACK", ANNA), ("BYE", ANNA)]
        await house.check_empty(records=2)

    run(main())


def test_rfc4916_whoever_hides_is_anonymous_in_from_too() -> None:
    async def main() -> None:
        house = House()
        house.private.add("carl")
        anna, bea, carl = house.phone("anna", from_change=True), house.phone("bea"), house.phone("carl")
        await talking(house, bea, "anna")
        other = carl.call("bea")
        await carl.until(lambda: other.talking)
        bea.calls[0].transfer_to(bea.calls[-1])
        await bea.until(lambda: all(each.over for each in bea.calls))
        await house.clock.sleep(3)
        (update,) = updates(anna)
        assert update.headers.get("From").startswith('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=')
        assert "carl" not in update.to_bytes().decode().lower()
        carl.last.hang_up()
        await house.check_empty(records=2)

    run(main())


@pytest.mark.parametrize("agent", ["snom/8", "Cisco-CP8841/12"])
def test_a_phone_whose_kind_wants_a_reinvite_gets_no_update(agent: str) -> None:
    async def main() -> None:
        house = House()
        anna, bea, carl = house.phone("anna", agent=agent), house.phone("bea"), house.phone("carl", agent=agent)
        carl.manner = rings
        call = await talking(house, anna, "bea")
        consult = bea.call("carl")
        await bea.until(lambda: 180 in consult.statuses)
        bea.calls[0].transfer_to(consult)
        await house.clock.sleep(1)
        by_update = agent.startswith("snom")
        assert carl.last.shown == ([BEA, ANNA] if by_update else [BEA])
        carl.last.answer()
        await house.clock.sleep(3)
        assert (anna.last.shown[-1], carl.last.shown[-1]) == (CARL, ANNA)
        for phone in (anna, carl):
            assert bool(updates(phone)) == by_update
            assert bool(phone.last.reinvited) != by_update
        call.hang_up()
        await house.check_empty(records=2)

    run(main())
