"""Ended calls, what must survive a restart, and facts about the server, in SQL.

This module must never read what is in an opaque value.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, Select, and_, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vorzimmer.calls.kept import CallQuery, CallRow
from vorzimmer.store.call_rows import ANSWERED
from vorzimmer.store.database import Database
from vorzimmer.store.schema import call, live, meta

_CHUNK = 500
CALLS = "call"
"""The kind of live values that are states of calls."""

_GONE = delete(live).where(live.c.kind == bindparam("old_kind"), live.c.key == bindparam("old_key"))


class SqlCalls:
    """store.ports.CallRepository over a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, rows: Sequence[CallRow]) -> int:
        """As the port says."""
        async with self._database.writing() as connection:
            return await insert_calls(self._database, connection, rows)

    async def get(self, call_id: str) -> CallRow | None:
        """As the port says."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(call).where(call.c.call == call_id))).first()
        return None if row is None else _value(row)

    async def find(self, query: CallQuery) -> tuple[CallRow, ...]:
        """As the port says."""
        async with self._database.reading() as connection:
            return tuple(_value(row) for row in (await connection.execute(_search(query))).all())

    async def forget(self, company: str, ended_before: float, most: int = 1_000) -> int:
        """As the port says."""
        old = select(call.c.call).where(call.c.company == company, call.c.ended < ended_before).limit(most)
        async with self._database.writing() as connection:
            return (await connection.execute(delete(call).where(call.c.call.in_(old.scalar_subquery())))).rowcount

    async def rewrite(self, rows: Sequence[CallRow]) -> None:
        """As the port says."""
        async with self._database.writing() as connection:
            for row in rows:
                values = msgspec.structs.asdict(row)
                await connection.execute(update(call).where(call.c.call == row.call).values(values))


class SqlLive:
    """store.ports.LiveRepository over a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, kind: str) -> dict[str, bytes]:
        """As the port says."""
        wanted = select(live.c.key, live.c.value).where(live.c.kind == kind)
        async with self._database.reading() as connection:
            return {row.key: row.value for row in (await connection.execute(wanted)).all()}

    async def save(self, kind: str, changes: Mapping[str, bytes | None]) -> None:
        """As the port says."""
        async with self._database.writing() as connection:
            await self._save(connection, kind, changes)

    async def settle(self, states: Mapping[str, bytes | None], records: Sequence[CallRow]) -> None:
        """As the port says."""
        ended: dict[str, bytes | None] = {row.call: None for row in records}
        async with self._database.writing() as connection:
            if records:
                rows = [msgspec.structs.asdict(row) for row in records]
                await connection.execute(self._database.upsert_each(call, ()), rows)
            await self._save(connection, CALLS, {**states, **ended})

    async def _save(self, connection: AsyncConnection, kind: str, changes: Mapping[str, bytes | None]) -> None:
        gone = [{"old_kind": kind, "old_key": key} for key, value in changes.items() if value is None]
        if gone:
            await connection.execute(_GONE, gone)
        rows = [{"kind": kind, "key": key, "value": value} for key, value in changes.items() if value is not None]
        if rows:
            await connection.execute(self._database.upsert_each(live, ("value",)), rows)


class SqlMeta:
    """store.ports.MetaRepository over a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> bytes | None:
        """As the port says."""
        async with self._database.reading() as connection:
            return (await connection.scalars(select(meta.c.value).where(meta.c.name == name))).first()

    async def keep(self, name: str, value: bytes) -> bytes:
        """As the port says."""
        async with self._database.writing() as connection:
            await connection.execute(self._database.upsert(meta, [{"name": name, "value": value}], ()))
            return bytes((await connection.scalars(select(meta.c.value).where(meta.c.name == name))).one())


async def insert_calls(database: Database, connection: AsyncConnection, rows: Sequence[CallRow]) -> int:
    """Insert those that are not there yet, within a transaction; returns how many."""
    new = 0
    unique = {row.call: msgspec.structs.asdict(row) for row in reversed(rows)}
    values = list(unique.values())
    for start in range(0, len(values), _CHUNK):
        chunk: list[dict[str, Any]] = values[start : start + _CHUNK]
        new += (await connection.execute(database.upsert(call, chunk, ()))).rowcount
    return new


def _search(query: CallQuery) -> Select[Any]:
    wanted = select(call).where(call.c.company == query.company)
    if query.since is not None:
        wanted = wanted.where(call.c.started >= query.since)
    if query.until is not None:
        wanted = wanted.where(call.c.started < query.until)
    if query.who:
        names = (query.who, *query.also)
        columns = (call.c.caller, call.c.callee, call.c.answered_by)
        wanted = wanted.where(or_(*(column.in_(names) for column in columns)))
    if query.outcome:
        wanted = wanted.where(call.c.outcome == query.outcome)
    if query.direction:
        wanted = wanted.where(call.c.direction == query.direction)
    if query.answered is not None:
        answered = call.c.outcome == ANSWERED
        wanted = wanted.where(answered if query.answered else ~answered)
    if query.number:
        digits = (column.contains(query.number, autoescape=True) for column in (call.c.caller, call.c.callee))
        wanted = wanted.where(or_(*digits))
    if query.before is not None:
        started, ident = query.before
        wanted = wanted.where(or_(call.c.started < started, and_(call.c.started == started, call.c.call < ident)))
    return wanted.order_by(call.c.started.desc(), call.c.call.desc()).limit(query.limit)


def _value(row: Row[Any]) -> CallRow:
    return CallRow(**row._mapping)
