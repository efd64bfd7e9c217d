"""Brings a database to the newest schema at the start, whatever version it was left by.

This module must never go backwards: an older program refuses a newer database.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from vorzimmer.kernel.errors import StartError
from vorzimmer.store.database import Database
from vorzimmer.store.ports import StoreFailedError

_LOCK = 0x766F727A  # any number that nobody else uses


async def migrate(database: Database) -> None:
    """Run all migrations that are missing, in one transaction; raises StartError where that is impossible."""
    try:
        async with database.writing() as connection:
            await connection.run_sync(_upgrade)
    except StoreFailedError as error:
        raise StartError(f"cannot use the {error}") from None
    except CommandError:
        raise StartError("the database was written by a newer version of vorzimmer") from None


def config() -> Config:
    """Alembic's configuration, without a file."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    found.set_main_option("path_separator", "os")
    return found


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # two processes that start together take turns
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")
