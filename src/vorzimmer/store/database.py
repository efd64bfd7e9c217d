"""One database, SQLite or PostgreSQL: connections, transactions, and what goes wrong with them.

SQLite runs in WAL mode, so that readers never wait; a writer takes its lock at BEGIN and waits its turn. This module
must never hold a transaction open while somebody thinks.
"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Insert, Table, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from vorzimmer.kernel.errors import StartError
from vorzimmer.store.ports import StoreFailedError

_Upsert = postgresql.Insert | sqlite.Insert

BUSY = 5_000
"""Milliseconds that a SQLite writer waits for the one before."""

CONNECT, COMMAND = 10.0, 60.0
"""Seconds that PostgreSQL has to let us in, and to answer."""

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


class Database:
    """An engine and its ways to begin."""

    def __init__(self, url: str) -> None:
        """`url`: ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``; raises StartError."""
        self.engine = _engine(url)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read with; every statement sees one state of the database. Raises StoreFailedError."""
        with _told():
            async with self.engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is committed at the end, rolled back on any error. Raises StoreFailedError."""
        with _told():
            async with self.engine.connect() as plain:
                connection = await plain.execution_options(vorzimmer_write=True)
                async with connection.begin():
                    yield connection

    def insert(self, table: Table) -> _Upsert:
        """An INSERT that knows ON CONFLICT, in this database's dialect."""
        return postgresql.insert(table) if self.engine.dialect.name == "postgresql" else sqlite.insert(table)

    def upsert(self, table: Table, rows: list[dict[str, Any]], update: tuple[str, ...]) -> Insert:
        """Insert rows; where the primary key exists, set the columns `update` (none: leave the row alone)."""
        return self._settling(table, self.insert(table).values(rows), update)

    def upsert_each(self, table: Table, update: tuple[str, ...]) -> Insert:
        """As ``upsert``, for rows that are given when it is executed: compiled once, however many they are, but without
        a count of what was new."""
        return self._settling(table, self.insert(table), update)

    def _settling(self, table: Table, statement: _Upsert, update: tuple[str, ...]) -> Insert:
        keys = [column.name for column in table.primary_key]
        if not update:
            return statement.on_conflict_do_nothing(index_elements=keys)
        return statement.on_conflict_do_update(
            index_elements=keys, set_={name: statement.excluded[name] for name in update}
        )

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


class _told:  # noqa: N801 -- reads as a word in the with statement
    """Turns the library's errors into ours, without rows or parameters (they may hold what nobody should read)."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, SQLAlchemyError | OSError):
            raise StoreFailedError(_line(error)) from None


def _line(error: BaseException) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return f"database: {type(cause).__name__}: {str(cause).splitlines()[0] if str(cause) else 'no details'}"


def _engine(url: str) -> AsyncEngine:
    try:
        parsed = make_url(url)
        driver = _DRIVERS[parsed.get_backend_name()]
    except (ArgumentError, NoSuchModuleError, KeyError):
        raise StartError("the database must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME") from None
    parsed = parsed.set(drivername=driver)
    if driver != "sqlite+aiosqlite":
        waits = {"timeout": CONNECT, "command_timeout": COMMAND}
        return create_async_engine(parsed, pool_size=5, pool_pre_ping=True, connect_args=waits)
    if not parsed.database or parsed.database == ":memory:":
        raise StartError("SQLite needs a file: sqlite:///FILE")
    _probe(parsed.database)
    engine = create_async_engine(parsed, pool_size=5)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _probe(path: str) -> None:
    """Open the file once: a wrong one is found here and not in a driver's thread, and two connections that switch to
    WAL at the same time would refuse each other without waiting."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY / 1000)) as connection:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()  # stays with the file
    except sqlite3.Error as error:
        raise StartError(f"cannot use the database {path}: {error}") from None


def _prepare_sqlite(dbapi: Any, record: object) -> None:
    dbapi.isolation_level = None  # BEGIN is ours, see below
    cursor = dbapi.cursor()
    for pragma in (
        f"busy_timeout = {BUSY}",
        "synchronous = NORMAL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that writes after reading fails at once when another writer was faster; this one waits.
    write = connection.get_execution_options().get("vorzimmer_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path}"
