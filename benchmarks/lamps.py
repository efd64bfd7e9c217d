"""Lamps through a real server: 750 phones that watch one user.

Counted are the NOTIFYs that phones got and answered and those that the server says it has sent. The watched user's
phone signs on and off, which is all that changes: no call's work is in the figures.
"""

import asyncio
import gc
import tempfile
import tracemalloc
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from sys import intern
from time import perf_counter

from benchmarks.figures import Figure, Result, percentile, reference
from benchmarks.load import Load, pause
from benchmarks.loop import run_on_fast_loop
from benchmarks.phones import Address, Phones, Registration, authorization, opened, value
from benchmarks.server import DOMAIN, Server, account
from benchmarks.targets import Row
from vorzimmer.kernel.address import Address as KernelAddress
from vorzimmer.presence.bindings import Bindings
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Request, parse
from vorzimmer.sip.registration import Visit
from vorzimmer.sip.subscription import Event, Subscription, dialog_of
from vorzimmer.sip.subscription_machine import Document, Notifier, Outlet

WATCHERS, FIRST, KEYS = 750, 20_000, 8
TARGET = FIRST + WATCHERS
RUNS, ROUNDS, AT_ONCE, PATIENCE_S, AGAIN_S = 3, 6, 8, 8.0, 0.3
HERE = KernelAddress("10.0.0.9", 5060)
HOW = (
    f"{WATCHERS} phones on UDP watch one user, whose phone signs on or off {ROUNDS} times a run; each time all are "
    f"told, and all answer. CPU time is control's; memory is what is kept of phones with {KEYS} keys each."
)


class Watchers(Phones):
    """All phones with lamps: they answer each NOTIFY and remember the newest number of each subscription."""

    def __init__(self, server: Address) -> None:
        super().__init__(server)
        self.told = 0
        self.numbers: dict[bytes, int] = {}
        self.waiting: tuple[int, asyncio.Event] | None = None

    def asked(self, method: str, data: bytes) -> None:
        """NOTIFY."""
        if method != "NOTIFY":
            super().asked(method, data)
            return
        self.answer(data, "200 OK")
        call, number = value(data, b"Call-ID"), int(value(data, b"CSeq").partition(b" ")[0])
        if number > self.numbers.get(call, 0):
            self.numbers[call] = number
            self.told += 1
        if self.waiting is not None and self.told >= self.waiting[0]:
            self.waiting[1].set()

    async def until(self, count: int, seconds: float) -> None:
        """Wait until so many have been told in all, or for so long."""
        reached = asyncio.Event()
        self.waiting = count, reached
        if self.told < count:
            try:
                async with asyncio.timeout(seconds):
                    await reached.wait()
            except TimeoutError:
                pass
        self.waiting = None


@dataclass(slots=True)
class Key:
    """One lamp key: SUBSCRIBE with its challenge."""

    phones: Watchers
    number: int
    watched: int
    over: Callable[[str], None]
    call: str = ""

    def start(self) -> None:
        """The first SUBSCRIBE, without credentials."""
        self.call = f"w{next(self.phones.ids)}x{self.phones.own[1]}"
        self.phones.by_call[self.call.encode()] = self._answered
        self._send("1 SUBSCRIBE", "")

    def _send(self, sequence: str, credentials: str) -> None:
        uri = f"sip:{self.watched}@{DOMAIN}"
        peers = (f"<sip:{account(self.number)}@{DOMAIN}>;tag={self.call}", f"<{uri}>")
        head = self.phones.head(f"SUBSCRIBE {uri}", self.call, sequence, peers)
        lines = f"Contact: {self.phones.contact(self.number)}\r\nEvent: dialog\r\nExpires: 3600\r\n{credentials}"
        self.phones.send(f"{head}{lines}Content-Length: 0\r\n\r\n")

    def _answered(self, status: int, data: bytes) -> None:
        if status == 401 and value(data, b"CSeq").startswith(b"1 "):
            self._send("2 SUBSCRIBE", authorization(data, "SUBSCRIBE", f"sip:{self.watched}@{DOMAIN}", self.number))
        elif status >= 200 and self.phones.by_call.pop(self.call.encode(), None) is not None:
            if status == 503:  # shed, since calls come first: a phone asks again
                asyncio.get_running_loop().call_later(AGAIN_S, self.start)
            else:
                self.over("" if status == 200 else f"SUBSCRIBE got {status}")


def run(long: bool = False) -> Result:
    """Start a server, watch, stop; the same whether long or not."""
    with tempfile.TemporaryDirectory() as folder:
        return run_on_fast_loop(_run(folder))


@dataclass(slots=True)
class Told:
    """One run: ms of CPU for each NOTIFY, ms until the last one was told."""

    notify_ms: float
    all_ms: float
    figure: Figure


class _Bench:
    """The steps of one run; what went wrong is in `wrong`."""

    def __init__(self, server: Server, phones: Watchers) -> None:
        self.server = server
        self.phones = phones
        self.wrong: list[str] = []

    async def _all(self, start: Callable[[int, Callable[[str], None]], None], count: int) -> None:
        load = Load(start)
        await load.closed(count, AT_ONCE, PATIENCE_S)
        if load.failures or load.completed != count:
            self.wrong.append(f"{load.completed} of {count}: {load.failures}")

    async def register(self) -> None:
        """All watchers sign on."""

        def start(number: int, over: Callable[[str], None]) -> None:
            Registration(self.phones, FIRST + number, partial(_said, over)).start()

        await self._all(start, WATCHERS)

    async def watch(self, keys: range) -> float:
        """So many keys more on each phone; CPU-seconds of each."""
        cpu, told = self.server.cpu("control"), self.phones.told

        def start(number: int, over: Callable[[str], None]) -> None:
            key, phone = keys[number // WATCHERS], number % WATCHERS
            watched = TARGET if key == 0 else FIRST + (phone + key) % WATCHERS
            Key(self.phones, FIRST + phone, watched, over).start()

        count = len(keys) * WATCHERS
        await self._all(start, count)
        await self.phones.until(told + count, 10)
        await pause(1.5)
        return (self.server.cpu("control") - cpu) / count

    async def tell(self, number: int) -> Told:
        """The target signs on and off a few times."""
        cpu, told, sent, walls = self.server.cpu("control"), self.phones.told, self._notifies(), list[float]()
        for step in range(ROUNDS):
            done = asyncio.Event()
            before, began = self.phones.told, perf_counter()
            expires = 0 if step % 2 else 3600
            Registration(self.phones, TARGET, lambda good, done=done: done.set(), expires=expires).start()  # type: ignore[misc]  # bound at once
            await done.wait()
            await self.phones.until(before + WATCHERS, 10)
            walls.append(perf_counter() - began)
            await pause(0.2)  # a phone would not sign off in the moment in which it has signed on
        spent, count = self.server.cpu("control") - cpu, self.phones.told - told
        ends = (count, self._notifies() - sent, ROUNDS * WATCHERS)
        text = f"{spent / ROUNDS * 1e3:.0f} ms of CPU; last one told after p50 {percentile(walls, 50) * 1e3:.0f} ms"
        figure = Figure(f"run {number}: {WATCHERS} watchers of one user told", text, count / spent, ends)
        return Told(spent / count * 1e3, percentile(walls, 50) * 1e3, figure)

    def _notifies(self) -> int:
        with urllib.request.urlopen(self.server.web("/metrics"), timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return int(float(next(line.split()[1] for line in lines if line.startswith("vorzimmer_notifies "))))


async def _run(folder: str) -> Result:
    before = reference()
    async with Server(folder, range(FIRST, TARGET + 1), pinned=True) as server:
        phones = await opened(Watchers(server.sip))
        bench = _Bench(server, phones)
        await bench.register()
        cpu = await bench.watch(range(1))
        figures = [Figure("subscriptions (401, 200, NOTIFY)", f"{cpu * 1e3:.2f} ms of CPU each", 1 / cpu)]
        runs = [await bench.tell(number + 1) for number in range(RUNS)]
        figures += [*(each.figure for each in runs), *memory()]
        phones.transport.close()
        if phones.unexpected:
            bench.wrong.append(f"phones were asked for {set(phones.unexpected)}")
    rows = (
        Row("notify", tuple(each.notify_ms for each in runs), f"CPU time of control, {ROUNDS * WATCHERS:,} a run"),
        Row("told", tuple(each.all_ms for each in runs), f"from REGISTER to the last one, median of {ROUNDS} a run"),
    )
    return Result("Lamps", HOW, tuple(figures), (before + reference()) / 2, tuple(bench.wrong), rows)


REGISTER = (
    "REGISTER sip:bench.example SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:{port};branch=z9hG4bK{n};rport\r\n"
    "From: <sip:d{n}@bench.example>;tag=r{n}\r\nTo: <sip:d{n}@bench.example>\r\nCall-ID: {n}x9f2c77aa01@10.0.0.1\r\n"
    "CSeq: 2 REGISTER\r\nContact: <sip:d{n}@10.0.0.1:{port};line=x{n}>;q=1.0;"
    '+sip.instance="<urn:uuid:8f2d3c1e-0000-4000-8000-{n:012}>"\r\nUser-Agent: Bench/1.0 {n}\r\n\r\n'
)
SUBSCRIBE = (
    "SUBSCRIBE sip:{w}@bench.example SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:{port};branch=z9hG4bK{n};rport\r\n"
    "From: <sip:d{n}@bench.example>;tag=s{n}x{w}\r\nTo: <sip:{w}@bench.example>\r\nCall-ID: {n}x{w}aa@10.0.0.1\r\n"
    "CSeq: 2 SUBSCRIBE\r\nContact: <sip:d{n}@10.0.0.1:{port};line=x{n}>\r\nEvent: dialog\r\n\r\n"
)
KEPT = 2_000


def memory() -> tuple[Figure, Figure]:
    """What is kept of a registered UDP phone, and of each of its keys, once the messages are forgotten."""
    held = []
    gc.collect()
    tracemalloc.start()
    bindings = Bindings()
    for n in range(KEPT):
        flow = Flow("udp", HERE, KernelAddress("10.0.0.1", 1024 + n))
        text = REGISTER.format(n=n, port=1024 + n)
        bindings.register(f"bench/d{n}", _parsed(text), Visit(flow, 0.0))
    gc.collect()
    phones = tracemalloc.get_traced_memory()[0]
    machine = Notifier(
        Outlet(lambda s, lines, body: "", lambda s, v: Document("", b""), lambda s: None, lambda s: None)
    )  # fmt: skip
    for n in range(KEPT):
        for w in range(KEYS):
            request = _parsed(SUBSCRIBE.format(n=n, w=1000 + w, port=1024 + n))
            flow = bindings.contacts(f"bench/d{n}")[0].flow
            made = Subscription(dialog_of(request, f"{n:06x}{w:06x}"), Event("dialog", "dialog"), flow)
            made.dialog.target = intern(made.dialog.target)
            made.account, made.resource = intern(f"bench/d{n}"), intern(f"bench/user:u{w}")
            made.detail = "direction"
            machine.add(made, 3600.0)
    machine.handle_timer(0.0)
    del request, made
    gc.collect()
    both = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    held.append((bindings, machine))
    one, key = phones / KEPT, (both - phones) / KEPT / KEYS
    return (
        Figure("kept of a registered UDP phone", f"{one / 1024:.1f} KB"),
        Figure("kept of each subscription", f"{key / 1024:.1f} KB"),
    )


def _parsed(text: str) -> Request:
    message = parse(text.encode())
    assert isinstance(message, Request)
    return message


def _said(over: Callable[[str], None], good: bool) -> None:
    over("" if good else "refused")


if __name__ == "__main__":
    print(run())
