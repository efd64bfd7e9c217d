"""The simulated network: the same seed gives the same run, streams stay in order, weather does what it says."""

from hypothesis import given, settings
from hypothesis import strategies as st

from vorzimmer.kernel.address import Address
from vorzimmer.sip.flow import Flow, Hop, Packet
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.ladder import first_line
from vorzimmer.testing.loop import VirtualClock, run
from vorzimmer.testing.network import FAIR, ROUGH, Network, Node, Weather

PBX = Address("10.0.0.1", 5060)
PHONE = Address("10.0.0.2", 5062)


class Ear:
    """A sink that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[bytes, Flow]] = []
        self.flows: dict[str, Flow] = {}
        self.failures: list[str] = []
        self.gone: list[Flow] = []

    def received(self, data: bytes, flow: Flow) -> None:
        self.heard.append((data, flow))

    def closed(self, flow: Flow) -> None:
        self.gone.append(flow)

    def found(self, transaction: str, flow: Flow, *, spare: bool = False) -> None:
        self.flows[transaction] = flow

    def failed(self, transaction: str) -> None:
        self.failures.append(transaction)

    def waited(self, seconds: float) -> None:
        return

    def reading(self, flow: Flow) -> int | None:
        return None


def joined(weather: Weather = FAIR, seed: int = 1) -> tuple[Network, Node, Ear, Node, Ear]:
    network = Network(VirtualClock(), SeededChance(seed), weather)
    pbx, phone = network.join("pbx", PBX), network.join("phone", PHONE)
    at_pbx, at_phone = Ear(), Ear()
    pbx.attach(at_pbx)
    phone.attach(at_phone)
    return network, pbx, at_pbx, phone, at_phone


def test_a_datagram_arrives_and_can_be_answered_on_its_flow() -> None:
    async def main() -> None:
        network, pbx, at_pbx, phone, at_phone = joined()
        phone.send(Packet(b"hello", Hop("udp", *PBX), "t"))
        await network.clock.sleep(1)
        data, flow = at_pbx.heard[0]
        assert (data, flow.remote, flow.local) == (b"hello", PHONE, PBX)
        assert at_phone.flows["t"].remote == PBX
        pbx.send(Packet(b"yes", flow))
        await network.clock.sleep(1)
        assert at_phone.heard[0][0] == b"yes"
        assert network.in_flight == 0

    run(main())


def test_behind_nat_a_peer_sees_the_public_address() -> None:
    async def main() -> None:
        network, _, at_pbx, _, _ = joined()
        hidden = network.join("hidden", Address("192.168.1.5", 5060), public=Address("203.0.113.9", 40000))
        hidden.attach(Ear())
        hidden.send(Packet(b"x", Hop("udp", *PBX)))
        await network.clock.sleep(1)
        assert at_pbx.heard[0][1].remote == Address("203.0.113.9", 40000)
        assert hidden.sent_by(at_pbx.heard[0][1]) == Address("192.168.1.5", 5060)

    run(main())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=30))
def test_a_stream_stays_in_order_in_any_weather(seed: int, pieces: list[bytes]) -> None:
    async def main() -> None:
        network, _, at_pbx, phone, _ = joined(ROUGH, seed)
        for piece in pieces:
            phone.send(Packet(piece, Hop("tcp", *PBX)))
        await network.clock.sleep(60)
        assert b"".join(data for data, _ in at_pbx.heard) == b"".join(pieces)
        assert len({flow for _, flow in at_pbx.heard}) == 1
        assert network.in_flight == 0

    run(main())


def _ride(seed: int) -> list[bytes]:
    async def main() -> list[bytes]:
        network, _, at_pbx, phone, _ = joined(ROUGH, seed)
        for number in range(200):
            phone.send(Packet(b"%d" % number, Hop("udp", *PBX)))
        await network.clock.sleep(5)
        return [data for data, _ in at_pbx.heard]

    return run(main())


def test_rough_weather_loses_doubles_and_reorders_and_repeats_with_the_seed() -> None:
    first = _ride(7)
    assert first == _ride(7)
    assert first != _ride(8)
    numbers = [int(data) for data in first]
    assert set(numbers) < set(range(200))
    assert len(numbers) > len(set(numbers))
    assert numbers != sorted(numbers)


def test_closing_a_stream_tells_both_ends() -> None:
    async def main() -> None:
        network, pbx, at_pbx, phone, at_phone = joined()
        phone.send(Packet(b"x", Hop("tcp", *PBX), "t"))
        await network.clock.sleep(1)
        pbx.send(Packet(b"last words", at_pbx.heard[0][1]))
        pbx.close_flow(at_pbx.heard[0][1])
        await network.clock.sleep(1)
        assert at_phone.heard[0][0] == b"last words"
        assert at_phone.gone == [at_phone.flows["t"]]
        assert at_pbx.gone == [at_pbx.heard[0][1]]
        assert (pbx.connections, phone.connections) == (0, 0)
        phone.send(Packet(b"y", at_phone.flows["t"], "t2"))
        assert at_phone.failures == ["t2"]

    run(main())


def test_connecting_to_nobody_fails_and_a_second_packet_reuses_the_connection() -> None:
    async def main() -> None:
        network, _, at_pbx, phone, at_phone = joined()
        phone.send(Packet(b"x", Hop("tcp", "10.9.9.9", 5060), "nobody"))
        phone.send(Packet(b"a", Hop("tcp", *PBX), "one"))
        await network.clock.sleep(1)
        phone.send(Packet(b"b", Hop("tcp", *PBX), "two"))
        await network.clock.sleep(1)
        assert at_phone.failures == ["nobody"]
        assert at_phone.flows["one"] == at_phone.flows["two"]
        assert at_pbx.heard[0][1] == at_pbx.heard[1][1]

    run(main())


def test_a_node_that_is_cut_off_hears_nothing_until_mended() -> None:
    async def main() -> None:
        network, pbx, _, _, at_phone = joined()
        network.cut("phone")
        pbx.send(Packet(b"lost", Hop("udp", *PHONE)))
        await network.clock.sleep(1)
        network.mend("phone")
        pbx.send(Packet(b"heard", Hop("udp", *PHONE)))
        await network.clock.sleep(1)
        assert [data for data, _ in at_phone.heard] == [b"heard"]

    run(main())


def test_a_process_that_restarts_loses_its_connections_and_its_peers_are_told() -> None:
    async def main() -> None:
        network, pbx, at_pbx, phone, at_phone = joined()
        phone.send(Packet(b"x", Hop("tcp", *PBX), "t"))
        await network.clock.sleep(1)
        pbx.restart()
        reborn = Ear()
        pbx.attach(reborn)
        phone.send(Packet(b"into the void", at_phone.flows["t"]))
        phone.send(Packet(b"datagram", Hop("udp", *PBX)))
        await network.clock.sleep(1)
        assert at_phone.gone == [at_phone.flows["t"]]
        assert at_pbx.gone == []
        assert [data for data, _ in reborn.heard] == [b"datagram"]
        pbx.send(Packet(b"y", at_pbx.heard[0][1], "stale"))
        assert reborn.failures == ["stale"]
        pbx.leave(politely=False)
        phone.send(Packet(b"nobody there", Hop("udp", *PBX)))
        await network.clock.sleep(1)
        assert network.in_flight == 0

    run(main())


def test_the_ladder_shows_who_said_what_to_whom() -> None:
    async def main() -> None:
        network, pbx, _, phone, _ = joined()
        phone.send(Packet(b"INVITE sip:20@pbx SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n", Hop("udp", *PBX)))
        await network.clock.sleep(1)
        network.cut("phone")
        pbx.send(Packet(b"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n", Hop("udp", *PHONE)))
        head, invite, answer = network.ladder.diagram().splitlines()
        assert head.split() == ["phone", "pbx"]
        assert "INVITE 20@pbx" in invite
        assert invite.rstrip("|").rstrip().endswith(">")
        assert "<" in answer
        assert "200 OK (INVITE)" in answer
        assert answer.endswith("(lost)")

    run(main())


def test_a_ladder_survives_garbage() -> None:
    assert first_line(b"\r\n\r\n") == "keep-alive"
    assert first_line(b"\xff\xfe") == "\ufffd\ufffd"
