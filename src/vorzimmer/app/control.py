"""The control process: signalling, presence and calls over the sockets that the supervisor bound.

It reads the database once, at its start; afterwards changes come from web and everything it has to keep is written
behind. This module must never do anything that could hold up a call.
"""

import asyncio
import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import structlog

from vorzimmer.app import garbage
from vorzimmer.app.children import announce_ready
from vorzimmer.app.clock import LoopClock, SystemChance
from vorzimmer.app.code_service import CodeService
from vorzimmer.app.control_rpc import ControlRpc
from vorzimmer.app.edge import Edge
from vorzimmer.app.exchange import Exchange, Ports
from vorzimmer.app.fact_stream import FactStream
from vorzimmer.app.layout import Layout
from vorzimmer.app.media_config import SidedMedia, Sides, own_addresses
from vorzimmer.app.own_hosts import OwnHosts
from vorzimmer.app.prompts import Prompts
from vorzimmer.app.rpc import RpcServer
from vorzimmer.app.stirs import Stirs
from vorzimmer.app.storage import open_storage
from vorzimmer.app.tracing import Tracer, hep_sender
from vorzimmer.calls.thaw import thaw_all
from vorzimmer.kernel.address import Address
from vorzimmer.media.embedded.client import EmbeddedMedia
from vorzimmer.net.transports import SocketTransports
from vorzimmer.observe.logs import Logger, configure
from vorzimmer.observe.metrics import Metrics
from vorzimmer.sdp.addresses import refused
from vorzimmer.sip.flow import Flow
from vorzimmer.store.journal import FileSegments, Journal
from vorzimmer.store.lives import next_life
from vorzimmer.store.marks import Marks
from vorzimmer.store.ports import StoreFailedError
from vorzimmer.store.sql import SqlStore
from vorzimmer.store.write_behind import WriteBehind

try:
    import uvloop
except ImportError:  # where there is no uvloop, the slower loop of the standard library does the same
    uvloop = None  # type: ignore[assignment]  # there is no such module then

HANG_UP_GRACE_S = 3.0
"""After the drain's limit, how long the BYEs may take."""


class Control:
    """One control process."""

    def __init__(self, layout: Layout, log: Logger) -> None:
        self._layout = layout
        self._options = layout.options()
        self._log = log
        self._clock = LoopClock()
        self._chance = SystemChance()
        self.metrics = Metrics()
        self._tracer = Tracer(self._clock)

    async def serve(self) -> None:
        """Serve until SIGTERM, then let calls end."""
        stop = _stopping()
        store = await open_storage(self._layout, self._options, migrating=False)
        segments = FileSegments(self._layout.state.journal)
        journal = Journal(segments, store.live, self._clock, on_trouble=self._trouble)
        edge = self._edge()
        bindings, watches, marks = self._behind(store)
        media = EmbeddedMedia(
            self._layout.media_sockets(self._options), self._clock, int(self._clock.wall().timestamp() * 1000)
        )
        nonce_key = await store.meta.keep("nonce-key", os.urandom(32))
        facts = FactStream(self.metrics, self._log)
        keeping = (journal, bindings, watches, marks)
        exchange = self._exchange(edge.transports, SidedMedia(media), keeping, (nonce_key, facts, edge))
        rpc = ControlRpc(exchange, facts, media)
        server = RpcServer({**rpc.methods(), **self._tracer.methods(), **edge.methods()}, rpc.streams())
        rpc.hold()
        await server.start(self._layout.control_socket)
        life = await next_life(store.live)
        exchange.board.facts.go_on(await marks.restore())
        await self._restore(exchange, store, journal, bindings, media)
        sweeper = self._settled(exchange)
        rpc.release()
        await self._listen(edge)
        exchange.open_lines()
        returning = asyncio.ensure_future(self._watchers_back(exchange, watches, life))
        await stop.wait()
        returning.cancel()
        sweeper.close()
        await self._drain(exchange)
        await server.stop()
        exchange.board.facts.settle()
        exchange.close()
        await edge.close()
        await media.stop()
        for keeper in (bindings, watches, marks, journal, store):
            await keeper.close()

    def _edge(self) -> Edge:
        around = (self._clock, self._chance)
        return Edge(self._options, self._layout, around, metrics=self.metrics, trouble=self._trouble)

    def _behind(self, store: SqlStore) -> tuple[WriteBehind, WriteBehind, Marks]:
        """What follows into the database: bindings, subscriptions, how far facts are counted."""
        state, clock, trouble = self._layout.state, self._clock, self._trouble
        files = FileSegments(state.registered)
        bindings = WriteBehind("binding", store.live, clock, on_trouble=trouble, segments=files, only_new=True)
        files = FileSegments(state.watches)
        watches = WriteBehind("subscription", store.live, clock, on_trouble=trouble, segments=files)
        return bindings, watches, Marks(store.live, self._clock, on_trouble=self._trouble)

    def _refused(self) -> Callable[[Address, Flow], str | None]:
        """Why a peer may not name an address."""
        own = own_addresses(self._options)

        def refuse(address: Address, flow: Flow) -> str | None:
            return refused(address, flow.local.host.startswith("127.") or flow.local.host == "::1", own)

        return refuse

    def _exchange(
        self,
        transports: SocketTransports,
        media: SidedMedia,
        keeping: tuple[Journal, WriteBehind, WriteBehind, Marks],
        more: tuple[bytes, FactStream, Edge],
    ) -> Exchange:
        (journal, bindings, watches, marks), (nonce_key, facts, edge) = keeping, more
        stirs = Stirs(self._clock, facts)
        prompts = Prompts(lambda company: exchange.house.book(company).company)
        ports = Ports(
            transports=transports,
            sent_by=transports.sent_by,
            aliased=transports.aliased,
            clock=self._clock,
            chance=self._chance,
            media=media,
            journal=journal,
            nonce_key=nonce_key,
            on_bug=self._bug,
            realm=self._options.realm,
            sessions=self._options.sessions,
            side=Sides(self._options, transports.sent_by).of,
            refused=self._refused(),
            own=OwnHosts(self._options, transports.sent_by),
            expects=transports.expects,
            sound_of=prompts.source,
            tell=facts.tell,
            stirred=stirs.moved,
            keep=bindings.put,
            keep_watch=watches.put,
            keep_mark=marks.put,
            service=CodeService(self._layout.state.admin_socket),
            resolve=edge.addresses,
            counting=self.metrics,
            trace=self._tracer,
            tap=self._tracer.wire,
        )
        exchange = stirs.over(Exchange(ports))
        return exchange

    async def _restore(
        self, exchange: Exchange, store: SqlStore, journal: Journal, bindings: WriteBehind, media: EmbeddedMedia
    ) -> None:
        gc.disable()  # millions of new objects and no garbage among them
        await exchange.house.load(store.companies)
        gc.enable()
        gc.freeze()
        exchange.restore_bindings(await bindings.restore())
        exchange.watching.starting()
        await media.start()
        states = await journal.restore()
        await thaw_all(exchange.board, states)

    def _settled(self, exchange: Exchange) -> garbage.Sweeper:
        garbage.settle_for_calls()
        sweeper = garbage.Sweeper(self._clock, lambda: len(exchange.board.live_view()))
        sweeper.start()
        return sweeper

    async def _listen(self, edge: Edge) -> None:
        await edge.listen()
        if (capture := self._options.capture_server()) is not None:
            self._tracer.copy_to(await hep_sender(capture), self._options.hep_id)
        announce_ready()

    async def _watchers_back(self, exchange: Exchange, watches: WriteBehind, life: int) -> None:
        """Calls first: whoever watches is told once calls can be made again."""
        while True:
            try:
                saved = await watches.restore()
            except StoreFailedError as error:
                self._trouble(f"subscriptions: {error}")
                await self._clock.sleep(1.0)
            else:
                exchange.restore_subscriptions(saved, life)
                return

    async def _drain(self, exchange: Exchange) -> None:
        """No new calls; the ones there are may end by themselves for a while."""
        try:
            async with asyncio.timeout(self._options.drain_s):
                await exchange.board.drain()
        except TimeoutError:
            exchange.board.hang_up_all("shutdown")
        try:
            async with asyncio.timeout(HANG_UP_GRACE_S):
                await exchange.board.drain()
        except TimeoutError:
            self._trouble("calls were left when the server ended")

    def _bug(self, doing: str, error: Exception) -> None:
        self.metrics.bugs.labels(doing).inc()
        self._log.error("bug", doing=doing, trace="".join(traceback.format_exception(error)))

    def _trouble(self, text: str) -> None:
        self._log.warning("trouble", what=text)


def main() -> None:
    """Entry point of the process; its argument is the state directory."""
    layout = Layout(Path(sys.argv[1]))
    log = configure(layout.options().log_level, "control")
    structlog.contextvars.clear_contextvars()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        runner.run(Control(layout, log).serve())


def _stopping() -> asyncio.Event:
    """Set by SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


if __name__ == "__main__":
    main()
