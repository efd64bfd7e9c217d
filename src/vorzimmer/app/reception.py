"""Sign-in at work in the web process: its parts put together, letters sent, what has ended swept out.

This module must never decide who gets in; ``api.signin`` does.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec

from vorzimmer.accounts.lockout import Lockouts, Tally
from vorzimmer.accounts.validity import IDLE
from vorzimmer.api.signin.house import SignIn
from vorzimmer.api.signin.letters import Postman
from vorzimmer.api.signin.ports import SignInPorts
from vorzimmer.app import reach
from vorzimmer.app.api_house import ApiOffice
from vorzimmer.app.clock import LoopClock, SystemChance
from vorzimmer.app.office import Office
from vorzimmer.app.options import ServeOptions
from vorzimmer.app.passwords import Argon2Passwords
from vorzimmer.kernel.errors import VorzimmerError
from vorzimmer.net.guarded import GuardedHttp
from vorzimmer.net.smtp import SmtpMailer
from vorzimmer.store.ports import Store
from vorzimmer.store.write_behind import WriteBehind

SWEEP_S: Final = 3600.0
DEAD_LETTERS_S: Final = 30 * 86_400.0
"""Seconds that a letter which could not be sent is kept to be looked at."""
LOCKOUT: Final = "lockout"
"""The kind of live values that are failed sign-ins."""


def _silent(text: str) -> None:
    """A command has no log."""


def signin(
    store: Store,
    office: Office,
    options: ServeOptions,
    lockouts: Lockouts | None = None,
    say: Callable[[str], None] = _silent,
) -> SignIn:
    """Sign-in over a store and an office."""
    ports = SignInPorts(
        accounts=store.accounts,
        sessions=store.sessions,
        factors=store.factors,
        outbox=store.outbox,
        passwords=Argon2Passwords(),
        directory=ApiOffice(office, LoopClock()),
        lockouts=lockouts or Lockouts(lambda name, tally: None),
        clock=LoopClock(),
        chance=SystemChance(),
        public=reach.public(options),
        companies=store.companies,
        web=GuardedHttp(reach.networks(options.outgoing_allow, "--outgoing-allow"), options.tls_authorities),
        say=say,
        mailing=bool(options.mail_server),
    )
    return SignIn(ports)


class Reception:
    """Sign-in of a running server. `say` hears of trouble, without names."""

    def __init__(self, store: Store, office: Office, options: ServeOptions, say: Callable[[str], None]) -> None:
        self._store, self._office, self._options, self._say = store, office, options, say
        self._clock = LoopClock()
        self._behind = WriteBehind(LOCKOUT, store.live, self._clock, on_trouble=say)
        self._posted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> SignIn:
        """Sign-in, with the failures that were counted before."""
        lockouts = Lockouts(self._changed, _tallies(await self._behind.restore()))
        self.signin = signin(self._store, self._office, self._options, lockouts, self._say)
        self.signin.outbox.wake = self._posted.set
        return self.signin

    def start(self) -> None:
        """Begin to send letters and to sweep."""
        self._tasks = [asyncio.create_task(self._sweeping())]
        server = reach.mail(self._options)
        if server is not None:
            postman = Postman(self.signin.ports, SmtpMailer(server, self._clock.wall), self._say)
            self._tasks.append(asyncio.create_task(self._posting(postman)))

    async def close(self) -> None:
        """End; a letter that is on its way is sent again at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._behind.close()

    def _changed(self, name: str, tally: Tally | None) -> None:
        self._behind.put(name, None if tally is None else msgspec.msgpack.encode(tally))

    async def _posting(self, postman: Postman) -> None:
        while True:
            self._posted.clear()
            pause = 30.0
            try:
                pause = await postman.round()
            except VorzimmerError as error:
                self._say(f"mail: {error}")
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._posted.wait()

    async def _sweeping(self) -> None:
        while True:
            now = self.signin.ports.now()
            try:
                await self._store.sessions.sweep(now, IDLE)
                await self._store.outbox.sweep(now - DEAD_LETTERS_S)
            except VorzimmerError as error:
                self._say(f"sign-in: {error}")
            await self._clock.sleep(SWEEP_S)


def _tallies(kept: dict[str, bytes]) -> dict[str, Tally]:
    found = {}
    for name, value in kept.items():
        with suppress(msgspec.DecodeError):
            found[name] = msgspec.msgpack.decode(value, type=Tally)
    return found
