"""A killed server, in fair weather: what its people notice of it, with the real composition, store and journal."""

from collections.abc import Awaitable, Callable

import pytest
from tests.simulation.checks import one_record_each
from tests.simulation.phones import Handset
from tests.simulation.scenario import Plan, Scene, scene

from vorzimmer.calls.records import Record, decode_record
from vorzimmer.testing.loop import run
from vorzimmer.testing.network import FAIR
from vorzimmer.testing.phone import answers, rings

Script = Callable[[Scene, Handset, Handset], Awaitable[None]]


def play(script: Script, *, caller: str = "anna-1", callee: str = "carl-1") -> list[Record]:
    """Run a script of two phones of one company; everything must be gone afterwards. The records."""

    async def main() -> list[Record]:
        now = scene(1, Plan())
        now.network.weather = FAIR
        await now.open()
        await now.clock.sleep(1)
        for handset in now.handsets:
            handset.phone.manner = answers(1)
        await script(now, handset_of(now, caller), handset_of(now, callee))
        await now.calm()
        await now.check()
        await one_record_each(now.server, now.handsets)
        now.server.exchange.close()
        entries = now.server.history.entries()
        return [decode_record(entry.value) for entry in entries if entry.kind == "record"]

    return run(main())


def handset_of(now: Scene, device: str) -> Handset:
    """A phone of the first company."""
    return next(h for h in now.handsets if h.device == device and h.house.id == "nord" and h.alive)


async def talk(now: Scene, caller: Handset, dialled: str = "102") -> None:
    """An answered call, some seconds old."""
    made = caller.phone.call(dialled)
    await now.clock.sleep(4)
    assert made.talking


async def restart(now: Scene, down: float = 0.0) -> None:
    """kill -9, and a new process after so many seconds."""
    await now.server.kill(now.own)
    await now.clock.sleep(down)
    await now.server.start()


@pytest.mark.parametrize("down", [0.0, 3.0])
@pytest.mark.parametrize("caller_ends", [True, False])
@pytest.mark.parametrize("caller", ["anna-1", "anna-2"])
def test_a_call_survives_is_held_resumed_and_ended_by_either_side(caller: str, caller_ends: bool, down: float) -> None:
    async def script(now: Scene, anna: Handset, carl: Handset) -> None:
        await talk(now, anna)
        await restart(now, down)
        await now.clock.sleep(4)  # anna-2 speaks TCP and has to connect again
        carl.talks[0].hold()
        await now.clock.sleep(1)
        assert [leg.held for leg in now.server.exchange.board.live_view()[0].parties] == [False, True]
        carl.talks[0].resume()
        await now.clock.sleep(1)
        ending, other = (anna, carl) if caller_ends else (carl, anna)
        ending.talks[0].hang_up()
        await now.clock.sleep(1)
        assert other.phone.idle
        assert other.phone.last.cause == "bye"

    (record,) = play(script, caller=caller)
    assert record.reason == "hung up"
    assert record.ended_by == ("user:anna" if caller_ends else "user:carl")
    assert record.answered is not None


def test_a_phone_that_moved_before_the_kill_hears_that_the_other_hung_up() -> None:
    async def script(now: Scene, anna: Handset, carl: Handset) -> None:
        await talk(now, anna)
        anna.move(31_000)
        await now.clock.sleep(3)
        await restart(now)
        carl.talks[0].hang_up()
        await now.clock.sleep(1)
        assert anna.phone.idle

    assert len(play(script)) == 1


@pytest.mark.parametrize("caller", ["anna-1", "anna-2"])
def test_a_ringing_call_is_interrupted_and_has_one_record(caller: str) -> None:
    async def script(now: Scene, anna: Handset, carl: Handset) -> None:
        carl.phone.manner = rings
        call = anna.phone.call("102")
        await now.clock.sleep(2)
        await restart(now)
        await now.clock.sleep(4 if caller == "anna-2" else 1)  # anna-2 speaks TCP and has to connect again
        assert now.server.exchange.board.live_view() == []
        assert call.statuses[-1] == 500
        assert anna.phone.idle
        assert carl.phone.idle
        assert carl.phone.last.cause == "cancel"

    (record,) = play(script, caller=caller)
    assert record.reason == "interrupted"
    assert record.answered is None


def test_a_phone_that_rings_over_a_stream_stops_once_it_has_connected_again() -> None:
    async def script(now: Scene, carl: Handset, anna: Handset) -> None:
        for device in ("anna-1", "anna-2"):
            handset_of(now, device).phone.manner = rings
        call = carl.phone.call("100")
        await now.clock.sleep(2)
        assert anna.phone.last.state == "ringing"
        await restart(now)
        await now.clock.sleep(4)
        assert call.statuses[-1] == 500
        assert anna.phone.idle
        assert handset_of(now, "anna-1").phone.idle

    (record,) = play(script, caller="carl-1", callee="anna-2")
    assert record.reason == "interrupted"


def test_a_blind_transfer_that_is_lost_brings_the_waiting_party_back() -> None:
    async def script(now: Scene, anna: Handset, carl: Handset) -> None:
        handset_of(now, "dora-1").phone.manner = rings
        await talk(now, anna)
        carl.talks[0].transfer("103")
        await now.clock.sleep(2)
        await restart(now)
        await now.clock.sleep(2)
        (state,) = now.server.exchange.board.live_view()
        assert [leg.party.device for leg in state.parties] == ["carl-1", "anna-1"]
        anna.talks[0].hang_up()
        await now.clock.sleep(1)
        assert carl.phone.idle

    assert sorted(record.reason for record in play(script)) == ["hung up", "interrupted"]


def test_a_second_kill_right_behind_the_first_changes_nothing() -> None:
    async def script(now: Scene, anna: Handset, carl: Handset) -> None:
        await talk(now, anna)
        for _ in range(3):
            await restart(now)
        anna.talks[0].hang_up()
        await now.clock.sleep(1)
        assert carl.phone.idle

    assert len(play(script)) == 1
