"""Accounts, sessions, tokens and tickets in SQL: ``accounts.repository`` over a Database.

This module must never judge whether something still counts, but for sweeping out what has ended.
"""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from vorzimmer.accounts.model import Account, ApiToken, Purpose, Session, Ticket
from vorzimmer.accounts.repository import LoginTakenError
from vorzimmer.store.database import Database
from vorzimmer.store.schema_signin import account, api_token, identity, session, ticket

CHANGEABLE = ("login", "name", "email", "language")
"""What ``put`` changes of an account."""


class SqlAccounts:
    """accounts.repository.AccountRepository over a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: Account) -> None:
        """As the port says."""
        async with self._database.writing() as connection:
            try:
                await connection.execute(insert(account).values(_account_row(new)))
            except IntegrityError:
                raise LoginTakenError(new.login) from None

    async def put(self, changed: Account) -> bool:
        """As the port says."""
        row = {name: getattr(changed, name) for name in CHANGEABLE}
        async with self._database.writing() as connection:
            try:
                done = await connection.execute(update(account).where(account.c.id == changed.id).values(row))
            except IntegrityError:
                raise LoginTakenError(changed.login) from None
            return done.rowcount == 1

    async def set_password(self, ident: str, password: str, changed: float | None, instead_of: str = "") -> bool:
        """As the port says."""
        values: dict[str, Any] = {"password": password}
        if changed is not None:
            values["password_changed"] = changed
        here = account.c.id == ident
        if instead_of:
            here &= account.c.password == instead_of
        async with self._database.writing() as connection:
            return (await connection.execute(update(account).where(here).values(values))).rowcount == 1

    async def signed_in(self, ident: str, at: float) -> None:
        """As the port says."""
        async with self._database.writing() as connection:
            await connection.execute(update(account).where(account.c.id == ident).values(last_signed_in=at))

    async def get(self, ident: str) -> Account | None:
        """As the port says."""
        return await self._one(account.c.id == ident)

    async def by_login(self, login: str) -> Account | None:
        """As the port says."""
        return await self._one(account.c.login == login)

    async def of_user(self, company: str, user: str) -> Account | None:
        """As the port says."""
        return await self._one((account.c.company == company) & (account.c.user == user))

    async def of_company(self, company: str) -> tuple[Account, ...]:
        """As the port says."""
        here = account.c.company == company if company else account.c.company.is_(None)
        async with self._database.reading() as connection:
            rows = (await connection.execute(select(account).where(here).order_by(account.c.login))).all()
        return tuple(map(_account, rows))

    async def count(self) -> int:
        """As the port says."""
        async with self._database.reading() as connection:
            return int((await connection.scalars(select(func.count()).select_from(account))).one())

    async def remove(self, ident: str) -> bool:
        """As the port says; what hangs on it goes by the database's own rule."""
        async with self._database.writing() as connection:
            return (await connection.execute(delete(account).where(account.c.id == ident))).rowcount == 1

    async def bind(self, issuer: str, subject: str, owner: str) -> str:
        """As the port says."""
        row = {"issuer": issuer, "subject": subject, "account": owner}
        here = (identity.c.issuer == issuer) & (identity.c.subject == subject)
        async with self._database.writing() as connection:
            await connection.execute(self._database.insert(identity).values(row).on_conflict_do_nothing())
            return str((await connection.scalars(select(identity.c.account).where(here))).first() or "")

    async def _one(self, where: ColumnElement[bool]) -> Account | None:
        async with self._database.reading() as connection:
            row = (await connection.execute(select(account).where(where))).first()
        return None if row is None else _account(row)


class SqlSessions:
    """accounts.repository.SessionRepository over a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: Session) -> None:
        """As the port says."""
        await self._insert(session, msgspec.structs.asdict(new))

    async def by_secret(self, secret: bytes) -> Session | None:
        """As the port says."""
        row = await self._first(session, session.c.secret == secret)
        return None if row is None else Session(**row._mapping)

    async def of(self, owner: str) -> tuple[Session, ...]:
        """As the port says."""
        wanted = select(session).where(session.c.account == owner).order_by(session.c.seen.desc(), session.c.id)
        async with self._database.reading() as connection:
            return tuple(Session(**row._mapping) for row in (await connection.execute(wanted)).all())

    async def seen(self, used: Session) -> None:
        """As the port says."""
        values = {name: getattr(used, name) for name in ("seen", "confirmed", "address", "agent", "method")}
        async with self._database.writing() as connection:
            await connection.execute(update(session).where(session.c.id == used.id).values(values))

    async def end(self, owner: str, ident: str) -> bool:
        """As the port says."""
        return await self._delete(session, (session.c.account == owner) & (session.c.id == ident)) == 1

    async def end_all(self, owner: str, but: str = "") -> int:
        """As the port says."""
        return await self._delete(session, (session.c.account == owner) & (session.c.id != but))

    async def add_token(self, new: ApiToken) -> None:
        """As the port says."""
        await self._insert(api_token, {**msgspec.structs.asdict(new), "scopes": " ".join(new.scopes)})

    async def token(self, secret: bytes) -> ApiToken | None:
        """As the port says."""
        row = await self._first(api_token, api_token.c.secret == secret)
        return None if row is None else _token(row)

    async def tokens(self, owner: str) -> tuple[ApiToken, ...]:
        """As the port says."""
        wanted = select(api_token).where(api_token.c.account == owner).order_by(api_token.c.created, api_token.c.id)
        async with self._database.reading() as connection:
            return tuple(map(_token, (await connection.execute(wanted)).all()))

    async def used(self, ident: str, at: float) -> None:
        """As the port says."""
        async with self._database.writing() as connection:
            await connection.execute(update(api_token).where(api_token.c.id == ident).values(used=at))

    async def revoke(self, owner: str, ident: str) -> bool:
        """As the port says."""
        return await self._delete(api_token, (api_token.c.account == owner) & (api_token.c.id == ident)) == 1

    async def add_ticket(self, new: Ticket) -> None:
        """As the port says."""
        await self._insert(ticket, {**msgspec.structs.asdict(new), "account": new.account or None})

    async def ticket(self, secret: bytes) -> Ticket | None:
        """As the port says."""
        return _ticket(await self._first(ticket, ticket.c.secret == secret))

    async def take(self, secret: bytes) -> Ticket | None:
        """As the port says."""
        async with self._database.writing() as connection:
            here = ticket.c.secret == secret
            found = (await connection.execute(select(ticket).where(here))).first()
            gone = await connection.execute(delete(ticket).where(here))
            return _ticket(found) if gone.rowcount == 1 else None

    async def drop_tickets(self, owner: str, purpose: Purpose) -> None:
        """As the port says."""
        here = ticket.c.account == owner if owner else ticket.c.account.is_(None)
        await self._delete(ticket, here & (ticket.c.purpose == purpose))

    async def sweep(self, now: float, idle: float) -> int:
        """As the port says."""
        ended = await self._delete(session, (session.c.ends <= now) | (session.c.seen <= now - idle))
        ended += await self._delete(api_token, api_token.c.expires <= now)
        return ended + await self._delete(ticket, ticket.c.expires <= now)

    async def _insert(self, table: Table, row: dict[str, Any]) -> None:
        async with self._database.writing() as connection:
            await connection.execute(insert(table).values(row))

    async def _first(self, table: Table, where: ColumnElement[bool]) -> Row[Any] | None:
        async with self._database.reading() as connection:
            return (await connection.execute(select(table).where(where))).first()

    async def _delete(self, table: Table, where: ColumnElement[bool]) -> int:
        async with self._database.writing() as connection:
            return (await connection.execute(delete(table).where(where))).rowcount


def _account_row(value: Account) -> dict[str, Any]:
    return {**msgspec.structs.asdict(value), "company": value.company or None, "user": value.user or None}


def _account(row: Row[Any]) -> Account:
    return Account(**{**row._mapping, "company": row.company or "", "user": row.user or ""})


def _token(row: Row[Any]) -> ApiToken:
    return ApiToken(**{**row._mapping, "scopes": tuple(row.scopes.split())})


def _ticket(row: Row[Any] | None) -> Ticket | None:
    return None if row is None else Ticket(**{**row._mapping, "account": row.account or ""})
