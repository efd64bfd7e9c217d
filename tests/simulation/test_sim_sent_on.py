"""A call that was sent on: the phone that rings, the network and the record know by whom (RFC 5806, RFC 7044)."""

import msgspec
import pytest
from tests.simulation.companies import NORD
from tests.simulation.outside import KUNDE, MOBIL, World, invited
from tests.simulation.test_sim_trunk import play, records

from vorzimmer.calls.records import decode_record
from vorzimmer.routing.model import Asked, Diverted
from vorzimmer.testing.phone import Phone, declines, rings

ANNA = '"Anna" <sip:100@nord.example>'


def forwards(**who: str) -> str:
    """A change that makes people forward every call."""
    rows = (f"  - {{id: {user}, forwarding: {{always: {{enabled: true, to: '{to}'}}}}}}\n" for user, to in who.items())
    return "users:\n" + "".join(rows)


def said(phone: Phone, name: str) -> list[str]:
    """Header elements of the newest INVITE."""
    request = phone.last.request
    assert request is not None
    return request.headers.list_of(name)


@pytest.mark.parametrize(
    ("case", "reason", "cause"),
    [
        ("always: {enabled: true, to: '101'}", "unconditional", 302),
        ("no_answer: {enabled: true, to: '101', after_s: 5}", "no-answer", 408),
        ("busy: {enabled: true, to: '101'}", "user-busy", 486),
    ],
)
def test_exa_43_a_phone_that_rings_by_a_forward_is_told_who_was_called_first_and_why(
    case: str, reason: str, cause: int
) -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.edit(f"users:\n  - {{id: anna, forwarding: {{{case}}}}}\n")
        anna, bea, carl = await world.phone("anna-1"), await world.phone("bea-1"), await world.phone("carl-1")
        anna.manner = declines(486) if cause == 486 else rings
        call = carl.call("100")
        await carl.until(lambda: call.talking)
        assert said(bea, "Diversion") == [f"{ANNA};reason={reason};privacy=off;counter=1"]
        first, last = said(bea, "History-Info")
        assert first == f"{ANNA};index=1"
        assert f";cause={cause}>" in last
        assert last.endswith(";index=1.1;mp=1")
        if anna.calls:
            assert said(anna, "Diversion") == said(anna, "History-Info") == []
        call.hang_up()

    play(scene)


def test_of_several_forwards_the_last_and_the_first_are_named_and_the_invite_stays_small() -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.edit(forwards(anna="101", bea="102", carl="103"))
        dora, kunde = await world.phone("dora-1"), world.carrier.persons[KUNDE]
        call = world.carrier.call(KUNDE, NORD.number("anna"))
        await kunde.until(lambda: call.talking)
        assert [one.partition(";")[0] for one in said(dora, "Diversion")] == ['"Carl" <sip:102@nord.example>', ANNA]
        assert dora.last.request is not None
        assert len(dora.last.request.to_bytes()) <= 1200
        assert said(dora, "History-Info") == []
        call.hang_up()

    play(scene)


def test_bas_14_whoever_withholds_his_number_is_named_to_no_phone_as_the_one_who_diverts() -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.edit(forwards(anna="101"))
        await world.edit("users:\n  - {id: anna, outgoing: {clir: true}}\n")
        bea, carl = await world.phone("bea-1"), await world.phone("carl-1")
        call = carl.call("100")
        await carl.until(lambda: call.talking)
        (diversion,) = said(bea, "Diversion")
        assert diversion.startswith('"Anonymous" <sip:anonymous@anonymous.invalid>;reason=unconditional;privacy=full')
        assert bea.last.request is not None
        sent = bea.last.request.to_bytes().decode().lower()
        assert "anna" not in sent
        assert "100@" not in sent
        call.hang_up()

    play(scene)


def test_what_a_phone_says_of_diversions_is_a_claim_and_goes_nowhere() -> None:
    async def scene(world: World) -> None:
        await world.start()
        bea, carl = await world.phone("bea-1"), await world.phone("carl-1")
        claims = (
            ("Diversion", '"Chef" <sip:1@x>;reason=unconditional;counter=9'),
            ("History-Info", "<sip:1@x>;index=1, <sip:2@x;cause=302>;index=1.1"),
            ("Answer-Mode", "Auto;require"),
            ("Priv-Answer-Mode", "Auto"),
            ("Alert-Info", "<http://evil.example/x.wav>;info=alert-autoanswer;delay=0"),
            ("Call-Info", "<http://evil.example/x.png>;purpose=icon, <sip:x>;answer-after=0"),
            ("P-Asserted-Identity", '"Chef" <sip:1@x>'),
            ("Remote-Party-ID", '"Chef" <sip:1@x>'),
            ("Priority", "emergency"),
        )
        call = carl.call("101", extra=claims)
        await carl.until(lambda: call.talking)
        request = bea.last.request
        assert request is not None
        names = {name for name, _ in claims} - {"P-Asserted-Identity", "Alert-Info"}
        assert not names & {name for name, _ in request.headers}
        assert "Chef" not in request.to_bytes().decode()
        assert "evil" not in request.to_bytes().decode()
        assert "auto" not in request.headers.get("Alert-Info")
        call.hang_up()

    play(scene)


def test_pre_0_what_the_carrier_says_is_shown_recorded_and_told_on_so_that_it_goes_on_being_counted() -> None:
    async def scene(world: World) -> None:
        await world.start()
        await world.edit(forwards(anna=MOBIL))
        bea, kunde, mobil = await world.phone("bea-1"), world.carrier.persons[KUNDE], world.carrier.persons[MOBIL]
        told = (("Diversion", '"Büro" <sip:+4930555666@carrier>;reason=no-answer;counter=3'),)
        call = world.carrier.call(KUNDE, NORD.number("bea"), extra=told)
        await kunde.until(lambda: call.talking)
        (diversion,) = said(bea, "Diversion")
        assert diversion.startswith('"Büro" <sip:+4930555666@nord.example>;reason=no-answer')
        call.hang_up()
        await world.clock.sleep(2)
        call = world.carrier.call(KUNDE, NORD.number("anna"), extra=told)
        await kunde.until(lambda: call.talking)
        assert [one.rpartition(";reason=")[2] for one in said(mobil, "Diversion")] == [
            "unconditional;privacy=off;counter=1",
            "no-answer;privacy=off;counter=3",
        ]
        assert "Büro" not in str(invited(mobil.last))
        call.hang_up()
        await world.clock.sleep(2)
        for entry in records(world):
            assert decode_record(entry.value).asked.diverted == (
                Diverted("+4930555666", "no-answer", name="Büro", times=3),
            )

    play(scene)


def test_pre_0_a_forward_that_comes_back_from_outside_ends() -> None:
    """The mobile sends every call back to the user who forwards to it."""

    async def scene(world: World) -> None:
        await world.start()
        await world.edit(forwards(anna=MOBIL))
        kunde, mobil = world.carrier.persons[KUNDE], world.carrier.persons[MOBIL]
        came: list[int] = []

        def back(phone: Phone, call: object) -> None:
            came.append(len(said(phone, "Diversion")))
            again = tuple(("Diversion", one) for one in said(phone, "Diversion"))
            own = ("Diversion", f"<sip:{MOBIL}@carrier>;reason=unconditional")
            world.carrier.call(MOBIL, NORD.number("anna"), extra=(own, *again))

        mobil.manner = back
        call = world.carrier.call(KUNDE, NORD.number("anna"))
        await world.clock.sleep(20)
        assert came == [1, 3, 5]
        call.hang_up()
        for each in mobil.calls:
            each.hang_up()
        assert not kunde.last.talking

    play(scene)


def test_a_record_without_the_new_fields_can_still_be_read() -> None:
    class Old(msgspec.Struct):
        company: str
        caller: dict[str, str]

    old = msgspec.msgpack.encode(Old("nord", {}))
    assert msgspec.msgpack.decode(old, type=Asked).diverted == ()
