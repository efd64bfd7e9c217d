"""Certificates by ACME (RFC 8555), obtained and renewed in the web process while calls know nothing of it.

A failure is said, waited out for ever longer, and never takes a certificate away. This module must never run in
control.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from vorzimmer.app.layout import Layout
from vorzimmer.app.options import ServeOptions
from vorzimmer.app.tls import obtained
from vorzimmer.kernel.chance import Chance
from vorzimmer.kernel.clock import Clock
from vorzimmer.net.issuing import Issued, IssueError, Order, Present, write_private

RENEW = timedelta(days=30)
LOOK_S = 3_600.0
"""How often certificates are looked over."""

FIRST_RETRY_S = 60.0
LAST_RETRY_S = 6 * 3_600.0
"""ACME servers count failed validations by the hour (RFC 8555 section 6.6)."""

Issue = Callable[[Order, Present], Issued]
Say = Callable[[str], None]


class Challenges:
    """What the web server answers at ``/.well-known/acme-challenge/``."""

    def __init__(self) -> None:
        self._proofs: dict[str, str] = {}

    def present(self, path: str, proof: str | None) -> None:
        """Also called from the thread that talks to the ACME server."""
        if proof is None:
            self._proofs.pop(path, None)
        else:
            self._proofs[path] = proof

    def at(self, path: str) -> str | None:
        """The proof at a path."""
        return self._proofs.get(path)


@dataclass(slots=True)
class _Name:
    name: str
    due: float = 0.0
    failures: int = 0


def renewal_time(chain: bytes) -> datetime:
    """When a certificate is renewed: 30 days before its end, or with a third of its life left if that is less. Raises
    ValueError for what is none."""
    leaf = x509.load_pem_x509_certificate(chain)
    life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    return leaf.not_valid_after_utc - min(RENEW, life / 3)


class Acme:
    """Obtains what `options` name. `issue` blocks and runs in a thread; `installed` is awaited after a success."""

    def __init__(
        self,
        options: ServeOptions,
        layout: Layout,
        ports: tuple[Clock, Chance],
        *,
        issue: Issue,
        installed: Callable[[], Awaitable[None]],
        say: Say,
    ) -> None:
        self._options = options
        self._layout = layout
        self._clock, self._chance = ports
        self._issue = issue
        self._installed = installed
        self._say = say
        self.challenges = Challenges()
        names = options.tls_name if options.acme_directory else ()
        self._names = [_Name(name) for name in dict.fromkeys(names)]

    @property
    def failing(self) -> int:
        """Names whose last attempt has failed."""
        return sum(each.failures > 0 for each in self._names)

    async def run(self) -> None:
        """Until cancelled."""
        while self._names:
            for each in self._names:
                if each.due <= self._clock.now():
                    await self._attend(each)
            await self._clock.sleep(max(min(each.due for each in self._names) - self._clock.now(), 1.0))

    async def _attend(self, each: _Name) -> None:
        if not self._is_due(each.name):
            each.due = self._clock.now() + LOOK_S
            return
        try:
            issued = await asyncio.to_thread(self._issue, self._order(each.name), self.challenges.present)
            self._keep(each.name, issued)
        except (IssueError, OSError) as error:
            each.failures += 1
            wait = min(FIRST_RETRY_S * 2 ** (each.failures - 1), LAST_RETRY_S) * (1 + self._chance.fraction() / 4)
            each.due = self._clock.now() + wait
            self._say(f"no certificate for {error}; tried again in {wait / 60:.0f} min, the one before stays in use")
            return
        each.failures, each.due = 0, self._clock.now() + LOOK_S
        await self._installed()

    def _is_due(self, name: str) -> bool:
        try:
            return self._clock.wall() >= renewal_time(obtained(self._layout, name).chain.read_bytes())
        except (OSError, ValueError):
            return True

    def _order(self, name: str) -> Order:
        options = self._options
        account = self._layout.state.tls / "acme" / "account.key"
        authorities = Path(options.acme_authorities) if options.acme_authorities else None
        local = self._clock.wall().astimezone().replace(tzinfo=None)
        return Order(name, options.acme_directory, options.acme_email, account, authorities, local)

    def _keep(self, name: str, issued: Issued) -> None:
        files = obtained(self._layout, name)
        write_private(files.key, issued.key)
        write_private(files.chain, issued.chain.encode())
