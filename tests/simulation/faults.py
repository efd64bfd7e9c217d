"""Calamities: database, disk, media workers, wall clock, network and carrier fail for a while, and heal."""

from typing import TYPE_CHECKING

from tests.simulation.extras import PERSONS
from tests.simulation.outside import MAIN
from tests.simulation.phones import Handset

from vorzimmer.media.port import File, Tone

if TYPE_CHECKING:
    from tests.simulation.scenario import Scene

CARRIER = f"carrier-{MAIN.host}"


async def outage(scene: "Scene") -> None:
    """Database, disk or media fail or become slow for a while, or heal."""
    if not scene.plan.outages:
        return
    mood = scene.chance.fraction()
    if mood < 0.3:
        scene.server.failing.add(scene.pick(("all", "live.settle", "live.save", "companies.commit")))
    elif mood < 0.5:
        scene.server.history.segments.full = scene.server.watched.full = scene.server.registered.full = True
    elif mood < 0.6:
        scene.media.broken = "no worker"
        scene.disturbed = scene.clock.now() + 30
    elif mood < 0.8 and scene.plan.extras:
        scene.server.slow = scene.between(0.01, 2.0)
    scene.note(f"outage ({mood:.2f})")
    scene.clock.call_at(scene.clock.now() + scene.between(0.1, 8), lambda: heal(scene))


def heal(scene: "Scene") -> None:
    """Database, disk and media are well again."""
    server = scene.server
    if server.failing or server.slow or server.history.segments.full:
        scene.healed = scene.clock.now()
    server.failing.clear()
    server.slow = 0.0
    server.history.segments.full = server.watched.full = server.registered.full = False
    scene.media.broken = ""


async def media(scene: "Scene") -> None:
    """A worker dies, a tone comes to its end, a digit is pressed."""
    endpoints = sorted(scene.media.endpoints)
    if not endpoints:
        return
    endpoint = scene.pick(endpoints)
    source = scene.media.endpoints[endpoint].source
    if (isinstance(source, Tone) and not source.repeat) or (isinstance(source, File) and source.loops > 0):
        scene.note(f"{endpoint} has heard its tone")
        scene.media.end_source(endpoint)
    elif scene.likely(0.5):
        scene.media.press(endpoint, scene.pick("51"))
    elif scene.plan.outages:
        lost = endpoints[: scene.chance.number(1, len(endpoints))]
        scene.note(f"a worker dies with {len(lost)} endpoints")
        scene.disturbed = scene.clock.now()
        scene.media.lose_worker(*lost)


async def clock(scene: "Scene") -> None:
    """Somebody sets the wall clock, forwards or backwards, by seconds or by hours."""
    if scene.plan.extras:
        seconds = scene.between(-1.0, 1.0) * scene.pick((2.0, 3_700.0, 86_400.0))
        scene.note(f"the wall clock jumps by {seconds:.0f} s")
        scene.clock.jump(seconds)


async def partition(scene: "Scene") -> None:
    """Nothing reaches a phone and nothing leaves it, for a while, and nobody is told."""
    able = [h for h in scene.alive if h.phone.line.transport == "udp" and not h.cut] if scene.plan.extras else []
    if not able:
        return
    handset: Handset = scene.pick(able)
    scene.note(f"{handset.node.name} is cut off in {len(handset.calls)} calls")
    scene.cut(handset)
    scene.clock.call_at(scene.clock.now() + scene.between(0.5, 45), lambda: scene.mend(handset))


async def carrier(scene: "Scene") -> None:
    """The carrier is in trouble, deaf or cut off, or somebody outside hangs up."""
    there = scene.extras.carrier
    if there is None:
        return
    mood = scene.chance.fraction()
    scene.note(f"the carrier ({mood:.2f})")
    if mood < 0.3:
        scene.network.cut(CARRIER)
    elif mood < 0.5:
        there.mood.trouble = scene.pick((503, 500, 403, 486))
    elif mood < 0.6:
        there.mood.deaf = True
    elif scene.extras.talks:
        scene.pick(scene.extras.talks).hang_up()
    scene.clock.call_at(scene.clock.now() + scene.between(1, 40), lambda: cure(scene))


def cure(scene: "Scene") -> None:
    """The carrier is well again."""
    if scene.extras.carrier is not None:
        scene.network.mend(CARRIER)
        scene.extras.carrier.mood.trouble, scene.extras.carrier.mood.deaf = 0, False


async def from_outside(scene: "Scene") -> None:
    """Somebody outside calls somebody."""
    there = scene.extras.carrier
    if there is None:
        return
    number, house = scene.pick(PERSONS[:2]), scene.pick(scene.plan.houses)
    made = there.call(number, house.number(scene.pick(("anna", "bea", "carl", "dora", "emil"))))
    scene.note(f"{number} calls {made.uri}")
    scene.clock.call_at(scene.clock.now() + scene.between(2, 60), made.hang_up)
