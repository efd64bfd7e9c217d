"""Second factors, passkeys and the mail outbox in SQL: ``accounts.repository`` over a Database.

A TOTP secret is encrypted with the server's key and bound to its account. This module must never hold a plain one
longer than a call.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, delete, func, insert, select, update

from vorzimmer.accounts.model import Letter, Passkey, Totp
from vorzimmer.store.database import Database
from vorzimmer.store.schema_signin import letter, passkey, recovery_code, totp
from vorzimmer.store.secrets import Kept, SecretBox


class SqlFactors:
    """accounts.repository.FactorRepository over a Database."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box

    async def totp(self, account: str) -> Totp | None:
        """As the port says."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(totp).where(totp.c.account == account))).first()
        if row is None:
            return None
        secret = self._box.open("", ("account", account, "totp"), Kept("encrypted", row.secret))
        return Totp(secret, row.confirmed, row.step)

    async def put_totp(self, account: str, value: Totp | None) -> None:
        """As the port says."""
        async with self._database.writing() as connection:
            if value is None:
                await connection.execute(delete(totp).where(totp.c.account == account))
                return
            sealed = self._box.keep("", ("account", account, "totp"), "encrypted", value.secret)
            row = {"account": account, "secret": sealed.blob, "confirmed": value.confirmed, "step": value.step}
            await connection.execute(self._database.upsert(totp, [row], ("secret", "confirmed", "step")))

    async def take_step(self, account: str, step: int) -> bool:
        """As the port says."""
        here = (totp.c.account == account) & (totp.c.step < step)
        async with self._database.writing() as connection:
            return (await connection.execute(update(totp).where(here).values(step=step))).rowcount == 1

    async def put_recovery(self, account: str, hashes: Sequence[bytes]) -> None:
        """As the port says."""
        async with self._database.writing() as connection:
            await connection.execute(delete(recovery_code).where(recovery_code.c.account == account))
            if hashes:
                rows = [{"account": account, "hash": one} for one in hashes]
                await connection.execute(insert(recovery_code), rows)

    async def take_recovery(self, account: str, hashed: bytes) -> bool:
        """As the port says."""
        here = (recovery_code.c.account == account) & (recovery_code.c.hash == hashed)
        async with self._database.writing() as connection:
            return (await connection.execute(delete(recovery_code).where(here))).rowcount == 1

    async def recovery_left(self, account: str) -> int:
        """As the port says."""
        count = select(func.count()).select_from(recovery_code).where(recovery_code.c.account == account)
        async with self._database.reading() as connection:
            return int((await connection.scalars(count)).one())

    async def add_passkey(self, new: Passkey) -> bool:
        """As the port says."""
        async with self._database.writing() as connection:
            return (await connection.execute(self._database.upsert(passkey, [_row(new)], ()))).rowcount == 1

    async def passkey(self, ident: str) -> Passkey | None:
        """As the port says."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(passkey).where(passkey.c.id == ident))).first()
        return None if row is None else _passkey(row)

    async def passkeys(self, account: str) -> tuple[Passkey, ...]:
        """As the port says."""
        wanted = select(passkey).where(passkey.c.account == account).order_by(passkey.c.created, passkey.c.id)
        async with self._database.reading() as connection:
            return tuple(map(_passkey, (await connection.execute(wanted)).all()))

    async def put_passkey(self, changed: Passkey) -> bool:
        """As the port says."""
        values = {"label": changed.label, "count": changed.count, "used": changed.used}
        async with self._database.writing() as connection:
            done = await connection.execute(update(passkey).where(passkey.c.id == changed.id).values(values))
            return done.rowcount == 1

    async def remove_passkey(self, account: str, ident: str) -> bool:
        """As the port says."""
        here = (passkey.c.account == account) & (passkey.c.id == ident)
        async with self._database.writing() as connection:
            return (await connection.execute(delete(passkey).where(here))).rowcount == 1


class SqlOutbox:
    """accounts.repository.OutboxRepository over a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def post(self, new: Letter) -> None:
        """As the port says."""
        async with self._database.writing() as connection:
            await connection.execute(insert(letter).values(_letter_row(new)))

    async def take_due(self, now: float, lease: float, most: int) -> tuple[Letter, ...]:
        """As the port says; PostgreSQL's rows are locked, so that another sender passes them by."""
        waiting = ~letter.c.dead & (letter.c.due <= now)
        wanted = select(letter).where(waiting).order_by(letter.c.due, letter.c.id).limit(most)
        async with self._database.writing() as connection:
            rows = (await connection.execute(wanted.with_for_update(skip_locked=True))).all()
            taken = update(letter).where(letter.c.id.in_([row.id for row in rows])).values(due=now + lease)
            if rows:
                await connection.execute(taken)
        return tuple(map(_letter, rows))

    async def next_due(self) -> float | None:
        """As the port says."""
        async with self._database.reading() as connection:
            first: float | None = (await connection.scalars(select(func.min(letter.c.due)).where(~letter.c.dead))).one()
            return first

    async def put(self, changed: Letter) -> None:
        """As the port says."""
        async with self._database.writing() as connection:
            await connection.execute(update(letter).where(letter.c.id == changed.id).values(_letter_row(changed)))

    async def sent(self, ident: str) -> None:
        """As the port says."""
        async with self._database.writing() as connection:
            await connection.execute(delete(letter).where(letter.c.id == ident))

    async def dead(self, limit: int = 100) -> tuple[Letter, ...]:
        """As the port says."""
        newest = select(letter).where(letter.c.dead).order_by(letter.c.created.desc(), letter.c.id).limit(limit)
        async with self._database.reading() as connection:
            return tuple(map(_letter, (await connection.execute(newest)).all()))

    async def sweep(self, created_before: float) -> int:
        """As the port says."""
        old = delete(letter).where(letter.c.dead, letter.c.created < created_before)
        async with self._database.writing() as connection:
            return (await connection.execute(old)).rowcount


def _row(value: Passkey) -> dict[str, Any]:
    return {**msgspec.structs.asdict(value), "transports": " ".join(value.transports)}


def _passkey(row: Row[Any]) -> Passkey:
    return Passkey(**{**row._mapping, "transports": tuple(row.transports.split())})


def _letter_row(value: Letter) -> dict[str, Any]:
    return {**msgspec.structs.asdict(value), "data": msgspec.json.encode(value.data).decode()}


def _letter(row: Row[Any]) -> Letter:
    return Letter(**{**row._mapping, "data": msgspec.json.decode(row.data)})
