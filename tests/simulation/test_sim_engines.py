"""Engines and pumps over the simulated network: in any weather a call ends the same on both sides."""

import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import LegId
from vorzimmer.net.pump import Pump
from vorzimmer.sip.engine import Engine, EngineConfig, InviteSpec
from vorzimmer.sip.events import Acked, Answered, Ended, Event, Failed, Invited
from vorzimmer.sip.flow import Hop
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.loop import VirtualClock, run
from vorzimmer.testing.network import ROUGH, Network, Weather

SDP = b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
LEG = LegId("call")


class Phone:
    """Accepts every call, remembers everything."""

    def __init__(self, network: Network, name: str, host: str) -> None:
        self.node = network.join(name, Address(host, 5060))
        self.engine = Engine(EngineConfig(sent_by=self.node.sent_by), SeededChance(len(name)))
        self.pump = Pump(self.engine, network.clock, self.node, on_bug=self._bug)
        self.pump.handle_with(self._handle)
        self.events: list[Event] = []
        self.bugs: list[str] = []

    def _bug(self, doing: str, error: Exception) -> None:
        self.bugs.append(f"{doing}: {error!r}")

    def _handle(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Invited):
            now = self.pump.now()
            self.engine.ring(event.leg, now)
            self.engine.accept(event.leg, now, body=SDP, extra=(("Content-Type", "application/sdp"),))

    def saw(self, *kinds: type) -> list[Event]:
        return [event for event in self.events if isinstance(event, kinds)]


async def _call(network: Network, transport: str) -> tuple[Phone, Phone]:
    anna, bea = Phone(network, "anna", "10.0.0.1"), Phone(network, "bea", "10.0.0.2")
    spec = InviteSpec("sip:bea@10.0.0.2", Hop(transport, "10.0.0.2", 5060), "<sip:anna@x>", "<sip:bea@x>", SDP)
    anna.engine.invite(LEG, spec, anna.pump.now())
    anna.pump.kick()
    await network.clock.sleep(40)
    anna.engine.end(LEG, anna.pump.now())
    anna.pump.kick()
    await network.clock.sleep(120)
    return anna, bea


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("seed", range(10))
def test_a_call_in_rough_weather_is_one_call_and_leaves_nothing(transport: str, seed: int) -> None:
    async def main() -> None:
        network = Network(VirtualClock(), SeededChance(seed), ROUGH)
        anna, bea = await _call(network, transport)
        ladder = network.ladder.diagram()
        assert anna.bugs + bea.bugs == [], ladder
        assert len(bea.saw(Invited)) == 1, ladder
        assert len(anna.saw(Answered)) == 1, ladder
        assert len(bea.saw(Acked)) == 1, ladder
        assert len(bea.saw(Ended)) == 1, ladder
        assert anna.engine.idle(), ladder
        assert bea.engine.idle(), ladder
        assert network.in_flight == 0

    run(main())


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_when_every_packet_is_lost_the_call_fails_and_leaves_nothing(transport: str) -> None:
    async def main() -> None:
        network = Network(VirtualClock(), SeededChance(0), Weather(loss=1.0))
        network.cut("bea")
        anna, bea = await _call(network, transport)
        failed = anna.saw(Failed)
        assert [type(event) for event in anna.events] == [Failed]
        assert isinstance(failed[0], Failed)
        assert failed[0].status in {408, 503}
        assert bea.events == []
        assert anna.engine.idle()

    run(main())


def test_a_run_repeats_with_its_seed() -> None:
    def ride(seed: int) -> str:
        async def main() -> str:
            network = Network(VirtualClock(), SeededChance(seed), ROUGH)
            await _call(network, "udp")
            return network.ladder.diagram(10_000)

        return run(main())

    assert ride(3) == ride(3)
    assert ride(3) != ride(4)
