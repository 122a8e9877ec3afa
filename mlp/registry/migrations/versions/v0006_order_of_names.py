"""Names in the order of their code points on PostgreSQL, whatever its locale: the order that SQLite has anyway."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_NAMES = (("models", "name", 50), ("uses", "holder", 253), ("tokens", "name", 64))


def upgrade() -> None:
    """Give names the collation "C"; their indexes follow."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, column, length in _NAMES:
        op.alter_column(table, column, type_=sa.String(length, collation="C"), existing_nullable=False)
