"""The audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mlp.registry.tables import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table of events."""
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("actor", sa.String(256), nullable=False),
        sa.Column("request_id", sa.String(64)),
        sa.Column("model_name", sa.String(50)),
        sa.Column("version", sa.Integer),
        sa.Column("details", sa.JSON, nullable=False),
    )
    op.create_index("ix_events_model", "events", ["model_name", "id"])
