"""Overload: new work is turned away early, cheaply and in the right order; what was begun goes on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.sip import doorkeeper
from vorzimmer.sip.arrived import tag_of
from vorzimmer.sip.engine import EngineConfig
from vorzimmer.sip.events import Invited
from vorzimmer.sip.message import Response, parse
from vorzimmer.sip.overload import BURST, HOLD, TARGET, WINDOW, Overload, Work
from vorzimmer.sip.urgency import begins_something
from vorzimmer.testing.peer import OURS, Peer


def behind(load: Overload, seconds: float, wait: float, start: float = 0.0) -> float:
    """So many seconds in which every message waits for so long."""
    now = start
    while now < start + seconds:
        now += 0.01
        load.waited(wait, now)
    return now


def test_a_short_burst_is_let_in() -> None:
    load = Overload()
    now = 0.0
    for _ in range(100):
        for wait in (0.2, 0.1, 0.0):
            now += WINDOW / 3
            load.waited(wait, now)
            assert not any(load.refuses(work) for work in Work)
    assert not load.standing
    load.waited(BURST[Work.CALL] + 0.01, now)
    assert load.refuses(Work.CALL), "its phone is about to repeat it"
    assert not load.refuses(Work.BEGUN)


def test_while_a_queue_stands_only_who_waited_little_comes_in() -> None:
    load = Overload()
    now = behind(load, 1.0, 2 * TARGET)
    assert load.standing
    assert [load.refuses(work) for work in Work] == [True, False, False]
    now = behind(load, 0.02, 0.1, now)
    assert [load.refuses(work) for work in Work] == [True, True, False]
    now = behind(load, 0.02, 0.5, now)
    assert [load.refuses(work) for work in Work] == [True, True, True]
    assert load.refused == 6
    now = behind(load, HOLD / 2, 0.0, now)
    assert load.standing, "it was emptied by refusing"
    behind(load, HOLD, 0.0, now)
    assert not load.standing


def test_after_a_quiet_time_the_past_is_forgotten() -> None:
    load = Overload()
    now = behind(load, 5.0, 1.0)
    load.waited(0.05, now + 2 * HOLD)
    assert not load.standing
    assert not load.refuses(Work.CALL)


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0.001, 0.5)), max_size=100), st.floats(0, 0.999))
def test_settings_are_refused_before_calls_and_begun_ones_last(waits: list[tuple[float, float]], roll: float) -> None:
    load, now = Overload(), 0.0
    for wait, step in waits:
        now += step
        load.waited(wait, now)
        refused = [load.refuses(work) for work in Work]
        assert refused == sorted(refused, reverse=True)
        assert all(2 <= load.retry_after(work, roll) <= 60 for work in Work)


def test_over_streams_one_late_alarm_turns_nobody_away() -> None:
    peer = Peer("tcp")
    peer.engine.late(1.0, 0.05)
    peer.send("INVITE", body=b"offer")
    assert peer.last_response().status == 100
    for step in range(1, 41):
        peer.engine.late(0.5, step * WINDOW * 1.1)
    peer.call_id = "other"
    peer.send("INVITE", body=b"offer")
    assert peer.last_response().status == 503


def pressed(vital: str = "nobody") -> Peer:
    """A server that is hopelessly behind."""
    peer = Peer(config=EngineConfig(lambda _: OURS, vital=lambda uri: vital in uri))
    press(peer)
    return peer


def press(peer: Peer) -> None:
    for step in range(1, 41):
        peer.engine.waited(1.0, step * WINDOW * 1.1)


def call(peer: Peer, number: int) -> int:
    """A call of its own; how it was answered at once."""
    peer.call_id = f"call-{number}"
    peer.send("INVITE", body=b"offer")
    return peer.last_response().status


def test_rfc3261_21_5_4_overload_refuses_without_state_and_says_when_to_come_again() -> None:
    peer = pressed()
    statuses = [call(peer, number) for number in range(40)]
    assert set(statuses) == {503}
    refused = [m for m in peer.sent if isinstance(m, Response) and m.status == 503]
    assert all(2 <= int(response.headers.get("Retry-After")) <= 10 for response in refused)
    assert len(peer.of(Invited)) == statuses.count(100)
    assert peer.engine.turned_away == statuses.count(503)


ROWS = [
    "INVITE sip:bob@192.0.2.1 SIP/2.0",
    "Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKone;rport",
    "Max-Forwards: 70",
    'From: "Ann" <sip:ann@192.0.2.2>;tag=ann',
    "To: <sip:bob@192.0.2.1>",
    "Call-ID: one",
    "CSeq: 7 INVITE",
    "Contact: <sip:ann@192.0.2.2>",
    "Content-Length: 0",
]
MANNERS = {
    "as phones write it": (ROWS, True),
    "in compact form": (
        [row.replace("Via:", "v:").replace("Call-ID", "i").replace("To:", "t :") for row in ROWS],
        True,
    ),
    "without rport": ([row.replace(";rport", "") for row in ROWS], True),
    "behind a proxy": ([*ROWS[:2], "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKtwo", *ROWS[2:]], False),
    "folded": ([*ROWS[:3], "From: <sip:ann@192.0.2.2>", " ;tag=ann", *ROWS[4:]], False),
    "with two values in Via": (
        [row.replace(";rport", ", SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK2") for row in ROWS],
        False,
    ),
    "of an older standard": ([row.replace("z9hG4bK", "") for row in ROWS], False),
    "with credentials": ([*ROWS, 'authorization: Digest username="ann"'], None),
    "in a dialog": ([row.replace("192.0.2.1>", "192.0.2.1>;tag=x") for row in ROWS], None),
}


@pytest.mark.parametrize("manner", MANNERS)
def test_rfc3261_8_2_6_a_call_is_refused_at_the_door_as_it_would_be_inside(manner: str) -> None:
    rows, at_the_door = MANNERS[manner]
    data = "\r\n".join([*rows, "", ""]).encode()
    assert (doorkeeper.read(data) is not None) is bool(at_the_door)
    if at_the_door is None:
        return
    answers = []
    for standing in (True, False):  # in a mere burst it is refused the usual way
        peer = pressed() if standing else Peer()
        peer.engine.waited(1.0, 0.05 if not standing else 5.0)
        peer.engine.receive(data, peer.flow, peer.now)
        peer.take()
        answers.append((peer.last_response(), peer.packets[-1].to))
    (quick, there), (usual, elsewhere) = answers
    assert there == elsewhere
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        assert quick.headers.get_all(name) == usual.headers.get_all(name)
    assert quick.status == usual.status == 503
    assert "Retry-After" in quick.headers


@given(st.binary(max_size=200), st.integers(0, 400))
def test_garbage_at_the_door_is_left_to_the_usual_way_or_refused(noise: bytes, at: int) -> None:
    data = "\r\n".join([*ROWS, "", ""]).encode()
    caller = doorkeeper.read(data[:at] + noise + data[at:])
    if caller is not None:
        parse(doorkeeper.refusal(caller, Peer().flow, 5))


def test_decision_9_overload_never_refuses_emergency_calls() -> None:
    peer = pressed(vital="bob")
    assert [call(peer, number) for number in range(40)] == [100] * 40


def test_overload_never_refuses_what_goes_on_or_is_repeated() -> None:
    for seed in range(20):
        peer = Peer(seed=seed)
        branch = peer.send("INVITE", body=b"offer")
        press(peer)
        peer.send("INVITE", body=b"offer", branch=branch)
        assert peer.last_response().status == 100
        peer.engine.accept(peer.of(Invited)[0].leg, peer.now)
        peer.take()
        tag = tag_of(peer.last_response().headers.get("To"))
        peer.send("ACK", tag=tag)
        peer.send("BYE", 2, tag=tag)
        assert peer.responses("BYE") == [200]
        assert peer.engine.turned_away == 0


def test_at_a_glance_what_begins_and_what_goes_on() -> None:
    fresh = b"INVITE sip:1@x SIP/2.0\r\nTo: <sip:1@x>\r\nFrom: <sip:2@x>;tag=1\r\n\r\n"
    inside = b"INVITE sip:1@x SIP/2.0\r\nt : <sip:1@x> ; tag=7\r\nFrom: <sip:2@x>;tag=1\r\n\r\n"
    assert begins_something(fresh)
    assert begins_something(fresh.replace(b"INVITE", b"CANCEL"))
    assert not begins_something(inside)
    assert not begins_something(b"SIP/2.0 200 OK\r\n\r\n")
    assert not begins_something(b"ACK sip:1@x SIP/2.0\r\nTo: <sip:1@x>\r\n\r\n")
    assert not begins_something(b"")
