"""What control alone costs, without a socket, a process or a disk: calls and registrations through an Exchange.

The phones are those of the other benchmarks, joined to the server by a queue; their CPU time is taken off. Media is a
double that answers at once, the database forgets. So this shows what SIP, deciding, calls and the journal's bytes take,
within seconds and with little noise; sockets, media workers and SQL are in `calls`.
"""

import asyncio
import tempfile
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import thread_time
from typing import Any

from benchmarks.figures import Figure, Result, reference
from benchmarks.load import Load
from benchmarks.loop import run_on_fast_loop
from benchmarks.phones import Call, Called, Phones, Registration
from benchmarks.server import DOMAIN, account, password
from vorzimmer.app import garbage
from vorzimmer.app.clock import LoopClock, SystemChance
from vorzimmer.app.exchange import Exchange, Ports
from vorzimmer.app.house import Published
from vorzimmer.app.media_config import SidedMedia
from vorzimmer.directory.snapshot import Change
from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import EndpointId
from vorzimmer.media.port import MediaEvent, MediaPlan, OpenSpec, Source, Statistics
from vorzimmer.net.pump import Sink
from vorzimmer.sip.digest import Credentials
from vorzimmer.sip.flow import Flow, Packet
from vorzimmer.store.journal import FileSegments, Journal
from vorzimmer.store.memory import MemoryStore

SERVER = Address("127.0.0.1", 5060)
PHONES = 150
CALLERS, RUNG = 10_000, 20_000
WARM_UP, MEASURED, ROUNDS, AT_ONCE = 300, 1_000, 3, 6
PATIENCE_S = 10.0
HOW = (
    f"`Exchange` with {2 * PHONES} phones in the same process: no sockets, no media process, a database that forgets. "
    f"The median of {ROUNDS} rounds of {MEASURED} calls, phones not counted."
)


class Wires:
    """net.pump.Transports: queues between the server and two sets of phones. `phones_cpu` is what the phones took."""

    def __init__(self) -> None:
        self.sink: Sink | None = None
        self.phones: dict[int, Phones] = {}
        self.phones_cpu = 0.0
        self._flows: dict[int, Flow] = {}
        self._down: deque[tuple[int, bytes]] = deque()
        self._up: deque[tuple[bytes, Flow]] = deque()

    def join(self, phones: Phones, port: int) -> None:
        """Phones at a port."""
        phones.transport = _Wire(self, port)  # type: ignore[assignment]  # of a transport they use sendto only
        phones.own = ("127.0.0.1", port)
        self.phones[port] = phones
        self._flows[port] = Flow("udp", SERVER, Address("127.0.0.1", port), 0, "udp")

    def attach(self, sink: Sink) -> None:
        self.sink = sink

    def close_flow(self, flow: Flow) -> None:
        """Datagrams have none."""

    def send(self, packet: Packet) -> None:
        if not self._down:
            asyncio.get_running_loop().call_soon(self._to_phones)
        to = packet.to
        self._down.append((to.remote.port if isinstance(to, Flow) else to.port, packet.data))

    def sent(self, data: bytes, port: int) -> None:
        """A phone has sent something."""
        if not self._up:
            asyncio.get_running_loop().call_soon(self._to_server)
        self._up.append((data, self._flows[port]))

    def _to_phones(self) -> None:
        before = thread_time()
        work, self._down = self._down, deque()
        for port, data in work:
            self.phones[port].datagram_received(data, SERVER)
        self.phones_cpu += thread_time() - before

    def _to_server(self) -> None:
        assert self.sink is not None
        work, self._up = self._up, deque()
        for data, flow in work:
            self.sink.received(data, Flow("udp", flow.local, Address(flow.remote.host, flow.remote.port), 0, "udp"))


class _Wire:
    def __init__(self, wires: Wires, port: int) -> None:
        self._wires = wires
        self._port = port

    def sendto(self, data: bytes, addr: Any) -> None:
        self._wires.sent(data, self._port)


class NoMedia:
    """media.port.Media that answers at once."""

    def __init__(self) -> None:
        self._ports = 10_000

    async def open(self, spec: OpenSpec) -> Address:
        self._ports = 10_000 + (self._ports + 2) % 40_000
        return Address("127.0.0.1", self._ports)

    async def configure(self, endpoint: EndpointId, plan: MediaPlan) -> None: ...

    async def hear(self, endpoint: EndpointId, source: Source) -> None: ...

    async def statistics(self, endpoint: EndpointId) -> Statistics:
        return Statistics()

    async def close(self, endpoint: EndpointId) -> Statistics:
        return Statistics()

    async def adopt(self, endpoints: tuple[EndpointId, ...]) -> tuple[EndpointId, ...]:
        return endpoints

    def on_event(self, receiver: Callable[[MediaEvent], None]) -> None: ...


class Inside:
    """An exchange with its phones."""

    def __init__(self, folder: str) -> None:
        self.wires = Wires()
        self.clock = LoopClock()
        self.bugs: list[str] = []
        self.facts = 0
        self.journal = Journal(
            FileSegments(Path(folder) / "journal"), MemoryStore().live, self.clock, on_trouble=self.bugs.append
        )
        self.exchange = Exchange(
            Ports(
                transports=self.wires,
                sent_by=lambda to: SERVER,
                clock=self.clock,
                chance=SystemChance(),
                media=SidedMedia(NoMedia()),
                journal=self.journal,
                nonce_key=b"k" * 32,
                on_bug=lambda doing, error: self.bugs.append(f"{doing}: {error!r}"),
                side=lambda flow: "all|127.0.0.1",
                tell=self._tell,
            )
        )
        self.exchange.house.publish(published([first + n for first in (CALLERS, RUNG) for n in range(PHONES)]))
        self.callers, self.called = Phones(SERVER), Called(SERVER)
        self.wires.join(self.callers, 60_001)
        self.wires.join(self.called, 60_003)

    def _tell(self, fact: object) -> None:
        self.facts += 1

    def register(self, number: int, over: Callable[[str], None]) -> None:
        phones, first = (self.callers, CALLERS) if number % (2 * PHONES) < PHONES else (self.called, RUNG)
        Registration(phones, first + number % PHONES, lambda good: over("" if good else "refused")).start()

    def call(self, number: int, over: Callable[[str], None]) -> None:
        Call(self.callers, CALLERS + number % PHONES, RUNG + number % PHONES, over).start()

    async def measured(self, start: Callable[[int, Callable[[str], None]], None], count: int) -> float:
        """Server CPU-seconds for each of `count` pieces of work."""
        load = Load(start)
        before, phones = thread_time(), self.wires.phones_cpu
        await load.closed(count, AT_ONCE, PATIENCE_S)
        used = thread_time() - before - (self.wires.phones_cpu - phones)
        if load.failures:
            self.bugs.append(f"failed: {load.failures}")
        return used / count

    async def close(self) -> None:
        self.exchange.close()
        await self.journal.close()


def published(numbers: list[int]) -> Published:
    """A company in which each of `numbers` is a user with one phone."""
    changes = [Change("company", "bench", {"id": "bench", "name": "Bench", "sip_domain": DOMAIN, "area_code": "89"})]
    credentials: dict[str, Credentials | None] = {}
    for n in numbers:
        changes.append(Change("user", f"u{n}", {"id": f"u{n}", "name": f"User {n}", "extension": str(n)}))
        device = {"id": account(n), "owner": f"user:u{n}", "kind": "sip", "username": account(n)}
        changes.append(Change("device", account(n), device))
        credentials[f"bench/{account(n)}"] = Credentials.of(account(n), "vorzimmer", password(n))
    return Published("bench", 1, tuple(changes), {key.removeprefix("bench/"): c for key, c in credentials.items()})


def run(long: bool = False) -> Result:
    """Registrations and calls without anything outside control; the same whether long or not."""
    with tempfile.TemporaryDirectory() as folder:
        return run_on_fast_loop(_run(folder))


async def _run(folder: str) -> Result:
    before = reference()
    inside = Inside(folder)
    await inside.measured(inside.register, 2 * PHONES)
    garbage.settle()
    registers = sorted([await inside.measured(inside.register, 2 * PHONES) for _ in range(ROUNDS)])
    await inside.measured(inside.call, WARM_UP)
    calls = sorted([await inside.measured(inside.call, MEASURED) for _ in range(ROUNDS)])
    await inside.close()
    figures = (
        _figure("complete calls, control alone", calls),
        _figure("registrations with challenge, control alone", registers),
    )
    return Result("Control alone", HOW, figures, (before + reference()) / 2, tuple(inside.bugs[:3]))


def _figure(name: str, seconds: list[float]) -> Figure:
    text = " / ".join(f"{each * 1e6:.0f}" for each in seconds)
    return Figure(name, f"{text} µs", 1 / seconds[len(seconds) // 2])


if __name__ == "__main__":
    print(run())
