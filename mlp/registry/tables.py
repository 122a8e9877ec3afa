"""The database's tables. They are not wire types: `service/documents.py` turns rows into those."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return `value` as a moment in UTC."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


_GROWING = BigInteger().with_variant(Integer, "sqlite")
"""The key of a table that grows for ever; SQLite counts by itself only in columns of type INTEGER."""


def _ordered(length: int) -> String:
    """Names that pages are ordered by: by code points, as SQLite does, whatever PostgreSQL's locale is."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _moment(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=nullable))


def _text() -> Any:
    return Field(sa_column=Column(Text, nullable=False))


def _json() -> Any:
    return Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


def _version_of(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["model_id", "number"], ["versions.model_id", "versions.number"], name=name)


class ModelRow(SQLModel, table=True):
    """A model. A deleted one keeps its row, because its numbers are never given again."""

    __tablename__: ClassVar[Any] = "models"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_column=Column(_ordered(50), nullable=False, unique=True))
    description: str = _text()
    tags: dict[str, str] = _json()
    last_version: int = 0
    """The highest number given so far."""
    created_at: datetime = _moment()
    updated_at: datetime = _moment()
    deleted_at: datetime | None = _moment(nullable=True)
    archived_at: datetime | None = _moment(nullable=True)


class VersionRow(SQLModel, table=True):
    """A READY version. There are no others: the row is written when all has been checked."""

    __tablename__: ClassVar[Any] = "versions"
    __table_args__ = (
        UniqueConstraint("model_id", "number", name="uq_versions_number"),
        UniqueConstraint("model_id", "digest", name="uq_versions_digest"),
        Index("ix_versions_sha256", "sha256"),
    )

    id: int | None = Field(default=None, primary_key=True)
    model_id: int | None = Field(foreign_key="models.id", nullable=False)
    number: int
    digest: str = Field(max_length=64)
    sha256: str = Field(max_length=64)
    size: int = Field(sa_type=BigInteger)
    task: str = Field(max_length=32)
    signature: str = _text()
    """JSON of `mlp.api.signature.Signature`."""
    receipt: str = _text()
    """JSON of `mlp.api.receipt.Receipt`."""
    source: str = _text()
    """JSON of `mlp.api.model.Source`."""
    metrics: dict[str, float] = _json()
    params: dict[str, str] = _json()
    tags: dict[str, str] = _json()
    description: str = _text()
    created_at: datetime = _moment()
    created_by: str | None = Field(default=None, max_length=256)
    archived_at: datetime | None = _moment(nullable=True)


class AliasRow(SQLModel, table=True):
    """Where an alias of a model points. Rows of a model change only under the lock of the model's own row."""

    __tablename__: ClassVar[Any] = "aliases"
    __table_args__ = (_version_of("fk_aliases_version"),)

    model_id: int | None = Field(primary_key=True)
    name: str = Field(primary_key=True, max_length=50)
    number: int
    """The version."""
    updated_at: datetime = _moment()
    updated_by: str = Field(max_length=256)


class AliasChangeRow(SQLModel, table=True):
    """An entry of an alias's history. Rows are only ever added, under the lock of the model's row."""

    __tablename__: ClassVar[Any] = "alias_changes"
    __table_args__ = (Index("ix_alias_changes_at", "model_id", "alias", "at"),)

    model_id: int | None = Field(primary_key=True, foreign_key="models.id")
    alias: str = Field(primary_key=True, max_length=50)
    number: int = Field(primary_key=True)
    """1, 2, 3 … within the alias; this, and no clock, is the order."""
    at: datetime = _moment()
    """Never before that of the number below, whatever the clocks of the replicas say."""
    by: str = Field(max_length=256)
    from_version: int | None = None
    to_version: int | None = None


class UseRow(SQLModel, table=True):
    """A holder's claim on a version, until it expires."""

    __tablename__: ClassVar[Any] = "uses"
    __table_args__ = (_version_of("fk_uses_version"),)

    model_id: int | None = Field(primary_key=True)
    number: int = Field(primary_key=True)
    holder: str = Field(sa_column=Column(_ordered(253), primary_key=True))
    since: datetime = _moment()
    expires_at: datetime = _moment()


class UploadRow(SQLModel, table=True):
    """An announced upload. It names its model by name, because the model may not exist before its first version."""

    __tablename__: ClassVar[Any] = "uploads"
    __table_args__ = (UniqueConstraint("model_name", "idempotency_key", name="uq_uploads_key"),)

    id: str = Field(primary_key=True, max_length=32)
    model_name: str = Field(max_length=50)
    idempotency_key: str | None = Field(default=None, max_length=128)
    fingerprint: str = Field(max_length=64)
    """SHA-256 of the request, to tell the same one from another one with the same key."""
    sha256: str = Field(max_length=64)
    size: int = Field(sa_type=BigInteger)
    digest: str = Field(max_length=64)
    manifest: str = _text()
    """JSON of `mlp.api.model.Manifest`; empty once the version holds it."""
    number: int | None = None
    """The version that came of it."""
    created_at: datetime = _moment()


class BlobRow(SQLModel, table=True):
    """A blob that is in the store, or about to be: a push claims it first, and it is collected when nothing uses it."""

    __tablename__: ClassVar[Any] = "blobs"

    sha256: str = Field(primary_key=True, max_length=64)
    size: int = Field(sa_type=BigInteger)
    generation: str = Field(max_length=32)
    """Given with the row: a push that finds another one at its end was overtaken by a collection."""
    claimed_at: datetime = _moment()
    """When a push last meant to put it."""


class TokenRow(SQLModel, table=True):
    """A token that was given out. Its SHA-256 is kept, and the token nowhere."""

    __tablename__: ClassVar[Any] = "tokens"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_column=Column(_ordered(64), nullable=False, unique=True))
    sha256: str = Field(max_length=64, unique=True)
    scope: str = Field(max_length=16)
    created_at: datetime = _moment()
    created_by: str = Field(max_length=256)
    expires_at: datetime | None = _moment(nullable=True)
    last_used_at: datetime | None = _moment(nullable=True)


class WebhookRow(SQLModel, table=True):
    """Somebody who is told of changes."""

    __tablename__: ClassVar[Any] = "webhooks"

    id: int | None = Field(default=None, primary_key=True)
    url: str = _text()
    events: list[str] = _json()
    """Actions of the audit log."""
    secret: str = _text()
    """The key of the signatures, as it was given; it is in no answer and no log."""
    created_at: datetime = _moment()
    created_by: str = Field(max_length=256)


class NoticeRow(SQLModel, table=True):
    """An event that webhooks may want, in the transaction of the event, until it is turned into deliveries."""

    __tablename__: ClassVar[Any] = "notices"

    id: int | None = Field(default=None, sa_column=Column(_GROWING, primary_key=True))
    at: datetime = _moment()
    action: str = Field(max_length=64)
    actor: str = Field(max_length=256)
    model_name: str | None = Field(default=None, max_length=50)
    version: int | None = None
    details: dict[str, Any] = _json()


class DeliveryRow(SQLModel, table=True):
    """What one webhook is told, and how far that has come."""

    __tablename__: ClassVar[Any] = "deliveries"
    __table_args__ = (Index("ix_deliveries_due", "finished_at", "next_at"),)

    id: str = Field(primary_key=True, max_length=32)
    webhook_id: int | None = Field(foreign_key="webhooks.id", nullable=False, index=True)
    action: str = Field(max_length=64)
    body: str = _text()
    created_at: datetime = _moment()
    attempts: int = 0
    next_at: datetime = _moment()
    """When it is due; while it is sent, when it is due if nothing is heard of that attempt."""
    finished_at: datetime | None = _moment(nullable=True)
    delivered: bool = False
    last_status: int | None = None
    last_error: str | None = Field(default=None, sa_column=Column(Text, nullable=True))


class EventRow(SQLModel, table=True):
    """A line of the audit log, written in the transaction of the change that it tells."""

    __tablename__: ClassVar[Any] = "events"
    __table_args__ = (Index("ix_events_model", "model_name", "id"), Index("ix_events_action", "action", "id"))

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    )
    at: datetime = _moment()
    action: str = Field(max_length=64)
    actor: str = Field(max_length=256)
    request_id: str | None = Field(default=None, max_length=64)
    model_name: str | None = Field(default=None, max_length=50)
    version: int | None = None
    details: dict[str, Any] = _json()
