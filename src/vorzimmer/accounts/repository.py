"""How accounts, sessions, second factors and letters are kept, as ports with three backends under one contract test.

The ports lie below both the API and the store. Every method is one short transaction; those that answer True or a
value *take* something, and of two at once exactly one is told so. Removing a user or a company of the directory removes
the account with everything that belongs to it in the same commit. This module must never name a backend.
"""

from collections.abc import Sequence
from typing import Protocol

from vorzimmer.accounts.model import Account, ApiToken, Letter, Passkey, Purpose, Session, Ticket, Totp
from vorzimmer.kernel.errors import VorzimmerError


class LoginTakenError(VorzimmerError):
    """The login name, or the person, has an account already; nothing was written."""


class AccountRepository(Protocol):
    """Accounts."""

    async def add(self, account: Account) -> None:
        """A new one. Raises LoginTakenError."""

    async def put(self, account: Account) -> bool:
        """Replace login, name, e-mail and language; False if it has gone. Raises LoginTakenError."""

    async def set_password(self, ident: str, password: str, changed: float | None, instead_of: str = "") -> bool:
        """Set the hash, and when it was changed (None: it is the same password, hashed anew). With `instead_of` only
        where that is still the hash; whether it was done."""

    async def signed_in(self, ident: str, at: float) -> None:
        """Write down the last sign-in."""

    async def get(self, ident: str) -> Account | None:
        """By its id."""

    async def by_login(self, login: str) -> Account | None:
        """By its folded login name."""

    async def of_user(self, company: str, user: str) -> Account | None:
        """A person's."""

    async def of_company(self, company: str) -> tuple[Account, ...]:
        """All of a company by login, of the provider for ""."""

    async def count(self) -> int:
        """How many there are on the server."""

    async def remove(self, ident: str) -> bool:
        """With sessions, tokens, tickets and second factors; whether it was there."""

    async def bind(self, issuer: str, subject: str, account: str) -> str:
        """Tie an identity of an OpenID provider to an account, unless it is tied already or the account is tied to
        another identity of that provider; returns whose it is, "" for the latter."""


class SessionRepository(Protocol):
    """Sessions, API tokens and tickets: whatever is shown to prove who asks."""

    async def add(self, session: Session) -> None:
        """A new one."""

    async def by_secret(self, secret: bytes) -> Session | None:
        """By the hash of its cookie."""

    async def of(self, account: str) -> tuple[Session, ...]:
        """An account's, the last seen first."""

    async def seen(self, session: Session) -> None:
        """Write down when, from where and how it was last used and confirmed; nothing if it has ended."""

    async def end(self, account: str, ident: str) -> bool:
        """End one of an account's sessions; whether it was there."""

    async def end_all(self, account: str, but: str = "") -> int:
        """End all of an account's sessions but one; returns how many."""

    async def add_token(self, token: ApiToken) -> None:
        """A new one."""

    async def token(self, secret: bytes) -> ApiToken | None:
        """By the hash of its secret."""

    async def tokens(self, account: str) -> tuple[ApiToken, ...]:
        """An account's, the oldest first."""

    async def used(self, token: str, at: float) -> None:
        """Write down when it was last used."""

    async def revoke(self, account: str, token: str) -> bool:
        """Remove one of an account's tokens; whether it was there."""

    async def add_ticket(self, ticket: Ticket) -> None:
        """A new one."""

    async def ticket(self, secret: bytes) -> Ticket | None:
        """Look without taking it."""

    async def take(self, secret: bytes) -> Ticket | None:
        """Remove it and say what it was; None if somebody was faster."""

    async def drop_tickets(self, account: str, purpose: Purpose) -> None:
        """Remove those of an account for a purpose."""

    async def sweep(self, now: float, idle: float) -> int:
        """Remove what has ended: sessions not seen for `idle` seconds or past their end, tickets, tokens."""


class FactorRepository(Protocol):
    """Second factors and passkeys."""

    async def totp(self, account: str) -> Totp | None:
        """The account's, confirmed or not."""

    async def put_totp(self, account: str, totp: Totp | None) -> None:
        """Set it; None removes it."""

    async def take_step(self, account: str, step: int) -> bool:
        """Mark a time step as used; False if this one or a later one was used before."""

    async def put_recovery(self, account: str, hashes: Sequence[bytes]) -> None:
        """Replace the recovery codes."""

    async def take_recovery(self, account: str, hashed: bytes) -> bool:
        """Use a recovery code up; False if there is no such code."""

    async def recovery_left(self, account: str) -> int:
        """How many recovery codes are left."""

    async def add_passkey(self, passkey: Passkey) -> bool:
        """A new one; False if the credential is known already, whoever has it."""

    async def passkey(self, ident: str) -> Passkey | None:
        """By its id."""

    async def passkeys(self, account: str) -> tuple[Passkey, ...]:
        """An account's, the oldest first."""

    async def put_passkey(self, passkey: Passkey) -> bool:
        """Replace label, counter and last use; False if it has gone."""

    async def remove_passkey(self, account: str, ident: str) -> bool:
        """Remove one of an account's; whether it was there."""


class OutboxRepository(Protocol):
    """Letters to be sent."""

    async def post(self, letter: Letter) -> None:
        """Put it into the outbox."""

    async def take_due(self, now: float, lease: float, most: int) -> tuple[Letter, ...]:
        """Letters whose time has come, the oldest first; they are due again after `lease` seconds, so that one whose
        sender died is sent all the same and two senders never have the same one."""

    async def next_due(self) -> float | None:
        """When the next letter is due; None if none waits."""

    async def put(self, letter: Letter) -> None:
        """Replace it (another try, or dead); nothing if it has gone."""

    async def sent(self, ident: str) -> None:
        """Remove it."""

    async def dead(self, limit: int = 100) -> tuple[Letter, ...]:
        """Those that could not be sent, the newest first."""

    async def sweep(self, created_before: float) -> int:
        """Remove dead letters that are older; returns how many."""
