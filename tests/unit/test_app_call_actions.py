"""What control does for programs: dial and steer calls, judged with the call as it is."""

import asyncio
from typing import Any

from tests.simulation.companies import NORD, SUED, company_file
from tests.simulation.phones import Handset

from vorzimmer.app.call_actions import MOST_DIALLED, CallActions
from vorzimmer.app.exchange import Exchange
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.loop import VirtualClock, run
from vorzimmer.testing.media import RecordingMedia
from vorzimmer.testing.network import FAIR, Network
from vorzimmer.testing.phone import rings
from vorzimmer.testing.server import SimulatedServer


class House:
    """A server with two companies."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.network = Network(self.clock, SeededChance(1), FAIR)
        self.server = SimulatedServer(self.network, self.clock, RecordingMedia(), seed=2)

    async def start(self, *devices: str) -> list[Handset]:
        for company in (NORD, SUED):
            await self.server.apply(company_file(company))
        await self.server.start()
        return [await self.phone(device) for device in devices]

    async def phone(self, device: str) -> Handset:
        who, bug = (NORD, device, 1), self.server.told.bug
        handset = Handset(self.network, self.clock, who, on_bug=bug, transport="udp", agent="phone")
        handset.register()
        await handset.phone.until(lambda: handset.phone.registered)
        return handset

    @property
    def exchange(self) -> Exchange:
        process = self.server.process
        assert process is not None
        return process.exchange

    async def ask(self, method: str, who: str, company: str = NORD.id, **more: Any) -> Any:
        params = {"company": company, "who": ["user", who], **more}
        return await CallActions(self.exchange).methods()[method](params)

    async def stop(self) -> None:
        assert self.server.told.bugs == []
        task = asyncio.current_task()
        await self.server.kill({task} if task else set())


def test_a_program_dials_holds_resumes_transfers_and_hangs_up() -> None:
    async def main() -> None:
        house = House()
        anna, bea, carl = await house.start("anna-1", "bea-1", "carl-1")
        begun = await house.ask("dial", "anna", to="101")
        await bea.phone.until(lambda: bool(bea.phone.calls) and bea.phone.last.talking)
        call = begun["call"]
        for action in ("hold", "resume"):
            assert await house.ask("act", "anna", call=call, action=action) == {"call": call}
        for stranger, answer in (("carl", "not-found"), ("nobody", "not-found")):
            for action in ("hold", "hang_up", "transfer"):
                refused = await house.ask("act", stranger, call=call, action=action, to="103")
                assert refused == {"refused": answer}
        foreign = await house.ask("act", "anna", SUED.id, call=call, action="hang_up", administers=True)
        assert foreign == {"refused": "not-found"}
        boss = await house.ask("act", "carl", call=call, action="hold", administers=True)
        assert boss == {"refused": "not-allowed"}
        assert await house.ask("act", "bea", call=call, action="transfer", to="102") == {"call": call}
        await carl.phone.until(lambda: bool(carl.phone.calls) and carl.phone.last.talking)
        await house.clock.sleep(1)
        (state,) = house.exchange.board.live_view(NORD.id)
        assert {str(leg.party.ref) for leg in state.parties} == {"user:anna", "user:carl"}
        assert "call" in await house.ask("act", "dora", call=state.id, action="hang_up", administers=True)
        await anna.phone.until(lambda: anna.phone.last.over)
        await house.stop()

    run(main())


def test_nobody_dials_without_a_phone_or_too_often_at_once_but_emergency_numbers() -> None:
    async def main() -> None:
        house = House()
        (anna,) = await house.start("anna-1")
        anna.phone.manner = rings
        assert await house.ask("dial", "bea", to="100") == {"refused": "no-phone"}
        assert await house.ask("dial", "anna", to="101", device="bea-1") == {"refused": "no-phone"}
        for _ in range(MOST_DIALLED):
            assert "call" in await house.ask("dial", "anna", to="101", device="anna-1")
        assert await house.ask("dial", "anna", to="101") == {"refused": "not-now"}
        assert "call" in await house.ask("dial", "anna", to="112")
        await house.clock.sleep(1)
        for call in list(house.exchange.board.live_view()):
            assert "call" in await house.ask("act", "anna", call=call.id, action="hang_up")
        await house.clock.sleep(1)
        assert house.exchange.board.live_view() == []
        house.exchange.board.draining = True
        assert await house.ask("dial", "anna", to="101") == {"refused": "draining"}
        await house.stop()

    run(main())


def test_a_company_that_is_removed_leaves_nothing_that_rings_and_may_come_back() -> None:
    async def main() -> None:
        house = House()
        anna, bea = await house.start("anna-1", "bea-1")
        anna.phone.call("101")
        await bea.phone.until(lambda: bool(bea.phone.calls) and bea.phone.last.talking)
        house.exchange.remove_company(NORD.id)
        house.exchange.remove_company("nobody")
        await bea.phone.until(lambda: bea.phone.last.over)
        await house.clock.sleep(5)
        assert house.exchange.board.live_view(NORD.id) == []
        assert not [key for key in house.exchange.bindings.devices() if key.startswith(NORD.id)]
        assert house.exchange.house.account(NORD.account("anna-1")) is None
        assert house.exchange.house.account(SUED.account("anna-1")) is not None
        assert house.exchange.house.book(NORD.id).revision == 0
        await house.stop()

    run(main())
