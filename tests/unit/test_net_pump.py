"""The pump with a scripted engine, in virtual time."""

from collections import deque
from typing import Any, cast

import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.errors import PeerError
from vorzimmer.net.pump import Pump, Sink
from vorzimmer.sip.engine import Engine
from vorzimmer.sip.events import Event, FlowGone, Malformed
from vorzimmer.sip.flow import Flow, Hop, Packet
from vorzimmer.testing.loop import VirtualClock, run

pytestmark = pytest.mark.sources

UDP = Flow("udp", Address("127.0.0.1", 5060), Address("127.0.0.1", 5070))
TCP = Flow("tcp", Address("127.0.0.1", 5060), Address("127.0.0.1", 5070), 7)


class ScriptedEngine:
    """Says what a test tells it to, and writes down what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.waits: list[tuple[Any, ...]] = []
        self.events: deque[Event] = deque()
        self.packets: list[Packet] = []
        self.timer: float | None = None
        self.on_receive: Any = None

    def waited(self, seconds: float, now: float) -> None:
        self.waits.append(("waited", seconds, now))

    def late(self, seconds: float, now: float) -> None:
        self.waits.append(("late", seconds, now))

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        self.calls.append(("receive", data, now))
        if self.on_receive:
            self.on_receive()

    def flow_closed(self, flow: Flow, now: float) -> None:
        self.calls.append(("closed", flow))

    def send_failed(self, transaction: str, now: float) -> None:
        self.calls.append(("failed", transaction))

    def flow_found(self, transaction: str, flow: Flow, now: float, *, spare: bool = False) -> None:
        self.calls.append(("found", transaction, flow))

    def handle_timer(self, now: float) -> None:
        self.calls.append(("timer", now))
        self.timer = None

    def get_timer(self) -> float | None:
        return self.timer

    def next_event(self) -> Event | None:
        return self.events.popleft() if self.events else None

    def to_send(self, now: float) -> list[Packet]:
        packets, self.packets = self.packets, []
        return packets


class Wire:
    """Transports that remember."""

    def __init__(self) -> None:
        self.sent: list[Packet] = []
        self.closed: list[Flow] = []
        self.sink: Sink | None = None
        self.log: list[str] = []

    def attach(self, sink: Sink) -> None:
        self.sink = sink

    def send(self, packet: Packet) -> None:
        if packet.data == b"boom":
            raise RuntimeError("socket bug")
        self.log.append("send")
        self.sent.append(packet)

    def close_flow(self, flow: Flow) -> None:
        self.log.append("close")
        self.closed.append(flow)


class Bench:
    def __init__(self) -> None:
        self.engine, self.wire, self.clock = ScriptedEngine(), Wire(), VirtualClock()
        self.bugs: list[str] = []
        self.pump = Pump(
            cast(Engine, self.engine), self.clock, self.wire, on_bug=lambda doing, error: self.bugs.append(doing)
        )


def test_received_bytes_become_events_and_packets_in_the_same_turn() -> None:
    async def main() -> None:
        bench = Bench()
        seen: list[Event] = []
        bench.pump.handle_with(seen.append)

        def invited() -> None:
            bench.engine.events.append(FlowGone(UDP))
            bench.engine.packets.append(Packet(b"100", UDP))

        bench.engine.on_receive = invited
        bench.pump.received(b"INVITE", UDP)
        assert bench.engine.calls == [("receive", b"INVITE", 0.0)]
        assert seen == [FlowGone(UDP)]
        assert [packet.data for packet in bench.wire.sent] == [b"100"]

    run(main())


def test_commands_of_a_handler_are_sent_without_another_turn() -> None:
    async def main() -> None:
        bench = Bench()

        def answer(event: Event) -> None:
            bench.engine.packets.append(Packet(b"200", UDP))
            bench.pump.kick()

        bench.pump.handle_with(answer)
        bench.engine.events.append(FlowGone(UDP))
        bench.pump.received(b"x", UDP)
        assert [packet.data for packet in bench.wire.sent] == [b"200"]
        assert bench.pump._kicked is None

    run(main())


def test_kicks_of_one_turn_become_one_drain() -> None:
    async def main() -> None:
        bench = Bench()
        for number in range(3):
            bench.engine.packets.append(Packet(b"%d" % number, UDP))
            bench.pump.kick()
        assert bench.wire.sent == []
        await bench.clock.sleep(0.001)
        assert [packet.data for packet in bench.wire.sent] == [b"0", b"1", b"2"]
        assert bench.pump._kicked is None

    run(main())


def test_a_handler_that_raises_is_reported_and_the_turn_goes_on() -> None:
    async def main() -> None:
        bench = Bench()
        seen: list[Event] = []

        def handler(event: Event) -> None:
            seen.append(event)
            if len(seen) == 1:
                raise KeyError("a bug in one call")

        bench.pump.handle_with(handler)
        bench.engine.events.extend([FlowGone(UDP), FlowGone(TCP)])
        bench.engine.packets.append(Packet(b"later", UDP))
        bench.engine.timer = 5.0
        bench.pump.received(b"x", UDP)
        assert seen == [FlowGone(UDP), FlowGone(TCP)]
        assert bench.bugs == ["handling FlowGone"]
        assert len(bench.wire.sent) == 1
        await bench.clock.sleep(6)
        assert ("timer", 5.0) in bench.engine.calls

    run(main())


def test_a_bug_in_sending_or_receiving_does_not_stop_the_pump() -> None:
    async def main() -> None:
        bench = Bench()
        bench.engine.packets.extend([Packet(b"boom", UDP), Packet(b"fine", UDP)])

        def broken() -> None:
            raise ValueError("engine bug")

        bench.engine.on_receive = broken
        bench.pump.received(b"x", UDP)
        assert bench.bugs == ["receiving", "sending"]
        assert [packet.data for packet in bench.wire.sent] == [b"fine"]

    run(main())


def test_one_alarm_follows_the_engines_deadline() -> None:
    async def main() -> None:
        bench = Bench()
        bench.engine.timer = 10.0
        bench.pump.received(b"a", UDP)
        bench.engine.timer = 2.0  # an earlier deadline moves the alarm
        bench.pump.received(b"b", UDP)
        await bench.clock.sleep(3)
        assert [call for call in bench.engine.calls if call[0] == "timer"] == [("timer", 2.0)]
        assert bench.engine.waits == [("late", 0.0, 2.0)]
        bench.pump.waited(0.5)
        assert bench.engine.waits[1:] == [("waited", 0.5, 3.0)]
        await bench.clock.sleep(10)
        assert [call[0] for call in bench.engine.calls].count("timer") == 1

    run(main())


def test_no_deadline_leaves_no_alarm_behind() -> None:
    async def main() -> None:
        bench = Bench()
        bench.engine.timer = 10.0
        bench.pump.received(b"a", UDP)
        bench.engine.timer = None
        bench.pump.received(b"b", UDP)
        assert bench.pump._alarm is None

    run(main())


def test_rfc3261_18_3_a_stream_that_lost_its_framing_is_closed_after_the_answer() -> None:
    async def main() -> None:
        bench = Bench()
        bench.engine.events.append(Malformed(TCP, PeerError("no length", 400), fatal=True))
        bench.engine.packets.append(Packet(b"400", TCP))
        bench.pump.received(b"garbage", TCP)
        assert bench.wire.closed == [TCP]
        assert bench.wire.log == ["send", "close"]

    run(main())


def test_a_bad_message_with_sound_framing_keeps_its_connection() -> None:
    async def main() -> None:
        bench = Bench()
        bench.engine.events.append(Malformed(TCP, PeerError("bad Via", 400)))
        bench.engine.events.append(Malformed(UDP, PeerError("garbage", 400, answerable=False)))
        bench.pump.received(b"x", TCP)
        assert bench.wire.closed == []

    run(main())


def test_results_of_transports_reach_the_engine() -> None:
    async def main() -> None:
        bench = Bench()
        bench.pump.found("t1", UDP)
        bench.pump.failed("t2")
        bench.pump.found("", UDP)
        bench.pump.failed("")
        bench.pump.closed(TCP)
        assert bench.engine.calls == [("found", "t1", UDP), ("failed", "t2"), ("closed", TCP)]

    run(main())


def test_a_closed_pump_is_silent() -> None:
    async def main() -> None:
        bench = Bench()
        bench.engine.timer = 4.0
        bench.pump.received(b"a", UDP)
        bench.pump.kick()
        bench.pump.close()
        bench.engine.packets.append(Packet(b"late", Hop("udp", "127.0.0.1", 5060)))
        bench.pump.received(b"b", UDP)
        bench.pump.kick()
        await bench.clock.sleep(10)
        assert bench.wire.sent == []
        assert [call[0] for call in bench.engine.calls] == ["receive"]

    run(main())
