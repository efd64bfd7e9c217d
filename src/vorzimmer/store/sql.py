"""The SQL store: all repositories over one database.

This module must never be imported by rooms that act; ``app`` hands it to them as ports.
"""

from vorzimmer.kernel.errors import StartError
from vorzimmer.store.database import Database
from vorzimmer.store.migrate import migrate
from vorzimmer.store.secrets import SecretBox
from vorzimmer.store.sql_accounts import SqlAccounts, SqlSessions
from vorzimmer.store.sql_calls import SqlCalls, SqlLive, SqlMeta
from vorzimmer.store.sql_companies import SqlCompanies
from vorzimmer.store.sql_factors import SqlFactors, SqlOutbox

KEY_MARK = "secret-key-mark"


class SqlStore:
    """store.ports.Store over SQLite or PostgreSQL."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self.companies = SqlCompanies(database, box)
        self.calls = SqlCalls(database)
        self.live = SqlLive(database)
        self.meta = SqlMeta(database)
        self.accounts = SqlAccounts(database)
        self.sessions = SqlSessions(database)
        self.factors = SqlFactors(database, box)
        self.outbox = SqlOutbox(database)

    async def close(self) -> None:
        """As the port says."""
        await self._database.close()


async def open_store(url: str, box: SecretBox, *, migrating: bool = True) -> SqlStore:
    """The store at `url` (``sqlite:///FILE``, ``postgresql://...``), brought to the newest schema unless told that
    another process has done so. Raises StartError: unreachable, newer than us, or written with another secret key."""
    database = Database(url)
    try:
        if migrating:
            await migrate(database)
        store = SqlStore(database, box)
        if await store.meta.keep(KEY_MARK, box.mark()) != box.mark():
            raise StartError("secret.key is not the one that this database was written with; restore the right one")
    except BaseException:
        await database.close()
        raise
    return store
