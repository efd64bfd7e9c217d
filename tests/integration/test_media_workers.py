"""Media workers as processes: killed, replaced, left alone, and joined by a transfer (issue 2, point 5)."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from tests.media_rig import LoopClock, Phone, Workers, phone, start_workers, until

from vorzimmer.audio import detect, pcm
from vorzimmer.kernel.ids import CallId, EndpointId
from vorzimmer.media.embedded.client import EmbeddedMedia
from vorzimmer.media.port import Codec, MediaError, MediaPlan, Music, OpenSpec, Peer, Tone, WorkerLost
from vorzimmer.rtp import packet, rtcp

PCMA = (Codec("PCMA", 8),)
A, B, C, D = (EndpointId(name) for name in "abcd")


def _with(
    folder: Path, count: int, body: Callable[[Workers], Awaitable[None]], ports: tuple[int, int] = (23400, 23799)
) -> None:
    async def main() -> None:
        workers = await start_workers(folder, count, ports=ports)
        try:
            await body(workers)
        finally:
            await workers.stop()

    asyncio.run(main())


async def _open(workers: Workers, endpoint: EndpointId, call: str = "call") -> Phone:
    made = await workers.opened(OpenSpec(endpoint, CallId(call)))
    await workers.media.configure(endpoint, _plan(made))
    return made


def _plan(made: Phone) -> MediaPlan:
    return MediaPlan(made.address, PCMA, PCMA, 101, 101)


async def _talk(
    workers: Workers, call: str = "call", one: EndpointId = A, other: EndpointId = B
) -> tuple[Phone, Phone]:
    phones = await _open(workers, one, call), await _open(workers, other, call)
    await workers.media.hear(one, Peer(other))
    await workers.media.hear(other, Peer(one))
    return phones


async def _hears(listener: Phone, speaker: Phone) -> None:
    listener.drain()
    speaker.send(b"to be heard".ljust(160))
    while (await asyncio.wait_for(listener.heard.get(), 2))[12:] != b"to be heard".ljust(160):
        pass


def test_killed_worker_is_noticed_within_a_second_and_its_replacement_is_used(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        await _talk(workers)
        clock = LoopClock()
        before = clock.now()
        await workers.processes[0].kill(signal.SIGKILL)
        assert await workers.event() == WorkerLost((A, B))
        assert clock.now() - before < 1.0
        with pytest.raises(MediaError):
            await workers.media.open(OpenSpec(C, CallId("next")))
        await workers.processes[0].start()
        await until(lambda: all(workers.media.workers().values()))
        a, b = await _talk(workers)
        await _hears(a, b)

    _with(tmp_path, 1, body)


def test_only_the_dead_workers_calls_are_lost_and_new_ones_go_elsewhere(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        await _talk(workers, "first", A, B)
        c, d = await _talk(workers, "second", C, D)
        await workers.processes[0].kill(signal.SIGKILL)
        assert await workers.event() == WorkerLost((A, B))
        await _hears(c, d)
        e, f = await _talk(workers, "third", EndpointId("e"), EndpointId("f"))
        await _hears(e, f)

    _with(tmp_path, 2, body)


def test_an_endpoint_is_opened_without_waiting_once_ports_are_reserved(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        assert await workers.media.adopt(()) == ()
        await workers.media.open(OpenSpec(C, CallId("first"), "four"))
        await workers.media.statistics(C)  # by then the ports are here
        opening = workers.media.open(OpenSpec(A, CallId("next"), "four"))
        with pytest.raises(StopIteration) as done:
            opening.send(None)
        assert 23400 <= done.value.value.port < 23800
        await workers.media.close(A)
        a, b = await _talk(workers, "third")
        await _hears(a, b)

    _with(tmp_path, 1, body)


def test_a_worker_that_dies_before_it_has_opened_an_endpoint_is_told(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        await workers.media.adopt(())
        await workers.media.open(OpenSpec(C, CallId("first"), "four"))
        await workers.media.statistics(C)
        workers.processes[0].raise_signal(signal.SIGSTOP)
        await workers.media.open(OpenSpec(A, CallId("next"), "four"))
        await workers.processes[0].kill()
        lost = await workers.event()
        assert isinstance(lost, WorkerLost)
        assert set(lost.endpoints) == {A, C}

    _with(tmp_path, 1, body)


def test_calls_are_spread_over_workers_and_a_call_stays_together(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        ranges = [config.config.listeners[0] for config in workers.processes]
        for number in range(4):
            call = CallId(str(number))
            ports = [(await workers.media.open(OpenSpec(EndpointId(f"{number}{n}"), call))).port for n in range(2)]
            homes = {index for port in ports for index, side in enumerate(ranges) if side.low <= port <= side.high}
            assert homes == {number % 2}

    _with(tmp_path, 2, body)


def test_audio_goes_on_while_control_is_gone_and_the_next_control_adopts(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        a, b = await _talk(workers)
        c = await _open(workers, C)
        await workers.media.hear(C, Music())
        await workers.media.stop()
        await _hears(a, b)
        assert len(await asyncio.wait_for(c.heard.get(), 1)) == 172
        again = EmbeddedMedia(tuple(each.config.socket for each in workers.processes), LoopClock(), generation=2)
        await again.start()
        workers.media = again
        assert await again.adopt((A, B, EndpointId("never"))) == (A, B)
        await _hears(b, a)
        await again.hear(A, Tone("busy"))
        assert (await a.next()).payload_type == 8
        with pytest.raises(MediaError):
            await again.statistics(C)

    _with(tmp_path, 1, body)


def test_an_older_control_is_refused(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        await _open(workers, A)
        old = EmbeddedMedia((workers.processes[0].config.socket,), LoopClock(), generation=0)
        await old.start(0.3)
        assert not any(old.workers().values())
        with pytest.raises(MediaError):
            await old.open(OpenSpec(B, CallId("x")))
        await old.stop()
        assert (await workers.media.statistics(A)).received == 0

    _with(tmp_path, 1, body)


def test_sessions_left_alone_are_ended(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        process = workers.processes[0]
        assert await process.kill(signal.SIGTERM) == 0
        await until(lambda: not any(workers.media.workers().values()))
        process.config = msgspec.structs.replace(process.config, alone=0.2)
        await process.start()
        await until(lambda: all(workers.media.workers().values()))
        c = await _open(workers, C)
        await workers.media.hear(C, Music())
        await workers.media.stop()
        await c.next()
        await _until_quiet(c)
        workers.media = EmbeddedMedia((process.config.socket,), LoopClock(), generation=2)
        await workers.media.start()
        assert await workers.media.adopt((C,)) == ()

    _with(tmp_path, 1, body)


async def _until_quiet(made: Phone) -> None:
    try:
        async with asyncio.timeout(5):
            while True:
                await made.next(0.3)
    except (TimeoutError, AssertionError):
        assert made.heard.empty()


def test_a_transfer_across_workers_is_one_stream_with_music_and_digits(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        a, b = await _talk(workers, "first", A, B)
        c, _ = await _talk(workers, "second", C, D)
        await _hears(a, b)
        await workers.media.hear(A, Music())
        for _ in range(5):
            await a.next()
        await workers.media.hear(A, Peer(C))
        await workers.media.hear(C, Peer(A))
        await workers.media.close(B)
        await workers.media.close(D)
        await _hears(a, c)
        await _hears(c, a)
        c.press("9")
        seen = await a.next()
        assert seen.payload_type == 101
        assert (await workers.event()).__class__.__name__ == "DigitHeard"
        assert workers.events.empty()
        for endpoint in (A, C):
            await workers.media.close(endpoint)

    _with(tmp_path, 2, body)


def test_bridges_survive_a_restart_of_control_and_end_with_their_call(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        a, c = await _open(workers, A, "first"), await _open(workers, C, "second")
        await workers.media.hear(A, Peer(C))
        await workers.media.stop()
        sockets = tuple(each.config.socket for each in workers.processes)
        workers.media = EmbeddedMedia(sockets, LoopClock(), generation=2)
        await workers.media.start()
        assert await workers.media.adopt((A, C)) == (A, C)
        await _hears(a, c)
        await workers.media.close(C)
        c.send(b"nobody hears this".ljust(160))
        assert await workers.media.adopt((A,)) == (A,)
        assert a.heard.empty()

    _with(tmp_path, 2, body)


def test_a_killed_worker_takes_only_its_half_of_a_bridge(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        a = await _open(workers, A, "first")
        await _open(workers, C, "second")
        await workers.media.hear(A, Peer(C))
        await workers.processes[1].kill(signal.SIGKILL)
        assert await workers.event() == WorkerLost((C,))
        await workers.media.hear(A, Tone("busy"))
        await a.next()

    _with(tmp_path, 2, body)


def test_ringback_of_425_hz_is_heard_over_the_wire_in_real_time(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        a = await _open(workers, A)
        await workers.media.hear(A, Tone("ringback"))
        clock, sound = LoopClock(), b""
        start = clock.now()
        while len(sound) < 40 * 160:
            data = await asyncio.wait_for(a.heard.get(), 1)
            sound += data[12:]
        assert clock.now() - start == pytest.approx(0.8, abs=0.2)
        assert detect.tone(pcm.alaw_decode(sound), 8000).frequency == pytest.approx(425, abs=5)

    _with(tmp_path, 1, body)


def test_resume_after_music_is_one_stream_over_the_wire(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        a, b = await _talk(workers)
        seen: list[packet.Header] = []
        for _ in range(5):
            b.send(bytes(160))
            seen.append(await a.next())
        await workers.media.hear(A, Music())
        seen += [await a.next() for _ in range(10)]
        await workers.media.hear(A, Peer(B))
        b.send(b"!" * 160)
        while seen[-1].marker is False or len(seen) < 16:
            seen.append(await a.next())
        assert {each.ssrc for each in seen} == {seen[0].ssrc}
        numbers = [each.sequence for each in seen]
        assert numbers == [(numbers[0] + n) & 0xFFFF for n in range(len(seen))]

    _with(tmp_path, 1, body)


def test_drained_ports_do_not_carry_an_old_call(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        a, b = await _talk(workers)
        await workers.media.close(A)
        await workers.media.close(B)
        with pytest.raises(MediaError, match="no free media port"):
            await workers.media.open(OpenSpec(C, CallId("next")))
        a.send(bytes(160))
        assert b.heard.empty()

    _with(tmp_path, 1, body, ports=(23800, 23803))


def test_rtcp_reports_come_to_the_port_beside(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        a, b = await _talk(workers)
        control = await phone()
        workers.phones.append(control)
        control.to = a.to._replace(port=a.to.port + 1)
        await _hears(b, a)
        hello = rtcp.receiver_report(rtcp.ReceiverReport(a.ssrc))
        control.transport.sendto(hello, tuple(control.to))
        data = await asyncio.wait_for(control.heard.get(), 7)
        assert any(isinstance(each, rtcp.ReceiverReport) for each in rtcp.parse(data))

    _with(tmp_path, 1, body)


def test_ipv6_phones_are_served(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        made = await phone("::1", ssrc=5)
        workers.phones.append(made)
        made.to = await workers.media.open(OpenSpec(A, CallId("six"), family=6))
        assert made.to.host == "::1"
        await workers.media.configure(A, _plan(made))
        b = await _open(workers, B, "six")
        await workers.media.hear(A, Peer(B))
        await workers.media.hear(B, Peer(A))
        await _hears(b, made)
        await _hears(made, b)

    _with(tmp_path, 1, body)


def test_a_worker_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vorzimmer.media.embedded.link.ANSWER_SECONDS", 0.2)

    async def body(workers: Workers) -> None:
        a = await _open(workers, A)
        assert await workers.media.adopt((A,)) == (A,)
        workers.processes[0].raise_signal(signal.SIGSTOP)
        with pytest.raises(MediaError, match="does not answer"):
            await workers.media.hear(A, Music())
        assert await workers.event() == WorkerLost((A,))
        workers.processes[0].raise_signal(signal.SIGCONT)
        await until(lambda: all(workers.media.workers().values()))
        b = await _open(workers, B)
        await workers.media.hear(B, Tone("busy"))
        await b.next()
        await _until_quiet(a)  # its session was closed as soon as the worker could be told

    _with(tmp_path, 1, body)


def test_a_worker_that_hangs_is_given_up_although_nobody_asks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vorzimmer.media.embedded.link.ANSWER_SECONDS", 0.3)
    monkeypatch.setattr("vorzimmer.media.embedded.link.CHECK_SECONDS", 0.2)

    async def body(workers: Workers) -> None:
        await _open(workers, A)
        workers.processes[0].raise_signal(signal.SIGSTOP)
        assert await workers.event() == WorkerLost((A,))
        workers.processes[0].raise_signal(signal.SIGCONT)

    _with(tmp_path, 1, body)


def test_a_control_with_an_older_generation_is_welcome_when_no_other_is_there(tmp_path: Path) -> None:
    async def body(workers: Workers) -> None:
        await workers.media.stop()
        workers.media = EmbeddedMedia((workers.processes[0].config.socket,), LoopClock(), generation=0)
        await workers.media.start()
        await _open(workers, A)

    _with(tmp_path, 1, body)
