"""Archived models and versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mlp.registry.tables import UtcDateTime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Note since when a model or a version is archived."""
    for table in ("models", "versions"):
        op.add_column(table, sa.Column("archived_at", UtcDateTime))
