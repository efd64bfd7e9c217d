"""Keeping phones behind NAT reachable: who needs it, how it is spread, what it costs."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from vorzimmer.app.alive import Alive
from vorzimmer.kernel.address import Address
from vorzimmer.net.pump import Sink
from vorzimmer.presence.bindings import Bindings
from vorzimmer.presence.keepalive import PERIOD, PING, SLOTS, KeepAlive, is_behind_nat
from vorzimmer.sip.flow import Flow, Packet
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.registration import Binding, Visit
from vorzimmer.testing.loop import VirtualClock, run

OURS = Address("192.0.2.1", 5060)


def flow(number: int, transport: str = "udp") -> Flow:
    return Flow(transport, OURS, Address(f"198.51.100.{number % 250}", 10_000 + number))


def binding(number: int, uri: str = "sip:a@10.0.0.7:5060", transport: str = "udp") -> Binding:
    return Binding(uri, flow(number, transport), "c", 1, 3600.0)


def rounds(wheel: KeepAlive, start: float, seconds: float) -> Counter[Flow]:
    """Who was pinged how often from `start` on."""
    found: Counter[Flow] = Counter()
    while (due := wheel.next()) is not None and due <= start + seconds:
        found.update(wheel.due(due))
    return found


def test_only_datagrams_whose_contact_names_another_place_need_it() -> None:
    there = flow(1).remote
    assert is_behind_nat(binding(1))
    assert is_behind_nat(binding(1, f"sip:a@{there.host}:5062"))
    assert is_behind_nat(binding(1, "sip:a@phone.invalid"))
    assert not is_behind_nat(binding(1, f"sip:a@{there}"))
    assert not is_behind_nat(binding(1, transport="tcp"))
    assert not is_behind_nat(Binding("sip:a@10.0.0.7", flow(1), "c", 1, 9.0, path=("<sip:edge;lr>",)))


def test_everybody_is_pinged_once_a_period_and_never_in_a_burst() -> None:
    wheel = KeepAlive()
    for number in range(10_000):
        wheel.update(f"d{number}", (binding(number),), 0.0)
    bunches = []
    seen: Counter[Flow] = Counter()
    while (due := wheel.next()) is not None and due <= 2 * PERIOD + 0.01:
        found = wheel.due(due)
        bunches.append(len(found))
        seen.update(found)
    assert set(seen.values()) == {2}
    assert len(seen) == 10_000
    assert max(bunches) <= 10_000 // SLOTS + 1


def test_a_phone_that_leaves_is_pinged_no_more_and_nobody_means_no_timer() -> None:
    wheel = KeepAlive()
    wheel.update("a", (binding(1),), 5.0)
    wheel.update("b", (binding(1), binding(2)), 5.0)
    assert len(wheel) == 2
    wheel.update("b", (), 6.0)
    assert set(rounds(wheel, 6.0, PERIOD)) == {flow(1)}
    wheel.update("a", (), 40.0)
    assert (len(wheel), wheel.next()) == (0, None)
    wheel.update("a", (binding(3),), 1000.0)
    assert rounds(wheel, 1000.0, PERIOD + 0.2)[flow(3)] >= 1


def test_after_a_long_pause_everybody_is_pinged_once_not_often() -> None:
    wheel = KeepAlive()
    for number in range(50):
        wheel.update(f"d{number}", (binding(number),), 0.0)
    assert Counter(wheel.due(10 * PERIOD)) == Counter(flow(number) for number in range(50))
    assert wheel.due(10 * PERIOD) == []


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.lists(st.integers(0, 8), max_size=3)), max_size=40))
def test_any_coming_and_going_leaves_exactly_those_that_are_there(steps: list[tuple[int, list[int]]]) -> None:
    wheel = KeepAlive(slots=7)
    now: dict[int, list[int]] = {}
    for device, numbers in steps:
        now[device] = numbers
        wheel.update(f"d{device}", tuple(binding(number) for number in numbers), 0.0)
    wanted = {flow(number) for numbers in now.values() for number in numbers}
    assert set(rounds(wheel, 0.0, PERIOD + 0.01)) == wanted
    assert len(wheel) == len(wanted)


class Wire:
    """Transports that note what is sent."""

    def __init__(self) -> None:
        self.sent: list[Packet] = []

    def attach(self, sink: Sink) -> None:
        """Nobody listens."""

    def send(self, packet: Packet) -> None:
        self.sent.append(packet)

    def close_flow(self, flow: Flow) -> None:
        """Nothing is open."""


def test_one_alarm_serves_all_phones_and_is_gone_with_them() -> None:
    async def main() -> None:
        clock, wire, bindings = VirtualClock(), Wire(), Bindings()
        alive = Alive(bindings, clock, wire)
        bindings.watch(alive.changed)
        for number in range(3):
            headers = Headers([("Call-ID", "c"), ("CSeq", "1 REGISTER"), ("Contact", "<sip:a@10.0.0.7>;expires=600")])
            bindings.register(f"m/{number}", Request("REGISTER", "sip:x", headers), Visit(flow(number), clock.now()))
        await clock.sleep(PERIOD - 1)
        assert Counter(packet.to for packet in wire.sent) == Counter(flow(number) for number in range(3))
        assert {packet.data for packet in wire.sent} == {PING}
        for number in range(3):
            bindings.remove(f"m/{number}")
        await clock.sleep(2 * PERIOD)
        assert len(wire.sent) == 3
        alive.close()

    run(main())
