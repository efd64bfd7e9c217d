"""Hearing across workers: two hidden endpoints on loopback, one in each worker, carry one phone's packets to the other.

A phone's media address must not change within a call, so when a transfer joins calls of two workers nothing is moved:
the far end hears the speaker and sends to the near end, and the listener hears the near end. This module must never
touch an endpoint of a phone, except for what it hears.
"""

from dataclasses import dataclass

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import CallId, EndpointId
from vorzimmer.media.embedded import protocol as wire
from vorzimmer.media.embedded.link import WorkerLink
from vorzimmer.media.port import MediaError, MediaPlan, Peer

BRIDGE_HOST = "127.0.0.1"


@dataclass(slots=True, eq=False)
class Bridge:
    """`near` lives in the listener's worker, `far` in the speaker's; the addresses are on loopback."""

    listener: EndpointId
    speaker: EndpointId
    near: WorkerLink
    far: WorkerLink
    near_at: Address
    far_at: Address

    @property
    def near_id(self) -> EndpointId:
        return near_id(self.listener, self.speaker)

    @property
    def far_id(self) -> EndpointId:
        return far_id(self.listener, self.speaker)

    async def configure(self, speaker: MediaPlan | None) -> None:
        """Carry what the speaker's phone may send, with the numbers it uses. Raises MediaError."""
        codecs = speaker.receive_codecs if speaker else ()
        dtmf = speaker.receive_dtmf if speaker else None
        inwards = MediaPlan(self.far_at, (), codecs, receive_dtmf=dtmf, sends=False)
        outwards = MediaPlan(self.near_at, codecs, (), dtmf=dtmf, receives=False)
        await self.near.request(wire.Configure(self.near_id, inwards))
        await self.far.request(wire.Configure(self.far_id, outwards))

    async def close(self) -> None:
        """Free both ends, as far as their workers are there."""
        for link, endpoint in ((self.far, self.far_id), (self.near, self.near_id)):
            try:
                await link.request(wire.Close(endpoint))
            except MediaError:
                continue  # a worker that is gone holds no end; one that comes back is told what to keep


async def build(listener: EndpointId, near: WorkerLink, speaker: EndpointId, far: WorkerLink) -> Bridge:
    """Open both ends and let the far one hear the speaker. Raises MediaError, leaving nothing open."""
    group = CallId(f"bridge:{listener}")
    ids = (listener, speaker)
    near_at = await _open(near, wire.Open(near_id(*ids), group, bridge=ids))
    bridge = Bridge(listener, speaker, near, far, near_at, near_at)
    try:
        bridge.far_at = await _open(far, wire.Open(far_id(*ids), group, bridge=ids))
        await far.request(wire.Hear(bridge.far_id, Peer(speaker)))
    except MediaError:
        await bridge.close()
        raise
    return bridge


def near_id(listener: EndpointId, speaker: EndpointId) -> EndpointId:
    """The hidden endpoint in the listener's worker."""
    return EndpointId(f"bridge:{listener}:{speaker}:near")


def far_id(listener: EndpointId, speaker: EndpointId) -> EndpointId:
    """The hidden endpoint in the speaker's worker."""
    return EndpointId(f"bridge:{listener}:{speaker}:far")


async def _open(link: WorkerLink, command: wire.Open) -> Address:
    answer = await link.request(command)
    if not isinstance(answer, wire.Opened):
        raise MediaError(f"media worker answered {answer}")
    return Address(answer.host, answer.port)
