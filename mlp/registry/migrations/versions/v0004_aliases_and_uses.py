"""Aliases with their history, and uses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mlp.registry.tables import UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables of aliases and uses."""
    op.create_table(
        "aliases",
        sa.Column("model_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(50), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("updated_by", sa.String(256), nullable=False),
        _version_of("fk_aliases_version"),
    )
    op.create_table(
        "alias_changes",
        sa.Column("model_id", sa.Integer, sa.ForeignKey("models.id"), primary_key=True, autoincrement=False),
        sa.Column("alias", sa.String(50), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("by", sa.String(256), nullable=False),
        sa.Column("from_version", sa.Integer),
        sa.Column("to_version", sa.Integer),
    )
    op.create_index("ix_alias_changes_at", "alias_changes", ["model_id", "alias", "at"])
    op.create_table(
        "uses",
        sa.Column("model_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("holder", sa.String(253), primary_key=True),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        _version_of("fk_uses_version"),
    )


def _version_of(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["model_id", "number"], ["versions.model_id", "versions.number"], name=name)
