"""`vorzimmer serve`: bind, start the children, watch them, end in order.

Children are the media workers, control and web (ARCHITECTURE: processes). Media workers are never children of control,
so that audio goes on while control restarts. This module must never handle a call.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable

import msgspec

from vorzimmer.api.signin.tickets import Tickets
from vorzimmer.app.children import Child
from vorzimmer.app.clock import LoopClock, SystemChance
from vorzimmer.app.layout import Layout
from vorzimmer.app.media_config import encode, worker_configs
from vorzimmer.app.options import ServeOptions
from vorzimmer.app.reach import public
from vorzimmer.app.sockets import bind, raise_descriptor_limit
from vorzimmer.app.storage import open_storage
from vorzimmer.app.tls import keyring
from vorzimmer.kernel.errors import StartError

WEB_GRACE_S = 5.0
STARTS_TRIED = 3
"""Starts of control or web without it ever having been ready, after which the server gives up."""
MEDIA_GRACE_S = 2.0


class Supervisor:
    """One server. `say` gets the few lines that people read on the terminal; `extras` are more processes to run beside
    it once it is ready (the demo's robots), by name."""

    def __init__(
        self,
        options: ServeOptions,
        say: Callable[[str], None] = print,
        extras: dict[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._options = options
        self._say = say
        self._layout = Layout(options.directory)
        self._clock = LoopClock()
        self._media: list[Child] = []
        self._front: list[Child] = []
        self._beside: list[Child] = []
        self._extra_tasks: list[asyncio.Future[None]] = []
        self._extras = extras or {}
        self._stop = asyncio.Event()
        self._failed = ""
        self._set_up = ""

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; raises StartError before anything runs."""
        raise_descriptor_limit()
        with self._layout.locked(), contextlib.ExitStack() as stack:
            listening = self._bind(stack)
            await self._prepare()
            self._children(listening)
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stop.set)
            loop.add_signal_handler(signal.SIGHUP, self._reload)
            tasks = [asyncio.ensure_future(child.run()) for child in (*self._media, *self._front)]
            ready = asyncio.ensure_future(self._announce())
            await self._stop.wait()
            ready.cancel()
            await self._end()
            await asyncio.gather(*tasks, ready, *self._extra_tasks, return_exceptions=True)
        if self._failed:
            raise StartError(f"{self._failed} does not start; its last words are above")

    async def _prepare(self) -> None:
        """Bring the database to the newest schema, and find a broken certificate, before anything is started."""
        for used in keyring(self._options, self._layout, self._clock, self._say).loaded:
            if used.source.self_made:
                self._say(f"TLS uses a certificate that this server made for itself: {used.source.chain}")
        store = await open_storage(self._layout, self._options, migrating=True)
        origin = public(self._options).origin
        tickets = Tickets(store.accounts, store.sessions, self._clock, SystemChance(), origin)
        self._set_up = await tickets.set_up()
        await store.close()

    def _bind(self, stack: contextlib.ExitStack) -> dict[str, int]:
        bound = {spec.name: stack.enter_context(bind(spec)) for spec in self._options.listeners()}
        bound["http"] = stack.enter_context(bind(self._options.web()))
        return {name: sock.fileno() for name, sock in bound.items()}

    def _children(self, listening: dict[str, int]) -> None:
        self._layout.write("options.json", msgspec.json.encode(self._options))
        self._layout.write("sockets.json", msgspec.json.encode(listening))
        configs = worker_configs(self._options, self._layout.media_sockets(self._options), str(self._layout.music))
        self._media = [
            self._child(f"media-{config.index}", ("-m", "vorzimmer.media.embedded.worker", "--config", encode(config)))
            for config in configs
        ]
        sip = [number for name, number in listening.items() if name != "http"]
        state = str(self._layout.state.path)
        self._front = [
            self._child("control", ("-m", "vorzimmer.app.control", state), sip),
            self._child("web", ("-m", "vorzimmer.app.web", state), [listening["http"]]),
        ]

    def _reload(self) -> None:
        """SIGHUP: certificates may have changed."""
        for child in self._front:
            if child.name == "control" and child.ready.is_set():
                child.signal(signal.SIGHUP)

    def _child(self, name: str, argv: tuple[str, ...], fds: list[int] | None = None) -> Child:
        return Child(name, argv, self._clock, fds or (), self._layout.write_pid, self._on_exit)

    def _on_exit(self, name: str, code: int) -> None:
        """A child that has never been ready and dies again and again will not get better by itself."""
        child = next(each for each in (*self._media, *self._front, *self._beside) if each.name == name)
        if child in self._front and not child.was_ready and child.starts >= STARTS_TRIED:
            self._failed = name
            self._stop.set()
            child.retire()
            return
        print(f"{name} ended with {code}; starting it again", file=sys.stderr, flush=True)  # noqa: T201 -- no log yet

    async def _announce(self) -> None:
        for child in self._front:
            await child.ready.wait()
        self._beside = [self._child(name, argv) for name, argv in self._extras.items()]
        self._extra_tasks = [asyncio.ensure_future(child.run()) for child in self._beside]
        self._say(f"vorzimmer is ready: {' '.join(self._options.sockets)} http://{self._options.http}")
        if self._set_up:
            self._say(f"nobody can sign in yet; set it up within a day: {self._set_up}")

    async def _end(self) -> None:
        """Control first (it lets calls end), then web, then media."""
        await asyncio.gather(*(child.stop(MEDIA_GRACE_S) for child in self._beside))
        control, web = self._front
        await control.stop(self._options.drain_s + 5)
        await web.stop(WEB_GRACE_S)
        await asyncio.gather(*(child.stop(MEDIA_GRACE_S) for child in self._media))
