"""Calls to and from the outside over a carrier, in virtual time: registration, identity, fail-over, limits, press 1."""

import asyncio

import pytest
from tests.simulation.companies import NORD, SUED
from tests.simulation.outside import KUNDE, MAIN, MOBIL, SPARE, World, invited, play, trunk

from vorzimmer.kernel.address import Address
from vorzimmer.media.port import File
from vorzimmer.store.frames import Entry
from vorzimmer.testing.carrier import join
from vorzimmer.testing.phone import answers, declines, early, ignores, rings
from vorzimmer.testing.phone_call import PhoneCall


def facts(world: World, kind: str) -> list[dict[str, str]]:
    return [fact.data for fact in world.server.told.facts if fact.kind == kind]


def records(world: World) -> list[Entry]:
    return [entry for entry in world.server.history.entries() if entry.kind == "record"]


# -- registration --------------------------------------------------------------------------------------------------
def test_rfc3261_10_2_a_trunk_registers_with_digest_and_refreshes_before_it_runs_out() -> None:
    async def scene(world: World) -> None:
        world.carrier.mood.granted = 120
        await world.start(trunk(NORD))
        binding = world.carrier.bindings["nord-eins"]
        assert "t" in binding.contact
        await world.clock.sleep(1000)
        assert world.carrier.bindings["nord-eins"].expires > world.clock.now()
        sent = world.carrier.registers
        assert len(sent) <= 2 + 1000 / 80  # one challenge in all: the nonce is used again
        assert {r.headers.get("Call-ID") for r in sent} == {sent[0].headers.get("Call-ID")}
        numbers = [int(r.headers.get("CSeq").split()[0]) for r in sent]
        assert numbers == sorted(set(numbers))
        assert facts(world, "trunk") == []

    play(scene)


def test_rfc3261_10_2_8_a_registrar_that_wants_longer_gets_longer() -> None:
    async def scene(world: World) -> None:
        world.carrier.mood.least = 900
        await world.start(trunk(NORD, expires_s="300"))
        assert world.carrier.registers[-1].headers.get("Expires") == "900"
        assert "nord-eins" in world.carrier.bindings

    play(scene)


def test_12_2_a_trunk_that_goes_down_is_told_passed_over_and_comes_back() -> None:
    async def scene(world: World) -> None:
        world.carrier.mood.granted = 120
        await world.start(trunk(NORD), trunk(NORD, "zwei", SPARE))
        anna = await world.phone("anna-1")
        world.carrier.mood.deaf = True
        await world.clock.sleep(200)
        assert facts(world, "trunk")[0]["state"] == "down"
        assert {"what": "trunk_down", "trunk": "eins"}.items() <= facts(world, "alarm")[0].items()
        call = anna.call("03023125222")
        await anna.until(lambda: call.talking)
        assert len(world.spare.invites) == 2  # with its challenge
        assert world.carrier.invites == []
        call.hang_up()
        world.carrier.mood.deaf = False
        await world.clock.sleep(700)
        assert [each["state"] for each in facts(world, "trunk")] == ["down", "up"]

    play(scene)


def test_rfc3261_20_33_a_registrar_in_trouble_is_left_alone_for_as_long_as_it_says() -> None:
    async def scene(world: World) -> None:
        world.carrier.mood.refuses, world.carrier.mood.extra = 503, (("Retry-After", "500"),)
        await world.start(trunk(NORD))
        await world.clock.sleep(450)
        assert len(world.carrier.registers) == 1
        world.carrier.mood.refuses = 0
        await world.clock.sleep(60)
        assert "nord-eins" in world.carrier.bindings

    play(scene)


def test_rfc3261_22_a_refused_password_is_not_tried_again_at_once() -> None:
    async def scene(world: World) -> None:
        world.carrier.account("nord-eins", "another password")
        await world.start(trunk(NORD))
        await world.clock.sleep(100)
        assert len(world.carrier.registers) <= 8
        assert facts(world, "trunk")[0]["state"] == "down"

    play(scene)


def test_a_trunk_that_is_switched_off_takes_its_registration_back() -> None:
    async def scene(world: World) -> None:
        await world.start(trunk(NORD))
        assert "nord-eins" in world.carrier.bindings
        await world.edit("trunks:\n  - {id: eins, enabled: false}\n")
        await world.clock.sleep(2)
        assert world.carrier.bindings == {}

    play(scene)


# -- out -----------------------------------------------------------------------------------------------------------
def test_12_2_a_call_goes_out_with_digest_and_shows_the_users_own_number() -> None:
    async def scene(world: World) -> None:
        await world.start()
        anna = await world.phone("anna-1")
        call = anna.call("030-23125222")
        await anna.until(lambda: call.talking)
        kunde = world.carrier.persons[KUNDE]
        said = invited(kunde.last)
        assert "+498999998100@203.0.113.1" in said["From"]
        assert "+498999998100@" in said["P-Asserted-Identity"]
        assert said["Privacy"] == ""
        assert len({r.headers.get("Call-ID") for r in world.carrier.invites}) == 1
        live = world.server.exchange.board.live_view()[0]
        assert [leg.party.device for leg in live.parties][1] == "trunk:eins:out"
        call.hang_up()

    play(scene)


def test_bas_14_clir_reaches_the_person_as_anonymous_and_only_the_carrier_knows_more() -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.edit("users:\n  - {id: anna, outgoing: {clir: true}}\n")
        anna = await world.phone("anna-1")
        call = anna.call("03023125222")
        await anna.until(lambda: call.talking)
        said = invited(world.carrier.persons[KUNDE].last)
        assert "anonymous.invalid" in said["From"]
        assert said["Privacy"] == "id"
        assert "+498999998100" in said["P-Asserted-Identity"]
        call.hang_up()

    play(scene)


@pytest.mark.parametrize(
    ("identity", "header"), [("pai", "P-Asserted-Identity"), ("ppi", "P-Preferred-Identity"), ("from", "")]
)
@pytest.mark.parametrize("form", ["e164", "international", "digits", "national"])
def test_12_2_identity_and_numbers_are_written_as_the_trunk_wants(identity: str, header: str, form: str) -> None:
    written = {"e164": "+498999998100", "international": "00498999998100", "digits": "498999998100",
               "national": "08999998100"}[form]  # fmt: skip

    async def scene(world: World) -> None:
        await world.start(trunk(NORD, identity=identity, number_format=form, from_domain="firma.example"))
        target = {"e164": KUNDE, "international": "00493023125222", "digits": KUNDE[1:], "national": "03023125222"}[
            form
        ]
        kunde = world.carrier.persons.get(target) or world.carrier.person(target, world.server.node.local)
        anna = await world.phone("anna-1")
        call = anna.call("03023125222")
        await anna.until(lambda: call.talking)
        said = invited(kunde.last)
        assert f"sip:{written}@firma.example" in said["From"]
        for name in ("P-Asserted-Identity", "P-Preferred-Identity"):
            assert (f"sip:{written}@firma.example" in said[name]) == (name == header)
        call.hang_up()

    play(scene)


@pytest.mark.parametrize(("status", "told"), [(486, 486), (404, 404), (484, 484), (603, 603)])
def test_12_2_the_caller_gets_what_the_network_says_of_the_number(status: int, told: int) -> None:
    async def scene(world: World) -> None:
        await world.start(trunk(NORD), trunk(NORD, "zwei", SPARE))
        world.carrier.persons[KUNDE].manner = declines(status)
        anna = await world.phone("anna-1")
        call = anna.call("03023125222")
        await anna.until(lambda: call.over)
        assert call.statuses[-1] == told
        assert world.spare.invites == []

    play(scene)


@pytest.mark.parametrize("trouble", [503, 500, 408, 302, 407])
def test_12_2_a_trunk_in_trouble_makes_room_for_the_next(trouble: int) -> None:
    async def scene(world: World) -> None:
        await world.start(trunk(NORD), trunk(NORD, "zwei", SPARE))
        world.carrier.mood.trouble = trouble
        anna = await world.phone("anna-1")
        call = anna.call("03023125222")
        await anna.until(lambda: call.talking)
        assert world.spare.persons[KUNDE].last.talking
        call.hang_up()

    play(scene)


def test_12_2_a_trunk_that_says_nothing_makes_room_within_seconds() -> None:
    async def scene(world: World) -> None:
        await world.start(trunk(NORD), trunk(NORD, "zwei", SPARE))
        world.network.cut("carrier-203.0.113.1")
        anna = await world.phone("anna-1")
        began = world.clock.now()
        call = anna.call("03023125222")
        await anna.until(lambda: call.talking)
        assert world.clock.now() - began < 8
        call.hang_up()
        await world.clock.sleep(60)
        world.network.mend("carrier-203.0.113.1")

    play(scene)


def test_12_2_without_any_way_out_the_caller_hears_so() -> None:
    async def scene(world: World) -> None:
        await world.start(trunk(NORD))
        world.carrier.mood.trouble = 503
        anna = await world.phone("anna-1")
        call = anna.call("03023125222")
        await anna.until(lambda: 183 in call.statuses)
        assert world.hears(anna) == File("say.no_trunk")
        await anna.until(lambda: call.over, 120)
        assert call.statuses[-1] == 503

    play(scene)


def test_early_media_of_the_network_is_heard_and_the_answer_connects() -> None:
    async def scene(world: World) -> None:
        await world.start()
        world.carrier.persons[KUNDE].manner = early(3.0)
        anna = await world.phone("anna-1")
        call = anna.call("03023125222")
        await anna.until(lambda: 183 in call.statuses)
        await anna.until(lambda: call.talking)
        call.hang_up()

    play(scene)


def test_12_2_channels_limit_calls_out_and_in_but_never_an_emergency_call() -> None:
    async def scene(world: World) -> None:
        await world.start(trunk(NORD, channels="{total: 1}"))
        anna, carl, dora = [await world.phone(device) for device in ("anna-1", "carl-1", "dora-1")]
        first = anna.call("03023125222")
        await anna.until(lambda: first.talking)
        second = carl.call("01713920001")
        await carl.until(lambda: second.over, 120)
        assert second.statuses[-1] == 503
        back = world.carrier.call(MOBIL, NORD.number("carl"))
        await world.carrier.persons[MOBIL].until(lambda: back.over)
        assert back.statuses[-1] == 503
        sos = dora.call("112")
        await dora.until(lambda: sos.talking)
        first.hang_up()
        sos.hang_up()
        await world.clock.sleep(2)
        again = carl.call("01713920001")
        await carl.until(lambda: again.talking)
        again.hang_up()

    play(scene)


# -- emergency -----------------------------------------------------------------------------------------------------
def test_12_2_an_emergency_call_goes_out_with_the_sites_number_whatever_the_user_has_set() -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.edit("users:\n  - {id: anna, dnd: true, outgoing: {clir: true}}\n")
        anna = await world.phone("anna-1")
        call = anna.call("110")
        await anna.until(lambda: call.talking)
        helper = world.carrier.persons["110"].last
        said = invited(helper)
        assert "+498999998000@" in said["From"]
        assert said["Privacy"] == ""
        assert helper.request is not None
        assert helper.request.headers.get("Priority") == "emergency"
        assert {"what": "emergency"} in facts(world, "alarm")
        call.hang_up()

    play(scene)


def test_12_2_an_emergency_call_tries_every_trunk_and_ends_in_an_alarm() -> None:
    async def scene(world: World) -> None:
        await world.start(trunk(NORD), trunk(NORD, "zwei", SPARE))
        world.carrier.mood.trouble = 503
        anna = await world.phone("anna-1")
        call = anna.call("112")
        await anna.until(lambda: call.talking)
        assert world.spare.persons["112"].last.talking
        call.hang_up()
        world.spare.mood.trouble = 503
        again = anna.call("112")
        await anna.until(lambda: again.over, 120)
        assert {"what": "emergency_failed"} in facts(world, "alarm")

    play(scene)


def test_12_2_who_transfers_an_outside_caller_to_an_emergency_number_gets_him_there() -> None:
    async def scene(world: World) -> None:
        await world.start()
        anna = await world.phone("anna-1")
        anna.manner = answers(0.5)
        rescue = world.carrier.persons["112"]
        rescue.manner = answers(0.5)
        call = world.carrier.call(KUNDE, NORD.number("anna"))
        await anna.until(lambda: bool(anna.calls) and anna.last.talking)
        anna.last.transfer("112")
        await rescue.until(lambda: bool(rescue.calls) and rescue.last.talking)
        assert NORD.block in invited(rescue.last)["P-Asserted-Identity"]
        await world.clock.sleep(2)
        assert call.talking
        call.hang_up()

    play(scene)


def test_robots_never_reach_the_emergency_services() -> None:
    async def scene(world: World) -> None:
        await world.start()
        robot = await world.phone("anna-1", agent="Vorzimmer-Robot")
        call = robot.call("112")
        await robot.until(lambda: call.over)
        assert call.statuses[-1] == 403
        assert world.carrier.invites == []

    play(scene)


# -- in ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("form", ["+498999998100", "00498999998100", "08999998100", "498999998100"])
def test_12_2_a_call_from_outside_reaches_the_number_in_every_form(form: str) -> None:
    async def scene(world: World) -> None:
        await world.start()
        anna = await world.phone("anna-1")
        call = world.carrier.call(KUNDE, form)
        kunde = world.carrier.persons[KUNDE]
        await kunde.until(lambda: call.talking)
        said = invited(anna.last)
        assert f"sip:{KUNDE}@" in said["P-Asserted-Identity"]
        assert call.shown == []  # nobody's extension leaves the house
        assert 401 not in call.statuses
        assert 407 not in call.statuses
        live = world.server.exchange.board.live_view()[0]
        assert live.asked.trunk == "eins"
        assert not live.asked.caller.internal
        call.hang_up()

    play(scene)


def test_12_2_a_call_to_the_registered_contact_finds_the_number_in_p_called_party_id() -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.phone("anna-1")
        call = world.carrier.call_account(KUNDE, "nord-eins", NORD.number("anna"))
        await world.carrier.persons[KUNDE].until(lambda: call.talking)
        call.hang_up()

    play(scene)


def test_12_2_contacts_give_outside_callers_a_name_and_privacy_hides_them() -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.edit(f'contacts:\n  - {{id: kunde, name: Kunde AG, numbers: ["{KUNDE}"]}}\n')
        anna = await world.phone("anna-1")
        anna.manner = rings
        kunde = world.carrier.persons[KUNDE]
        call = world.carrier.call(KUNDE, NORD.number("anna"))
        await anna.until(lambda: bool(anna.calls))
        assert "Kunde AG" in invited(anna.last)["P-Asserted-Identity"]
        call.hang_up()
        await kunde.until(lambda: call.over)
        asserted = ("P-Asserted-Identity", f"<sip:{KUNDE}@carrier.example>")
        hidden = world.carrier.call(KUNDE, NORD.number("anna"), extra=(asserted, ("Privacy", "id")))
        await anna.until(lambda: len(anna.calls) == 2)
        request = anna.last.request
        assert request is not None
        assert KUNDE.encode() not in request.to_bytes()
        hidden.hang_up()

    play(scene)


def test_12_2_numbers_that_are_not_the_trunks_own_are_unknown() -> None:
    async def scene(world: World) -> None:
        await world.start(trunk(NORD), companies=(NORD, SUED))
        for house, user in ((NORD, "anna-1"), (SUED, "anna-1")):
            await world.phone(user, house)
        foreign = trunk(SUED)
        assert foreign
        kunde = world.carrier.persons[KUNDE]
        for number in ("+498999998200", "+4930999", "12", "101", "*21"):
            call = world.carrier.call(KUNDE, number)
            await kunde.until(lambda at=call: at.over)  # type: ignore[misc]  # bound at once
            assert call.statuses[-1] == 404, number

    play(scene)


def test_two_companies_at_one_carrier_each_get_their_own_calls() -> None:
    async def scene(world: World) -> None:
        await world.start(companies=(NORD, SUED))
        phones = {house.id: await world.phone("anna-1", house) for house in (NORD, SUED)}
        for house in (NORD, SUED):
            call = world.carrier.call(KUNDE, house.number("anna"))
            await world.carrier.persons[KUNDE].until(lambda at=call: at.talking)  # type: ignore[misc]  # bound at once
            assert phones[house.id].last.talking
            call.hang_up()
            await world.clock.sleep(1)
        assert [len(phone.calls) for phone in phones.values()] == [1, 1]

    play(scene)


def test_a_stranger_who_claims_to_be_the_carrier_is_challenged_like_anybody() -> None:
    async def scene(world: World) -> None:
        await world.start()
        anna = await world.phone("anna-1")
        false = join(world.network, world.clock, Address("198.51.100.7", 5060), seed=77, on_bug=world.server.told.bug)
        person = false.person(KUNDE, world.server.node.local, domain=MAIN.host)
        call = false.call(KUNDE, NORD.number("anna"))
        await person.until(lambda: call.over)
        assert call.statuses == [401]
        assert anna.calls == []

    play(scene)


def test_nobody_outside_transfers_or_replaces_our_calls() -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.phone("anna-1")
        kunde = world.carrier.persons[KUNDE]
        call = world.carrier.call(KUNDE, NORD.number("anna"))
        await kunde.until(lambda: call.talking)
        call.transfer(f"sip:{NORD.number('bea')}@{NORD.domain}")
        await kunde.until(lambda: 403 in call.statuses)
        assert call.talking
        call.hang_up()

    play(scene)


# -- forwards, parallel ringing ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("case", "reason", "seen"),
    [
        ("always: {enabled: true, to: '%s'}", "unconditional", 302),
        ("no_answer: {enabled: true, to: '%s', after_s: 5}", "no-answer", 408),
        ("busy: {enabled: true, to: '%s'}", "user-busy", 486),
    ],
)
def test_bas_1_2_forwards_reach_the_outside_and_say_who_sent_them(case: str, reason: str, seen: int) -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.edit(f"users:\n  - {{id: anna, forwarding: {{{case % MOBIL}}}}}\n")
        anna = await world.phone("anna-1")
        anna.manner = declines(486) if reason == "user-busy" else rings
        call = world.carrier.call(KUNDE, NORD.number("anna"))
        await world.carrier.persons[KUNDE].until(lambda: call.talking)
        said = invited(world.carrier.persons[MOBIL].last)
        assert "sip:+498999998100@" in said["From"]
        assert f"reason={reason}" in said["Diversion"]
        assert f"cause={seen}" in said["History-Info"]
        assert KUNDE not in str(said)
        assert world.hears(world.carrier.persons[MOBIL]) != File("say.press_1")
        call.hang_up()

    play(scene)


def test_exa_41a_a_forward_shows_the_caller_where_it_may_and_after_a_403_an_own_number() -> None:
    async def scene(world: World) -> None:
        await world.start(trunk(NORD, foreign_numbers="true"))
        await world.edit(f"users:\n  - {{id: anna, forwarding: {{always: {{enabled: true, to: '{MOBIL}'}}}}}}\n")
        mobil = world.carrier.persons[MOBIL]
        call = world.carrier.call(KUNDE, NORD.number("anna"))
        await world.carrier.persons[KUNDE].until(lambda: call.talking)
        assert f"sip:{KUNDE}@" in invited(mobil.last)["From"]
        assert "sip:+498999998100@" in invited(mobil.last)["P-Asserted-Identity"]
        call.hang_up()
        await world.clock.sleep(2)
        mobil.manner = lambda phone, at: at.refuse(403) if KUNDE in invited(at)["From"] else at.answer()
        again = world.carrier.call(KUNDE, NORD.number("anna"))
        await world.carrier.persons[KUNDE].until(lambda: again.talking)
        assert "sip:+498999998100@" in invited(mobil.last)["From"]
        again.hang_up()

    play(scene)


PARALLEL = f"users:\n  - {{id: anna, parallel_ringing: {{enabled: true, numbers: ['{MOBIL}']}}}}\n"


def test_12_4_who_answers_outside_must_press_1_and_then_has_the_call() -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.edit(PARALLEL)
        anna, bea = await world.phone("anna-1"), await world.phone("bea-1")
        anna.manner = rings
        mobil = world.carrier.persons[MOBIL]
        mobil.manner = answers(1.0)
        call = bea.call("100")
        await mobil.until(lambda: bool(mobil.calls) and mobil.last.talking)
        await world.clock.sleep(3)
        assert world.hears(mobil) == File("say.press_1")
        assert not call.talking
        assert anna.last.state == "ringing"
        world.press(mobil, "5")
        await world.clock.sleep(1)
        assert not call.talking
        world.press(mobil, "1")
        await bea.until(lambda: call.talking)
        await anna.until(lambda: anna.last.over)
        assert world.hears(mobil) != File("say.press_1")
        call.hang_up()

    play(scene)


def test_12_4_a_mailbox_that_answers_outside_never_takes_the_call() -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.edit(PARALLEL)
        anna, bea = await world.phone("anna-1"), await world.phone("bea-1")
        anna.manner = answers(18.0)
        mobil = world.carrier.persons[MOBIL]
        mobil.manner = answers(1.0)
        call = bea.call("100")
        await mobil.until(lambda: bool(mobil.calls) and mobil.last.talking)
        await mobil.until(lambda: mobil.last.over, 12)
        assert not call.over
        await bea.until(lambda: call.talking)
        assert anna.last.talking
        call.hang_up()

    play(scene)


def test_12_4_who_answers_inside_first_ends_the_leg_that_is_asked_for_its_digit() -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.edit(PARALLEL)
        anna, bea = await world.phone("anna-1"), await world.phone("bea-1")
        anna.manner = answers(5.0)
        mobil = world.carrier.persons[MOBIL]
        mobil.manner = answers(1.0)
        call = bea.call("100")
        await bea.until(lambda: call.talking)
        await mobil.until(lambda: mobil.last.over, 2)
        assert anna.last.talking
        call.hang_up()

    play(scene)


def test_12_4_who_must_press_1_is_offered_events_even_if_the_caller_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(call: PhoneCall) -> bytes:
        lines = negotiate_offer(call).split(b"\r\n")
        return b"\r\n".join(
            line for line in lines if b"telephone-event" not in line and not line.startswith(b"a=fmtp:101")
        )

    negotiate_offer = PhoneCall._offer
    monkeypatch.setattr(PhoneCall, "_offer", silent)

    async def scene(world: World) -> None:
        await world.start()
        await world.edit(PARALLEL)
        anna, bea = await world.phone("anna-1"), await world.phone("bea-1")
        anna.manner = rings
        mobil = world.carrier.persons[MOBIL]
        mobil.manner = rings
        call = bea.call("100")
        await mobil.until(lambda: bool(mobil.calls))
        for person, has in ((mobil, True), (anna, False)):
            assert person.last.request is not None
            assert (b"telephone-event" in person.last.request.body) is has
        call.hang_up()

    play(scene)


def test_bas_7_without_confirmation_the_outside_leg_is_connected_at_once() -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.edit(PARALLEL.replace("numbers:", "confirm: false, numbers:"))
        anna, bea = await world.phone("anna-1"), await world.phone("bea-1")
        anna.manner = ignores
        call = bea.call("100")
        await bea.until(lambda: call.talking)
        assert world.carrier.persons[MOBIL].last.talking
        call.hang_up()

    play(scene)


def test_a_caller_who_gives_up_ends_the_leg_that_is_asked_for_its_digit() -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.edit(PARALLEL)
        anna, bea = await world.phone("anna-1"), await world.phone("bea-1")
        anna.manner = rings
        mobil = world.carrier.persons[MOBIL]
        mobil.manner = answers(1.0)
        call = bea.call("100")
        await mobil.until(lambda: bool(mobil.calls) and mobil.last.talking)
        call.hang_up()
        await mobil.until(lambda: mobil.last.over, 2)

    play(scene)


def test_a_trunk_call_outlives_a_restart_and_still_counts_as_a_channel() -> None:
    async def scene(world: World) -> None:
        await world.start()
        anna = await world.phone("anna-1")
        call = anna.call("03023125222")
        await anna.until(lambda: call.talking)
        await world.server.kill(asyncio.all_tasks())
        await world.server.start()
        await world.clock.sleep(3)
        assert world.server.exchange.board.calls_of("nord", "trunk:eins:out") == 1
        call.hang_up()
        await world.carrier.persons[KUNDE].until(lambda: world.carrier.persons[KUNDE].last.over)

    play(scene)


def test_12_4_two_outside_parties_left_alone_are_warned_of_and_ended() -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.edit(f"users:\n  - {{id: anna, forwarding: {{always: {{enabled: true, to: '{MOBIL}'}}}}}}\n")
        call = world.carrier.call(KUNDE, NORD.number("anna"))
        kunde = world.carrier.persons[KUNDE]
        await kunde.until(lambda: call.talking)
        await world.clock.sleep(3200)
        assert {"what": "outside_alone"} not in facts(world, "alarm")
        await world.clock.sleep(150)
        assert {"what": "outside_alone"} in facts(world, "alarm")
        assert call.talking
        await world.clock.sleep(300)
        assert call.over

    play(scene)
