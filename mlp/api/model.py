"""Models and versions, as the registry keeps them and as people write them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictBool

from mlp.api.naming import ModelName
from mlp.api.receipt import Receipt
from mlp.api.reference import ModelRef
from mlp.api.signature import Signature
from mlp.api.wire import Answer, Sha256, Wire, canonical_json, sha256_of

Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_./]{0,62}[A-Za-z0-9])?$")]
Text = Annotated[str, Field(max_length=4_096)]
ShortText = Annotated[str, Field(max_length=256)]
Metric = Annotated[float, Field(strict=True)]
MAX_METRICS = 200
MAX_TAGS = 50


class Source(Wire):
    """Where a version came from."""

    framework: ShortText | None = None
    """`scikit-learn`, `onnx`."""
    estimator: ShortText | None = None
    """The class of the original, as in `sklearn.pipeline.Pipeline`."""
    git_commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    git_dirty: StrictBool | None = None


class Manifest(Wire):
    """All that a push says about a version, apart from the bytes themselves."""

    signature: Signature
    receipt: Receipt
    metrics: Annotated[dict[Key, Metric], Field(max_length=MAX_METRICS)] = {}
    params: Annotated[dict[Key, Text], Field(max_length=200)] = {}
    tags: Annotated[dict[Key, ShortText], Field(max_length=MAX_TAGS)] = {}
    description: Text = ""
    source: Source = Source()


def version_digest(blob_sha256: str, signature: Signature, receipt: Receipt) -> str:
    """Return the digest of a version: the SHA-256 of the canonical JSON of blob, signature and receipt.

    Metrics, tags and words about a version may change; what it answers may not, and this is what is hashed.
    """
    document = {
        "blob": blob_sha256,
        "signature": signature.model_dump(mode="json"),
        "receipt": receipt.model_dump(mode="json"),
    }
    return sha256_of(canonical_json(document))


class UploadRequest(Wire):
    """`POST /models/{name}/uploads`: announce the bytes that will follow."""

    manifest: Manifest
    sha256: Sha256
    size: Annotated[int, Field(ge=1, strict=True, description="bytes")]


class ModelRequest(Wire):
    """`POST /models`: a model before its first version. A push makes the model by itself."""

    name: ModelName
    description: Text = ""
    tags: Annotated[dict[Key, ShortText], Field(max_length=MAX_TAGS)] = {}


class ModelPatch(Wire):
    """`PATCH /models/{name}`: what is not named stays as it is; a tag set to null goes away."""

    description: Text | None = None
    tags: Annotated[dict[Key, ShortText | None], Field(max_length=MAX_TAGS)] = {}
    archived: Annotated[bool | None, Field(strict=True)] = None
    """Whether lists leave it out, and aliases and pushes keep away from it."""


class VersionPatch(ModelPatch):
    """`PATCH /models/{name}/versions/{v}`: the words about a version; what it answers never changes."""

    metrics: Annotated[dict[Key, Metric | None], Field(max_length=MAX_METRICS)] = {}


class Upload(Answer):
    """An announced upload. `version` is set when that digest is registered already, and no bytes are wanted."""

    id: str
    version: ModelVersion | None = None


class ModelVersion(Answer):
    """A READY version: one immutable blob and the document about it."""

    name: str
    version: int
    digest: str
    sha256: str
    size: int
    """Bytes of the ONNX blob."""
    signature: Signature
    receipt: Receipt
    metrics: dict[str, float] = {}
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    description: str = ""
    source: Source = Source()
    aliases: list[str] = []
    """The names that point to this version now, in order."""
    created_at: datetime
    created_by: str | None = None
    archived_at: datetime | None = None
    """Since when it is archived; None while it is not."""

    @property
    def ref(self) -> ModelRef:
        """`iris:2`."""
        return ModelRef(self.name, version=self.version)


class VersionSummary(Answer):
    """A version in a list: everything but the signature and the receipt's rows."""

    name: str
    version: int
    digest: str
    size: int
    task: str
    metrics: dict[str, float] = {}
    tags: dict[str, str] = {}
    description: str = ""
    aliases: list[str] = []
    created_at: datetime
    created_by: str | None = None
    archived_at: datetime | None = None
    """Since when it is archived; None while it is not."""


class Model(Answer):
    """A model: the name that versions share."""

    name: str
    description: str = ""
    tags: dict[str, str] = {}
    latest_version: int | None = None
    """The highest number among its versions that are not archived; None without one."""
    aliases: dict[str, int] = {}
    """Where each alias points now."""
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = None
    """Since when it is archived; None while it is not."""


class ModelList(Answer):
    """A page of models; `next` is the cursor of the following page, or None."""

    items: list[Model]
    next: str | None = None


class VersionList(Answer):
    """A page of versions, newest first."""

    items: list[VersionSummary]
    next: str | None = None


Upload.model_rebuild()
