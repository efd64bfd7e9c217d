"""Which calls must outlive the server's process, and whether they have; which phones must stop trying."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from tests.simulation.phones import Handset

from vorzimmer.calls.state import CallState, Leg
from vorzimmer.kernel.ids import CallId, EndpointId, LegId
from vorzimmer.sip.engine import Engine
from vorzimmer.sip.message import parse
from vorzimmer.sip.unanswered import FrozenCalling
from vorzimmer.testing.phone_call import PhoneCall

if TYPE_CHECKING:
    from tests.simulation.scenario import Scene

SETTLED = 35.0
"""Seconds after a REFER until its last repetition has arrived."""

SILENCED = 5.0
"""Seconds after a kill until nobody rings or waits for what is lost, in fair weather; over TCP phones connect first."""


@dataclass(frozen=True)
class Survivor:
    """A stable call as it was before, with all phones' sides of it."""

    ident: CallId
    ends: tuple[tuple[Handset, PhoneCall], ...]
    endpoints: tuple[EndpointId, ...]


def stable_calls(scene: "Scene") -> list[Survivor]:
    """Answered calls that are not in the middle of a change, on both phones too."""
    now = scene.clock.now()
    if scene.server.process is None or scene.unwritten or now - scene.disturbed < 10:
        return []
    found = [_survivor(scene, state) for state in scene.server.exchange.board.live_view()]
    return [each for each in found if each is not None]


def _survivor(scene: "Scene", state: CallState) -> Survivor | None:
    if len(state.parties) < 2 or any(not _calm(leg) for leg in state.parties):
        return None
    since = [scene.moved.get((state.company, leg.party.device or ""), -SETTLED) for leg in state.parties]
    if scene.clock.now() - max(since) < SETTLED:
        return None
    engine = scene.server.exchange.engine
    found = [_end(scene, engine, leg) for leg in state.parties]
    ends = tuple(end for end in found if end is not None)
    if len(ends) < len(found):
        return None
    return Survivor(state.id, ends, tuple(leg.sound.endpoint for leg in state.parties))


def _calm(leg: Leg) -> bool:
    return not leg.busy and not leg.stale and not leg.probing


def _end(scene: "Scene", engine: Engine, leg: Leg) -> tuple[Handset, PhoneCall] | None:
    ids = engine.dialog_ids(leg.id)
    for handset in scene.alive:
        for call in () if handset.cut else handset.talks:
            theirs = handset.engine.dialog_ids(call.leg)
            if ids is not None and theirs is not None and ids == (theirs[0], theirs[2], theirs[1]):
                return handset, call
    return None


@dataclass(frozen=True)
class Trying:
    """A call that a phone was trying to make or rang for when the server was killed."""

    handset: Handset
    call: PhoneCall


def trying_calls(scene: "Scene") -> list[Trying]:
    """What phones were in the middle of. An answer to a request goes where it came from (RFC 3581): a phone whose NAT
    has given it another port since then does not hear it, killed server or not."""
    settled = [h for h in scene.alive if h.node.public == h.address and not h.cut]
    trying = [(h, call) for h in settled for call in h.calls if not call.talking and call not in h.doubtful]
    return [Trying(handset, call) for handset, call in trying]


def check_silenced(scene: "Scene", trying: list[Trying]) -> int:
    """Nobody rings, waits or believes to talk in a call that the server does not know any more. How many had to be
    told."""
    engine = scene.server.exchange.engine
    known = {_call_id(engine, leg) for leg in engine.legs()}
    for each in trying:
        if each.call.over or not each.handset.alive or each.handset.cut:
            continue
        call = _call_id(each.handset.engine, each.call.leg)
        assert not call or call in known, f"{each.handset.node.name} is still {each.call.state}: {each.call.statuses}"
    return len(trying)


def _call_id(engine: Engine, leg: LegId) -> str:
    """The Call-ID of a leg, "" for an INVITE that nobody has heard yet and that is sent again."""
    ids, frozen = engine.dialog_ids(leg), engine.freeze(leg)
    if ids is not None or frozen is None:
        return ids[0] if ids is not None else ""
    calling = msgspec.msgpack.decode(frozen, type=FrozenCalling)
    return parse(calling.request).headers.get("Call-ID") if calling.heard else ""


def check_survived(scene: "Scene", stable: list[Survivor]) -> int:
    """They are all still there, and their phones still in them."""
    board = scene.server.exchange.board
    for each in stable:
        if any(call.over or not handset.alive for handset, call in each.ends):
            continue  # Somebody hung up while the server was down.
        live = board.call(each.ident)
        assert live is not None, f"call {each.ident} of {[h.device for h, _ in each.ends]} did not survive"
        assert len(live.state.parties) == len(each.ends), f"call {each.ident} has lost a party: {live.state}"
        assert tuple(leg.sound.endpoint for leg in live.state.parties) == each.endpoints
    return len(stable)


async def prove(scene: "Scene", survivor: Survivor) -> None:
    """A call of two is a call like any other: one side holds and resumes, the other hangs up, and the first hears of
    that."""
    ends = survivor.ends if scene.likely(0.5) else survivor.ends[::-1]
    (first, one), (second, other) = ends
    transferred, died, cuts = scene.transferred, scene.kills, scene.cuts

    def undisturbed() -> bool:
        both = one.talking and other.talking and first.alive and second.alive
        return both and scene.transferred == transferred and (scene.kills, scene.cuts) == (died, cuts)

    scene.note(f"{first.node.name} and {second.node.name} have survived and go on")
    # A phone on TCP learns a moment later that its connection is gone, and makes a new one.
    await scene.clock.sleep(1.0)
    if not await _until(scene, undisturbed, lambda: first.connected and second.connected):
        return
    if scene.likely(0.5):
        one.hold()
        if not await _until(scene, undisturbed, lambda: _holds(scene, survivor, first)):
            return
        one.resume()
        if not await _until(scene, undisturbed, lambda: not _holds(scene, survivor, first)):
            return
    other.hang_up()
    scene.note(f"{second.node.name} hangs up in the call that survived")
    await _until(
        scene, lambda: first.alive and (scene.transferred, scene.cuts) == (transferred, cuts), lambda: one.over
    )


def _holds(scene: "Scene", survivor: Survivor, by: Handset) -> bool:
    live = scene.server.exchange.board.call(survivor.ident)
    legs = live.state.parties if live is not None else ()
    return any(leg.held for leg in legs if leg.party.device == by.device)


async def _until(scene: "Scene", undisturbed: Callable[[], bool], holds: Callable[[], bool]) -> bool:
    """True once it holds, False if somebody disturbs the proof; raises AssertionError when it takes too long."""
    until = scene.clock.now() + SETTLED
    while scene.clock.now() < until:
        await scene.clock.sleep(0.5)
        if not undisturbed():
            return False
        if holds():
            return True
    raise AssertionError("a call that survived does not go on as it should")
