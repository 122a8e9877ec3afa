"""From rows to the documents that clients get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mlp.api.model import Manifest, Model, ModelVersion, Source, VersionSummary
from mlp.api.receipt import Receipt
from mlp.api.signature import Signature
from mlp.registry.repository.models import FoundModel
from mlp.registry.tables import ModelRow, VersionRow

_KEPT_AS_JSON = ("signature", "receipt", "metrics", "params", "tags", "source")


def found_document(found: FoundModel) -> Model:
    """Return a model that was looked up."""
    pairs = (pair.split("=") for pair in (found.aliases or "").split(",") if pair)
    aliases = {alias: int(number) for alias, number in sorted(pairs)}
    return model_document(found.row, found.latest_version, aliases)


def model_document(row: ModelRow, latest_version: int | None, aliases: dict[str, int]) -> Model:
    """Return a model as its clients see it."""
    return Model(
        name=row.name,
        description=row.description,
        tags=row.tags,
        latest_version=latest_version,
        aliases=aliases,
        created_at=row.created_at,
        updated_at=row.updated_at,
        archived_at=row.archived_at,
    )


def version_document(name: str, row: VersionRow, aliases: Sequence[str]) -> ModelVersion:
    """Return a version of the model `name`, whole, with the aliases that point to it."""
    return ModelVersion(
        name=name,
        version=row.number,
        digest=row.digest,
        sha256=row.sha256,
        size=row.size,
        signature=Signature.model_validate_json(row.signature),
        receipt=Receipt.model_validate_json(row.receipt),
        metrics=row.metrics,
        params=row.params,
        tags=row.tags,
        description=row.description,
        source=Source.model_validate_json(row.source),
        aliases=list(aliases),
        created_at=row.created_at,
        created_by=row.created_by,
        archived_at=row.archived_at,
    )


def new_version(name: str, number: int, facts: Mapping[str, Any], manifest: Manifest) -> ModelVersion:
    """Return a version of the model `name` that was made just now: of the manifest in hand, not of what was kept."""
    kept = {"signature": manifest.signature, "receipt": manifest.receipt, "source": manifest.source}
    return ModelVersion(name=name, version=number, **{**facts, **kept})


def version_json(found: Mapping[str, Any]) -> bytes:
    """Return the JSON of a ModelVersion, whose fields VERSION found; what is kept as JSON goes into it as it is."""
    parts = {part: msgspec.Raw(found[part].encode()) for part in _KEPT_AS_JSON}
    aliases = sorted(found["aliases"].split(",")) if found["aliases"] else []
    return msgspec.json.encode({**found, **parts, "aliases": aliases})


def version_summary(name: str, row: VersionRow, aliases: Sequence[str]) -> VersionSummary:
    """Return a version of the model `name` as lists show it."""
    return VersionSummary(
        name=name,
        version=row.number,
        digest=row.digest,
        size=row.size,
        task=row.task,
        metrics=row.metrics,
        tags=row.tags,
        description=row.description,
        aliases=list(aliases),
        created_at=row.created_at,
        created_by=row.created_by,
        archived_at=row.archived_at,
    )
