"""media.port.Media over the embedded workers: places endpoints, keeps track of them, and says when a worker died.

The endpoints of one call go to one worker. This module must never touch a packet, and never hide that a command was
not carried out.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.clock import Clock
from vorzimmer.kernel.ids import CallId, EndpointId
from vorzimmer.media.embedded import protocol as wire
from vorzimmer.media.embedded.bridge import BRIDGE_HOST, Bridge, build, far_id, near_id
from vorzimmer.media.embedded.link import WorkerLink
from vorzimmer.media.embedded.spares import Spares
from vorzimmer.media.port import (
    MediaError,
    MediaEvent,
    MediaPlan,
    Mix,
    OpenSpec,
    Peer,
    Source,
    Statistics,
    WorkerLost,
    speakers,
)


@dataclass(slots=True, eq=False)
class _Placed:
    link: WorkerLink
    group: CallId
    plan: MediaPlan | None = None
    bridges: dict[EndpointId, Bridge] = field(default_factory=dict)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class EmbeddedMedia:
    """The port over N workers, one Unix socket each.

    `generation` must grow with every start of control (the supervisor counts, or the wall clock's seconds do): a worker
    listens to the newest. Use :meth:`start`, then :meth:`adopt`, and :meth:`stop` at the end (sessions stay).
    """

    def __init__(self, sockets: tuple[str, ...], clock: Clock, generation: int = 0) -> None:
        self._links = tuple(WorkerLink(path, generation, clock) for path in sockets)
        self._placed: dict[EndpointId, _Placed] = {}
        self._groups: dict[CallId, tuple[WorkerLink, int]] = {}
        self._load = dict.fromkeys(self._links, 0)
        self._bridges: set[Bridge] = set()
        self._receivers: list[Callable[[MediaEvent], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._adopted = False
        self._spares = Spares(self._spawn)
        for link in self._links:
            self._wire(link)

    async def start(self, patience: float = 3.0) -> None:
        """Connect; returns when every worker is there, or after `patience` seconds without those that are missing."""
        for link in self._links:
            link.start(patience)
        for link in self._links:
            await link.tried.wait()

    async def stop(self) -> None:
        """Hang up. The workers keep their sessions for the next control."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for link in self._links:
            await link.stop()

    def workers(self) -> dict[str, bool]:
        """Which worker sockets are connected now, for health and metrics."""
        return {link.path: link.up for link in self._links}

    async def open(self, spec: OpenSpec) -> Address:
        if spec.endpoint in self._placed:
            raise MediaError(f"endpoint {spec.endpoint} is open already")
        link = self._choose(spec.group)
        placed = self._placed[spec.endpoint] = _Placed(link, spec.group)
        self._count(placed, 1)
        spare = self._spares.take(link, spec.listener, spec.family)
        command = wire.Open(spec.endpoint, spec.group, spec.listener, spec.family, port=spare.port if spare else 0)
        try:
            if spare is not None:
                link.tell(command, lambda: self._missing(link, (spec.endpoint,)))
                return spare
            answer = await link.request(command)
        except MediaError:
            if self._placed.get(spec.endpoint) is placed:
                del self._placed[spec.endpoint]
                self._count(placed, -1)
            raise
        if not isinstance(answer, wire.Opened):
            raise MediaError(f"media worker answered {answer}")
        return Address(answer.host, answer.port)

    async def configure(self, endpoint: EndpointId, plan: MediaPlan) -> None:
        placed = self._find(endpoint)
        await placed.link.request(wire.Configure(endpoint, plan))
        placed.plan = plan
        for bridge in [each for each in self._bridges if each.speaker == endpoint]:
            await bridge.configure(plan)

    async def hear(self, endpoint: EndpointId, source: Source) -> None:
        placed = self._find(endpoint)
        async with placed.turn:
            await placed.link.request(wire.Hear(endpoint, await self._near(endpoint, placed, source)))
            heard = speakers(source)
            for bridge in [each for speaker, each in placed.bridges.items() if speaker not in heard]:
                await self._end(bridge)

    async def statistics(self, endpoint: EndpointId) -> Statistics:
        answer = await self._find(endpoint).link.request(wire.GetStatistics(endpoint))
        return answer.statistics if isinstance(answer, wire.Counted) else Statistics()

    async def close(self, endpoint: EndpointId) -> Statistics:
        placed = self._placed.pop(endpoint, None)
        if placed is None:
            return Statistics()
        self._count(placed, -1)
        for bridge in [each for each in self._bridges if endpoint in {each.speaker, each.listener}]:
            await self._end(bridge)
        try:
            answer = await placed.link.request(wire.Close(endpoint))
        except MediaError:
            return Statistics()  # its worker is away: it is told what to keep when it is back
        return answer.statistics if isinstance(answer, wire.Counted) else Statistics()

    async def adopt(self, endpoints: tuple[EndpointId, ...]) -> tuple[EndpointId, ...]:
        kept: list[tuple[WorkerLink, wire.Kept]] = []
        for link in self._links:
            await link.tried.wait()
            if link.up:
                answer = await link.request(wire.Adopt(endpoints))
                kept += [(link, each) for each in answer.kept] if isinstance(answer, wire.Adopted) else []
        self._placed, self._groups = {}, {}
        self._load, self._bridges = dict.fromkeys(self._links, 0), set()
        for link, each in kept:
            if not each.bridge:
                placed = self._placed[each.endpoint] = _Placed(link, each.group, each.plan)
                self._count(placed, 1)
        self._adopted = True
        for link in self._links:
            if link.up:
                self._spares.begin(link)
        await self._adopt_bridges([(link, each) for link, each in kept if each.bridge])
        return tuple(endpoint for endpoint in endpoints if endpoint in self._placed)

    def on_event(self, receiver: Callable[[MediaEvent], None]) -> None:
        self._receivers.append(receiver)

    def _wire(self, link: WorkerLink) -> None:
        link.received = self._emit
        link.lost = lambda: self._lost(link)
        link.came_back = lambda: self._came_back(link)

    def _find(self, endpoint: EndpointId) -> _Placed:
        placed = self._placed.get(endpoint)
        if placed is None:
            raise MediaError(f"unknown endpoint {endpoint}")
        return placed

    def _choose(self, group: CallId) -> WorkerLink:
        """The call's own worker, else the one with the fewest endpoints."""
        known = self._groups.get(group)
        if known and known[0].up:
            return known[0]
        up = [link for link in self._links if link.up]
        if not up:
            raise MediaError("no media worker is there")
        return min(up, key=lambda link: self._load[link])

    def _count(self, placed: _Placed, change: int) -> None:
        """One endpoint more or less in this worker and this call."""
        self._load[placed.link] += change
        link, members = self._groups.get(placed.group, (placed.link, 0))
        self._groups[placed.group] = (placed.link if change > 0 else link, members + change)
        if members + change <= 0:
            del self._groups[placed.group]

    async def _near(self, endpoint: EndpointId, placed: _Placed, source: Source) -> Source:
        """`source` as the listener's own worker knows it: a speaker elsewhere is heard through a bridge."""
        if isinstance(source, Peer):
            return Peer(await self._here(endpoint, placed, source.endpoint))
        if isinstance(source, Mix):
            return Mix(tuple([await self._here(endpoint, placed, each) for each in source.endpoints]))
        return source

    async def _here(self, listener: EndpointId, placed: _Placed, speaker: EndpointId) -> EndpointId:
        found = self._find(speaker)
        if found.link is placed.link:
            return speaker
        bridge = placed.bridges.get(speaker)
        if bridge is None:
            bridge = placed.bridges[speaker] = await build(listener, placed.link, speaker, found.link)
            self._bridges.add(bridge)
            await bridge.configure(found.plan)
        return bridge.near_id

    async def _end(self, bridge: Bridge) -> None:
        self._bridges.discard(bridge)
        placed = self._placed.get(bridge.listener)
        if placed and placed.bridges.get(bridge.speaker) is bridge:
            del placed.bridges[bridge.speaker]
        await bridge.close()

    async def _adopt_bridges(self, ends: list[tuple[WorkerLink, wire.Kept]]) -> None:
        """Put bridges together from their two ends; an end without the other is closed."""
        by_id = {each.endpoint: (link, each) for link, each in ends}
        for link, each in ends:
            if each.bridge is None:
                continue
            near, far = by_id.get(near_id(*each.bridge)), by_id.get(far_id(*each.bridge))
            if each.endpoint == far_id(*each.bridge) and near is not None:
                continue  # its near end makes the bridge
            if near is None or far is None:
                await link.request(wire.Close(each.endpoint))
                continue
            at = Address(BRIDGE_HOST, near[1].port), Address(BRIDGE_HOST, far[1].port)
            bridge = Bridge(*each.bridge, near[0], far[0], *at)
            self._placed[bridge.listener].bridges[bridge.speaker] = bridge
            self._bridges.add(bridge)

    def _came_back(self, link: WorkerLink) -> None:
        self._spares.forget(link)
        if self._adopted:  # before that nobody knows what is ours: adopt will say so
            self._spawn(self._reconcile(link))

    async def _reconcile(self, link: WorkerLink) -> None:
        """Connected again: let the worker close what is not, or no longer, ours; what it does not have is lost."""
        mine = {endpoint for endpoint, placed in self._placed.items() if placed.link is link}
        joined = {end for bridge in self._bridges for end in (bridge.speaker, bridge.listener)}
        answer = await link.request(wire.Adopt(tuple(mine | joined)))
        self._spares.begin(link)
        if isinstance(answer, wire.Adopted):
            self._missing(link, tuple(mine.difference([each.endpoint for each in answer.kept])))

    def _missing(self, link: WorkerLink, endpoints: tuple[EndpointId, ...]) -> None:
        """The worker does not have these: whoever uses them opens others."""
        gone = tuple([each for each in endpoints if each in self._placed and self._placed[each].link is link])
        for endpoint in gone:
            self._count(self._placed.pop(endpoint), -1)
        if gone:
            self._emit(WorkerLost(gone))

    def _lost(self, link: WorkerLink) -> None:
        self._spares.forget(link)
        gone = tuple(endpoint for endpoint, placed in self._placed.items() if placed.link is link)
        for endpoint in gone:
            self._count(self._placed.pop(endpoint), -1)
        for bridge in [each for each in self._bridges if link in {each.near, each.far}]:
            self._spawn(self._end(bridge))
        if gone:
            self._emit(WorkerLost(gone))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _quietly(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except MediaError:
            return  # the worker is away again; its link will say so

    def _emit(self, event: MediaEvent) -> None:
        loop = asyncio.get_running_loop()
        for receiver in self._receivers:
            loop.call_soon(receiver, event)
