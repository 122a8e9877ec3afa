"""The registry, as the command line, a notebook and a model server speak to it."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from mlp.api.collection import CollectionReport, CollectionRequest
from mlp.api.model import Manifest, Model, ModelVersion, Upload, UploadRequest
from mlp.client.aliases import Aliases
from mlp.client.http import call, error_of, failure_of
from mlp.client.pages import document_of
from mlp.client.resource import SECONDS_TO_COLLECT, WHO, path_of
from mlp.client.token_file import token_in
from mlp.client.tokens import Tokens
from mlp.client.uses import Uses
from mlp.client.webhooks import Webhooks
from mlp.errors import Failed, Unavailable

CHUNK = 256 * 1024
_SECONDS_TO_JUDGE = 120.0  # or to verify a large model before its first byte is sent
_PAUSES = (0.5, 2.0)  # seconds before a push is tried again

Progress = Callable[[int], None]
"""Told how many bytes have travelled so far."""


@dataclass(frozen=True)
class Pushed:
    """A registered version, and whether this push made it or found it there."""

    version: ModelVersion
    created: bool


class RegistryClient(AbstractContextManager["RegistryClient"]):
    """Speaks to the registry at `url`. Where it wants a bearer token, `token_file` holds it, or it is `token`.

    Every method raises errors of `mlp.errors`: what the registry said, or Unavailable when it does not answer. Those
    about aliases, uses, tokens and webhooks are behind attributes of those names.
    """

    def __init__(
        self, url: str, *, token_file: Path | None = None, token: str | None = None, timeout: float = 30.0
    ) -> None:
        held = token if token_file is None else token_in(token_file)
        headers = {} if held is None else {"Authorization": f"Bearer {held}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout)
        self.aliases = Aliases(self._http)
        self.uses = Uses(self._http)
        self.tokens = Tokens(self._http)
        self.webhooks = Webhooks(self._http)
        self._patient = httpx.Timeout(timeout, read=_SECONDS_TO_JUDGE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ready(self) -> None:
        """Return if the registry can take a push now; raise Unavailable if not."""
        call(self._http, WHO, "GET", "/ready")

    def model(self, name: str) -> Model:
        """Return one model; NotFound (`model_not_found`) when there is none of that name."""
        return document_of(call(self._http, WHO, "GET", path_of(name)), Model)

    def version(self, name: str, version: int) -> ModelVersion:
        """Return one version with signature and receipt; NotFound (`version_not_found`) when there is none."""
        return document_of(call(self._http, WHO, "GET", path_of(name, version)), ModelVersion)

    def archive(self, name: str, version: int | None = None, *, archived: bool = True) -> None:
        """Archive a model or one of its versions, or bring it back; Conflict (`in_use`) while an alias points to it."""
        call(self._http, WHO, "PATCH", path_of(name, version), json={"archived": archived})

    def delete(self, name: str, version: int | None = None) -> None:
        """Delete a model or one of its versions; Conflict (`in_use`) while an alias or a holder needs it."""
        call(self._http, WHO, "DELETE", path_of(name, version))

    def collect(self, request: CollectionRequest) -> CollectionReport:
        """Look for blobs that nothing uses, and delete them unless it is a dry run; it may take minutes."""
        body, timeout = request.model_dump(mode="json"), SECONDS_TO_COLLECT
        return document_of(call(self._http, WHO, "POST", "/gc", json=body, timeout=timeout), CollectionReport)

    def push(
        self, name: str, manifest: Manifest, artifact: bytes | Path, *, progress: Progress | None = None
    ) -> Pushed:
        """Register `artifact` (an ONNX graph, as bytes or as a file) as the next version of the model `name`.

        The same blob, signature and receipt pushed again find the version that exists. A push that lost its
        connection is tried again; the key that it carries keeps it from being counted twice.
        """
        request = UploadRequest(manifest=manifest, sha256=_sha256(artifact), size=_size(artifact))
        key = uuid.uuid4().hex
        for pause in _PAUSES:
            try:
                return self._push(name, request, artifact, key, progress)
            except Unavailable as error:
                if error.code == "insufficient_storage":
                    raise
                time.sleep(pause)
        return self._push(name, request, artifact, key, progress)

    def _push(
        self, name: str, request: UploadRequest, artifact: bytes | Path, key: str, progress: Progress | None
    ) -> Pushed:
        announced = call(
            self._http,
            WHO,
            "POST",
            f"{path_of(name)}/uploads",
            content=request.model_dump_json(),
            headers={"Content-Type": "application/json", "Idempotency-Key": key},
        )
        upload = document_of(announced, Upload)
        if upload.version is not None:
            return Pushed(upload.version, created=announced.status_code == httpx.codes.CREATED)
        answer = call(
            self._http,
            WHO,
            "PUT",
            f"{path_of(name)}/uploads/{upload.id}",
            content=_chunks(artifact, progress),
            headers={"Content-Type": "application/octet-stream", "Content-Length": str(request.size)},
            timeout=self._patient,
        )
        return Pushed(document_of(answer, ModelVersion), created=answer.status_code == httpx.codes.CREATED)

    def download(
        self, version: ModelVersion, target: Path, *, direct: bool = False, progress: Progress | None = None
    ) -> None:
        """Write the version's ONNX graph to `target`, which appears whole or not at all.

        With `direct`, the bytes come from the object store itself where the registry says how, and from the registry
        where the store cannot be reached from here. Raises Failed (`artifact_corrupt`) when the bytes do not have the
        version's SHA-256.
        """
        part = target.with_name(f"{target.name}.{uuid.uuid4().hex}.part")
        try:
            digest = self._fetch(version, part, progress, direct=direct)
            if digest != version.sha256:
                raise Failed(f"the bytes of {version.ref} do not have their SHA-256", code="artifact_corrupt")
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def _fetch(self, version: ModelVersion, part: Path, progress: Progress | None, *, direct: bool) -> str:
        path = f"{path_of(version.name, version.version)}/artifact"
        query = {"redirect": "1"} if direct else {}
        try:
            with self._http.stream("GET", path, params=query, timeout=self._patient) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    raise error_of(answer)
                if answer.status_code != httpx.codes.TEMPORARY_REDIRECT:
                    return _save(answer, part, progress)
                link = answer.headers.get("Location", "")
        except httpx.HTTPError as error:
            raise failure_of(error, WHO, str(self._http.base_url)) from error
        # Not by our own client: the token is for the registry alone.
        with (
            suppress(httpx.HTTPError, httpx.InvalidURL),
            httpx.stream("GET", link, timeout=self._patient) as answer,
        ):
            if answer.status_code == httpx.codes.OK:
                return _save(answer, part, progress)
        return self._fetch(version, part, progress, direct=False)


def _save(answer: httpx.Response, part: Path, progress: Progress | None) -> str:
    """Write a body to `part`; return its SHA-256."""
    digest = hashlib.sha256()
    received = 0
    with part.open("wb") as file:
        for chunk in answer.iter_bytes(CHUNK):
            digest.update(chunk)
            file.write(chunk)
            received += len(chunk)
            if progress is not None:
                progress(received)
    return digest.hexdigest()


def _sha256(artifact: bytes | Path) -> str:
    if isinstance(artifact, bytes):
        return hashlib.sha256(artifact).hexdigest()
    with artifact.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(artifact: bytes | Path) -> int:
    return len(artifact) if isinstance(artifact, bytes) else artifact.stat().st_size


def _chunks(artifact: bytes | Path, progress: Progress | None) -> Iterator[bytes]:
    sent = 0
    for chunk in _slices(artifact):
        yield chunk
        sent += len(chunk)
        if progress is not None:
            progress(sent)


def _slices(artifact: bytes | Path) -> Iterator[bytes]:
    if isinstance(artifact, bytes):
        view = memoryview(artifact)
        yield from (bytes(view[start : start + CHUNK]) for start in range(0, len(view), CHUNK))
        return
    with artifact.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
