"""The blobs that versions use, or that a push is about to put."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mlp.registry.tables import UtcDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table of blobs, with those of all versions in it."""
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.String(32), nullable=False),
        sa.Column("claimed_at", UtcDateTime, nullable=False),
    )
    op.execute(
        "INSERT INTO blobs (sha256, size, generation, claimed_at)"
        " SELECT sha256, MAX(size), SUBSTR(sha256, 1, 32), MAX(created_at) FROM versions GROUP BY sha256"
    )
