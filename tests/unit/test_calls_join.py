"""INVITE with Join (RFC 3911): calls of three and more, from phone to phone; who may, who hears whom, what is left."""

from collections.abc import Awaitable, Callable

import pytest

from vorzimmer.app.live_view import live_call
from vorzimmer.calls import command
from vorzimmer.calls.joining import MOST_PARTIES
from vorzimmer.directory.ref import Ref
from vorzimmer.media.port import Mix, Music, Nothing, Tone
from vorzimmer.sdp.plan import Format
from vorzimmer.testing.house import House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import Phone, declines, rings
from vorzimmer.testing.phone_call import PhoneCall

PCMA, PCMU, G722 = Format("PCMA", 8), Format("PCMU", 0), Format("G722", 9)

FORMS = {
    "all": "{0};to-tag={1};from-tag={2}",
    "call-id": "{0}",
    "zero": "{0};to-tag=0;from-tag=0",
}


def anybody(house: House) -> House:
    """Rights are tried elsewhere."""
    house.may = lambda actor, action, call: True
    house.open()
    return house


def ids_of(phone: Phone) -> tuple[str, str, str]:
    """The newest dialog of this phone, as the server has it: what Join must say."""
    ids = phone.signalling.engine.dialog_ids(phone.last.leg)
    assert ids is not None
    return ids[0], ids[2], ids[1]


def join(phone: Phone, to: Phone, form: str = "all", *, late: bool = False) -> PhoneCall:
    return phone.call("whoever", late=late, extra=(("Join", FORMS[form].format(*ids_of(to))),))


Scenario = Callable[["Three"], Awaitable[None]]


class Three:
    """anna called bea, and carl has joined bea."""

    def __init__(self, house: House, formats: tuple[tuple[Format, ...], ...]) -> None:
        self.house = house
        self.anna, self.bea, self.carl = (
            house.phone(name, formats=each) for name, each in zip(("anna", "bea", "carl"), formats, strict=True)
        )
        self.dora = house.phone("dora")

    async def begin(self, form: str = "all", *, late: bool = False) -> None:
        self.a = self.anna.call("bea")
        await self.anna.until(lambda: self.a.talking)
        self.b = self.bea.last
        self.c = join(self.carl, self.bea, form, late=late)
        await self.carl.until(lambda: self.c.talking)
        await self.house.clock.sleep(1)

    @property
    def state(self) -> str:
        return str(live_call(self.house.board.live_view()[0], 0.0)["state"])

    async def wait(self, seconds: float = 1.0) -> None:
        await self.house.clock.sleep(seconds)


ALL = ((PCMA, PCMU),) * 3


def play(
    scenario: Scenario, records: int = 1, formats: tuple[tuple[Format, ...], ...] = ALL, form: str = "all"
) -> House:
    """The three talk; then the scenario; then all hang up, and nothing may be left."""
    houses: list[House] = []

    async def main() -> None:
        house = anybody(House())
        houses.append(house)
        three = Three(house, formats)
        await three.begin(form)
        assert house.talking("anna", "bea", "carl")
        await scenario(three)
        for phones in house.phones.values():
            for phone in phones:
                for call in phone.calls:
                    call.hang_up()
        await house.check_empty(records=records)

    run(main())
    return houses[0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("late", [False, True])
def test_rfc3911_4_a_third_joins_and_all_hear_all(form: str, late: bool) -> None:
    async def main() -> None:
        house = anybody(House())
        three = Three(house, ALL)
        await three.begin(form, late=late)
        assert house.talking("anna", "bea", "carl")
        assert isinstance(house.heard_by("anna"), Mix)
        assert three.c.shown == ['"Bea" <sip:bea@muster.example>']  # whose dialog it joined
        assert three.anna.requests == three.bea.requests == []  # nobody else is disturbed
        assert three.a.reinvited == three.b.reinvited == 0
        assert three.state == "talking"
        await three.wait(4)
        three.a.hang_up()
        await three.bea.until(lambda: house.talking("bea", "carl"))
        await three.wait(5)
        three.c.hang_up()
        await house.check_empty(records=1)
        (record,) = house.bench.records
        assert record.because[-1].key == "call.joined"
        assert record.because[-1].params == {"name": "Carl", "device": "carl-1"}
        assert record.answered_by == Ref("user", "bea")
        assert (record.ended_by, record.reason) == ("user:carl", "hung up")
        legs = {leg.party.device: (leg.outgoing, leg.joined, leg.left) for leg in record.legs}
        assert {device: outgoing for device, (outgoing, _, _) in legs.items()} == {
            "anna-1": False,
            "bea-1": True,
            "carl-1": False,
        }
        assert legs["anna-1"][1] < legs["carl-1"][1] < legs["anna-1"][2] < legs["carl-1"][2]
        changed = [fact.data["parties"] for fact in house.facts if fact.kind == "changed"]
        assert changed == ["user:anna user:bea user:carl", "user:bea user:carl"]

    run(main())


@pytest.mark.parametrize("who", ["a", "b", "c"])
def test_whoever_leaves_the_others_go_on_relayed_and_see_each_other(who: str) -> None:
    async def scenario(three: Three) -> None:
        getattr(three, who).hang_up()
        left = [name for name in ("anna", "bea", "carl") if name[0] != who]
        await three.wait()
        assert three.house.talking(*left)
        assert not any(isinstance(three.house.heard_by(name), Mix) for name in left)
        for name, other in (left, left[::-1]):
            call = getattr(three, name[0])
            assert not call.over
            assert other in (call.shown[-1] if call.shown else "bea carl")  # whom it sees now

    play(scenario)


def test_phones_without_a_common_codec_are_mixed_and_settle_when_two_are_left() -> None:
    async def scenario(three: Three) -> None:
        assert three.a.reinvited == three.b.reinvited == three.c.reinvited == 0
        three.b.hang_up()
        await three.wait()
        assert three.house.talking("anna", "carl")
        assert three.house.transcodes("anna", "carl")

    play(scenario, formats=((PCMA,), (PCMA, PCMU), (PCMU, G722)))


def test_features_0_6_hold_mutes_one_without_music_and_resume_brings_the_voice_back() -> None:
    async def scenario(three: Three) -> None:
        three.b.hold()
        await three.wait()
        assert three.house.talking("anna", "carl")
        assert three.house.heard_by("bea") == Nothing()
        assert three.state == "talking"
        three.c.hold()
        await three.wait()
        assert three.house.heard_by("anna") == Music()
        assert three.state == "held"
        three.b.resume()
        three.c.resume()
        await three.wait()
        assert three.house.talking("anna", "bea", "carl")

    play(scenario)


def test_rfc3911_3_a_fourth_joins_a_call_of_three_by_any_of_its_dialogs() -> None:
    async def scenario(three: Three) -> None:
        joined = join(three.dora, three.carl)
        await three.dora.until(lambda: joined.talking)
        await three.wait()
        assert three.house.talking("anna", "bea", "carl", "dora")
        three.a.hang_up()
        three.b.hang_up()
        await three.wait()
        assert three.house.talking("carl", "dora")

    play(scenario)


def test_ones_own_second_phone_joins_and_sees_whom_one_talks_to() -> None:
    async def main() -> None:
        house = House()  # with the rights that everybody has
        anna, bea, mobile = house.phone("anna"), house.phone("bea"), house.phone("anna")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        joined = join(mobile, anna)
        await mobile.until(lambda: joined.talking)
        await house.clock.sleep(1)
        assert house.talking("anna", "bea", "anna")
        assert joined.shown == ['"Bea" <sip:bea@muster.example>']
        call.hang_up()
        await house.clock.sleep(1)
        assert house.talking("anna", "bea")
        assert not bea.last.over
        joined.hang_up()
        await house.check_empty(records=1)

    run(main())


@pytest.mark.parametrize(("who", "status"), [("carl", 403), ("anna", 200)])
def test_rfc3911_4_a_join_needs_the_right(who: str, status: int) -> None:
    async def main() -> None:
        house = House()
        anna, bea = house.phone("anna"), house.phone("bea")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        third = house.phone(who)
        joining = join(third, bea)
        await third.until(lambda: joining.over or joining.talking)
        assert joining.statuses == [status]
        if status != 200:
            assert house.talking("anna", "bea")
        call.hang_up()
        bea.last.hang_up()
        joining.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_rfc3911_4_what_rings_is_busy_and_what_is_not_ours_to_know_is_not_there() -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        bea.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        joining = join(carl, bea)
        await carl.until(lambda: joining.over)
        assert joining.statuses == [486]
        early = carl.call("x", extra=(("Join", FORMS["all"].format(*ids_of(anna))),))
        await carl.until(lambda: early.over)
        assert early.statuses == [481]
        assert not call.over
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_rfc3911_4_a_dialog_that_is_over_is_declined() -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        named = FORMS["all"].format(*ids_of(bea))
        call.hang_up()
        await house.clock.sleep(1)
        joining = carl.call("x", extra=(("Join", named),))
        await carl.until(lambda: joining.over)
        assert joining.statuses == [603]
        await house.check_empty(records=1)

    run(main())


def test_rfc3911_4_a_ringing_call_that_is_not_ones_own_is_forbidden() -> None:
    async def main() -> None:
        house = House()
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        bea.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        joining = join(carl, bea)
        await carl.until(lambda: joining.over)
        assert joining.statuses == [403]
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_rfc3911_4_a_phone_of_no_use_is_refused_and_the_call_is_as_it_was() -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea = house.phone("anna"), house.phone("bea")
        odd = house.phone("carl", formats=(Format("G729", 18),))
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        joining = join(odd, bea)
        await odd.until(lambda: joining.over)
        assert joining.statuses == [488]
        house.media.broken = "no worker"
        joining = join(house.phone("dora"), bea)
        await house.clock.sleep(1)
        assert joining.statuses == [503]
        house.media.broken = ""
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_a_call_has_a_most_of_parties() -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        joined = [join(carl, bea) for _ in range(MOST_PARTIES)]
        await house.clock.sleep(5)
        assert [each.statuses[-1] for each in joined].count(200) == MOST_PARTIES - 2
        assert [each.statuses[-1] for each in joined].count(486) == 2
        for each in joined:
            each.hang_up()
        await house.clock.sleep(2)
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


@pytest.mark.parametrize("when", [0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.2])
@pytest.mark.parametrize("who", ["anna", "bea", "carl", "transfer"])
def test_a_join_that_crosses_something_else_leaves_nothing_behind(when: float, who: str) -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea, carl, dora = (house.phone(name) for name in ("anna", "bea", "carl", "dora"))
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        joined = join(carl, bea)
        await house.clock.sleep(when)
        if who == "transfer":
            call.transfer("dora")
        else:
            {"anna": call, "bea": bea.last, "carl": joined}[who].hang_up()
        await house.clock.sleep(5)
        for phone in (anna, bea, carl, dora):
            for each in phone.calls:
                each.hang_up()
        begun = len([fact for fact in house.facts if fact.kind == "started"])
        await house.check_empty(records=begun)

    run(main())


# -- what else happens to a call of three ------------------------------------------------------------------------------
def test_rfc3891_one_of_three_moves_to_another_phone() -> None:
    async def scenario(three: Three) -> None:
        taken = three.dora.call("x", extra=(("Replaces", FORMS["all"].format(*ids_of(three.carl))),))
        await three.dora.until(lambda: taken.talking)
        await three.wait()
        assert three.c.over
        assert three.house.talking("anna", "bea", "dora")

    play(scenario)


@pytest.mark.parametrize("who", ["a", "b", "c"])
def test_rfc5589_a_blind_transfer_puts_the_target_in_the_place_of_whoever_transfers(who: str) -> None:
    async def scenario(three: Three) -> None:
        three.dora.manner = rings
        getattr(three, who).transfer("dora")
        left = [name for name in ("anna", "bea", "carl") if name[0] != who]
        await three.dora.until(lambda: bool(three.dora.calls))
        await three.wait()
        assert three.house.talking(*left)  # they go on while the target rings
        three.dora.last.answer()
        await three.wait()
        assert getattr(three, who).over
        assert three.house.talking(*left, "dora")

    play(scenario, records=2)


def test_rfc5589_a_blind_transfer_that_fails_brings_all_back() -> None:
    async def scenario(three: Three) -> None:
        three.dora.manner = declines(486)
        three.b.transfer("dora")
        await three.wait(10)
        assert not three.b.over
        assert three.house.talking("anna", "bea", "carl")

    play(scenario, records=2)


def test_rfc5589_the_others_stay_together_where_nobody_is_left_to_go_back_to() -> None:
    async def scenario(three: Three) -> None:
        three.dora.manner = rings
        three.house.seconds = 5
        three.b.transfer("dora")
        await three.dora.until(lambda: bool(three.dora.calls))
        three.b.hang_up()
        await three.wait(20)
        assert three.dora.last.over
        assert three.house.talking("anna", "carl")

    play(scenario, records=2)


def test_one_who_waits_with_another_is_left_alone_and_still_connected() -> None:
    async def scenario(three: Three) -> None:
        three.dora.manner = rings
        three.b.transfer("dora")
        await three.dora.until(lambda: bool(three.dora.calls))
        await three.wait()
        three.a.hang_up()
        await three.wait()
        assert three.house.heard_by("carl") == Tone("ringback", "DE")
        three.dora.last.answer()
        await three.wait()
        assert three.house.talking("carl", "dora")

    play(scenario, records=2)


def test_rfc5589_an_attended_transfer_joins_all_others_with_the_one_consulted() -> None:
    async def scenario(three: Three) -> None:
        three.b.hold()
        consult = three.bea.call("dora")
        await three.bea.until(lambda: consult.talking)
        three.b.transfer_to(consult)
        await three.wait(2)
        assert three.b.over
        assert consult.over
        assert three.house.talking("anna", "carl", "dora")

    house = play(scenario, records=2)
    assert len({record.journey for record in house.bench.records}) == 1


def test_an_attended_transfer_into_a_call_of_three() -> None:
    async def scenario(three: Three) -> None:
        """dora talks with a caller of hers, consults one of the three, and leaves him there."""
        caller = three.house.phone("emil")
        first = caller.call("dora")
        await caller.until(lambda: first.talking)
        waiting = three.dora.last
        waiting.hold()
        consult = join(three.dora, three.carl)
        await three.dora.until(lambda: consult.talking)
        await three.wait()
        waiting.transfer_to(consult)
        await three.wait(2)
        assert waiting.over
        assert consult.over
        assert three.house.talking("anna", "bea", "carl", "emil")

    play(scenario, records=2)


def test_semi_attended_all_others_wait_for_the_phone_that_rings() -> None:
    async def scenario(three: Three) -> None:
        three.dora.manner = rings
        consult = three.bea.call("dora")
        await three.bea.until(lambda: 180 in consult.statuses)
        three.b.transfer_to(consult)
        await three.wait(2)
        assert three.house.talking("anna", "carl")
        three.dora.last.answer()
        await three.wait(2)
        assert three.b.over
        assert three.house.talking("anna", "carl", "dora")

    play(scenario, records=2)


def test_hanging_up_by_command_takes_all_of_ones_phones_out_and_leaves_the_others() -> None:
    async def scenario(three: Three) -> None:
        mobile = three.house.phone("bea")
        joined = join(mobile, three.bea)
        await mobile.until(lambda: joined.talking)
        await three.wait()
        (state,) = three.house.board.live_view()
        live = three.house.board.call(state.id)
        assert live is not None
        assert command.hang_up(three.house.board, live, Ref("user", "bea"), administers=False)
        await three.wait()
        assert three.b.over
        assert joined.over
        assert three.house.talking("anna", "carl")

    play(scenario)


def test_hold_by_command_mutes_one_of_three() -> None:
    async def scenario(three: Three) -> None:
        (state,) = three.house.board.live_view()
        live = three.house.board.call(state.id)
        assert live is not None
        bea = command.leg_of(live, Ref("user", "bea"))
        assert bea is not None
        command.hold(live, bea, on=True)
        await three.wait()
        assert three.house.talking("anna", "carl")
        assert three.house.heard_by("bea") == Nothing()
        command.hold(live, bea, on=False)
        await three.wait()
        assert three.house.talking("anna", "bea", "carl")

    play(scenario)


def test_a_call_of_three_outlives_a_restart_of_control() -> None:
    async def scenario(three: Three) -> None:
        three.b.hold()
        await three.wait()
        await three.house.restart()
        await three.wait()
        assert three.house.talking("anna", "carl")
        three.b.resume()
        await three.wait()
        assert three.house.talking("anna", "bea", "carl")
        three.a.hang_up()
        await three.wait()
        assert three.house.talking("bea", "carl")

    play(scenario)


def test_a_restart_while_somebody_joins_leaves_the_two_talking() -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        joined = join(carl, bea)
        await house.clock.sleep(0.005)
        await house.restart()
        await house.clock.sleep(40)
        assert house.talking("anna", "bea") or house.talking("anna", "bea", "carl")
        call.hang_up()
        bea.last.hang_up()
        joined.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_a_worker_dies_and_all_three_hear_each_other_again() -> None:
    async def scenario(three: Three) -> None:
        three.house.media.lose_worker()
        await three.wait(5)
        assert three.house.talking("anna", "bea", "carl")
        assert min(each.reinvited for each in (three.a, three.b, three.c)) == 1

    play(scenario)


def test_one_of_two_workers_dies_and_only_its_phones_get_a_new_address() -> None:
    async def scenario(three: Three) -> None:
        (state,) = three.house.board.live_view()
        three.house.media.lose_worker(state.parties[2].sound.endpoint)
        await three.wait(5)
        assert three.house.talking("anna", "bea", "carl")
        assert [each.reinvited for each in (three.a, three.b, three.c)] == [0, 0, 1]

    play(scenario)


def test_a_phone_that_vanishes_from_three_leaves_two() -> None:
    async def scenario(three: Three) -> None:
        (state,) = three.house.board.live_view()
        three.carl.vanish()
        three.house.media.fall_silent(state.parties[2].sound.endpoint)
        await three.wait(60)
        assert three.house.talking("anna", "bea")

    play(scenario)
