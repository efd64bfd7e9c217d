"""Opening this server's store: its database, and the key that its secrets are encrypted with.

This module must never print the database's URL, which may hold a password.
"""

from vorzimmer.app.layout import Layout
from vorzimmer.app.options import ServeOptions
from vorzimmer.store.database import sqlite_url
from vorzimmer.store.secrets import SecretBox, load_key
from vorzimmer.store.sql import SqlStore, open_store


async def open_storage(layout: Layout, options: ServeOptions | None, *, migrating: bool) -> SqlStore:
    """The store of a server; `options` None means its default database. Raises StartError."""
    url = options.database if options is not None else ""
    box = SecretBox(load_key(layout.state.secret_key))
    return await open_store(url or sqlite_url(layout.state.database), box, migrating=migrating)
