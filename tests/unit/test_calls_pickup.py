"""INVITE with Replaces and Join (RFC 3891, RFC 3911): which dialog is meant, who may, what becomes of it."""

import pytest

from vorzimmer import compiled
from vorzimmer.app.live_view import live_call
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.address import Address
from vorzimmer.media.port import Tone
from vorzimmer.sdp.plan import Format
from vorzimmer.testing.house import COMPANY, House
from vorzimmer.testing.loop import run
from vorzimmer.testing.phone import Phone, answers, early, rings
from vorzimmer.testing.phone_call import PhoneCall

PCMA, PCMU = Format("PCMA", 8), Format("PCMU", 0)


def anybody(house: House) -> House:
    """Rights are tried elsewhere."""
    house.may = lambda actor, action, call: True
    house.open()
    return house


def ids_of(house: House, phone: Phone) -> tuple[str, str, str]:
    """The newest dialog between the server and this phone, as the server has it: what Replaces must say."""
    ids = phone.signalling.engine.dialog_ids(phone.last.leg)
    assert ids is not None
    return ids[0], ids[2], ids[1]


FORMS = {
    "all": "{0};to-tag={1};from-tag={2}",
    "call-id": "{0}",
    "zero": "{0};to-tag=0;from-tag=0",
    "to-tag": "{0};to-tag={1}",
    "from-tag": "{0};from-tag={2};to-tag=0",
    "early": "{0};to-tag={1};from-tag={2};early-only",
}


def dial(
    phone: Phone, ids: tuple[str, str, str], form: str = "all", *, header: str = "Replaces", late: bool = False
) -> PhoneCall:
    return phone.call("whoever", late=late, extra=((header, FORMS[form].format(*ids)),))


# -- a call that rings -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("late", [False, True])
def test_rfc3891_3_a_ringing_call_is_picked_up(form: str, late: bool) -> None:
    async def main() -> None:
        house = anybody(House())
        anna, desk, mobile, carl = (house.phone(name) for name in ("anna", "bea", "bea", "carl"))
        desk.manner = mobile.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        taken = dial(carl, ids_of(house, desk), form, late=late)
        await carl.until(lambda: taken.talking)
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        for phone in (desk, mobile):
            assert (phone.last.over, phone.last.cause) == (True, "cancel")
            assert "cause=200" in phone.last.reason
        assert house.talking("anna", "carl")
        # U18: each is shown the other, without another message.
        assert call.shown == ['"Carl" <sip:carl@muster.example>']
        assert taken.shown == ['"Anna" <sip:anna@muster.example>']
        assert anna.requests == carl.requests == []
        taken.hang_up()
        await house.check_empty(records=1)
        record = house.bench.records[0]
        assert record.answered_by == Ref("user", "carl")
        assert record.because[-1].key == "call.picked_up"
        ring = record.so_far[0]
        assert ring.outcome == "answered"
        assert [(o.target.id, o.outcome) for o in ring.offers] == [
            ("bea-1", "elsewhere"),
            ("bea-2", "elsewhere"),
            ("carl-1", "answered"),
        ]

    run(main())


def test_rfc3891_3_what_is_picked_up_is_no_longer_there_for_the_next() -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea, carl, dora = (house.phone(name) for name in ("anna", "bea", "carl", "dora"))
        bea.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        ids = ids_of(house, bea)
        first, second = dial(carl, ids), dial(dora, ids)
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        assert sorted((first.state, second.state)) == ["over", "talking"]
        assert [each.statuses[-1] for each in (first, second) if each.over] == [481]
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


@pytest.mark.parametrize("when", [0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.2])
@pytest.mark.parametrize("who", ["caller", "rung answers", "taker", "rung declines"])
def test_a_pick_up_that_crosses_something_else_leaves_nothing_behind(when: float, who: str) -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        bea.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        taken = dial(carl, ids_of(house, bea))
        act = {
            "caller": call.hang_up,
            "rung answers": bea.last.answer,
            "taker": taken.hang_up,
            "rung declines": lambda: bea.last.refuse(486),
        }[who]
        house.clock.call_at(house.clock.now() + when, act)
        await house.clock.sleep(3)
        if who.startswith("rung"):
            assert call.talking or call.over
        for phone in (anna, bea, carl):
            phone.last.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_a_pick_up_without_a_common_codec_is_transcoded_and_one_without_any_leaves_the_rest_ringing() -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea = house.phone("anna", formats=(PCMA,)), house.phone("bea")
        carl, dora = house.phone("carl", formats=(PCMU,)), house.phone("dora", formats=(Format("iLBC", 97),))
        bea.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        useless = dial(dora, ids_of(house, bea))
        await dora.until(lambda: useless.over)
        assert useless.statuses == [488]
        assert bea.last.state == "ringing"
        dial(carl, ids_of(house, bea))
        await anna.until(lambda: call.talking)
        await house.clock.sleep(1)
        assert house.talking("anna", "carl")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_security_a_phone_that_takes_over_names_no_address_that_it_may_not() -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea = house.phone("anna"), house.phone("bea")
        carl = house.phone("carl", media=Address("169.254.1.1", 40000))
        house.refused = {"169.254.1.1": "link-local"}
        for manner in (rings, answers(0.0)):
            bea.manner = manner
            call = anna.call("bea")
            await anna.until(lambda call=call: bool(call.statuses))  # type: ignore[misc]  # bound at once
            await house.clock.sleep(1)
            thief = dial(carl, ids_of(house, bea))
            await carl.until(lambda thief=thief: thief.over)  # type: ignore[misc]  # bound at once
            assert thief.statuses == [488]
            assert not bea.last.over
            call.hang_up()
            await house.clock.sleep(1)
        await house.check_empty(records=2)

    run(main())


def test_a_waiting_party_is_picked_up_while_the_target_of_its_transfer_rings() -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea, carl, dora = (house.phone(name) for name in ("anna", "bea", "carl", "dora"))
        carl.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        bea.last.transfer("carl")
        await carl.until(lambda: bool(carl.calls))
        await house.clock.sleep(0.5)
        assert house.heard_by("anna") == Tone("ringback")
        taken = dial(dora, ids_of(house, carl), "call-id")
        await dora.until(lambda: taken.talking)
        await house.clock.sleep(1)
        assert house.talking("anna", "dora")
        assert call.shown[-1] == '"Dora" <sip:dora@muster.example>'
        call.hang_up()
        await house.check_empty(records=2)

    run(main())


def test_rfc3891_3_an_early_dialog_that_we_did_not_begin_is_not_replaced() -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        bea.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        thief = dial(carl, ids_of(house, anna))
        await carl.until(lambda: thief.over)
        assert thief.statuses == [481]
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


def test_pu_5_nobody_picks_up_what_rings_for_somebody_else_but_everybody_what_rings_for_himself() -> None:
    async def main() -> None:
        house = House()
        anna, desk, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        desk.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        other = house.phone("bea")  # it has come after the others were rung
        for thief in (carl, anna):
            taken = dial(thief, ids_of(house, desk))
            await thief.until(lambda taken=taken: taken.over)  # type: ignore[misc]  # bound at once
            assert taken.statuses == [403]
        taken = dial(other, ids_of(house, desk))
        await anna.until(lambda: call.talking)
        await house.clock.sleep(0.5)
        assert desk.last.over
        taken.hang_up()
        await house.check_empty(records=1)

    run(main())


# -- a call that talks -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("form", [form for form in FORMS if form != "early"])
@pytest.mark.parametrize("late", [False, True])
def test_rfc3891_3_a_confirmed_dialog_is_replaced_in_every_form(form: str, late: bool) -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        taken = dial(carl, ids_of(house, bea), form, late=late)
        await carl.until(lambda: taken.talking)
        await bea.until(lambda: bea.last.over)
        await house.clock.sleep(1)
        assert 'text="Replaced"' in bea.last.reason
        assert house.talking("anna", "carl")
        taken.hang_up()
        await house.check_empty(records=1)
        assert house.bench.records[0].because[-1].key == "call.replaced"

    run(main())


def test_rfc3891_3_early_only_is_refused_for_a_dialog_that_talks() -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        taken = dial(carl, ids_of(house, bea), "early")
        await carl.until(lambda: taken.over)
        assert taken.statuses == [486]
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((("Replaces", "nobody-knows@it"),), 481),
        ((("Replaces", "{0};to-tag=other;from-tag={2}"),), 481),
        ((("Replaces", "{0};to-tag=other"),), 481),
        ((("Replaces", ";to-tag=0"),), 400),
        ((("Replaces", "{0}"), ("Replaces", "{0}")), 400),
        ((("Replaces", "{0}"), ("Join", "{0}")), 400),
        ((("Join", "{0}"), ("Join", "{0}")), 400),
        ((("Join", "nobody-knows@it"),), 481),
    ],
)
def test_rfc3891_3_and_rfc3911_4_what_is_refused(headers: tuple[tuple[str, str], ...], status: int) -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        ids = ids_of(house, bea)
        taken = carl.call("x", extra=tuple((name, value.format(*ids)) for name, value in headers))
        await carl.until(lambda: taken.over)
        assert taken.statuses == [status]
        assert house.talking("anna", "bea")
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


@pytest.mark.skipif(compiled.form() == "compiled", reason="nobody can put a double into a compiled object")
def test_rfc3891_3_a_call_id_of_two_dialogs_names_none() -> None:
    async def main() -> None:
        house = anybody(House())
        anna, _, carl = house.phone("anna"), house.phone("bea"), house.phone("carl")
        calls = [anna.call("bea"), anna.call("bea")]
        await anna.until(lambda: all(call.talking for call in calls))
        house.engine.dialog_ids = lambda leg: ("same", str(leg), "x")  # type: ignore[method-assign]
        taken = carl.call("x", extra=(("Replaces", "same"),))
        await carl.until(lambda: taken.over)
        assert taken.statuses == [481]
        for call in calls:
            call.hang_up()
        await house.check_empty(records=2)

    run(main())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("header", ["Replaces", "Join"])
def test_security_another_companys_dialog_is_not_there_in_any_form(form: str, header: str) -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea = house.phone("anna"), house.phone("bea")
        otto = house.phone("otto", company="other")
        for manner in (rings, early(0.0)):
            bea.manner = manner
            call = anna.call("bea")
            await bea.until(lambda: bool(bea.calls) and not bea.last.over)
            await house.clock.sleep(0.5)
            thief = dial(otto, ids_of(house, bea), form, header=header)
            await otto.until(lambda thief=thief: thief.over)  # type: ignore[misc]  # bound at once
            assert thief.statuses == [481]
            assert not bea.last.over
            call.hang_up()
            await house.clock.sleep(1)
        await house.check_empty(records=2)

    run(main())


def test_lamps_name_dialogs_by_ids_of_their_own() -> None:
    async def main() -> None:
        house = House()
        house.watched = lambda company, who, dialog: (
            bea_leg() if (company, who.ref, dialog.call_id) == ("muster", Ref("user", "bea"), "lamp-1") else None
        )
        house.open()
        anna, bea, other = house.phone("anna"), house.phone("bea"), house.phone("bea")
        other.manner = rings

        def bea_leg() -> object:
            return house.board.live_view()[0].ringing[0].leg

        bea.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        taken = other.call("x", extra=(("Replaces", "lamp-1;to-tag=a;from-tag=b"),))
        await anna.until(lambda: call.talking)
        assert taken.talking
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


# -- who rings, for lamps and the live view ----------------------------------------------------------------------------
def test_the_live_view_names_who_rings() -> None:
    async def main() -> None:
        house = House()
        anna, desk, mobile = house.phone("anna"), house.phone("bea"), house.phone("bea")
        desk.manner = mobile.manner = rings
        call = anna.call("bea")
        await anna.until(lambda: 180 in call.statuses)
        (state,) = house.board.live_view()
        view = live_call(state, house.world.wall())
        assert view["state"] == "ringing"
        assert [(p["who"], p["device"], p["ringing"]) for p in view["parties"]] == [
            ("user:bea", "bea-1", True),
            ("user:bea", "bea-2", True),
        ]
        desk.last.refuse(486)
        await house.clock.sleep(1)
        assert [rung.party.device for rung in house.board.live_view()[0].ringing] == ["bea-2"]
        mobile.last.answer()
        await anna.until(lambda: call.talking)
        (state,) = house.board.live_view()
        assert state.ringing == ()
        assert [p["ringing"] for p in live_call(state, 0.0)["parties"]] == [False, False]
        call.hang_up()
        await house.check_empty(records=1)

    run(main())


@pytest.mark.parametrize("who", ["carl", "stranger"])
@pytest.mark.parametrize("by", ["phone", "server"])
def test_rfc3891_3_a_dialog_that_has_ended_is_declined_within_its_company(who: str, by: str) -> None:
    async def main() -> None:
        house = anybody(House())
        anna, bea = house.phone("anna"), house.phone("bea")
        carl = house.phone("carl", company="other" if who == "stranger" else COMPANY)
        call = anna.call("bea")
        await anna.until(lambda: call.talking)
        ids = ids_of(house, bea)
        (bea.last if by == "phone" else call).hang_up()
        await house.clock.sleep(1)
        late = dial(carl, ids)
        await carl.until(lambda: late.over)
        assert late.statuses[-1] == (481 if who == "stranger" else 603)
        unknown = dial(carl, (ids[0], ids[1], "another"))
        await carl.until(lambda: unknown.over)
        assert unknown.statuses[-1] == 481

    run(main())
