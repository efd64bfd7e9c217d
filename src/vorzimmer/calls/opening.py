"""A media endpoint for a leg: one for its whole life, named after it. This module must never open two for one leg."""

from vorzimmer.calls.live import Live
from vorzimmer.calls.state import Sound
from vorzimmer.kernel.ids import EndpointId, LegId
from vorzimmer.media.port import OpenSpec
from vorzimmer.sdp.crypto import Guard
from vorzimmer.sdp.plan import Protection
from vorzimmer.sip.flow import Flow

SECRET_BYTES = 32
ENCRYPTED = frozenset({"tls", "wss"})
"""Signalling in which a key can be sent without giving it away."""


async def open_sound(live: Live, leg: LegId, flow: Flow, device: str | None) -> Sound:
    """Open an endpoint near the phone's listener, protected as its account says; raises MediaError."""
    family = 6 if ":" in flow.remote.host else 4
    endpoint, side = EndpointId(leg), live.world.side(flow)
    address = await live.world.media.open(OpenSpec(endpoint, live.state.id, side, family))
    session = live.world.chance.number(1, 2**31 - 1)
    policy = live.world.media_policy(live.state.company, device)
    guard = _guard(live, policy.srtp, flow)
    return Sound(endpoint, address, session=session, listener=side, flow=flow, guard=guard, codecs=policy.codecs)


def _guard(live: Live, srtp: Protection, flow: Flow) -> Guard:
    """`optional` offers keys only where signalling hides them; what a phone offers is taken anywhere."""
    if srtp == "off":
        return Guard()
    secret = bytes.fromhex(live.world.chance.token(SECRET_BYTES))
    return Guard(srtp, secret, hints=flow.transport in ENCRYPTED)


def leg_of(endpoint: EndpointId) -> LegId:
    """The leg that an endpoint belongs to, also after it was opened anew."""
    return LegId(endpoint.partition("+")[0])
