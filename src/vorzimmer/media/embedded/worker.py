"""A media worker: one process, one event loop, its share of the ports. The thin shell around table, player and relay.

It is started and watched by the supervisor and outlives control. This module must never decide who hears whom.
"""

import argparse
import asyncio
import gc
import os
import signal
import sys
from time import perf_counter

import msgspec

try:
    import uvloop
except ImportError:  # the slower loop of the standard library does the same
    uvloop = None  # type: ignore[assignment]  # there is no such module then

from vorzimmer.media.embedded import protocol as wire
from vorzimmer.media.embedded.clips import Library
from vorzimmer.media.embedded.config import Listener, WorkerConfig
from vorzimmer.media.embedded.player import TICK, Beat
from vorzimmer.media.embedded.server import ControlServer
from vorzimmer.media.embedded.table import Table
from vorzimmer.media.embedded.udp import Hub
from vorzimmer.media.embedded.voices import SLOTS
from vorzimmer.media.embedded.wires import Pair

SWEEP_SECONDS = 1.0
COLLECT = (20_000, 1_000_000_000, 1_000_000_000)
"""Thresholds of the garbage collector: looking through all sessions takes longer than a packet may wait, so only what
is new is looked through. A closed session holds no cycle; whatever else there is waits until nobody talks."""

COLLECT_SECONDS = 3_600.0
"""After so long a quiet moment is used to collect everything."""

DIGIT_TICKS = 5
"""Every so many ticks presses without an end are looked for: 100 ms."""


class OsChance:
    """kernel.Chance from the operating system: SSRCs and first sequence numbers (RFC 3550 5.1 wants them random)."""

    def token(self, size: int = 10) -> str:
        return os.urandom(size).hex()

    def number(self, low: int, high: int) -> int:
        return low + int.from_bytes(os.urandom(8), "big") % (high - low + 1)

    def fraction(self) -> float:
        return int.from_bytes(os.urandom(7), "big") / (1 << 56)


class Worker:
    """Sockets, timers and the control connection of one worker."""

    def __init__(self, config: WorkerConfig) -> None:
        chance = OsChance()
        self._config = config
        self._instance = chance.token()
        self._server = ControlServer(self._perform, perf_counter)
        self._hub = Hub(perf_counter, config.dscp)
        self.table = Table(config, self._bind, Library(config.music), self._server.emit, chance)
        self.table.voices.failed = _complain
        self._ticks = 0
        self._collected = perf_counter()
        self._beat = Beat(perf_counter())
        self._slots = Beat(perf_counter(), TICK / SLOTS)
        self._timers: dict[str, asyncio.TimerHandle] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then close every session."""
        await self._server.start(self._config.socket)
        self._tick()
        self._translate()
        self._sweep()
        try:
            await stop.wait()
        finally:
            await self._server.stop()
            for timer in self._timers.values():
                timer.cancel()
            self.table.shut(perf_counter())
            self._hub.close()

    async def _bind(self, host: str, port: int) -> Pair:
        return self._hub.bind(host, port)

    async def _perform(self, command: wire.Command) -> wire.Answer:
        table, now = self.table, perf_counter()
        match command:
            case wire.Hello():
                return wire.Welcome(self._instance, self._config.index, len(table.sessions))
            case wire.Open():
                return await table.open(command)
            case wire.Reserve():
                return await table.reserve(command)
            case wire.Configure(endpoint, plan):
                table.configure(endpoint, plan, now)
                return wire.Done()
            case wire.Hear(endpoint, source):
                await table.hear(endpoint, source)
                return wire.Done()
            case wire.GetStatistics(endpoint):
                return wire.Counted(table.statistics(endpoint))
            case wire.Close(endpoint):
                return wire.Counted(table.close(endpoint, now))
            case wire.Adopt(endpoints):
                return wire.Adopted(table.adopt(endpoints, now))
            case wire.GetLoad():
                return table.load()

    def _tick(self) -> None:
        try:
            for _ in self._beat.due(perf_counter()):
                self.table.player.tick(perf_counter())
                self.table.reports.send_due(perf_counter())
                self._ticks += 1
                if self._ticks % DIGIT_TICKS == 0:
                    self.table.watch_digits(perf_counter())
        finally:  # whatever one session does, the others' beat goes on
            self._later("tick", max(self._beat.at - perf_counter(), TICK / 100))

    def _translate(self) -> None:
        """The slots between two ticks; looked after only while somebody is translated."""
        try:
            for _ in self._slots.due(perf_counter()):
                self.table.voices.tick(perf_counter())
        finally:
            busy = self.table.voices.busy
            self._later("slot", max(self._slots.at - perf_counter(), TICK / 100) if busy else TICK)

    def _sweep(self) -> None:
        now = perf_counter()
        self._later("sweep", SWEEP_SECONDS)
        alone = self._server.alone_since
        if alone is not None and now - alone >= self._config.alone:
            self.table.close_all(now)
        self.table.sweep(now)
        if now - self._collected >= COLLECT_SECONDS and not self.table.sessions:
            gc.collect()
            self._collected = now

    def _later(self, name: str, seconds: float) -> None:
        action = {"tick": self._tick, "slot": self._translate, "sweep": self._sweep}[name]
        self._timers[name] = asyncio.get_running_loop().call_later(seconds, action)


def _complain(error: Exception) -> None:
    context = {"message": "a voice could not be translated or mixed", "exception": error}
    asyncio.get_running_loop().call_exception_handler(context)


async def _serve(config: WorkerConfig) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    gc.freeze()
    gc.set_threshold(*COLLECT)
    await Worker(config).run(stop)


def run_worker(config: WorkerConfig) -> None:
    """Serve in this process until SIGTERM or SIGINT; uvloop where it is installed. Raises OSError for a bad socket."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        runner.run(_serve(config))


def main(arguments: list[str] | None = None) -> int:
    """Command line of one worker; the supervisor may hand the whole configuration over as JSON instead."""
    parser = argparse.ArgumentParser(prog="python -m vorzimmer.media.embedded.worker")
    parser.add_argument("--config", help="a WorkerConfig as JSON; the other options are not used then")
    parser.add_argument("--socket", help="Unix socket for control")
    parser.add_argument("--index", type=int, default=0)
    parser.add_argument("--ports", default="20000-29999", help="LOW-HIGH, this worker's own share")
    parser.add_argument("--bind", action="append", help="literal address, once per listener")
    parser.add_argument("--advertise", action="append", help="address that phones see, one per --bind")
    parser.add_argument("--music", default="", help="folder of music files")
    given = parser.parse_args(arguments)
    if not given.config and not given.socket:
        parser.error("--config or --socket is needed")
    run_worker(msgspec.json.decode(given.config, type=WorkerConfig) if given.config else _config(given))
    return 0


def _config(given: argparse.Namespace) -> WorkerConfig:
    low, _, high = given.ports.partition("-")
    binds = given.bind or ["127.0.0.1"]
    seen = (given.advertise or []) + [""] * len(binds)
    listeners = tuple(
        Listener(f"listener{n}" if n else "", host, advertised, int(low), int(high))
        for n, (host, advertised) in enumerate(zip(binds, seen, strict=False))
    )
    own = tuple((host, each.low, each.high + 1) for each in listeners for host in {each.bind, each.host})
    return WorkerConfig(given.socket, listeners, given.index, own, given.music)


if __name__ == "__main__":
    sys.exit(main())
