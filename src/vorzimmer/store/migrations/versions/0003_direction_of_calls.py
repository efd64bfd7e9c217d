"""Calls know whether they came in, went out, passed through or stayed inside."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Calls from before keep no direction."""
    op.add_column("call", sa.Column("direction", sa.String(16), nullable=False, server_default=""))
