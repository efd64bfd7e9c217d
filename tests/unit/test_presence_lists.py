"""All lamps of a phone in one subscription (RFC 4662), and what colleagues let be seen (FEATURES.md BLF-1, BLF-4)."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.list_keys import ACCEPT, EVENTLIST, Keys
from tests.simulation.companies import NORD, change
from tests.watch_bench import Bench, play

from vorzimmer.admin.edit import Edit
from vorzimmer.admin.world import Actor
from vorzimmer.app.watchers import watchers
from vorzimmer.directory.ref import Ref
from vorzimmer.presence.lists import Member, document
from vorzimmer.presence.markup import filled
from vorzimmer.presence.multipart import BOUNDARY
from vorzimmer.presence.pieces import Chosen, Pieces
from vorzimmer.testing.phone import rings
from vorzimmer.testing.phone_watch import Watch


async def listed(bench: Bench, members: str, transport: str = "udp") -> Watch:
    await bench.server.apply(change(NORD, "anna", f"monitors: [{members}]"))
    anna = await bench.phone("anna-1", transport=transport)
    watch = await bench.watch(anna, "lamps", lines=EVENTLIST)
    await bench.clock.sleep(2)
    return watch


async def monitors(bench: Bench, *members: str) -> None:
    """Anna changes her own list."""
    edit = Edit(Ref("user", "anna"), {"monitors": list(members)})
    await bench.server.door.edit(NORD.id, [edit], Actor("anna", NORD.id, "anna"))
    await bench.clock.sleep(2)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_rfc4662_one_subscription_shows_all_lamps(transport: str) -> None:
    async def script(bench: Bench) -> None:
        bea, carl = await bench.phone("bea-1"), await bench.phone("carl-1")
        carl.phone.manner = rings
        watch = await listed(bench, '"user:bea", "user:carl", "user:dora"', transport)
        assert watch.statuses == [200]
        keys = Keys(watch)
        assert keys.names == {"101": "Bea", "102": "Carl", "103": "Dora"}
        assert keys.shows == {"101": "idle", "102": "idle", "103": "idle"}
        assert watch.notifies[0].body.count(b"<resource") == 3
        before = len(watch.notifies)
        call = bea.phone.call("102")
        await bench.clock.sleep(2)
        assert Keys(watch).shows == {"101": "early", "102": "early", "103": "idle"}
        later = b"".join(notify.body for notify in watch.notifies[before:])
        assert b"sip:103@" not in later, "what has not changed is not told again"
        call.hang_up()
        await bench.clock.sleep(2)
        assert set(Keys(watch).shows.values()) == {"idle"}
        assert bench.subscriptions == 1

    play(script)


def test_rfc4662_4_1_a_phone_that_knows_no_lists_gets_none_unless_its_kind_does() -> None:
    async def script(bench: Bench) -> None:
        await bench.server.apply(change(NORD, "anna", 'monitors: ["user:bea"]'))
        plain = await bench.phone("anna-1")
        assert (await bench.watch(plain, "lamps")).statuses == [421]
        other = (("Accept", "application/dialog-info+xml"), ("Supported", "eventlist"))
        assert (await bench.watch(plain, "lamps", lines=other)).statuses == [406]
        assert (await bench.watch(plain, "lamps", lines=(("Accept", ACCEPT),))).statuses == [200]
        known = await bench.phone("anna-2", agent="Yealink SIP-T46S 66.85.0.5")
        watch = await bench.watch(known, "LAMPS")
        assert watch.statuses == [200]
        assert Keys(watch).names == {"101": "Bea"}

    play(script)


def test_rfc4662_5_2_a_refresh_is_told_everything_anew() -> None:
    async def script(bench: Bench) -> None:
        watch = await listed(bench, '"user:bea", "user:carl"')
        watch.subscribe()
        await bench.clock.sleep(2)
        assert watch.notifies[-1].body.count(b"<resource") >= 1
        full = [b'fullState="true"' in notify.body for notify in watch.notifies]
        assert full.count(True) == 2
        assert Keys(watch).shows == {"101": "idle", "102": "idle"}

    play(script)


def test_blf_1_a_list_follows_the_settings_and_names_what_has_no_lamp_yet() -> None:
    async def script(bench: Bench) -> None:
        watch = await listed(bench, '"user:bea"')
        await monitors(bench, "user:carl", "number:+4915112345678", "device:bea-1")
        keys = Keys(watch)
        assert list(keys.names) == ["102", "+4915112345678", "nord-bea-1"]
        assert set(keys.shows) == {"102", "nord-bea-1"}
        assert keys.gone == {"+4915112345678"}
        await bench.server.apply(change(NORD, "carl", "name: Karl"))
        await bench.clock.sleep(2)
        assert Keys(watch).names["102"] == "Karl"
        await monitors(bench)
        assert Keys(watch).names == {}

    play(script)


def test_t25_a_list_is_right_after_a_kill() -> None:
    async def script(bench: Bench) -> None:
        bea, carl = await bench.phone("bea-1"), await bench.phone("carl-1")
        carl.phone.manner = rings
        watch = await listed(bench, '"user:bea", "user:carl"')
        await bench.restart()
        await bench.clock.sleep(3)
        bea.phone.call("102")
        await bench.clock.sleep(2)
        assert Keys(watch).shows == {"101": "early", "102": "early"}
        watch.subscribe(0)
        await bench.clock.sleep(2)
        assert watch.over == "timeout"
        assert bench.subscriptions == 0

    play(script)


def test_a_list_and_keys_of_its_own_live_side_by_side_and_end_apart() -> None:
    async def script(bench: Bench) -> None:
        bea = await bench.phone("bea-1")
        watch = await listed(bench, '"user:bea"')
        anna = bench.handsets[-1]
        single = await bench.watch(anna, "101")
        watch.subscribe(0)
        await bench.clock.sleep(2)
        bea.phone.call("177")
        await bench.clock.sleep(0.2)
        assert single.right in {"early", "confirmed"}

    play(script)


def test_nothing_stale_is_kept_of_members_that_nobody_watches_any_more() -> None:
    async def script(bench: Bench) -> None:
        bea, carl = await bench.phone("bea-1"), await bench.phone("carl-1")
        carl.phone.manner = rings
        watch = await listed(bench, '"user:bea", "user:carl"')
        watch.subscribe(0)
        await bench.clock.sleep(2)
        bea.phone.call("102")
        await bench.clock.sleep(2)
        anna = bench.handsets[-1]
        again = await bench.watch(anna, "lamps", lines=EVENTLIST)
        single = await bench.watch(anna, "102")
        await bench.clock.sleep(2)
        assert Keys(again).shows == {"101": "early", "102": "early"}
        assert single.right == "early"

    play(script)


def test_people_can_see_who_watches_what() -> None:
    async def script(bench: Bench) -> None:
        bea = await bench.phone("bea-1")
        await listed(bench, '"user:bea", "user:carl"')
        anna = bench.handsets[-1]
        await bench.watch(anna, "101")
        await bench.watch(anna, "100", "as-feature-event")
        await bench.watch(anna, "100", "message-summary")
        await bench.server.apply(change(NORD, "anna", "dnd: true"))
        bea.phone.call("177")
        await bench.clock.sleep(0.5)
        exchange = bench.server.exchange
        rows = watchers(exchange.watching, exchange.lamps, "nord", exchange.pump.now())
        assert [(row.device, row.package, row.what, row.shows) for row in rows] == [
            ("anna-1", "as-feature-event", "features_user:anna", "dnd"),
            ("anna-1", "dialog", "lamps_user:anna", "2 lamps"),
            ("anna-1", "dialog", "user:bea", "ringing"),
            ("anna-1", "message-summary", "mailbox:anna-1", ""),
        ]
        assert {row.state for row in rows} <= {"told", "waiting"}
        assert watchers(exchange.watching, exchange.lamps, "sued", 0.0) == []

    play(script)


def test_a_lost_notify_of_a_list_makes_the_next_one_full() -> None:
    async def script(bench: Bench) -> None:
        bea, carl = await bench.phone("bea-1"), await bench.phone("carl-1")
        carl.phone.manner = rings
        watch = await listed(bench, '"user:bea", "user:carl"')
        watch.answers = [(503, (("Retry-After", "5"),))]
        bea.phone.call("102")
        await bench.clock.sleep(10)
        assert Keys(watch).shows == {"101": "early", "102": "early"}
        assert watch.notifies[-1].body.count(b"<resource") <= 2
        assert [b'fullState="true"' in notify.body for notify in watch.notifies].count(True) == 2

    play(script)


# -- what colleagues let be seen ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("shows", "direction", "party"),
    [("state", False, False), ("direction", True, False), ("party", True, True)],
)
def test_blf_4_colleagues_see_what_somebody_lets_them_see(shows: str, direction: bool, party: bool) -> None:
    async def script(bench: Bench) -> None:
        await bench.server.apply(change(NORD, "bea", f"lamp: {shows}"))
        anna, _, carl = [await bench.phone(name) for name in ("anna-1", "bea-1", "carl-1")]
        watch = await bench.watch(anna, "101")
        carl.phone.call("101")
        await bench.clock.sleep(4)
        assert watch.right == "confirmed"
        assert (b"direction=" in watch.documents[-1]) is direction
        assert (b"102" in watch.documents[-1]) is party
        assert b"call-id" not in watch.documents[-1]

    play(script)


def test_features_0_5_who_may_see_less_sees_less_at_once_and_nothing_ends_the_lamp() -> None:
    async def script(bench: Bench) -> None:
        anna, bea, carl = [await bench.phone(name) for name in ("anna-1", "bea-1", "carl-1")]
        watch, mine = await bench.watch(anna, "101"), await bench.watch(bea, "101")
        carl.phone.call("101")
        await bench.clock.sleep(4)
        assert b"direction=" in watch.documents[-1]
        await bench.server.apply(change(NORD, "bea", "lamp: state"))
        await bench.clock.sleep(1)
        assert b"direction=" not in watch.documents[-1]
        await bench.server.apply(change(NORD, "bea", "lamp: nothing"))
        await bench.clock.sleep(1)
        assert watch.over == "rejected"
        assert (await bench.watch(anna, "101")).statuses == [404]
        assert mine.right == "confirmed"
        assert bench.subscriptions == 1

    play(script)


def test_blf_4_a_list_leaves_out_who_shows_nothing() -> None:
    async def script(bench: Bench) -> None:
        await bench.phone("bea-1")
        watch = await listed(bench, '"user:bea", "user:carl"')
        await bench.server.apply(change(NORD, "bea", "lamp: nothing"))
        await bench.clock.sleep(2)
        keys = Keys(watch)
        assert keys.gone == {"101"}
        assert set(keys.shows) == {"102"}

    play(script)


# -- documents and pieces -------------------------------------------------------------------------------------------
@given(st.lists(st.tuples(st.text(), st.text()), max_size=8))
def test_whatever_names_hold_a_list_is_well_formed(people: list[tuple[str, str]]) -> None:
    members = [Member(str(number), uri, name, "state") for number, (uri, name) in enumerate(people)]
    parts = tuple((member.resource, b"<x/>") for member in members)
    body = filled(document("sip:lamps@a.example", members, Chosen(parts, first=True, more=False)), 3, "tok")
    pieces = body.split(f"--{BOUNDARY}".encode())
    assert len(pieces) == len(people) + 3
    root = ElementTree.fromstring(pieces[1].partition(b"\r\n\r\n")[2])
    assert len(root) == len(people)
    assert root.get("version") == "3"


names = st.sampled_from("abc")
bodies = st.binary(max_size=40)


@given(
    st.lists(st.one_of(st.dictionaries(names, bodies, max_size=3), st.just("lost")), max_size=20), st.integers(0, 60)
)
def test_bit_by_bit_everything_is_told_once_and_nothing_twice(steps: list[dict[str, bytes] | str], space: int) -> None:
    pieces, known = Pieces(), dict[str, bytes]()
    for step in steps:
        if isinstance(step, str):
            pieces.forget("k")
            known = {}
            continue
        for _ in range(len(step) + 1):
            chosen = pieces.choose("k", step.items(), space)
            assert all(known.get(name) != body for name, body in chosen.parts)
            assert sum(len(body) for _, body in chosen.parts[1:]) <= space or len(chosen.parts) == 1
            known.update(chosen.parts)
            if not chosen.more:
                break
        assert all(known[name] == body for name, body in step.items())
