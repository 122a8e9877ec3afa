"""A version of what another model has already, made in one statement; in PostgreSQL only.

SQLite writes in no WITH. There, and wherever this finds nothing to do, the version is made the long way.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import cast, exists, insert, literal, select, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from mlp.registry.repository.lookup import Lookup, value
from mlp.registry.tables import BlobRow, EventRow, ModelRow, UploadRow, VersionRow

_OTHER = aliased(VersionRow)
_OWN = exists().where(col(VersionRow.model_id) == col(ModelRow.id), col(VersionRow.digest) == value("digest"))
_OFFERED = (
    col(ModelRow.name) == value("name"),
    col(ModelRow.deleted_at).is_(None),
    col(ModelRow.archived_at).is_(None),
    ~_OWN.correlate(ModelRow),
)
COPYABLE = Lookup(
    select(col(BlobRow.generation))
    .join(_OTHER, col(_OTHER.sha256) == col(BlobRow.sha256))
    .join(ModelRow, col(ModelRow.name) == value("name"))
    .where(
        col(BlobRow.sha256) == value("sha256"),
        col(_OTHER.digest) == value("digest"),
        ~exists().where(col(UploadRow.model_name) == value("name"), col(UploadRow.idempotency_key) == value("key")),
        *_OFFERED,
    )
    .distinct()
)
"""The `generation` of the blob, if a model has a version of this `digest`, and the model `name` may get one."""


def _given(table: Any, *names: str) -> dict[str, Any]:
    """Return a value, to be given, for each of these columns, in its type."""
    return {name: cast(value(name), table.__table__.c[name].type) for name in names}


# Until the end of the statement nobody collects the blob; a row that was collected meanwhile is not there any more.
_held = (
    select(col(BlobRow.sha256))
    .where(col(BlobRow.sha256) == value("sha256"), col(BlobRow.generation) == value("generation"))
    .with_for_update(read=True, key_share=True)
    .cte("held")
)
_model = (
    update(ModelRow)
    .where(*_OFFERED, _held.c.sha256 == value("sha256"))
    .values(last_version=col(ModelRow.last_version) + 1, updated_at=value("created_at"))
    .returning(col(ModelRow.id), col(ModelRow.last_version))
    .cte("model")
)
_WORDS = ("digest", "sha256", "size", "task", "signature", "receipt", "source", "metrics", "params", "tags")
_facts = _given(VersionRow, *_WORDS, "description", "created_at", "created_by")
_version = (
    insert(VersionRow)
    .from_select(["model_id", "number", *_facts], select(_model.c.id, _model.c.last_version, *_facts.values()))
    .returning(col(VersionRow.number))
    .cte("version")
)
_told = {"at": value("created_at"), "action": literal("version.created"), "actor": value("created_by")}
_told |= {"model_name": value("name"), "version": _version.c.number} | _given(EventRow, "request_id", "details")
_event = insert(EventRow).from_select(list(_told), select(*_told.values())).cte("event")
COPY = Lookup(select(_version.c.number).add_cte(_event))
"""Give the model its next version, with its line of the audit log; its `number`, or nothing where that may not be."""
