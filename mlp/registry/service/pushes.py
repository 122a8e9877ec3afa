"""A push: announced, received, judged, and only then a version."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mlp.api.model import Manifest, ModelVersion, Upload, UploadRequest, version_digest
from mlp.api.wire import canonical_json, sha256_of
from mlp.errors import Conflict, Failed, Invalid, NotFound, TooLarge, Unavailable
from mlp.registry.actor import Actor
from mlp.registry.check.judge import Judge
from mlp.registry.database import Database
from mlp.registry.repository import Repository
from mlp.registry.repository.copying import COPY, COPYABLE
from mlp.registry.repository.lookup import TWIN
from mlp.registry.service.archiving import check_offered
from mlp.registry.service.catalog import model_to_change, revive
from mlp.registry.service.documents import version_document
from mlp.registry.store.base import ArtifactStore
from mlp.registry.store.staging import Staged, Staging
from mlp.registry.tables import BlobRow, UploadRow, VersionRow

KEPT = timedelta(hours=24)
"""How long an upload can be finished, and its key is remembered."""
CLAIM = timedelta(hours=1)
"""After this, a blob is claimed again before it is put; far less than any sensible grace of a collection."""


@dataclass(frozen=True)
class Shelf:
    """Where bytes go: first staged, then in the store."""

    staging: Staging
    store: ArtifactStore


class Pushes:
    """Takes uploads of at most `max_bytes`."""

    def __init__(self, database: Database, shelf: Shelf, judge: Judge, max_bytes: int) -> None:
        self._database = database
        self._shelf = shelf
        self._judge = judge
        self._max_bytes = max_bytes

    async def announce(self, name: str, request: UploadRequest, key: str | None, by: Actor) -> tuple[Upload, bool]:
        """Note what will be uploaded, or return the version that has this digest, and whether it is new.

        It is new when the digest was registered under another name: the bytes are there and were judged. With a key
        that was used before, the same request gets the same upload, and another one Conflict (`key_reused`), as does
        one for an archived model (`archived`). Raises TooLarge when the model is.
        """
        if request.size > self._max_bytes:
            raise TooLarge(f"a model has at most {self._max_bytes} bytes; this one has {request.size}")
        manifest, row = request.manifest, _announced(name, request, key)
        if (copied := await self._copy(row, manifest, by)) is not None:
            return Upload(id=row.digest, version=copied), True
        registered = await self._intact_version(name, row.digest)
        twin = None if registered is not None else await self._intact_twin(row.sha256, row.digest)
        async with self._database.writing() as rows:
            earlier = None if key is None else await rows.uploads.of_key(name, key)
            if earlier is None and twin is not None:
                version, created = await _register(rows, row, twin, manifest, by)
                return Upload(id=row.digest, version=version), created
            if earlier is None and registered is None:
                await rows.blobs.claim(row.sha256, row.size, row.created_at)
                if not await rows.uploads.add(row) and key is not None:
                    earlier = await rows.uploads.of_key(name, key)
        if earlier is not None and earlier.fingerprint != row.fingerprint:
            raise Conflict("this Idempotency-Key came with another request before", code="key_reused")
        if earlier is not None:
            return Upload(id=earlier.id, version=registered), False
        return Upload(id=row.id if registered is None else row.digest, version=registered), False

    async def warm(self) -> None:
        """Prepare for a judgement that will be asked for soon."""
        await self._judge.warm()

    async def receive(self, name: str, id_: str, chunks: AsyncIterator[bytes], by: Actor) -> tuple[ModelVersion, bool]:
        """Take the bytes of an upload and make them a version; return it, and whether it is new.

        Raises NotFound (`upload_not_found`), Invalid (`digest_mismatch`), TooLarge for more bytes than were
        announced, and what the judgement says; Unavailable (`blob_collected`) when a collection of garbage came
        between the bytes and the version.
        """
        upload, blob, version = await self._find(name, id_)
        if version is not None:
            return version, False
        manifest = Manifest.model_validate_json(upload.manifest)
        async with self._shelf.staging.receive(_at_most(upload.size, chunks)) as staged:
            _check_digest(upload, staged)
            verdict = await self._judge.verdict(staged.path, staged.size, manifest)
            if verdict.error is not None:
                raise verdict.error
            # Claimed, then put, then used: whatever ends this process in between leaves at most an unused blob.
            generation = await self._claim(upload, blob)
            await self._shelf.store.put(staged.sha256, staged.path)
            async with self._database.writing() as rows:
                version, created = await _register(rows, upload, generation, manifest, by)
                await rows.uploads.finish(upload.id, version.version)
                return version, created

    async def expire(self) -> None:
        """Forget uploads that were announced long ago."""
        async with self._database.writing() as rows:
            await rows.uploads.expire(datetime.now(UTC) - KEPT)

    async def _find(self, name: str, id_: str) -> tuple[UploadRow, BlobRow | None, ModelVersion | None]:
        async with self._database.reading() as rows:
            upload = await rows.uploads.get(id_)
            if upload is None or upload.model_name != name:
                raise NotFound("there is no such upload; announce it again", code="upload_not_found")
            blob = await rows.blobs.get(upload.sha256)
            found = None if upload.number is None else await rows.versions.with_aliases(name, upload.number)
        return upload, blob, None if found is None else version_document(name, *found)

    async def _claim(self, upload: UploadRow, blob: BlobRow | None) -> str:
        """Return the generation of the upload's claim, which is made anew unless it is a recent one."""
        now = datetime.now(UTC)
        if blob is not None and blob.claimed_at > now - CLAIM:
            return blob.generation
        async with self._database.writing() as rows:
            return await rows.blobs.claim(upload.sha256, upload.size, now)

    async def _intact_version(self, name: str, digest: str) -> ModelVersion | None:
        """Return the version of that digest, unless its blob is damaged: then pushing it again repairs it.

        Raises Conflict (`archived`).
        """
        async with self._database.reading() as rows:
            model = await rows.models.row(name)
            if model is None:
                return None
            check_offered(model, name)
            row = await rows.versions.of_digest(name, digest)
            if row is None:
                return None
            aliases = await rows.aliases.of_version(name, row.number)
        return version_document(name, row, aliases) if await self._is_intact(row.sha256) else None

    async def _copy(self, upload: UploadRow, manifest: Manifest, by: Actor) -> ModelVersion | None:
        """Make a version of what another model has, the short way; None where it has to be made the long one."""
        if not self._database.writes_in_with:
            return None
        which = {"name": upload.model_name, "sha256": upload.sha256, "digest": upload.digest}
        found = await self._database.find(COPYABLE, key=upload.idempotency_key or "", **which)
        if found is None or not await self._is_intact(upload.sha256):
            return None
        facts, told = _facts(upload, manifest, by), {"request_id": by.request_id, "details": json.dumps(_told(upload))}
        as_text = {name: json.dumps(facts[name]) for name in ("metrics", "params", "tags")}
        try:
            made = await self._database.find(COPY, **{**which, **facts, **as_text, **told, **found})
        except Conflict:
            return None
        return None if made is None else version_document(upload.model_name, VersionRow(**made, **facts), [])

    async def _intact_twin(self, sha256: str, digest: str) -> str | None:
        """Return the generation of the blob if any model has a version of that digest, and the blob is whole."""
        twin = await self._database.find(TWIN, sha256=sha256, digest=digest)
        return twin["generation"] if twin is not None and await self._is_intact(sha256) else None

    async def _is_intact(self, sha256: str) -> bool:
        try:
            await (await self._shelf.store.open(sha256)).aclose()
        except Failed:
            return False
        return True


def _announced(name: str, request: UploadRequest, key: str | None) -> UploadRow:
    manifest = request.manifest
    return UploadRow(
        id=uuid.uuid4().hex,
        model_name=name,
        idempotency_key=key,
        fingerprint=sha256_of(canonical_json(request.model_dump(mode="json"))),
        sha256=request.sha256,
        size=request.size,
        digest=version_digest(request.sha256, manifest.signature, manifest.receipt),
        manifest=manifest.model_dump_json(),
        created_at=datetime.now(UTC),
    )


async def _register(
    rows: Repository, upload: UploadRow, generation: str, manifest: Manifest, by: Actor
) -> tuple[ModelVersion, bool]:
    """Give the upload the next number of its model, unless its digest has one."""
    model = await model_to_change(rows, upload.model_name)
    if model.deleted_at is not None:
        revive(model)
    check_offered(model, model.name)
    existing = await rows.versions.of_digest(model.name, upload.digest)
    if existing is not None:
        return version_document(model.name, existing, await rows.aliases.of_version(model.name, existing.number)), False
    if not await rows.blobs.hold(upload.sha256, generation):
        raise Unavailable("the bytes were collected as garbage meanwhile; push again", code="blob_collected")
    model.last_version += 1
    version = VersionRow(model_id=model.id, number=model.last_version, **_facts(upload, manifest, by))
    model.updated_at = version.created_at
    rows.versions.add(version)
    rows.events.record("version.created", by, model=model.name, version=version.number, details=_told(upload))
    return version_document(model.name, version, []), True


def _told(upload: UploadRow) -> dict[str, object]:
    return {"digest": upload.digest, "size": upload.size}


def _facts(upload: UploadRow, manifest: Manifest, by: Actor) -> dict[str, Any]:
    """Return the columns of a new version, but for its model and its number."""
    return {
        "digest": upload.digest,
        "sha256": upload.sha256,
        "size": upload.size,
        "task": manifest.signature.outputs.task,
        "signature": manifest.signature.model_dump_json(),
        "receipt": manifest.receipt.model_dump_json(),
        "source": manifest.source.model_dump_json(),
        "metrics": manifest.metrics,
        "params": manifest.params,
        "tags": manifest.tags,
        "description": manifest.description,
        "created_at": datetime.now(UTC),
        "created_by": by.name,
    }


async def _at_most(size: int, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    received = 0
    async for chunk in chunks:
        received += len(chunk)
        if received > size:
            raise TooLarge(f"more arrives than the {size} bytes that were announced")
        yield chunk


def _check_digest(upload: UploadRow, staged: Staged) -> None:
    if staged.size != upload.size:
        raise Invalid(f"{staged.size} bytes arrived of the {upload.size} announced", code="digest_mismatch")
    if staged.sha256 != upload.sha256:
        raise Invalid("the bytes do not have the SHA-256 that was announced", code="digest_mismatch")
