"""The exchange as a phone meets it: domains, robots, and what is not built yet."""

import asyncio

import pytest
from tests.simulation.companies import NORD, SUED, change, company_file
from tests.simulation.phones import Handset

from vorzimmer.sip.events import Responded
from vorzimmer.sip.message import Headers, Request
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.loop import VirtualClock, run
from vorzimmer.testing.media import RecordingMedia
from vorzimmer.testing.network import FAIR, Network
from vorzimmer.testing.phone import diverts, rings
from vorzimmer.testing.server import SERVER, SimulatedServer


class House:
    """A server with one company and a registered phone."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.network = Network(self.clock, SeededChance(1), FAIR)
        self.server = SimulatedServer(self.network, self.clock, RecordingMedia(), seed=2)

    async def start(self) -> Handset:
        await self.server.apply(company_file(NORD))
        await self.server.start()
        return await self.phone("anna-1")

    async def phone(self, device: str, agent: str = "phone") -> Handset:
        who, bug = (NORD, device, 1), self.server.told.bug
        handset = Handset(self.network, self.clock, who, on_bug=bug, transport="udp", agent=agent)
        handset.register()
        await handset.phone.until(lambda: handset.phone.registered)
        return handset

    async def stop(self) -> None:
        assert self.server.told.bugs == []
        task = asyncio.current_task()
        await self.server.kill({task} if task else set())


@pytest.mark.parametrize(
    ("uri", "statuses"),
    [
        (f"sip:101@{SUED.domain}", [404]),
        ("sip:101@somewhere.example", [404]),
        (f"sip:101@{NORD.domain}", [480]),
        (f"sip:101@{SERVER.host}:{SERVER.port}", [480]),
        ("sip:101@localhost", [480]),
        ("sip:101@169.254.1.1", [404]),
        ("sip:101@[2001:db8::1]", [404]),
        ("sip:101@10.9.9.9", [404]),
        ("sip:101@10.1.1.1", [480]),
        ("sip:112@169.254.1.1", [183, 183, 503]),  # an emergency call is ours wherever it is sent to
        ("sip:112@somewhere.example", [183, 183, 503]),
        (f"sip:101@{NORD.domain.upper()}", [480]),
        (f"sip:101%23@{NORD.domain}", [480]),
    ],
)
def test_only_the_companys_domain_or_the_servers_address_lead_to_its_people(uri: str, statuses: list[int]) -> None:
    async def main() -> None:
        house = House()
        anna = await house.start()
        call = anna.phone.call(uri)
        await anna.phone.until(lambda: call.over, 120)
        assert [status for status in call.statuses if status != 401] == statuses
        await house.stop()

    run(main())


@pytest.mark.parametrize(
    ("route", "status"),
    [
        ("<sip:10.9.9.9;lr>", 480),
        ("<sip:10.9.9.8;lr>, <sip:10.9.9.9:5062;lr>", 480),
        ("<sip:10.9.9.8;lr>", 404),
        ("<sip:proxy.example;lr>", 404),
    ],
)
def test_an_address_of_a_proxy_in_front_is_ours_too(route: str, status: int) -> None:
    async def main() -> None:
        house = House()
        anna = await house.start()
        call = anna.phone.call("sip:101@10.9.9.9", extra=(("Record-Route", route),))
        await anna.phone.until(lambda: call.over, 120)
        assert call.statuses[-1] == status
        await house.stop()

    run(main())


@pytest.mark.parametrize(
    ("method", "status"), [("SUBSCRIBE", 401), ("PUBLISH", 401), ("OPTIONS", 200), ("INFO", 481), ("REFER", 401)]
)
def test_requests_to_the_server_get_the_status_of_their_rfc(method: str, status: int) -> None:
    async def main() -> None:
        house = House()
        anna = await house.start()
        got: list[Responded] = []
        headers = Headers([("From", f"<{anna.phone.address}>;tag=x"), ("To", f"<sip:{NORD.domain}>"), ("Event", "x")])
        headers.add("Target-Dialog", "a;local-tag=b;remote-tag=c")  # which a stranger may guess
        transaction = anna.engine.request(
            Request(method, f"sip:{NORD.domain}", headers), anna.phone.hop, house.clock.now()
        )
        anna.pump.handle_with(
            lambda event: got.append(event) if getattr(event, "transaction", "") == transaction else None
        )
        anna.pump.kick()
        await house.clock.sleep(2)
        assert [each.status for each in got] == [status]
        if method == "OPTIONS":
            answer = got[0].response
            assert answer is not None
            assert {"INVITE", "REFER", "BYE"} <= set(answer.headers.list_of("Allow"))
            assert (answer.headers.get("Supported"), answer.headers.get("Accept")) == (
                "replaces, join, tdialog, 100rel, timer",
                "application/sdp",
            )
        await house.stop()

    run(main())


def test_features_0_5_do_not_disturb_ends_the_ringing_of_that_user_at_once_and_nothing_else() -> None:
    async def main() -> None:
        house = House()
        anna = await house.start()
        bea, other, carl = [await house.phone(name) for name in ("bea-1", "bea-2", "carl-1")]
        for each in (bea, other, carl):
            each.phone.manner = rings
        first = anna.phone.call("101")
        for each in (bea, other):
            await each.phone.until(lambda at=each: bool(at.phone.calls))  # type: ignore[misc]  # bound at once
        before = house.clock.now()
        await house.server.apply(change(NORD, "bea", "dnd: true"))
        for each in (bea, other):
            await each.phone.until(lambda at=each: at.phone.last.over, 1)  # type: ignore[misc]  # bound at once
        await carl.phone.until(lambda: bool(carl.phone.calls), 1)  # as if she were busy
        assert house.clock.now() - before < 1
        carl.phone.last.answer()
        await anna.phone.until(lambda: first.talking)
        await house.server.apply(change(NORD, "carl", "dnd: true"))
        await house.clock.sleep(2)
        assert first.talking
        first.hang_up()
        await carl.phone.until(lambda: carl.phone.last.over)
        await house.stop()

    run(main())


@pytest.mark.parametrize(("agent", "robot"), [("Snom", False), ("Vorzimmer-Robot/1", True)])
def test_robots_never_dial_emergency_numbers(agent: str, robot: bool) -> None:
    async def main() -> None:
        house = House()
        await house.start()
        caller = await house.phone("bea-1", agent)
        call = caller.phone.call("112")
        await caller.phone.until(lambda: call.over, 120)
        alarms = [fact for fact in house.server.told.facts if fact.kind == "alarm"]
        assert bool(alarms) is not robot
        await house.stop()

    run(main())


@pytest.mark.parametrize(
    ("to", "rung"),
    [("sip:102@somewhere.example", False), (f"sip:102@{NORD.domain}", True), ("sip:102@192.0.2.1", True)],
)
def test_a_phones_own_diversion_stays_in_the_house(to: str, rung: bool) -> None:
    async def main() -> None:
        house = House()
        anna = await house.start()
        bea, carl = await house.phone("bea-1"), await house.phone("carl-1")
        bea.phone.manner = diverts(to)
        call = anna.phone.call("101")
        await anna.phone.until(lambda: call.over or call.talking, 120)
        assert bool(carl.phone.calls) is rung
        call.hang_up()
        await house.clock.sleep(2)
        await house.stop()

    run(main())


@pytest.mark.parametrize(
    ("to", "status"),
    [("sip:102@somewhere.example", 404), (f"sip:102@{NORD.domain}", 202), (f"sip:{'1' * 200}@192.0.2.1", 414)],
)
def test_a_transfer_stays_in_the_house(to: str, status: int) -> None:
    async def main() -> None:
        house = House()
        anna = await house.start()
        await house.phone("bea-1")
        carl = await house.phone("carl-1")
        call = anna.phone.call("101")
        await anna.phone.until(lambda: call.talking, 120)
        call.transfer(to)
        await house.clock.sleep(3)
        assert call.statuses[-1] == status
        assert bool(carl.phone.calls) is (status == 202)
        assert call.over is (status == 202)
        await house.stop()

    run(main())
