"""A push: announced, received, judged, and only then a version."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mlp.api.model import Manifest, ModelVersion, Upload, UploadRequest
from mlp.errors import Conflict, Invalid, NotFound, TooLarge, Unavailable
from mlp.registry.actor import Actor
from mlp.registry.check.judge import Judge
from mlp.registry.database import Database
from mlp.registry.repository import Repository
from mlp.registry.service.announcement import Announced, Announcement, facts_of, told_of
from mlp.registry.service.archiving import check_offered
from mlp.registry.service.catalog import model_to_change, revive
from mlp.registry.service.copies import Copies
from mlp.registry.service.documents import new_version, version_document
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
        self._copies = Copies(database, shelf.store)
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
        announced = Announcement(name, request, key)
        if (copied := await self._copies.make(announced, by)) is not None:
            return Upload(id=announced.digest, version=copied), True
        registered = await self._intact_version(name, announced.digest)
        twin = None if registered is not None else await self._copies.twin(announced)
        async with self._database.writing() as rows:
            earlier = None if key is None else await rows.uploads.of_key(name, key)
            if earlier is None and twin is not None:
                version, created = await _register(rows, announced, twin, request.manifest, by)
                return Upload(id=announced.digest, version=version), created
            if earlier is None and registered is None:
                row = announced.row()
                await rows.blobs.claim(row.sha256, row.size, row.created_at)
                if await rows.uploads.add(row):
                    return Upload(id=row.id), False
                earlier = await rows.uploads.of_key(name, row.idempotency_key or "")
        if earlier is not None and earlier.fingerprint != announced.fingerprint:
            raise Conflict("this Idempotency-Key came with another request before", code="key_reused")
        return Upload(id=announced.digest if earlier is None else earlier.id, version=registered), False

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
        return version_document(name, row, aliases) if await self._copies.is_intact(row.sha256) else None


async def _register(
    rows: Repository, upload: Announced, generation: str, manifest: Manifest, by: Actor
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
    facts = facts_of(upload, manifest, by)
    version = VersionRow(model_id=model.id, number=model.last_version, **facts)
    model.updated_at = version.created_at
    rows.versions.add(version)
    rows.events.record("version.created", by, model=model.name, version=version.number, details=told_of(upload))
    return new_version(model.name, version.number, facts, manifest), True


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
