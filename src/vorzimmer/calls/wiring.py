"""Who hears whom, derived from a call's state: nothing else decides it, so a resumed call sounds as it should.

Pure. A phone on hold hears music, whoever holds hears nothing, a lone party hears what it waits with. Of more than two
everybody hears all others; who holds is silent there, and music comes only to the last one left. This module must never
remember anything.
"""

from vorzimmer.calls.effects import Configure, Effect, Hear
from vorzimmer.calls.sound import media_plan
from vorzimmer.calls.state import CallState, Leg, change
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.port import Mix, Music, Nothing, Peer, Source


def heard_by(state: CallState, leg: Leg, talking: tuple[EndpointId, ...]) -> Source:
    """What the phone of `leg` is to hear (FEATURES.md 0.6); `talking` are the endpoints of all who hold nobody."""
    if leg.held or leg.sound.agreed is None:
        return Nothing()
    if len(talking) > 2:
        return Mix(talking)  # the same for all: media leaves out whoever listens
    for endpoint in talking:
        if endpoint != leg.sound.endpoint:
            return Peer(endpoint)
    if len(state.parties) < 2:
        return state.waiting
    return music(state) if all(other.held for other in state.others(leg.id)) else Nothing()


def music(state: CallState) -> Source:
    """The company's music on hold; silence if none is set."""
    return Music(state.music) if state.music else Nothing()


def rewire(before: CallState, after: CallState) -> tuple[CallState, tuple[Effect, ...]]:
    """The commands that make media match `after`: changed plans first, then changed sources."""
    configured = tuple(
        Configure(leg.sound.endpoint, media_plan(leg.sound.agreed))
        for leg in after.parties
        if leg.sound.agreed is not None and _new_plan(before, leg)
    )
    talking = tuple([p.sound.endpoint for p in after.parties if p.sound.agreed is not None and not p.held])
    wanted: dict[str, Source] = {leg.sound.endpoint: heard_by(after, leg, talking) for leg in after.parties}
    heard = tuple(
        Hear(leg.sound.endpoint, wanted[leg.sound.endpoint])
        for leg in after.parties
        if after.hears.get(leg.sound.endpoint) != wanted[leg.sound.endpoint] and leg.sound.agreed is not None
    )
    return change(after, hears=wanted), (*configured, *heard)


def _new_plan(before: CallState, leg: Leg) -> bool:
    old = before.leg(leg.id)
    return old is None or old.sound.agreed != leg.sound.agreed or old.sound.endpoint != leg.sound.endpoint
