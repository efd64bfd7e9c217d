"""Signing in: name and password, then a code or a passkey where one is set.

Whether a name exists cannot be learned here: unknown names take the same path, cost the same hash and get the same
answer, and what locks them out counts them as well. This module must never say which half of a pair was wrong.
"""

from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple, TypeVar

import msgspec

from vorzimmer.accounts import lockout
from vorzimmer.accounts.lockout import Key
from vorzimmer.accounts.login import fault_of, fold
from vorzimmer.accounts.model import Account, Method
from vorzimmer.accounts.secret import recovery_hash
from vorzimmer.accounts.totp import step_of
from vorzimmer.api.problems import ApiError, FieldError
from vorzimmer.api.signin.notes import Notes
from vorzimmer.api.signin.persons import person_of
from vorzimmer.api.signin.ports import BusyError, SignInPorts, Where
from vorzimmer.api.signin.sessions import Begun, Sessions
from vorzimmer.api.signin.texts import fault
from vorzimmer.api.signin.waiting import Waiting

T = TypeVar("T")
Factor = Literal["code", "passkey", "recovery"]


class Half(msgspec.Struct, frozen=True):
    """Somebody whose password was right and who has a second factor to show."""

    account: str


class SecondNeeded(NamedTuple):
    """What is still to be shown, and the ticket to show it with."""

    ticket: str
    factors: tuple[Factor, ...]


class Guard:
    """Counts tries and turns away who has made too many."""

    def __init__(self, ports: SignInPorts) -> None:
        self._ports = ports

    def enter(self, keys: tuple[Key, ...]) -> Callable[[], None]:
        """Count a try; raises ApiError ``too-many`` while one has to wait. What is given back takes the try back."""
        now = self._ports.now()
        wait = self._ports.lockouts.wait(keys, now)
        if wait > 0:
            seconds = int(wait) + 1
            raise ApiError("too-many", headers={"Retry-After": str(seconds)}, seconds=seconds)
        self._ports.lockouts.tried(keys, now)
        return lambda: self._ports.lockouts.succeeded(keys, self._ports.now())


class Entry:
    """The way in."""

    def __init__(self, ports: SignInPorts, sessions: Sessions) -> None:
        self._ports = ports
        self._sessions = sessions
        self._guard = Guard(ports)
        self._notes = Notes(ports)
        self._halves: Waiting[Half] = Waiting()

    async def password(self, login: str, password: str, where: Where) -> Begun | SecondNeeded:
        """The first step. Raises ApiError ``wrong-credentials``, ``too-many``, ``not-now``."""
        name = fold(login)
        keys = lockout.pair(where.address, name)
        right = self._guard.enter(keys)
        account = await self._ports.accounts.by_login(name)
        known = account is not None and person_of(account, self._ports.directory) is not None
        if not await self._matches(account, password) or account is None or not known:
            if account is not None and self._ports.lockouts.wait(keys, self._ports.now()) > 0:
                await self._notes.note(account, "locked out", where.address, by="somebody")
            raise ApiError("wrong-credentials")
        right()
        return await self.after_password(account, "password", where)

    async def after_password(self, account: Account, method: Method, where: Where) -> Begun | SecondNeeded:
        """What a right password (or a link from a letter) is worth: a session, or a question for the second factor."""
        factors = await self.factors(account.id)
        if not factors:
            return await self._sessions.begin(account, method, where)
        ticket = self._halves.put(self._ports.chance.token(24), Half(account.id), self._ports.now())
        return SecondNeeded(ticket, factors)

    async def factors(self, account: str) -> tuple[Factor, ...]:
        """The second factors that an account has set."""
        repository = self._ports.factors
        totp = await repository.totp(account)
        found: list[Factor] = ["code"] if totp is not None and totp.confirmed else []
        if await repository.passkeys(account):
            found.append("passkey")
        if found and await repository.recovery_left(account):
            found.append("recovery")
        return tuple(found)

    async def code(self, ticket: str, code: str, where: Where) -> Begun:
        """The second step by a code of an app or a recovery code. Raises ApiError ``wrong-code``, ``begin-again``,
        ``too-many``."""
        account = await self.half(ticket)
        right = self._guard.enter(lockout.second(where.address, account.id))
        if not await self._is_code(account.id, code):
            raise ApiError("wrong-code")
        right()
        return await self.finish(ticket, account, "password+code", where)

    async def half(self, ticket: str) -> Account:
        """Whose second step a ticket is for. Raises ApiError ``begin-again``."""
        half = self._halves.get(ticket, self._ports.now())
        account = await self._ports.accounts.get(half.account) if half is not None else None
        if account is None or person_of(account, self._ports.directory) is None:
            raise ApiError("begin-again")
        return account

    async def finish(self, ticket: str, account: Account, method: Method, where: Where) -> Begun:
        """The second step is done; of two who finish with one ticket one is turned away."""
        if self._halves.take(ticket, self._ports.now()) is None:
            raise ApiError("begin-again")
        return await self._sessions.begin(account, method, where)

    async def confirm(self, account: Account, password: str, where: Where) -> None:
        """Whether whoever sits there still knows the password. Raises ApiError ``wrong-credentials``, ``too-many``."""
        right = self._guard.enter(lockout.pair(where.address, account.login))
        if not await self._matches(account, password):
            raise ApiError("wrong-credentials")
        right()

    async def set_password(self, account: Account, password: str, language: str) -> None:
        """A new password. Raises ApiError ``invalid`` where it is not taken."""
        self.judge(password, account.login, language)
        hashed = await _unless_busy(self._ports.passwords.hash(password))
        await self._ports.accounts.set_password(account.id, hashed, self._ports.now())
        self._sessions.forget()

    def judge(self, password: str, login: str, language: str, pointer: str = "/password") -> None:
        """Raises ApiError ``invalid`` for a password that is not taken."""
        found = fault_of(password, login)
        if found is not None:
            raise ApiError("invalid", errors=[FieldError(fault(found, language), pointer=pointer)])

    async def _matches(self, account: Account | None, password: str) -> bool:
        hashed = account.password if account is not None else ""
        verdict = await _unless_busy(self._ports.passwords.verify(hashed, password))
        if verdict.right and verdict.outdated and account is not None:
            anew = await _unless_busy(self._ports.passwords.hash(password))
            await self._ports.accounts.set_password(account.id, anew, None, instead_of=hashed)
        return verdict.right

    async def _is_code(self, account: str, code: str) -> bool:
        repository = self._ports.factors
        totp = await repository.totp(account)
        if totp is not None and totp.confirmed:
            step = step_of(totp.secret, code, self._ports.now(), totp.step)
            if step is not None:
                return await repository.take_step(account, step)
        return await repository.take_recovery(account, recovery_hash(account, code))


async def _unless_busy(work: Awaitable[T]) -> T:
    try:
        return await work
    except BusyError:
        raise ApiError("too-many", headers={"Retry-After": "5"}, seconds=5) from None
