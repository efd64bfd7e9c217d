"""Sign-in: accounts, identities of other providers, sessions, tokens, tickets, second factors, the mail outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _text(name: str, size: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(size), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=nullable)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _belongs(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["account"], ["account.id"], name=f"fk_{table}_account", ondelete="CASCADE")


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _index(table: str, *columns: str, unique: bool = False) -> None:
    op.create_index("_".join(("ix", table, *columns)), table, list(columns), unique=unique)


def upgrade() -> None:
    """Tables of their own; nothing that exists changes."""
    _accounts()
    _sessions()
    _tokens()
    _factors()
    op.create_table(
        "letter",
        _text("id", 64),
        _text("kind", 32),
        sa.Column("data", sa.Text, nullable=False),
        _time("created"),
        _time("due"),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("dead", sa.Boolean, nullable=False),
        _text("error", 255),
        _key("letter", "id"),
    )
    _index("letter", "dead", "due")


def _accounts() -> None:
    op.create_table(
        "account",
        _text("id", 64),
        _text("login", 255),
        _text("company", 255, nullable=True),
        _text("user", 255, nullable=True),
        _text("name", 255),
        _text("email", 255),
        _text("language", 8),
        _text("password", 255),
        *(_time(name) for name in ("created", "password_changed", "last_signed_in")),
        _key("account", "id"),
    )
    _index("account", "login", unique=True)
    _index("account", "company", "user", unique=True)
    op.create_table(
        "identity",
        _text("issuer", 255),
        _text("subject", 255),
        _text("account", 64),
        _key("identity", "issuer", "subject"),
        _belongs("identity"),
    )
    _index("identity", "account", "issuer", unique=True)


def _sessions() -> None:
    op.create_table(
        "session",
        _text("id", 64),
        _bytes("secret"),
        _text("account", 64),
        _text("method", 32),
        *(_time(name) for name in ("created", "seen", "confirmed", "ends")),
        _text("address", 64),
        _text("agent", 255),
        _key("session", "id"),
        _belongs("session"),
    )
    _index("session", "secret", unique=True)
    _index("session", "account")


def _tokens() -> None:
    op.create_table(
        "api_token",
        _text("id", 64),
        _bytes("secret"),
        _text("account", 64),
        _text("label", 255),
        sa.Column("scopes", sa.Text, nullable=False),
        _time("created"),
        _time("expires", nullable=True),
        _time("used", nullable=True),
        _key("api_token", "id"),
        _belongs("api_token"),
    )
    _index("api_token", "secret", unique=True)
    _index("api_token", "account")
    op.create_table(
        "ticket",
        _bytes("secret"),
        _text("purpose", 16),
        _text("account", 64, nullable=True),
        _time("expires"),
        _key("ticket", "secret"),
        _belongs("ticket"),
    )
    _index("ticket", "account")


def _factors() -> None:
    op.create_table(
        "totp",
        _text("account", 64),
        _bytes("secret"),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False),
        _key("totp", "account"),
        _belongs("totp"),
    )
    op.create_table(
        "recovery_code",
        _text("account", 64),
        _bytes("hash"),
        _key("recovery_code", "account", "hash"),
        _belongs("recovery_code"),
    )
    op.create_table(
        "passkey",
        _text("id", 64),
        _text("account", 64),
        _bytes("credential"),
        _bytes("public_key"),
        _text("label", 255),
        _time("created"),
        sa.Column("count", sa.BigInteger, nullable=False),
        _text("transports", 255),
        _time("used", nullable=True),
        _key("passkey", "id"),
        _belongs("passkey"),
    )
    _index("passkey", "account")
