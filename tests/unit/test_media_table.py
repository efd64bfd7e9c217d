"""Ports, drains, adoption, silence and bridges in a worker's table (issue 2, point 5)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.media_table import A, B, Bench, C, Voice, voice, where

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import LocalError, PeerError
from vorzimmer.kernel.ids import CallId, EndpointId
from vorzimmer.media.embedded import protocol as wire
from vorzimmer.media.embedded.config import Listener, WorkerConfig, split
from vorzimmer.media.embedded.ports import PortPool
from vorzimmer.media.port import FellSilent, MediaError, MediaPlan, Music, Peer
from vorzimmer.rtp import rtcp
from vorzimmer.testing.loop import run


def test_ports_are_advertised_and_even() -> None:
    async def body() -> None:
        bench = Bench()
        opened = await bench.table.open(wire.Open(A, CallId("call")))
        assert opened == wire.Opened("203.0.113.9", 20000)
        assert bench.pairs[20000].host == "192.0.2.1"

    run(body())


def test_a_reserved_port_serves_one_endpoint_and_no_other() -> None:
    async def body() -> None:
        bench = Bench()
        reserved = await bench.table.reserve(wire.Reserve("", 4, 2))
        assert reserved == wire.Reserved("203.0.113.9", (20000, 20002))
        assert (await bench.table.open(wire.Open(A, CallId("call")))).port == 20004
        assert (await bench.table.open(wire.Open(B, CallId("call"), port=20002))).port == 20002
        for port in (20002, 20004, 20006):
            with pytest.raises(MediaError):
                await bench.table.open(wire.Open(C, CallId("call"), port=port))

    run(body())


def test_what_is_reserved_goes_back_when_control_begins_anew() -> None:
    async def body() -> None:
        bench = Bench(ports=(20000, 20007))
        assert (await bench.table.reserve(wire.Reserve("", 4, 9))).ports == (20000, 20002)  # of four, half
        assert bench.table.adopt((), bench.now) == ()
        with pytest.raises(MediaError):
            await bench.table.open(wire.Open(A, CallId("call"), port=20000))
        bench.now += 10.0
        bench.table.sweep(bench.now)
        for number in range(4):
            await bench.table.open(wire.Open(EndpointId(str(number)), CallId("call")))

    run(body())


def test_what_is_reserved_is_closed_with_the_process() -> None:
    async def body() -> None:
        bench = Bench()
        await bench.table.reserve(wire.Reserve("", 4, 3))
        bench.table.shut(bench.now)
        assert len(bench.pairs) == 3
        assert all(pair.closed for pair in bench.pairs.values())

    run(body())


def test_ports_of_other_programs_are_passed_over() -> None:
    async def body() -> None:
        bench = Bench()
        bench.taken = {20000, 20002}
        assert (await bench.table.open(wire.Open(A, CallId("call")))).port == 20004
        bench.taken = set(range(20000, 20100))
        with pytest.raises(MediaError):
            await bench.table.open(wire.Open(B, CallId("call")))

    run(body())


def test_released_ports_are_drained_before_reuse() -> None:
    async def body() -> None:
        bench = Bench(ports=(20000, 20001))
        pair = await bench.open(A)
        phone = voice(bench, pair, A)
        phone.say(3)
        bench.table.close(A, bench.now)
        with pytest.raises(MediaError):
            await bench.open(B)
        bench.now += 4.0
        phone.say(1)  # the old call's phone has not stopped yet
        bench.now += 4.0
        bench.table.sweep(bench.now)
        assert not pair.closed
        bench.now += 2.0
        bench.table.sweep(bench.now)
        assert (await bench.open(B)).port == pair.port  # its sockets have stayed open

    run(body())


def test_old_calls_ssrc_never_reaches_a_new_one() -> None:
    async def body() -> None:
        bench = Bench(ports=(20000, 20003))
        pair_a, pair_b = await bench.open(A), await bench.open(B)
        voice(bench, pair_a, A, ssrc=77).say(3)
        bench.table.close(A, bench.now)
        bench.now += 6
        bench.table.sweep(bench.now)
        pair_c = await bench.open(C)
        assert pair_c.port == pair_a.port
        await bench.join(B, C)
        Voice(bench, pair_c, tuple(where(C)), ssrc=77).say(5)
        assert pair_b.sent == []
        voice(bench, pair_c, C, ssrc=78).say(1)
        assert len(pair_b.sent) == 1

    run(body())


def test_a_port_that_is_never_quiet_is_freed_at_last() -> None:
    pool = PortPool(20000, 20001, cooldown=5.0)
    port, _ = pool.take()
    pool.release(port, 0.0, frozenset({1}))
    for second in range(60):
        pool.heard(port, second)
        assert pool.dry(second) == []
    assert pool.dry(60.0) == [port]
    assert pool.take() == (port, frozenset({1}))


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 10)), max_size=40))
@settings(max_examples=60, deadline=None)
def test_a_pair_is_never_used_twice_nor_before_its_cooldown(steps: list[tuple[bool, float]]) -> None:
    pool, used, released, now = PortPool(100, 109, 5.0), set[int](), dict[int, float](), 0.0
    for take, wait in steps:
        now += wait
        pool.dry(now)
        if take and pool.free():
            port, _ = pool.take()
            assert port not in used
            assert now - released.get(port, -5.0) >= 5.0
            used.add(port)
        elif used:
            port = used.pop()
            released[port] = now
            pool.release(port, now, frozenset())


def test_fell_silent_once_per_silence_and_not_on_hold() -> None:
    async def body() -> None:
        bench = Bench()
        pair = await bench.open(A)
        phone = voice(bench, pair, A)
        phone.say(10)
        for _ in range(40):
            bench.now += 1
            bench.table.sweep(bench.now)
        assert [event.endpoint for event in bench.events if isinstance(event, FellSilent)] == [A]
        phone.say(1)
        bench.table.sweep(bench.now)
        bench.configure(A, receives=False)
        for _ in range(40):
            bench.now += 1
            bench.table.sweep(bench.now)
        assert len(bench.events) == 1
        bench.configure(A)
        bench.now += 29
        bench.table.sweep(bench.now)
        assert len(bench.events) == 1
        bench.now += 2
        bench.table.sweep(bench.now)
        assert len(bench.events) == 2

    run(body())


def test_adopt_keeps_bridges_between_two_who_live() -> None:
    async def body() -> None:
        bench = Bench()
        await bench.open(A)
        for name, ends in (("kept", (A, EndpointId("elsewhere"))), ("gone", (A, B))):
            await bench.table.open(wire.Open(EndpointId(name), CallId("x"), bridge=ends))
        kept = bench.table.adopt((A, EndpointId("elsewhere")), bench.now)
        assert {each.endpoint for each in kept} == {A, "kept"}

    run(body())


def test_a_bridge_is_on_loopback_and_takes_only_its_other_end() -> None:
    async def body() -> None:
        bench = Bench()
        pair_a = await bench.open(A)
        near = EndpointId("near")
        opened = await bench.table.open(wire.Open(near, CallId("x"), bridge=(A, B)))
        assert opened.host == "127.0.0.1"
        far = Address("127.0.0.1", 61000)
        plan = MediaPlan(far, (), bench.table.find(A).plan.receive_codecs)  # type: ignore[union-attr]  # it has one
        bench.table.configure(near, plan, bench.now)
        await bench.table.hear(A, Peer(near))
        Voice(bench, bench.pairs[opened.port], ("127.0.0.1", 6666)).say(5)
        assert pair_a.sent == []
        Voice(bench, bench.pairs[opened.port], tuple(far)).say(5)
        assert len(pair_a.sent) == 5

    run(body())


def test_everything_closed_leaves_nothing() -> None:
    async def body() -> None:
        bench = Bench()
        await bench.open(A)
        await bench.open(B)
        await bench.join(A, B)
        await bench.table.hear(A, Music())
        bench.table.close(A, bench.now)
        bench.table.close(B, bench.now)
        assert bench.table.sessions == {}
        assert bench.table.player.playing == {}
        bench.now += 6
        bench.table.sweep(bench.now)
        bench.table.shut(bench.now)
        assert all(pair.closed for pair in bench.pairs.values())

    run(body())


def test_rfc3550_6_reports_tell_what_was_lost() -> None:
    async def body() -> None:
        bench = Bench()
        pair_a, pair_b = await bench.open(A), await bench.open(B)
        await bench.join(A, B)
        phone = voice(bench, pair_a, A)
        phone.say(50)
        phone.sequence += 10
        phone.say(40)
        bench.report()
        data, to = pair_a.control[0]
        assert to == (where(A).host, 4001)
        received = next(each for each in rtcp.parse(data) if isinstance(each, rtcp.ReceiverReport))
        assert received.blocks[0].lost == 10
        sent = next(each for each in rtcp.parse(pair_b.control[0][0]) if isinstance(each, rtcp.SenderReport))
        assert sent.packets == 90

    run(body())


def test_rtcp_goes_where_the_phones_rtcp_comes_from() -> None:
    async def body() -> None:
        bench = Bench()
        pair = await bench.open(A)
        voice(bench, pair, A).say(5)
        report = rtcp.receiver_report(rtcp.ReceiverReport(7)) + rtcp.source_description(rtcp.SourceDescription(7, "x"))
        pair.rtcp(report, ("203.0.113.66", 6666), bench.now)
        pair.rtcp(report, (where(A).host, 4999), bench.now)
        bench.report(3.2)
        assert {to for _, to in pair.control} == {(where(A).host, 4999)}

    run(body())


@given(st.integers(1, 9), st.integers(1000, 1200), st.integers(0, 300))
def test_ranges_are_split_without_overlap(count: int, low: int, width: int) -> None:
    sockets = tuple(str(n) for n in range(count))
    listener = Listener("", "192.0.2.1", "", low, low + width)
    try:
        configs = split((listener,), sockets)
    except LocalError:
        assert width < 2 * count + 2
        return
    ports = [port for config in configs for port in _pairs(config)]
    assert len(ports) == len(set(ports))
    assert all(low <= port <= low + width for port in ports)
    assert all(_pairs(config) for config in configs)
    assert all(config.is_own(Address("192.0.2.1", port)) for config in configs for port in ports)


def _pairs(config: WorkerConfig) -> list[int]:
    (listener,) = config.listeners
    pool = PortPool(listener.low, listener.high)
    return [each for _ in range(pool.free()) for port in [pool.take()[0]] for each in (port, port + 1)]


@given(st.lists(st.binary(max_size=30), max_size=5), st.integers(1, 7))
def test_frames_come_out_as_they_went_in(bodies: list[bytes], size: int) -> None:
    stream = b"".join(len(body).to_bytes(4) + body for body in bodies)
    frames, out = wire.Frames(), list[bytes]()
    for at in range(0, len(stream), size):
        out += frames.feed(stream[at : at + size])
    assert out == bodies


@given(st.binary(max_size=60))
def test_garbage_on_the_wire_is_a_peer_error(data: bytes) -> None:
    for read in (wire.read_request, wire.read_answer):
        try:
            read(data)
        except PeerError:
            continue


def test_a_frame_beyond_the_limit_is_refused() -> None:
    with pytest.raises(PeerError):
        wire.Frames().feed(b"\xff\xff\xff\xff")


def test_requests_and_answers_survive_the_wire() -> None:
    request = wire.Request(7, wire.Hear(A, Music("x.wav")))
    assert wire.read_request(wire.frame(request)[4:]) == request
    reply = wire.Reply(7, wire.Opened("192.0.2.1", 20000))
    assert wire.read_answer(wire.frame(reply)[4:]) == reply
    push = wire.Push(FellSilent(A, 30.0))
    assert wire.read_answer(wire.frame(push)[4:]) == push


def test_an_address_of_the_other_family_is_refused() -> None:
    async def body() -> None:
        bench = Bench()
        await bench.open(A)
        with pytest.raises(MediaError):
            bench.configure(A, remote=Address("2001:db8::7", 4000))
        bench.configure(A, remote=Address("a-name.example", 4000))

    run(body())
