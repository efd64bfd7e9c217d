"""Lamps through a whole server: who may watch, what is told, when a watcher is gone (RFC 6665, 4235)."""

import pytest
from tests.simulation.companies import NORD, SUED, change, company_file, switch
from tests.watch_bench import Bench, play

from vorzimmer.kernel.address import Address
from vorzimmer.presence.bindings import Contact
from vorzimmer.presence.sources import MOST_ALIKE, MOST_OF_ITSELF
from vorzimmer.presence.whereabouts import way_to
from vorzimmer.sip.dialog import Dialog
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.subscription import Event, Subscription
from vorzimmer.testing.phone import rings
from vorzimmer.testing.phone_watch import Watch


def test_rfc6665_4_2_1_2_an_accepted_subscription_is_told_the_state_at_once() -> None:
    async def script(bench: Bench) -> None:
        anna, bea = await bench.phone("anna-1"), await bench.phone("bea-1")
        watch = await bench.watch(anna, "101")
        assert watch.statuses == [200]
        assert 480 <= watch.granted <= 600
        (notify,) = watch.notifies
        assert notify.headers.get("Event") == "dialog"
        assert notify.headers.get("Subscription-State").startswith("active;expires=")
        assert notify.headers.get("Content-Type") == "application/dialog-info+xml"
        assert b'version="0" state="full"' in notify.body
        assert watch.right == "idle"
        assert b"offline" not in notify.body
        assert bea.alive

    play(script)


@pytest.mark.parametrize("package", ["reg", "message-summary", "as-feature-event", "dialog"])
def test_a_phone_that_subscribes_to_the_same_again_and_again_is_turned_away(package: str) -> None:
    """Ids and places of its own choice make each of them another one."""

    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1")
        watches = [await bench.watch(anna, "100", f"{package};id={number}") for number in range(20)]
        assert [watch.statuses[-1] for watch in watches] == [200] * MOST_OF_ITSELF + [403] * (20 - MOST_OF_ITSELF)
        assert bench.subscriptions == MOST_OF_ITSELF
        assert (await bench.watch(anna, "101")).statuses == [200]

    play(script)


def test_rfc4235_a_lamp_follows_ringing_talking_hold_and_the_end() -> None:
    async def script(bench: Bench) -> None:
        anna, bea, carl = [await bench.phone(name) for name in ("anna-1", "bea-1", "carl-1")]
        bea.phone.manner = rings
        lamps = {name: await bench.watch(anna, name) for name in ("101", "102")}
        call = carl.phone.call("101")
        await bench.clock.sleep(2)
        assert [lamp.right for lamp in lamps.values()] == ["early", "early"]
        assert b'direction="recipient"' in lamps["101"].documents[-1]
        assert b'direction="initiator"' in lamps["102"].documents[-1]
        bea.phone.last.answer()
        await bench.clock.sleep(2)
        assert [lamp.right for lamp in lamps.values()] == ["confirmed", "confirmed"]
        carl.phone.last.hold()
        await bench.clock.sleep(2)
        assert b"sip.rendering" in lamps["102"].documents[-1]
        assert b"sip.rendering" not in lamps["101"].documents[-1]
        call.hang_up()
        await bench.clock.sleep(2)
        assert [lamp.right for lamp in lamps.values()] == ["idle", "idle"]
        for lamp in lamps.values():
            assert lamp.versions == sorted(set(lamp.versions))
            assert [version + 1 for version in lamp.versions] == lamp.cseqs

    play(script)


def test_bas_7_a_colleague_sees_that_somebody_talks_and_only_oneself_with_whom() -> None:
    async def script(bench: Bench) -> None:
        anna, bea, carl = [await bench.phone(name) for name in ("anna-1", "bea-1", "carl-1")]
        mine, colleague = await bench.watch(bea, "101"), await bench.watch(anna, "101")
        carl.phone.call("101")
        await bench.clock.sleep(4)
        assert mine.right == colleague.right == "confirmed"
        assert b"<remote>" in mine.documents[-1]
        assert b"sip:102@" in mine.documents[-1]
        assert b"<remote>" not in colleague.documents[-1]
        assert b"102" not in colleague.documents[-1]

    play(script)


@pytest.mark.parametrize(
    ("target", "status"),
    [("199", 404), ("sip:101@sued.example", 404), ("sip:101@elsewhere.example", 404), ("tel:101", 404)],
)
def test_nobody_watches_what_is_not_there_or_another_companys_and_both_look_the_same(target: str, status: int) -> None:
    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1")
        target_there = target.replace("sued.example", SUED.domain)
        watch = await bench.watch(anna, target_there)
        assert watch.statuses == [status]
        assert bench.subscriptions == 0

    play(script)


@pytest.mark.parametrize(
    ("event", "expires", "status"),
    [("presence", 600, 489), ("", 600, 489), ("dialog", 10, 423), ("dialog", 60, 200), ("dialog;id=7", 600, 200)],
)
def test_rfc6665_4_2_1_1_refusals(event: str, expires: int, status: int) -> None:
    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1")
        watch = await bench.watch(anna, "101", event, expires)
        assert watch.statuses == [status]
        if status == 200:
            assert watch.notifies[0].headers.get("Event") == event

    play(script)


def test_rfc6665_4_4_3_a_fetch_is_told_once_and_leaves_nothing() -> None:
    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1")
        watch = await bench.watch(anna, "101", expires=0)
        assert watch.over == "timeout"
        assert len(watch.documents) == 1
        assert bench.subscriptions == 0

    play(script)


def test_rfc6665_4_1_2_2_a_refresh_prolongs_and_is_told_the_full_state_and_a_zero_ends_it() -> None:
    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1")
        watch = await bench.watch(anna, "101", expires=60)
        await bench.clock.sleep(40)
        watch.subscribe()
        await bench.clock.sleep(40)
        assert watch.statuses == [200, 200]
        assert len(watch.notifies) == 2
        assert bench.subscriptions == 1
        watch.subscribe(0)
        await bench.clock.sleep(2)
        assert watch.over == "timeout"
        assert bench.subscriptions == 0
        watch.subscribe(60)
        await bench.clock.sleep(2)
        assert watch.statuses[-1] == 481

    play(script)


def test_rfc6665_4_2_2_what_is_not_refreshed_ends_with_a_word() -> None:
    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1")
        watch = await bench.watch(anna, "101", expires=60)
        await bench.clock.sleep(61)
        assert watch.over == "timeout"
        assert bench.subscriptions == 0

    play(script)


@pytest.mark.parametrize("answer", ["deaf", "481", "404", "500"])
def test_rfc6665_4_2_2_a_watcher_that_does_not_take_its_notify_is_dropped(answer: str) -> None:
    async def script(bench: Bench) -> None:
        anna, bea, carl = [await bench.phone(name) for name in ("anna-1", "bea-1", "carl-1")]
        carl.phone.manner = rings
        watch = await bench.watch(anna, "101")
        watch.deaf = answer == "deaf"
        watch.answers = [(int(answer), ())] if answer != "deaf" else []
        bea.phone.call("102")
        await bench.clock.sleep(40)
        assert bench.subscriptions == 0

    play(script)


def test_rfc6665_4_2_2_a_watcher_that_asks_for_time_is_told_the_newest_later() -> None:
    async def script(bench: Bench) -> None:
        anna, bea, carl = [await bench.phone(name) for name in ("anna-1", "bea-1", "carl-1")]
        watch = await bench.watch(anna, "101")
        watch.answers = [(503, (("Retry-After", "5"),))]
        call = bea.phone.call("102")
        await bench.clock.sleep(3)
        assert watch.right == "idle"
        await bench.clock.sleep(4)
        assert watch.right == "confirmed"
        call.hang_up()
        await bench.clock.sleep(2)
        assert watch.right == "idle"
        assert carl.alive

    play(script)


def test_a_slow_watcher_has_one_notify_out_and_gets_the_newest() -> None:
    async def script(bench: Bench) -> None:
        anna, bea, _ = [await bench.phone(name) for name in ("anna-1", "bea-1", "carl-1")]
        watch = await bench.watch(anna, "101")
        bench.network.cut(anna.node.name)
        for _ in range(4):
            call = bea.phone.call("102")
            await bench.clock.sleep(3)
            call.hang_up()
            await bench.clock.sleep(0.5)
        bea.phone.call("102")
        await bench.clock.sleep(3)
        bench.network.mend(anna.node.name)
        before = len(watch.notifies)
        await bench.clock.sleep(10)
        assert watch.right == "confirmed"
        assert len(watch.notifies) <= before + 2

    play(script)


def test_blf_1_several_keys_of_a_phone_may_show_the_same_and_count_once() -> None:
    async def script(bench: Bench) -> None:
        anna, bea, carl = [await bench.phone(name) for name in ("anna-1", "bea-1", "carl-1")]
        carl.phone.manner = rings
        await bench.server.apply(company_file(NORD).replace("company:\n", "company:\n  limits: {monitors: 1}\n", 1))
        keys = [await bench.watch(anna, "102") for _ in range(MOST_ALIKE)]
        assert bench.subscriptions == MOST_ALIKE
        bea.phone.call("102")
        await bench.clock.sleep(2)
        assert [key.right for key in keys] == ["early"] * MOST_ALIKE
        await bench.watch(anna, "102")
        assert bench.subscriptions == MOST_ALIKE
        keys[0].subscribe()
        await bench.clock.sleep(1)
        assert keys[0].statuses == [200, 481]
        assert (await bench.watch(anna, "101")).statuses == [403]

    play(script)


def test_what_a_restarted_phone_left_behind_is_asked_for_and_found_to_be_gone() -> None:
    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1")
        first = await bench.watch(anna, "101")
        anna.phone.watches.remove(first)  # nobody there knows of it any more: a NOTIFY gets 481
        second = await bench.watch(anna, "101")
        await bench.clock.sleep(1)
        assert bench.subscriptions == 1
        assert second.established
        assert (await bench.watch(anna, "101", expires=0)).statuses == [200]
        assert bench.subscriptions == 1
        assert second.established

    play(script)


def test_what_came_over_a_connection_without_a_registration_ends_with_the_connection() -> None:
    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1", transport="tcp")
        watch = await bench.watch(anna, "101")
        anna.phone.register(0)
        await bench.clock.sleep(2)
        assert watch.over == "timeout"
        stranger = await bench.watch(anna, "101")
        assert stranger.statuses == [200]
        assert bench.subscriptions == 1
        anna.node.leave(politely=True)
        await bench.clock.sleep(60)
        assert bench.subscriptions == 0

    play(script)


def test_a_phone_whose_registration_ends_watches_nothing() -> None:
    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1")
        watch = await bench.watch(anna, "101")
        anna.phone.register(0)
        await bench.clock.sleep(2)
        assert watch.over == "timeout"
        assert bench.subscriptions == 0

    play(script)


def test_a_phone_that_moves_is_told_at_its_new_place() -> None:
    async def script(bench: Bench) -> None:
        anna, bea, carl = [await bench.phone(name) for name in ("anna-1", "bea-1", "carl-1")]
        carl.phone.manner = rings
        watch = await bench.watch(anna, "101")
        anna.move(31_000)
        await bench.clock.sleep(2)
        bea.phone.call("102")
        await bench.clock.sleep(2)
        assert watch.right == "early"

    play(script)


def test_blf_3_not_registered_is_not_idle() -> None:
    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1")
        watch = await bench.watch(anna, "102")
        assert b"<offline" in watch.documents[-1]
        carl = await bench.phone("carl-1")
        await bench.clock.sleep(1)
        assert b"<offline" not in watch.documents[-1]
        carl.phone.register(0)
        await bench.clock.sleep(1)
        assert b"<offline" in watch.documents[-1]

    play(script)


def test_blf_1_a_phone_watches_no_more_than_its_company_allows() -> None:
    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1")
        await bench.server.apply(company_file(NORD).replace("company:\n", "company:\n  limits: {monitors: 2}\n", 1))
        watches = [await bench.watch(anna, target) for target in ("100", "101", "102", "101")]
        assert [watch.statuses[-1] for watch in watches] == [200, 200, 403, 200]
        assert (await bench.watch(anna, "102", expires=0)).statuses == [200]
        assert (await bench.watch(anna, "100", "reg")).statuses == [200]

    play(script)


def test_features_0_5_a_removed_user_ends_the_lamp_and_a_new_name_changes_nothing() -> None:
    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1")
        watch = await bench.watch(anna, "101")
        await bench.server.apply(change(NORD, "bea", "name: Somebody Else"))
        await bench.clock.sleep(1)
        assert len(watch.notifies) == 1
        await bench.server.apply(change(NORD, "bea", 'extension: "177"'))
        await bench.clock.sleep(1)
        assert b"sip:177@" in watch.documents[-1]

    play(script)


def test_rfc3680_a_phone_watches_its_own_registration_and_nobody_elses() -> None:
    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1")
        watch = await bench.watch(anna, "100", "reg")
        assert b'state="active"' in watch.documents[-1]
        assert b"<uri>sip:" in watch.documents[-1]
        anna.register()
        await bench.clock.sleep(1)
        assert len(watch.notifies) == 2
        assert (await bench.watch(anna, "101", "reg")).statuses == [404]

    play(script)


def test_message_summary_is_answered_with_nothing_waiting() -> None:
    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1")
        watch = await bench.watch(anna, "100", "message-summary")
        assert watch.notifies[-1].body == b"Messages-Waiting: no\r\n"
        assert (await bench.watch(anna, "101", "message-summary")).statuses == [404]

    play(script)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_t25_after_a_restart_the_lamp_is_right_with_a_higher_version(transport: str) -> None:
    async def script(bench: Bench) -> None:
        anna, bea = await bench.phone("anna-1", transport=transport), await bench.phone("bea-1")
        carl = await bench.phone("carl-1")
        watch = await bench.watch(anna, "101")
        call = bea.phone.call("102")
        await bench.clock.sleep(3)
        assert watch.right == "confirmed"
        version = watch.versions[-1]
        await bench.restart()
        await bench.clock.sleep(6)
        assert watch.right == "confirmed"
        assert watch.versions[-1] > version
        version = watch.versions[-1]
        await bench.restart(2.0)
        call.hang_up()
        await bench.clock.sleep(6)
        assert watch.right == "idle"
        assert watch.versions[-1] > version
        watch.subscribe()
        await bench.clock.sleep(2)
        assert watch.statuses[-1] == 200
        assert carl.alive
        assert bench.subscriptions == 1

    play(script)


def test_features_0_5_a_device_that_is_switched_off_watches_nothing_and_learns_nothing_more() -> None:
    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1")
        watch = await bench.watch(anna, "101")
        await bench.server.apply(switch(NORD, "anna-1", on=False))
        await bench.clock.sleep(2)
        assert watch.over == "rejected"
        assert watch.notifies[-1].body == b""
        assert bench.subscriptions == 0

    play(script)


def test_nobody_refreshes_or_ends_another_accounts_subscription() -> None:
    async def script(bench: Bench) -> None:
        anna, bea = await bench.phone("anna-1"), await bench.phone("bea-1")
        stranger = await bench.phone("anna-1", SUED)
        watch = await bench.watch(anna, "102")
        for thief in (bea, stranger):
            stolen = Watch(thief.phone, watch.target, "dialog", watch.call_id, 0)
            stolen._to, stolen._cseq = watch._to, 10
            thief.phone.watches.append(stolen)
            stolen.subscribe()
            await bench.clock.sleep(2)
            assert stolen.statuses == [481]
        assert bench.subscriptions == 1
        assert watch.over == ""

    play(script)


def test_the_way_to_a_watcher_among_phones_that_share_an_account() -> None:
    here = Address("192.0.2.1", 5060)
    places = (("10.0.0.1", 1), ("10.0.0.2", 2), ("10.0.0.2", 3))
    flows = [Flow("udp", here, Address(*place)) for place in places]
    dialog = Dialog("c", "<sip:a@b>;tag=x", "<sip:c@d>;tag=y")
    one = Subscription(dialog, Event("dialog", "dialog"), flows[0])

    def way(target: str, now: Flow | None, *contacts: tuple[str, Flow]) -> Flow | None:
        dialog.target, one.flow = target, now
        return way_to(one, tuple(Contact("d", uri, flow) for uri, flow in contacts))

    assert way("sip:p@h1", flows[0]) == flows[0]
    assert way("sip:p@h1", None) is None
    assert way("sip:p@h1", flows[0], ("sip:q@h2", flows[1]), ("sip:p@h1", flows[2])) == flows[2]
    assert way("sip:p@h1;x", flows[0], ("sip:q@h2", flows[1]), ("sip:p@h3", flows[0])) == flows[0]
    assert way("sip:p@h1;x", flows[0], ("sip:q@h2", flows[1]), ("sip:p@h1", flows[2])) == flows[2]
    assert way("sip:p@h9", flows[2], ("sip:q@h2", flows[0]), ("sip:p@h1", flows[1])) == flows[1]
    assert way("tel:1", None, ("sip:q@h2", flows[0]), ("sip:p@h1", flows[1])) == flows[0]


@pytest.mark.parametrize("event", ["dialog", "as-feature-event", "message-summary"])
@pytest.mark.parametrize("after", [0.0, 0.3])
def test_t25_a_subscription_outlives_a_kill_in_the_moment_after_it_was_accepted(event: str, after: float) -> None:
    async def script(bench: Bench) -> None:
        anna = await bench.phone("anna-1")
        await bench.clock.sleep(2)
        watch = await bench.watch(anna, "100", event)
        await bench.clock.sleep(after)
        before = len(watch.notifies)
        await bench.restart()
        await bench.clock.sleep(3)
        assert bench.subscriptions == 1
        assert len(watch.notifies) > before
        watch.subscribe()
        await bench.clock.sleep(1)
        assert watch.statuses == [200, 200]
        watch.subscribe(0)
        await bench.clock.sleep(0.1)
        await bench.restart()
        await bench.clock.sleep(3)
        assert bench.subscriptions == 0

    play(script)


def test_t25_a_phone_that_registered_in_the_moment_before_a_kill_rings_after_it() -> None:
    async def script(bench: Bench) -> None:
        carl = await bench.phone("carl-1")
        await bench.clock.sleep(2)
        bea = await bench.phone("bea-1")
        await bench.restart()
        await bench.clock.sleep(1)
        carl.phone.call("101")
        await bench.clock.sleep(1)
        assert len(bea.phone.calls) == 1

    play(script)
