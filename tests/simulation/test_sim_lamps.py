"""Lamps through seeded runs: phones that watch each other while people call, plugs are pulled and the server is killed.

Whatever happens, at the end every lamp shows the truth, and the server keeps no watcher that is gone.
"""

import pytest
from tests.simulation.companies import EXTENSIONS
from tests.simulation.phones import Handset
from tests.simulation.scenario import Plan, Scene, scene

from vorzimmer.directory.ref import Ref
from vorzimmer.presence.resources import resource_key
from vorzimmer.testing.loop import run
from vorzimmer.testing.network import FAIR
from vorzimmer.testing.phone import rings
from vorzimmer.testing.phone_watch import Watch

KEYS = ("anna", "bea", "carl")
CARE = 5.0
"""Seconds between two looks of a phone at its keys."""
EXPIRES = 120
LAMP = {"offline": "idle", "idle": "idle", "ringing": "early", "talking": "confirmed", "held": "confirmed"}


class Care:
    """What a phone does for its lamp keys: subscribe, refresh at half time, subscribe anew once one is lost."""

    def __init__(self, now: Scene, handset: Handset) -> None:
        self._now = now
        self._handset = handset
        self.keys: dict[str, tuple[Watch, float]] = {}
        self.look()

    def look(self) -> None:
        phone, clock = self._handset.phone, self._now.clock
        for user in KEYS if phone.registered else ():
            watch, since = self.keys.get(user, (None, 0.0))
            lost = watch is None or bool(watch.over) or (bool(watch.statuses) and watch.statuses[-1] not in {200, 500})
            if lost:
                self.keys[user] = phone.watch(EXTENSIONS[user], expires=EXPIRES), clock.now()
            elif watch is not None and clock.now() - since > EXPIRES / 2:
                watch.subscribe()
                self.keys[user] = watch, clock.now()
        phone.later(CARE, self.look)


def truth(now: Scene, handset: Handset, user: str) -> str:
    state = now.server.exchange.lamps.state(resource_key(handset.house.id, Ref("user", user)))
    assert state is not None
    return LAMP[state.word]


def check_lamps(now: Scene, cares: dict[Handset, Care], moment: str) -> int:
    """Every lamp of every phone that is connected; how many are lit."""
    lit = 0
    connected = (handset for handset in now.alive if handset in cares and handset.phone.registered)
    for handset in connected:
        for user, (watch, _) in cares[handset].keys.items():
            wanted = truth(now, handset, user)
            assert watch.right == wanted, (moment, handset.node.name, user, watch.statuses, watch.over)
            lit += wanted != "idle"
    return lit


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
        now.server.history.segments.full = False
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
