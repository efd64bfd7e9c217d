"""A media endpoint for a leg: one for its whole life, named after it. This module must never open two for one leg."""

from vorzimmer.calls.live import Live
from vorzimmer.calls.state import Sound
from vorzimmer.kernel.ids import EndpointId, LegId
from vorzimmer.media.port import OpenSpec
from vorzimmer.sip.flow import Flow


async def open_sound(live: Live, leg: LegId, flow: Flow) -> Sound:
    """Open an endpoint near the phone's listener; raises MediaError."""
    family = 6 if ":" in flow.remote.host else 4
    endpoint, side = EndpointId(leg), live.world.side(flow)
    address = await live.world.media.open(OpenSpec(endpoint, live.state.id, side, family))
    session = live.world.chance.number(1, 2**31 - 1)
    return Sound(endpoint, address, session=session, listener=side, flow=flow)


def leg_of(endpoint: EndpointId) -> LegId:
    """The leg that an endpoint belongs to, also after it was opened anew."""
    return LegId(endpoint.partition("+")[0])
