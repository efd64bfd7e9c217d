"""Where media listens: derived from the SIP listeners, their advertised addresses and the RTP ranges.

A phone is told the media address of the same network side that it speaks SIP to, as that peer must see it (1:1 NAT,
containers). This module must never open a port.
"""

from collections.abc import Callable

import msgspec

from vorzimmer.app.options import ServeOptions
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.embedded.config import Listener, WorkerConfig, split
from vorzimmer.media.port import Media, MediaEvent, MediaPlan, OpenSpec, Source, Statistics
from vorzimmer.net.advertise import ListenerSpec
from vorzimmer.sdp.addresses import Own
from vorzimmer.sip.flow import Flow

_BETWEEN = "|"


def media_listener(options: ServeOptions, spec: ListenerSpec) -> Listener:
    """The media side of a SIP listener; listeners with the same host and range share one."""
    low, high = options.ports_of(spec.name)
    return Listener(f"{spec.host}_{low}-{high}", spec.host, "", low, high)


def worker_configs(options: ServeOptions, sockets: tuple[str, ...], music: str) -> tuple[WorkerConfig, ...]:
    """One configuration per worker socket; `music` is the companies' folder. Raises LocalError for a range that is
    too small for the workers."""
    sides = {side.name: side for side in (media_listener(options, spec) for spec in options.listeners())}
    return split(tuple(sides.values()), sockets, music, dscp=options.dscp_media)


def own_addresses(options: ServeOptions) -> Own:
    """Our own SIP and media ports, which no peer may name as its address."""
    hosts: set[str] = set()
    ports: list[tuple[int, int]] = []
    for spec in options.listeners():
        hosts |= {spec.host, *(rule.host for rule in spec.advertise if rule.host)}
        ports.append((spec.port, spec.port))
        ports.append(options.ports_of(spec.name))
    return Own(frozenset(hosts), tuple(dict.fromkeys(ports)))


class Sides:
    """Which media side a flow belongs to, and under which host its peer must see it."""

    def __init__(self, options: ServeOptions, sent_by: Callable[[Flow], Address]) -> None:
        self._names = {spec.name: media_listener(options, spec).name for spec in options.listeners()}
        self._seen: dict[tuple[str, Address], str] = {}
        for spec in options.listeners():
            for host, port in ((spec.host, 0), *((rule.host or spec.host, rule.port) for rule in spec.advertise)):
                self._seen.setdefault((spec.transport, Address(host, port or spec.port)), self._names[spec.name])
        self._sent_by = sent_by

    def of(self, flow: Flow) -> str:
        """The `listener` of an OpenSpec for a leg on `flow`."""
        # A leg to a trunk has no flow yet: what its peer will see of us says from where it leaves.
        known = self._names.get(flow.listener) or self._seen.get((flow.transport, flow.local))
        name = known or next(iter(self._names.values()))
        return f"{name}{_BETWEEN}{self._sent_by(flow).host}"


class SidedMedia:
    """media.port.Media that answers `open` with the host that the leg's peer must see (see :class:`Sides`)."""

    def __init__(self, media: Media) -> None:
        self._media = media

    async def open(self, spec: OpenSpec) -> Address:
        name, _, host = spec.listener.partition(_BETWEEN)
        inner = OpenSpec(spec.endpoint, spec.group, name, 6 if ":" in host else 4)
        opened = await self._media.open(inner)
        return Address(host or opened.host, opened.port)

    async def configure(self, endpoint: EndpointId, plan: MediaPlan) -> None:
        await self._media.configure(endpoint, plan)

    async def hear(self, endpoint: EndpointId, source: Source) -> None:
        await self._media.hear(endpoint, source)

    async def statistics(self, endpoint: EndpointId) -> Statistics:
        return await self._media.statistics(endpoint)

    async def close(self, endpoint: EndpointId) -> Statistics:
        return await self._media.close(endpoint)

    async def adopt(self, endpoints: tuple[EndpointId, ...]) -> tuple[EndpointId, ...]:
        return await self._media.adopt(endpoints)

    def on_event(self, receiver: Callable[[MediaEvent], None]) -> None:
        self._media.on_event(receiver)


def encode(config: WorkerConfig) -> str:
    """As the worker's command line takes it."""
    return msgspec.json.encode(config).decode()
