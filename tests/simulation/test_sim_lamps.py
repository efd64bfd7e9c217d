"""Lamps through seeded runs: phones that watch each other while people call, plugs are pulled and the server is killed.

Whatever happens, at the end every lamp shows the truth, and the server keeps no watcher that is gone.
"""

import pytest
from tests.simulation.companies import HOUSES, USERS, change
from tests.simulation.lamps import EXPIRES, KEYS, Care, ListCare, check_lamps, check_lists
from tests.simulation.phones import Handset
from tests.simulation.scenario import Plan, scene

from vorzimmer.testing.loop import run
from vorzimmer.testing.network import FAIR
from vorzimmer.testing.phone import rings


@pytest.mark.parametrize("seed", range(2))
def test_t25_whatever_happens_every_lamp_is_right_in_the_end(seed: int) -> None:
    async def main() -> None:
        now = scene(seed, Plan(acting=40))
        await now.open()
        cares: dict[Handset, Care] = {}

        def plug_in() -> None:
            for handset in now.alive:
                if handset not in cares:
                    cares[handset] = Care(now, handset)
            now.clock.call_at(now.clock.now() + 1, plug_in)

        plug_in()
        await now.act()
        now.network.weather = FAIR
        now.server.failing.clear()
        now.server.history.segments.full = now.server.watched.full = now.server.registered.full = False
        await now.clock.sleep(EXPIRES + 60)
        caller = next(h for h in now.alive if h.device == "anna-1")
        for handset in now.alive:
            handset.phone.manner = rings
        if not caller.calls:
            caller.phone.call("102")
        await now.clock.sleep(3)
        lit = check_lamps(now, cares, "ringing")
        assert lit > 0
        await now.server.kill(now.own)
        await now.server.start()
        await now.clock.sleep(60)
        check_lamps(now, cares, "after the restart")
        await now.calm()
        check_lamps(now, cares, "at the end")
        watched = len(now.server.exchange.watching.notifier)
        assert watched <= len(KEYS) * len(now.alive)
        assert now.server.told.bugs == []
        now.server.exchange.close()

    run(main())


@pytest.mark.parametrize("seed", range(10, 12))
def test_t25_whatever_happens_every_list_of_lamps_is_right_in_the_end(seed: int) -> None:
    async def main() -> None:
        now = scene(seed, Plan(acting=40))
        await now.open()
        watched = ", ".join(f'"user:{user}"' for user in KEYS)
        for house in HOUSES:
            for user in USERS:
                await now.server.apply(change(house, user, f"monitors: [{watched}]"))
        cares: dict[Handset, ListCare] = {}

        def plug_in() -> None:
            for handset in now.alive:
                if handset not in cares:
                    cares[handset] = ListCare(now, handset)
            now.clock.call_at(now.clock.now() + 1, plug_in)

        plug_in()
        await now.act()
        now.network.weather = FAIR
        now.server.failing.clear()
        now.server.history.segments.full = now.server.watched.full = now.server.registered.full = False
        await now.clock.sleep(EXPIRES + 60)
        caller = next(h for h in now.alive if h.device == "anna-1")
        for handset in now.alive:
            handset.phone.manner = rings
        if not caller.calls:
            caller.phone.call("102")
        await now.clock.sleep(3)
        assert check_lists(now, cares, "ringing") > 0
        await now.server.kill(now.own)
        await now.server.start()
        await now.clock.sleep(60)
        check_lists(now, cares, "after the restart")
        await now.calm()
        check_lists(now, cares, "at the end")
        assert len(now.server.exchange.watching.notifier) <= len(now.alive)
        assert now.server.told.bugs == []
        now.server.exchange.close()

    run(main())
