"""Accounts come and go: invitations, resets by letter, the first account of a server, removal.

Who may invite whom is judged by ``may_manage``: nobody opens a door to an account that may more than they do. This
module must never give a password to anybody but the person who chose it.
"""

from typing import NamedTuple

import msgspec

from vorzimmer.accounts import lockout
from vorzimmer.accounts.login import fold, is_login
from vorzimmer.accounts.model import Account, Method, Purpose, Ticket
from vorzimmer.accounts.repository import LoginTakenError
from vorzimmer.accounts.secret import hashed
from vorzimmer.accounts.validity import ticket_counts
from vorzimmer.api.principal import RANK, Principal
from vorzimmer.api.problems import ApiError, FieldError
from vorzimmer.api.signin.entry import Entry, Guard, SecondNeeded
from vorzimmer.api.signin.letters import Outbox
from vorzimmer.api.signin.persons import Person, person_of, user_of
from vorzimmer.api.signin.ports import Delivery, SignInPorts, Where
from vorzimmer.api.signin.sessions import Begun, Sessions
from vorzimmer.api.signin.texts import fault
from vorzimmer.directory.model import User
from vorzimmer.kernel.text import safe_name


class Invited(NamedTuple):
    """What came of an invitation: the account, and the link where it is not sent by mail."""

    account: Account
    link: str


class Membership:
    """Who has an account."""

    def __init__(self, ports: SignInPorts, sessions: Sessions, entry: Entry, outbox: Outbox) -> None:
        self._ports = ports
        self._sessions = sessions
        self._entry = entry
        self._outbox = outbox
        self._tickets = ports.tickets
        self._guard = Guard(ports)

    async def invite(self, company: str, ident: str, login: str, delivery: Delivery, language: str) -> Invited:
        """Open an account for somebody of the directory, or invite them again. Raises ApiError ``not-found``,
        ``invalid`` (no e-mail address, a name that is taken)."""
        user = user_of(self._ports.directory, company, ident)
        if user is None:
            raise ApiError("not-found")
        if delivery == "mail":
            self._can_be_written_to(user, language)
        account = await self._ports.accounts.of_user(company, ident) or await self._new(company, user, login, language)
        if delivery == "mail":
            await self._outbox.post("invitation", account=account.id)
            return Invited(account, "")
        return Invited(account, await self._tickets.link("invitation", account.id))

    async def register(self, account: Account, password: str, language: str) -> Account:
        """An account with a password at once: the provider's, and those of a demo. Raises ApiError ``invalid``."""
        login = fold(account.login)
        if not is_login(login):
            raise _invalid("login", language, "/login")
        self._entry.judge(password, login, language)
        ident = self._ports.chance.token(12)
        made = msgspec.structs.replace(account, id=ident, login=login, created=self._ports.now())
        await self._add(made, language)
        await self._entry.set_password(made, password, language)
        return made

    async def ask_reset(self, login: str, where: Where) -> None:
        """Somebody has forgotten a password: the same for every name, known or not. Raises ApiError ``too-many``."""
        self._guard.enter(lockout.asking(where.address, "reset"))
        name = fold(login)
        for_name = lockout.letters_to(name)
        if self._ports.lockouts.wait(for_name, self._ports.now()) > 0:
            return  # this name has had enough letters for now; the answer is the same
        self._ports.lockouts.tried(for_name, self._ports.now())
        await self._outbox.post("reset", login=name)

    async def peek(self, secret: str, purpose: Purpose) -> Person | None:
        """Whose ticket this is, without taking it; None for the set-up. Raises ApiError ``ticket-gone``."""
        ticket = await self._ports.sessions.ticket(hashed(secret))
        return await self._whose(ticket, purpose)

    async def accept(
        self, secret: str, purpose: Purpose, password: str, where: Where, language: str
    ) -> Begun | SecondNeeded:
        """Take an invitation or a reset: a new password, all sessions ended, signed in (after the second factor, where
        one is set). Raises ApiError ``ticket-gone``, ``invalid``."""
        right = self._guard.enter(lockout.asking(where.address, "ticket"))
        person = await self.peek(secret, purpose)
        if person is None:
            raise ApiError("ticket-gone")
        account = person.account
        self._entry.judge(password, account.login, language)
        if await self._whose(await self._ports.sessions.take(hashed(secret)), purpose) is None:
            raise ApiError("ticket-gone")
        right()
        await self._ports.sessions.drop_tickets(account.id, "invitation")
        await self._ports.sessions.drop_tickets(account.id, "reset")
        await self._entry.set_password(account, password, language)
        await self._sessions.end_all(account.id)
        if purpose == "reset":
            await self._outbox.post("password_changed", account=account.id)
        method: Method = "invitation" if purpose == "invitation" else "password"
        return await self._entry.after_password(account, method, where)

    async def set_up(self, secret: str, account: Account, password: str, where: Where, language: str) -> Begun:
        """The first account of a server. Raises ApiError ``ticket-gone``, ``invalid``."""
        self._guard.enter(lockout.asking(where.address, "ticket"))
        await self.peek(secret, "setup")
        self._entry.judge(password, fold(account.login), language)
        if not is_login(fold(account.login)):
            raise _invalid("login", language, "/login")
        taken = await self._ports.sessions.take(hashed(secret))
        await self._whose(taken, "setup")
        await self._ports.sessions.drop_tickets("", "setup")
        made = await self.register(account, password, language)
        return await self._sessions.begin(made, "invitation", where)

    async def remove(self, account: Account) -> None:
        """The account with its sessions, tokens and factors, at once."""
        await self._ports.accounts.remove(account.id)
        self._sessions.forget()

    async def _whose(self, ticket: Ticket | None, purpose: Purpose) -> Person | None:
        if ticket is None or ticket.purpose != purpose or not ticket_counts(ticket, self._ports.now()):
            raise ApiError("ticket-gone")
        if purpose == "setup":
            if await self._ports.accounts.count():
                raise ApiError("ticket-gone")
            return None
        account = await self._ports.accounts.get(ticket.account)
        person = person_of(account, self._ports.directory) if account is not None else None
        if person is None:
            raise ApiError("ticket-gone")
        return person

    async def _new(self, company: str, user: User, login: str, language: str) -> Account:
        name = fold(login or user.email or f"{user.id}@{company}")
        if not is_login(name):
            raise _invalid("login", language, "/login")
        ident = self._ports.chance.token(12)
        account = Account(ident, name, company, user.id, created=self._ports.now())
        await self._add(account, language)
        return account

    async def _add(self, account: Account, language: str) -> None:
        clean = msgspec.structs.replace(account, name=safe_name(account.name), email=safe_name(account.email, 254))
        try:
            await self._ports.accounts.add(clean)
        except LoginTakenError:
            raise _invalid("taken", language, "/login") from None

    def _can_be_written_to(self, user: User, language: str) -> None:
        if not self._ports.mailing:
            raise _invalid("mail", language, "/delivery")
        if not user.email:
            raise _invalid("email", language, "/delivery")


def may_manage(asker: Principal, user: User) -> bool:
    """Whether somebody may open, reset or end another's way in: nobody that of somebody who may more, and a site
    administrator only in the own site."""
    if RANK[asker.role] < RANK[user.role]:
        return False
    if asker.role == "site_admin":
        return user.role == "user" and asker.site is not None and user.site == asker.site
    return asker.role in {"company_admin", "provider"}


def _invalid(name: str, language: str, pointer: str) -> ApiError:
    return ApiError("invalid", errors=[FieldError(fault(name, language), pointer=pointer)])
