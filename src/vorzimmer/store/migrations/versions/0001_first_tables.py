"""The first tables: companies and their records, secrets, claims, audit, ended calls, what survives a restart."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _text(name: str, size: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(size), nullable=False)


def _of_company() -> sa.Column[str]:
    return sa.Column("company", sa.String(255), nullable=False)


def _belongs(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["company"], ["company.id"], name=f"fk_{table}_company", ondelete="CASCADE")


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def upgrade() -> None:
    """From nothing."""
    _settings()
    _owned_by_companies()
    _calls()
    op.create_table(
        "live",
        _text("kind", 32),
        _text("key", 255),
        sa.Column("value", sa.LargeBinary, nullable=False),
        _key("live", "kind", "key"),
    )
    op.create_table(
        "meta", _text("name", 255), sa.Column("value", sa.LargeBinary, nullable=False), _key("meta", "name")
    )


def _settings() -> None:
    op.create_table(
        "company", _text("id", 255), sa.Column("revision", sa.BigInteger, nullable=False), _key("company", "id")
    )
    op.create_table(
        "record",
        _of_company(),
        _text("kind", 255),
        _text("id", 255),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        _key("record", "company", "kind", "id"),
        _belongs("record"),
    )
    op.create_index("ix_record_company_position", "record", ["company", "position"])


def _owned_by_companies() -> None:
    op.create_table(
        "secret",
        _of_company(),
        _text("kind", 255),
        _text("id", 255),
        _text("field", 255),
        _text("form", 16),
        sa.Column("blob", sa.LargeBinary, nullable=False),
        _key("secret", "company", "kind", "id", "field"),
        _belongs("secret"),
    )
    op.create_table(
        "claim",
        _text("what", 16),
        _text("name", 255),
        _of_company(),
        _text("id", 255),
        _key("claim", "what", "name"),
        _belongs("claim"),
    )
    op.create_index("ix_claim_company", "claim", ["company"])
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "audit",
        sa.Column("number", number, autoincrement=True, nullable=False),
        _of_company(),
        sa.Column("entry", sa.Text, nullable=False),
        _key("audit", "number"),
    )
    op.create_index("ix_audit_company_number", "audit", ["company", "number"])


def _calls() -> None:
    op.create_table(
        "call",
        _text("call", 255),
        _text("company", 255),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("ended", sa.Double, nullable=False),
        _text("caller", 255),
        _text("callee", 255),
        _text("answered_by", 255),
        _text("outcome", 255),
        sa.Column("document", sa.LargeBinary, nullable=False),
        _key("call", "call"),
    )
    for columns in (("started",), ("caller", "started"), ("callee", "started"), ("answered_by", "started"), ("ended",)):
        op.create_index("_".join(("ix_call_company", *columns)), "call", ["company", *columns])
