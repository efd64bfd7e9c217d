"""The whole PBX as one simulated server: exchange, journal, bindings and store, over a network in memory.

`kill` ends its process as ``kill -9`` does; `start` makes a new one from what was kept. Store, journal files, media
workers and the door for changes outlive it, as other processes and disks do. This module must never be used by the
product, and never repair what a restart has lost.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from vorzimmer.admin.door import Door, Surroundings
from vorzimmer.admin.edit import Edit
from vorzimmer.admin.problems import ProblemsError
from vorzimmer.admin.world import Actor, Options
from vorzimmer.app.exchange import Exchange, Ports
from vorzimmer.app.house import Published, zone
from vorzimmer.app.tracing import Tracer
from vorzimmer.calls.thaw import thaw_all
from vorzimmer.calls.world import Fact, Service, no_service
from vorzimmer.directory.snapshot import Change
from vorzimmer.features.codes.actions import changes_for
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.clock import Clock
from vorzimmer.media.port import Media
from vorzimmer.routing.model import Announce, Asked, Refuse, Run
from vorzimmer.store.frames import Entry, read
from vorzimmer.store.journal import Journal, Segments
from vorzimmer.store.lives import next_life
from vorzimmer.store.marks import Marks
from vorzimmer.store.memory import MemoryStore
from vorzimmer.store.ports import StoreFailedError
from vorzimmer.store.write_behind import WriteBehind
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.network import Network
from vorzimmer.testing.process import MortalClock, MortalMedia
from vorzimmer.testing.segments import MemorySegments

SERVER = Address("192.0.2.1", 5060)
Handler = Callable[[str, Exception], None]


class History:
    """store.journal.Segments that remembers every frame ever appended, whatever becomes of the files."""

    def __init__(self, segments: MemorySegments, past: bytearray | None = None) -> None:
        self.segments = segments
        self.past = bytearray() if past is None else past

    def crash(self) -> "History":
        """What the next process finds; the dead one writes into the void."""
        after = History(self.segments.crash(), self.past)
        self.past = bytearray()
        return after

    def entries(self) -> list[Entry]:
        """Everything ever appended, in order."""
        return list(read(bytes(self.past)))

    def old(self) -> list[bytes]:
        """As the port says."""
        return self.segments.old()

    def append(self, data: bytes) -> None:
        """As the port says."""
        # A full disk keeps the frame from the file, not from the history: the database gets it all the same.
        self.past += data
        self.segments.append(data)

    def rotate(self) -> None:
        """As the port says."""
        self.segments.rotate()

    def drop_old(self) -> None:
        """As the port says."""
        self.segments.drop_old()

    def close(self) -> None:
        """As the port says."""
        self.segments.close()


@dataclass(slots=True)
class Told:
    """What all processes of a server have told: facts, bugs (each one is a failure), troubles with disk or store."""

    facts: list[Fact] = field(default_factory=list)
    bugs: list[tuple[str, Exception]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def bug(self, doing: str, error: Exception) -> None:
        """net.pump.OnBug."""
        self.bugs.append((doing, error))


class Process:
    """One life of the control process."""

    def __init__(self, server: "SimulatedServer") -> None:
        self.clock = MortalClock(server.clock)
        self.media = MortalMedia(server.media)
        self._server = server
        troubles = server.told.troubles
        segments: Segments = server.history
        self.journal = Journal(segments, server.store.live, self.clock, on_trouble=troubles.append)
        self.kept = WriteBehind(
            "binding", server.store.live, self.clock, on_trouble=troubles.append, segments=server.registered,
            only_new=True,
        )  # fmt: skip
        self.marks = Marks(server.store.live, self.clock, on_trouble=troubles.append)
        self.tracer = Tracer(self.clock)
        self.watches = WriteBehind(
            "subscription", server.store.live, self.clock, on_trouble=troubles.append, segments=server.watched
        )
        self.exchange = Exchange(
            Ports(
                transports=server.node,
                sent_by=server.node.sent_by,
                clock=self.clock,
                chance=server.chance,
                media=self.media,
                journal=self.journal,
                nonce_key=bytes(32),
                on_bug=server.told.bug,
                service=server.service,
                keep=self.kept.put,
                keep_watch=self.watches.put,
                keep_mark=self.marks.put,
                tell=server.told.facts.append,
                own=lambda host, flow: host in {SERVER.host, flow.local.host},
                trace=self.tracer,
                tap=self.tracer.wire,
            )
        )

    async def restore(self) -> None:
        """As control does at its start; raises StoreFailedError."""
        store, exchange = self._server.store, self.exchange
        life = await next_life(store.live)
        exchange.board.facts.go_on(await self.marks.restore())
        await exchange.house.load(store.companies)
        exchange.restore_bindings(await self.kept.restore())
        exchange.watching.starting()
        states = await self.journal.restore()
        await thaw_all(exchange.board, states)
        exchange.open_lines()
        self._returning = asyncio.get_running_loop().create_task(self._watchers_back(life))

    async def _watchers_back(self, life: int) -> None:
        """As control does: calls can be made already."""
        while True:
            try:
                saved = await self.watches.restore()
            except StoreFailedError as error:
                self._server.told.troubles.append(f"subscriptions: {error}")
                await self.clock.sleep(1.0)
            else:
                self.exchange.restore_subscriptions(saved, life)
                return

    def kill(self) -> None:
        """Nothing of it acts any more; its tasks are cancelled by whoever kills it."""
        self.clock.kill()
        self.media.dead = True
        self.exchange.board.drop_all()
        self.exchange.close()


class _Slow:
    """A part of the store whose operations take their time before they are done."""

    def __init__(self, real: object, wait: Callable[[], Awaitable[None]]) -> None:
        self._real = real
        self._wait = wait

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)

        async def operation(*args: Any, **named: Any) -> Any:
            await self._wait()
            return await real(*args, **named)

        return operation


class SimulatedServer:
    """`process` is None while the server is down. `failing` names operations of the store that fail, or "all"; `slow`
    is how many seconds each operation takes."""

    def __init__(self, network: Network, clock: Clock, media: Media, *, seed: int = 0) -> None:
        self.network = network
        self.clock = clock
        self.media = media
        self.chance = SeededChance(seed)
        self.failing: set[str] = set()
        self.slow = 0.0
        self.store = MemoryStore(fails=lambda operation: operation in self.failing or "all" in self.failing)
        for part in ("companies", "calls", "live"):
            setattr(self.store, part, _Slow(getattr(self.store, part), self._wait))
        self.history = History(MemorySegments())
        self.watched = MemorySegments()
        self.registered = MemorySegments()
        self.node = network.join("pbx", SERVER)
        self.told = Told()
        self.process: Process | None = None
        self.service: Service = no_service
        """What feature codes and phones' own keys do, from the next start on: see ``changing``."""
        around = Surroundings(SeededChance(seed + 1), zone, clock.wall)
        self.door = Door(self.store.companies, around, self)

    async def changing(self, run: Run, asked: Asked) -> Announce | Refuse:
        """calls.world.Service: what a code changes, by the one door in the caller's name, as the office does it."""
        caller = asked.caller.ref
        assert caller is not None
        change = changes_for(run.action, run.params, caller, self.exchange.house.book(asked.company))
        try:
            actor = Actor(f"{caller} by feature code", asked.company, caller.id)
            await self.door.edit(asked.company, [Edit(caller, change.values)], actor)
        except ProblemsError:
            return Announce("say.not_available", 403)
        return Announce(change.confirm, 200)

    async def _wait(self) -> None:
        if self.slow:
            await self.clock.sleep(self.slow)

    @property
    def exchange(self) -> Exchange:
        """The living exchange."""
        assert self.process is not None, "the server is down"
        return self.process.exchange

    async def apply(self, text: str) -> None:
        """A company file, by the one door; raises BadFileError, RefusedError."""
        await self.door.apply(text, Options(allow_weak_passwords=True))

    def publish(self, company: str, revision: int, changes: tuple[Change, ...]) -> None:
        """admin.ports.Publisher: to the living process, if there is one."""
        if self.process is None:
            return
        self.exchange.publish(Published(company, revision, changes))

    async def start(self) -> None:
        """A new process from what was kept; raises StoreFailedError, and is down again then."""
        others = asyncio.all_tasks()
        self.process = Process(self)
        try:
            await self.process.restore()
        except BaseException:
            await self.kill(others)
            raise

    async def kill(self, others: "set[asyncio.Task[Any]]") -> None:
        """``kill -9``: no word of it reaches anybody from now on. All tasks but those of `others` are its own."""
        assert self.process is not None, "the server is down"
        self.process.kill()
        self.process = None
        self.node.restart()
        self.history = self.history.crash()
        self.watched = self.watched.crash()
        self.registered = self.registered.crash()
        while tasks := asyncio.all_tasks() - others:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def alarms(self) -> int:
        """Timers of the living process that have yet to ring."""
        return len(self.process.clock.alarms) if self.process is not None else 0
