"""Codecs and session intervals as a company's file sets them: company, device, trunk (docs/company-file.md)."""

import pytest
from tests.simulation.companies import NORD
from tests.simulation.outside import KUNDE, World, play, trunk

from vorzimmer.app.options import load
from vorzimmer.calls.sound import plan_of
from vorzimmer.kernel.errors import StartError
from vorzimmer.sip.message import Request
from vorzimmer.testing.phone import answers


def codecs(request: Request) -> list[str]:
    return [each.name for each in plan_of(request.body).formats]


def test_media_policy_of_company_device_and_trunk_acts_at_the_next_call() -> None:
    async def scene(world: World) -> None:
        await world.start(trunk(NORD, codecs="[pcmu]"))
        await world.server.apply("company: {id: nord, codecs: [g722, pcma]}\n")
        await world.edit("devices:\n  - {id: bea-1, codecs: [pcma, opus]}\n")
        anna, bea, emil = [await world.phone(f"{name}-1") for name in ("anna", "bea", "carl")]
        world.carrier.persons[KUNDE].manner = answers(1.0)
        for dialled, phone, wanted in (("101", bea, ["PCMA", "OPUS"]), ("102", emil, ["G722", "PCMA"])):
            call = anna.call(dialled)
            await anna.until(lambda call=call: call.talking)  # type: ignore[misc]  # bound at once
            assert phone.last.request is not None
            assert codecs(phone.last.request) == wanted
            call.hang_up()
            await world.clock.sleep(2)
        call = anna.call(KUNDE)
        await anna.until(lambda: call.talking)
        assert codecs(world.carrier.invites[-1]) == ["PCMU"]
        assert call.agreed is not None
        assert [each.name for each in call.agreed.formats] == ["G722", "PCMA"]
        call.hang_up()

    play(scene)


def test_rfc4028_the_session_interval_of_company_and_trunk() -> None:
    async def scene(world: World) -> None:
        await world.start(trunk(NORD, session_expires_s="300"))
        await world.server.apply("company: {id: nord, session_expires_s: 600}\n")
        anna, bea = await world.phone("anna-1"), await world.phone("bea-1")
        world.carrier.persons[KUNDE].manner = answers(1.0)
        inside = anna.call("101")
        await anna.until(lambda: inside.talking)
        assert bea.last.request is not None
        assert bea.last.request.headers.get("Session-Expires") == "600"
        inside.hang_up()
        outside = anna.call(KUNDE)
        await anna.until(lambda: outside.talking)
        assert world.carrier.invites[-1].headers.get("Session-Expires") == "300"
        await world.clock.sleep(1000)
        assert outside.talking
        updates = [each for each in world.carrier.others if each.method == "UPDATE"]
        assert {each.headers.get("Session-Expires").partition(";")[0] for each in updates} == {"300"}
        outside.hang_up()

    play(scene)


@pytest.mark.parametrize(
    ("flags", "fine"),
    [
        ({}, True),
        ({"session_expires_s": 0}, True),
        ({"session_expires_s": 120, "session_least_s": 120}, True),
        ({"session_expires_s": 100, "session_least_s": 120}, False),
        ({"session_least_s": 60}, False),
        ({"session_expires_s": -1}, False),
    ],
)
def test_rfc4028_4_the_servers_options_keep_to_the_least_interval(flags: dict[str, int], fine: bool) -> None:
    if fine:
        assert load(None, {"state": "x", **flags}).sessions[1] >= 90
    else:
        with pytest.raises(StartError):
            load(None, {"state": "x", **flags})
