"""Lamp keys of simulated phones: what a phone does for them, and whether they show the truth."""

from typing import TYPE_CHECKING

from tests.list_keys import EVENTLIST, Keys
from tests.simulation.companies import EXTENSIONS
from tests.simulation.phones import Handset

from vorzimmer.directory.ref import Ref
from vorzimmer.presence.resources import resource_key
from vorzimmer.testing.phone_watch import Watch

if TYPE_CHECKING:
    from tests.simulation.scenario import Scene

KEYS = ("anna", "bea", "carl")
CARE = 5.0
"""Seconds between two looks of a phone at its keys."""
EXPIRES = 120
LAMP = {"offline": "idle", "idle": "idle", "ringing": "early", "talking": "confirmed", "held": "confirmed"}


class Care:
    """What a phone does for its lamp keys: subscribe, refresh at half time, subscribe anew once one is lost; nothing
    once everybody goes home."""

    def __init__(self, now: "Scene", handset: Handset) -> None:
        self._now = now
        self._handset = handset
        self.keys: dict[str, tuple[Watch, float]] = {}
        self.look()

    def look(self) -> None:
        """Look at all keys, and again after a while."""
        phone, clock = self._handset.phone, self._now.clock
        if not self._handset.refreshing:
            return
        for user in KEYS if phone.registered else ():
            watch, since = self.keys.get(user, (None, 0.0))
            lost = watch is None or bool(watch.over) or (bool(watch.statuses) and watch.statuses[-1] not in {200, 500})
            if lost:
                self.keys[user] = phone.watch(EXTENSIONS[user], expires=EXPIRES), clock.now()
            elif watch is not None and clock.now() - since > EXPIRES / 2:
                watch.subscribe()
                self.keys[user] = watch, clock.now()
        phone.later(CARE, self.look)


class ListCare:
    """Likewise for one list of all lamps."""

    def __init__(self, now: "Scene", handset: Handset) -> None:
        self._now = now
        self._handset = handset
        self._since = 0.0
        self.watch: Watch | None = None
        self.look()

    def look(self) -> None:
        """Look at the subscription, and again after a while."""
        phone, clock, watch = self._handset.phone, self._now.clock, self.watch
        if not self._handset.refreshing:
            return
        lost = watch is None or bool(watch.over) or (bool(watch.statuses) and watch.statuses[-1] not in {200, 500})
        if phone.registered and lost:
            self.watch, self._since = phone.watch("lamps", expires=EXPIRES, lines=EVENTLIST), clock.now()
        elif phone.registered and watch is not None and clock.now() - self._since > EXPIRES / 2:
            watch.subscribe()
            self._since = clock.now()
        phone.later(CARE, self.look)


def check_lists(now: "Scene", cares: dict[Handset, ListCare], moment: str) -> int:
    """The list of every phone that is connected; how many lamps are lit."""
    lit = 0
    for handset in (each for each in now.alive if each in cares and each.phone.registered):
        watch = cares[handset].watch
        assert watch is not None, (moment, handset.node.name)
        shows = Keys(watch).shows
        wanted = {EXTENSIONS[user]: truth(now, handset, user) for user in KEYS}
        assert shows == wanted, (moment, handset.node.name, watch.statuses, watch.over)
        lit += sum(word != "idle" for word in wanted.values())
    return lit


def truth(now: "Scene", handset: Handset, user: str) -> str:
    """What the lamp for `user` has to show at this phone."""
    state = now.server.exchange.lamps.state(resource_key(handset.house.id, Ref("user", user)))
    assert state is not None
    return LAMP[state.word]


def check_lamps(now: "Scene", cares: dict[Handset, Care], moment: str) -> int:
    """Every lamp of every phone that is connected; how many are lit."""
    lit = 0
    connected = (handset for handset in now.alive if handset in cares and handset.phone.registered)
    for handset in connected:
        for user, (watch, _) in cares[handset].keys.items():
            wanted = truth(now, handset, user)
            assert watch.right == wanted, (moment, handset.node.name, user, watch.statuses, watch.over)
            lit += wanted != "idle"
    return lit
