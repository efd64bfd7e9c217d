"""The tables of sign-in: accounts and what hangs on them (it goes with them), and the mail outbox.

This module must never hold a query.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from vorzimmer.store.schema import metadata


def _text(name: str, size: int) -> Column[str]:
    return Column(name, String(size), nullable=False)


def _of_account(*, primary_key: bool = False) -> Column[str]:
    key = ForeignKey("account.id", ondelete="CASCADE")
    return Column("account", String(64), key, nullable=False, primary_key=primary_key)


def _time(name: str, *, nullable: bool = False) -> Column[float]:
    return Column(name, Double, nullable=nullable)


account = Table(
    "account",
    metadata,
    Column("id", String(64), primary_key=True),
    _text("login", 255),
    Column("company", String(255)),
    Column("user", String(255)),
    _text("name", 255),
    _text("email", 255),
    _text("language", 8),
    _text("password", 255),
    _time("created"),
    _time("password_changed"),
    _time("last_signed_in"),
    Index(None, "login", unique=True),
    Index(None, "company", "user", unique=True),
)
"""`company` and `user` are NULL for the provider's, so that the pair is unique among persons only."""

identity = Table(
    "identity",
    metadata,
    _text("issuer", 255),
    _text("subject", 255),
    _of_account(),
    PrimaryKeyConstraint("issuer", "subject"),
    Index(None, "account", "issuer", unique=True),
)

session = Table(
    "session",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    _of_account(),
    _text("method", 32),
    _time("created"),
    _time("seen"),
    _time("confirmed"),
    _time("ends"),
    _text("address", 64),
    _text("agent", 255),
    Index(None, "secret", unique=True),
    Index(None, "account"),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    _of_account(),
    _text("label", 255),
    Column("scopes", Text, nullable=False),
    _time("created"),
    _time("expires", nullable=True),
    _time("used", nullable=True),
    Index(None, "secret", unique=True),
    Index(None, "account"),
)

ticket = Table(
    "ticket",
    metadata,
    Column("secret", LargeBinary, primary_key=True),
    _text("purpose", 16),
    Column("account", String(64), ForeignKey("account.id", ondelete="CASCADE")),
    _time("expires"),
    Index(None, "account"),
)

totp = Table(
    "totp",
    metadata,
    _of_account(primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("step", BigInteger, nullable=False),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    _of_account(),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("account", "hash"),
)

passkey = Table(
    "passkey",
    metadata,
    Column("id", String(64), primary_key=True),
    _of_account(),
    Column("credential", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    _text("label", 255),
    _time("created"),
    Column("count", BigInteger, nullable=False),
    _text("transports", 255),
    _time("used", nullable=True),
    Index(None, "account"),
)

letter = Table(
    "letter",
    metadata,
    Column("id", String(64), primary_key=True),
    _text("kind", 32),
    Column("data", Text, nullable=False),
    _time("created"),
    _time("due"),
    Column("tries", Integer, nullable=False),
    Column("dead", Boolean, nullable=False),
    _text("error", 255),
    Index(None, "dead", "due"),
)
