"""What a carrier asks of us beside REGISTER and INVITE, and the way that its registrar names, in virtual time."""

import asyncio

import pytest
from tests.simulation.companies import NORD
from tests.simulation.outside import KUNDE, MAIN, SPARE, World, play, trunk

from vorzimmer.testing.phone import answers


def test_rfc3261_22_a_carrier_may_ask_for_proof_of_health_and_the_nonce_is_used_again() -> None:
    async def scene(world: World) -> None:
        world.carrier.mood.asks_health = True
        await world.start()
        await world.clock.sleep(200)
        asked = world.carrier.others
        assert {each.method for each in asked} == {"OPTIONS"}
        proved = ["Authorization" in each.headers for each in asked]
        assert len(proved) >= 4
        assert proved == [False] + [True] * (len(proved) - 1)
        (state,) = world.server.exchange.trunks.states()
        assert (state.up, state.alive) == (True, 1)

    play(scene)


def test_rfc3261_22_a_carrier_may_ask_in_the_middle_of_a_call_also_after_a_restart() -> None:
    async def scene(world: World) -> None:
        world.carrier.mood.asks_inside = True
        await world.start()
        anna = await world.phone("anna-1")
        kunde = world.carrier.persons[KUNDE]
        kunde.manner = answers(1.0)
        call = anna.call(KUNDE)
        await anna.until(lambda: call.talking)
        await world.clock.sleep(2000)
        before = [each for each in world.carrier.others if each.method == "UPDATE"]
        assert ["Authorization" in each.headers for each in before[:2]] == [False, True]
        await world.server.kill(asyncio.all_tasks())
        await world.server.start()
        await world.clock.sleep(2000)
        after = [each for each in world.carrier.others if each.method == "UPDATE"][len(before) :]
        assert "Authorization" in after[-1].headers
        assert (call.talking, kunde.last.talking) == (True, True)
        call.hang_up()

    play(scene)


def test_rfc3608_5_1_calls_go_the_way_that_the_registrar_has_named() -> None:
    async def scene(world: World) -> None:
        world.carrier.mood.service_route = f"<sip:{SPARE.host};lr>"
        await world.start()
        world.spare.mood.asks = False
        person = world.spare.persons[KUNDE]
        person.manner = answers(1.0)
        anna = await world.phone("anna-1")
        call = anna.call(KUNDE)
        await anna.until(lambda: call.talking)
        assert world.carrier.invites == []
        (invite,) = world.spare.invites
        assert invite.headers.get_all("Route") == [f"<sip:{SPARE.host};lr>"]
        assert invite.uri.partition("@")[2].startswith(MAIN.host)
        call.hang_up()

    play(scene)


BROKEN = (f"<sip:{SPARE.host}>", f"<tel:+4930>, <sip:{SPARE.host};lr>", "<<<", ", ".join(["<sip:a;lr>"] * 9))


@pytest.mark.parametrize("route", BROKEN)
def test_rfc3608_a_strict_or_broken_way_is_none(route: str) -> None:
    async def scene(world: World) -> None:
        world.carrier.mood.service_route = route
        await world.start()
        world.carrier.persons[KUNDE].manner = answers(1.0)
        anna = await world.phone("anna-1")
        call = anna.call(KUNDE)
        await anna.until(lambda: call.talking)
        assert "Route" not in world.carrier.invites[-1].headers
        call.hang_up()

    play(scene)


def test_rfc3608_a_proxy_of_our_own_choice_stays_the_first_hop() -> None:
    async def scene(world: World) -> None:
        world.carrier.mood.service_route = "<sip:edge.carrier.example;lr>"
        await world.start(trunk(NORD, proxy=f"'sip:{MAIN.host}'"))
        world.carrier.persons[KUNDE].manner = answers(1.0)
        anna = await world.phone("anna-1")
        call = anna.call(KUNDE)
        await anna.until(lambda: call.talking)
        assert world.carrier.invites[-1].headers.get("Route") == "<sip:edge.carrier.example;lr>"
        call.hang_up()

    play(scene)
