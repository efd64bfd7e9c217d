"""The tables, as SQLAlchemy Core. Migrations bring a database here; a test compares the two.

This module must never hold a query.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_BIG_ID = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows by itself only in an INTEGER column

company = Table(
    "company",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("revision", BigInteger, nullable=False),
)

record = Table(
    "record",
    metadata,
    Column("company", String(255), ForeignKey("company.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(255), nullable=False),
    Column("id", String(255), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("data", Text, nullable=False),
    PrimaryKeyConstraint("company", "kind", "id"),
    Index(None, "company", "position"),
)

secret = Table(
    "secret",
    metadata,
    Column("company", String(255), ForeignKey("company.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(255), nullable=False),
    Column("id", String(255), nullable=False),
    Column("field", String(255), nullable=False),
    Column("form", String(16), nullable=False),
    Column("blob", LargeBinary, nullable=False),
    PrimaryKeyConstraint("company", "kind", "id", "field"),
)

claim = Table(
    "claim",
    metadata,
    Column("what", String(16), nullable=False),
    Column("name", String(255), nullable=False),
    Column("company", String(255), ForeignKey("company.id", ondelete="CASCADE"), nullable=False),
    Column("id", String(255), nullable=False),
    PrimaryKeyConstraint("what", "name"),
    Index(None, "company"),
)

audit = Table(
    "audit",
    metadata,
    Column("number", _BIG_ID, primary_key=True, autoincrement=True),
    Column("company", String(255), nullable=False),
    Column("entry", Text, nullable=False),
    Index(None, "company", "number"),
)

call = Table(
    "call",
    metadata,
    Column("call", String(255), primary_key=True),
    Column("company", String(255), nullable=False),
    Column("started", Double, nullable=False),
    Column("ended", Double, nullable=False),
    Column("caller", String(255), nullable=False),
    Column("callee", String(255), nullable=False),
    Column("answered_by", String(255), nullable=False),
    Column("outcome", String(255), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("direction", String(16), nullable=False, server_default=""),
    Index(None, "company", "started"),
    Index(None, "company", "caller", "started"),
    Index(None, "company", "callee", "started"),
    Index(None, "company", "answered_by", "started"),
    Index(None, "company", "ended"),
)

live = Table(
    "live",
    metadata,
    Column("kind", String(32), nullable=False),
    Column("key", String(255), nullable=False),
    Column("value", LargeBinary, nullable=False),
    PrimaryKeyConstraint("kind", "key"),
)

meta = Table(
    "meta",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
