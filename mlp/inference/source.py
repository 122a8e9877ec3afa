"""Where the model comes from: a registry by way of the cache, or two files on this machine.

Both end in an artifact whose digests have been checked; nothing of the graph itself has been looked at yet.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from mlp.api.model import Manifest, ModelVersion, version_digest
from mlp.errors import Conflict, DeadlineExceeded, Invalid, Unavailable
from mlp.inference.cache import Cache, unusable
from mlp.inference.checker import check_files
from mlp.inference.log import LOG
from mlp.inference.settings import Settings


@dataclass(frozen=True)
class Artifact:
    """A version's document, and the file that holds its graph."""

    version: ModelVersion
    path: Path


def obtain(settings: Settings) -> Artifact:
    """Return the artifact that the settings name.

    Raises NotFound, Unavailable or Denied for the registry's answer, Failed (`artifact_corrupt`) and Conflict
    (`digest_mismatch`) for bytes and documents that are not what they should be.
    """
    if settings.model_file is not None and settings.manifest_file is not None:
        return _from_files(settings, settings.model_file, settings.manifest_file)
    return _from_registry(settings)


def _from_registry(settings: Settings) -> Artifact:
    cache = Cache(settings.cache_dir)
    version = _resolve(settings, cache)
    if not cache.holds(version):
        _download(settings, version, cache.blob(version))
    return Artifact(version, cache.blob(version))


def _resolve(settings: Settings, cache: Cache) -> ModelVersion:
    """Find the version's document.

    With a digest given, the cache can prove that it has the right one. Without, the registry is asked: a registry that
    was made anew may have given the number again; only when it does not answer is the cache taken at its word.
    """
    known = cache.version(settings.model_name, settings.model_version)
    if known is not None and known.digest == settings.model_digest and _is_itself(known):
        return known
    try:
        version = _ask_registry(settings)
    except (Unavailable, DeadlineExceeded) as error:
        if known is None or settings.model_digest is not None or not _is_itself(known):
            raise
        LOG.warning("registry_unavailable", {"message": error.message, "using": "cache"})
        return known
    if (version.name, version.version) != (settings.model_name, settings.model_version) or not _is_itself(version):
        raise Conflict(f"the registry's document of {version.ref} does not match its digest", code="digest_mismatch")
    _demand(settings.model_digest, version)
    cache.remember(version)
    return version


def _demand(digest: str | None, version: ModelVersion) -> None:
    if digest not in (None, version.digest):
        raise Conflict(f"{version.ref} does not have the digest in MLP_MODEL_DIGEST", code="digest_mismatch")


def _is_itself(version: ModelVersion) -> bool:
    return version.digest == version_digest(version.sha256, version.signature, version.receipt)


def _ask_registry(settings: Settings) -> ModelVersion:
    # Imported when it is needed: a start from the cache takes a third less time and memory without httpx.
    from mlp.client.registry import RegistryClient

    with RegistryClient(str(settings.registry_url), token_file=settings.registry_token_file, timeout=10) as registry:
        return registry.version(settings.model_name, settings.model_version)


def _download(settings: Settings, version: ModelVersion, target: Path) -> None:
    from mlp.client.registry import RegistryClient

    with RegistryClient(str(settings.registry_url), token_file=settings.registry_token_file) as registry:
        try:
            registry.download(version, target, direct=True)
        except OSError as error:
            raise unusable(error) from error


def _from_files(settings: Settings, model: Path, manifest_file: Path) -> Artifact:
    try:
        blob = model.read_bytes()
        manifest = Manifest.model_validate_json(manifest_file.read_bytes())
    except OSError as error:
        raise Invalid(f"{error.filename}: {error.strerror}", code="file_unreadable") from error
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in fault["loc"])
        raise Invalid(f"{manifest_file} is not a manifest: {place}: {fault['msg']}", code="invalid_manifest") from None
    check_files(model, manifest_file)
    sha256 = hashlib.sha256(blob).hexdigest()
    version = ModelVersion(
        name=settings.model_name,
        version=settings.model_version,
        digest=version_digest(sha256, manifest.signature, manifest.receipt),
        sha256=sha256,
        size=len(blob),
        signature=manifest.signature,
        receipt=manifest.receipt,
        created_at=datetime.now(UTC),
    )
    _demand(settings.model_digest, version)
    return Artifact(version, model)
