"""The door: which device is asking? One function for REGISTER, INVITE and every other request outside a dialog.

Digest decides, never From (ARCHITECTURE decision 6); failures are limited per source and account. This module must
never tell an unknown account from a wrong password.
"""

from collections.abc import Callable

import msgspec

from vorzimmer.kernel.chance import Chance
from vorzimmer.presence.limits import Limits
from vorzimmer.sip.digest import Authenticator, Challenge, Credentials, Denied, DigestConfig
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Request

RETRY_AFTER = 30
"""Seconds that a limited source is asked to wait."""


class Account(msgspec.Struct, frozen=True):
    """A device's account. `device` is its key on this server; `users` are the user parts it may register under (its
    own name is always one); `domains` the host names it may call us (any if empty; addresses always)."""

    device: str
    credentials: Credentials
    users: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()

    @property
    def username(self) -> str:
        """The digest user name."""
        return self.credentials.username


class Turned(msgspec.Struct, frozen=True):
    """Not let in: answer this. 401 or 407 with challenges, 503 with Retry-After where the limit is reached."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]


class Door:
    """Authentication and its limits in one place. `accounts` finds an enabled account by its digest user name;
    `known_source` tells whether an address has a registration."""

    def __init__(
        self,
        config: DigestConfig,
        key: bytes,
        accounts: Callable[[str], Account | None],
        chance: Chance,
    ) -> None:
        self.limits = Limits()
        self.known_source: Callable[[str], bool] = lambda host: False
        self._accounts = accounts
        self._authenticator = Authenticator(config, key, self._credentials, chance)

    def authenticate(self, request: Request, flow: Flow, now: float, *, proxy: bool = False) -> Account | Turned:
        """The account that sent this request, or what to answer instead. ACK and CANCEL must not be asked for."""
        source = flow.remote.host
        known = self.known_source(source)
        claimed = self._authenticator.claimed(request, proxy=proxy)
        if claimed and not self.limits.allows(source, claimed, now, known=known):
            return Turned(503, "Service Unavailable", (("Retry-After", str(RETRY_AFTER)),))
        verdict = self._authenticator.check(request, now, proxy=proxy)
        if isinstance(verdict, Challenge):
            return Turned(verdict.status, _REASONS[verdict.status], verdict.headers)
        if isinstance(verdict, Denied):
            self.limits.failed(source, verdict.username, now, known=known, why=verdict.why)
            return Turned(verdict.status, _REASONS[verdict.status], verdict.headers)
        account = self._accounts(verdict.username)
        # Gone between two look-ups: the next try is challenged like everybody else's.
        return account or self._again(now, proxy=proxy)

    def _again(self, now: float, *, proxy: bool) -> Turned:
        challenge = self._authenticator.challenge(now, proxy=proxy)
        return Turned(challenge.status, _REASONS[challenge.status], challenge.headers)

    def _credentials(self, username: str) -> Credentials | None:
        account = self._accounts(username)
        return account.credentials if account else None


_REASONS = {401: "Unauthorized", 407: "Proxy Authentication Required"}
