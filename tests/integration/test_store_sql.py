"""The store contract over SQLite and PostgreSQL, migrations, and what goes wrong with databases."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text
from tests.api_rig import Rig
from tests.integration.postgres import cluster
from tests.person_contract import PEOPLE
from tests.store_contract import CONTRACT, commit, put, row
from tests.store_contract_signin import SIGN_IN

from vorzimmer.directory.repository import SecretWrite
from vorzimmer.kernel.errors import StartError
from vorzimmer.store.database import Database, sqlite_url
from vorzimmer.store.migrate import migrate
from vorzimmer.store.ports import Store, StoreFailedError
from vorzimmer.store.schema import metadata
from vorzimmer.store.secrets import Cost, SecretBox
from vorzimmer.store.sql import open_store

BOX = SecretBox(bytes(32), Cost(memory=8, passes=1))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with cluster() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "vorzimmer.db")
    found: str = request.getfixturevalue("postgres_url")
    asyncio.run(_emptied(found))
    return found


async def _emptied(url: str) -> None:
    database = Database(url)

    def drop(connection: Connection) -> None:
        found = MetaData()
        found.reflect(connection)
        found.drop_all(connection)

    async with database.writing() as connection:
        await connection.run_sync(drop)
    await database.close()


async def _with_store(url: str, act: Callable[[Store], Awaitable[None]]) -> None:
    store = await open_store(url, BOX)
    try:
        await act(store)
    finally:
        await store.close()


@pytest.mark.parametrize("clause", [*CONTRACT, *SIGN_IN], ids=lambda clause: clause.__name__)
def test_contract(clause: Callable[[Store], Awaitable[None]], url: str) -> None:
    asyncio.run(_with_store(url, clause))


@pytest.mark.parametrize("clause", PEOPLE, ids=lambda clause: clause.__name__)
def test_bas_15(clause: Callable[[Rig], Awaitable[None]], url: str) -> None:
    async def act(store: Store) -> None:
        await clause(await Rig(store).furnish())

    asyncio.run(_with_store(url, act))


def test_migrations_lead_to_the_schema_that_the_code_uses(url: str) -> None:
    def differences(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    async def main() -> None:
        database = Database(url)
        await migrate(database)
        async with database.reading() as connection:
            assert await connection.run_sync(differences) == []
        await database.close()

    asyncio.run(main())


def test_what_is_stored_outlives_the_process_and_a_second_migration(url: str) -> None:
    async def write(store: Store) -> None:
        await store.companies.commit(commit(0, put("user", "eva")))
        await store.calls.add([row(1)])

    async def read(store: Store) -> None:
        assert await store.companies.companies() == ("musterbau",)
        assert await store.calls.get("c001") == row(1)

    asyncio.run(_with_store(url, write))
    asyncio.run(_with_store(url, read))


def test_processes_that_start_together_migrate_once(url: str) -> None:
    async def main() -> None:
        stores = await asyncio.gather(*(open_store(url, BOX) for _ in range(3)))
        for store in stores:
            await store.close()

    asyncio.run(main())


def test_a_database_of_a_newer_version_is_refused(url: str) -> None:
    async def main() -> None:
        await (await open_store(url, BOX)).close()
        database = Database(url)
        async with database.writing() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await database.close()
        with pytest.raises(StartError, match="newer version"):
            await open_store(url, BOX)

    asyncio.run(main())


def test_another_secret_key_is_noticed_at_the_start(url: str) -> None:
    async def main() -> None:
        await (await open_store(url, BOX)).close()
        with pytest.raises(StartError, match=r"secret\.key is not the one"):
            await open_store(url, SecretBox(b"x" * 32))

    asyncio.run(main())


def test_no_secret_is_in_the_database_file(tmp_path: Path) -> None:
    async def write(store: Store) -> None:
        secrets = (
            SecretWrite("phone", "p1", "password", "sehr-geheim"),
            SecretWrite("user", "eva", "voicemail.pin", "471147114711", "hashed"),
        )
        await store.companies.commit(commit(0, put("phone", "p1"), put("user", "eva"), secrets=secrets))

    asyncio.run(_with_store(sqlite_url(tmp_path / "x.db"), write))
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"sehr-geheim" not in stored
    assert b"471147114711" not in stored


def test_sqlite_lets_readers_read_while_somebody_writes(tmp_path: Path) -> None:
    async def main(store: Store) -> None:
        await store.calls.add([row(1)])
        other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM call")
        assert await store.calls.get("c001") == row(1)
        writing = asyncio.create_task(store.calls.add([row(2)]))
        other.execute("ROLLBACK")
        other.close()
        assert await writing == 1

    asyncio.run(_with_store(sqlite_url(tmp_path / "x.db"), main))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("mysql://x/y", "must be sqlite"),
        ("nonsense", "must be sqlite"),
        ("sqlite://", "needs a file"),
        ("sqlite:////no/such/directory/x.db", "cannot use the database"),
        ("postgresql://vorzimmer@127.0.0.1:1/x", "cannot use the database"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_clear_line(bad: str, words: str) -> None:
    with pytest.raises(StartError, match=words) as caught:
        asyncio.run(open_store(bad, BOX))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("this is a letter, not a database" * 100)
    with pytest.raises(StartError, match="file is not a database"):
        asyncio.run(open_store(sqlite_url(tmp_path / "x.db"), BOX))


def test_a_database_that_goes_away_is_a_failure_of_the_store() -> None:
    async def main(server: AbstractContextManager[str]) -> None:
        with server as url:
            store = await open_store(url, BOX)
        try:
            with pytest.raises(StoreFailedError) as caught:
                await store.calls.add([row(1, document=b"private")])
            assert "private" not in str(caught.value)
        finally:
            await store.close()

    asyncio.run(main(cluster()))
