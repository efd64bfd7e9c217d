"""Lamp keys that pick up: documents name a dialog to who may take it (RFC 4235, RFC 3891), and to nobody else."""

import re

import pytest
from tests.simulation.companies import NORD, SUED, change
from tests.simulation.phones import Handset
from tests.watch_bench import Bench, play

from vorzimmer.presence.dialog_info import meant
from vorzimmer.testing.phone import rings
from vorzimmer.testing.phone_call import PhoneCall
from vorzimmer.testing.phone_watch import Watch

IDS = re.compile(rb'call-id="([^"]+)" local-tag="([^"]+)" remote-tag="([^"]+)"')
FORMS = {
    "dialog": "{0};to-tag={2};from-tag={1}",
    "turned around": "{0};to-tag={1};from-tag={2}",
    "call-id alone": "{0}",
    "zeros": "{0};to-tag=0;from-tag=0",
}


def named(watch: Watch) -> tuple[str, str, str]:
    """The dialog that the newest document names."""
    found = IDS.search(watch.documents[-1])
    assert found is not None, watch.documents[-1]
    return found[1].decode(), found[2].decode(), found[3].decode()


def take(handset: Handset, ids: tuple[str, str, str], form: str = "dialog", target: str = "102") -> PhoneCall:
    """What a lamp key does that picks up by Replaces."""
    return handset.phone.call(target, extra=(("Replaces", FORMS[form].format(*ids)),))


async def ringing(bench: Bench) -> tuple[Handset, Handset, Handset, PhoneCall]:
    """Carl calls Bea, whose first phone rings; her second one is there, too."""
    carl, desk = await bench.phone("carl-1"), await bench.phone("bea-1")
    desk.phone.manner = rings
    call = carl.phone.call("101")
    await bench.clock.sleep(1)
    mobile = await bench.phone("bea-2")
    return carl, desk, mobile, call


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("target", ["101", "nord-bea-1"])
def test_rfc3891_ones_own_lamp_key_takes_a_ringing_call_over(form: str, target: str) -> None:
    async def script(bench: Bench) -> None:
        _, desk, mobile, call = await ringing(bench)
        watch = await bench.watch(mobile, target)
        text = watch.documents[-1]
        assert b'direction="recipient"' in text
        assert text.count(b"<target uri=") == 2
        taken = take(mobile, named(watch), form)
        await bench.clock.sleep(2)
        assert taken.talking
        assert call.talking
        assert desk.phone.last.over
        assert "cause=200" in desk.phone.last.reason

    play(script)


def test_blf_4_a_colleague_is_told_no_dialog_and_somebody_elses_opens_nothing() -> None:
    async def script(bench: Bench) -> None:
        _, desk, mobile, call = await ringing(bench)
        anna, stranger = await bench.phone("anna-1"), await bench.phone("anna-1", SUED)
        mine, colleague = await bench.watch(mobile, "101"), await bench.watch(anna, "101")
        assert IDS.search(colleague.documents[-1]) is None
        ids = named(mine)
        guesses = (ids, (ids[0].replace(ids[0].partition(".")[0], colleague.call_id), *ids[1:]))
        for thief in (anna, stranger):
            for guess in guesses:
                stolen = take(thief, guess)  # type: ignore[arg-type]  # three texts
                await bench.clock.sleep(1)
                assert stolen.over
                assert stolen.statuses[-1] == 481
        assert desk.phone.last.state == "ringing"
        assert not call.over

    play(script)


def test_what_a_lamp_has_named_is_no_dialog_once_nobody_rings() -> None:
    async def script(bench: Bench) -> None:
        _, desk, mobile, call = await ringing(bench)
        watch = await bench.watch(mobile, "101")
        ids = named(watch)
        desk.phone.last.answer()
        await bench.clock.sleep(1)
        assert IDS.search(watch.documents[-1]) is None, "who talks is not named"
        late = take(mobile, ids)
        await bench.clock.sleep(1)
        assert late.statuses[-1] == 481
        call.hang_up()

    play(script)


def test_a_private_caller_is_taken_over_without_a_name() -> None:
    async def script(bench: Bench) -> None:
        carl, desk = await bench.phone("carl-1"), await bench.phone("bea-1")
        desk.phone.manner = rings
        carl.phone.call("101", extra=(("Privacy", "id"),))
        await bench.clock.sleep(1)
        mobile = await bench.phone("bea-2")
        watch = await bench.watch(mobile, "101")
        text = watch.documents[-1]
        assert b"102" not in text
        assert b"Carl" not in text
        assert f'<target uri="sip:101@{NORD.domain}"/></remote>'.encode() in text
        taken = take(mobile, named(watch), target="101")
        await bench.clock.sleep(1)
        assert taken.talking

    play(script)


def test_a_phone_that_picks_up_by_code_is_told_no_dialog() -> None:
    async def script(bench: Bench) -> None:
        _, _, _, call = await ringing(bench)
        cisco = await bench.phone("bea-2", agent="Cisco-CP-8851-3PCC/12.0.1")
        watch = await bench.watch(cisco, "101")
        assert IDS.search(watch.documents[-1]) is None
        assert b"<remote>" in watch.documents[-1]
        assert not call.over

    play(script)


def test_a_key_of_a_list_takes_over_too() -> None:
    async def script(bench: Bench) -> None:
        _, _, mobile, call = await ringing(bench)
        await bench.server.apply(change(NORD, "bea", 'monitors: ["user:bea", "user:carl"]'))
        watch = await bench.watch(mobile, "lamps", lines=(("Supported", "eventlist"),))
        await bench.clock.sleep(1)
        found = [each for notify in watch.notifies for each in IDS.findall(notify.body)]
        assert len(set(found)) == 1
        taken = take(mobile, tuple(text.decode() for text in found[0]))  # type: ignore[arg-type]  # three texts
        await bench.clock.sleep(1)
        assert taken.talking
        assert call.talking

    play(script)


@pytest.mark.parametrize(
    ("call_id", "tags", "found"),
    [
        ("tok.c1", ("lc1", "rc1"), ("tok", "c1")),
        ("tok.c1", ("rc1", "lc1"), ("tok", "c1")),
        ("tok.c1", ("", "0"), ("tok", "c1")),
        ("tok.c1", ("lc2", "rc1"), None),
        ("tokc1", ("", ""), None),
    ],
)
def test_which_names_are_ours(call_id: str, tags: tuple[str, str], found: tuple[str, str] | None) -> None:
    assert meant(call_id, tags) == found
