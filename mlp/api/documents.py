"""The documents of this package as those see them who only read: plain JSON, and no pydantic to wait for.

Each names what is read of a document, as it is written on the wire; `mlp.api.shape` looks whether an answer is one,
and a test whether each still fits the class that writes it. What is not named here is passed on as it came.
(No `from __future__ import annotations`: they are needed when a command runs, and as text each would be compiled.)
"""

from typing import Any, Literal, NewType, NotRequired, TypedDict

Moment = NewType("Moment", str)
"""A time as ISO 8601 writes it."""
Label = bool | int | float | str
Cell = bool | int | float | str | None


class MetaDocument(TypedDict):
    """`ObjectMeta`."""

    name: str
    namespace: NotRequired[str | None]
    labels: NotRequired[dict[str, str]]
    annotations: NotRequired[dict[str, str]]
    generation: NotRequired[int | None]
    creationTimestamp: NotRequired[Moment | None]


class AmountsDocument(TypedDict):
    """`ResourceList`."""

    cpu: NotRequired[str | None]
    memory: NotRequired[str | None]


class ResourcesDocument(TypedDict):
    """`Resources`."""

    requests: NotRequired[AmountsDocument]
    limits: NotRequired[AmountsDocument | None]


class AutoscalingDocument(TypedDict):
    """`Autoscaling`."""

    enabled: NotRequired[bool]
    minReplicas: NotRequired[int | None]
    maxReplicas: NotRequired[int | None]
    targetCPUUtilizationPercentage: NotRequired[int]


class SpecDocument(TypedDict):
    """`Spec`."""

    modelName: str
    modelVersion: int
    replicas: NotRequired[int]
    environment: NotRequired[str | None]
    resources: NotRequired[ResourcesDocument]
    autoscaling: NotRequired[AutoscalingDocument | None]
    suspend: NotRequired[bool]


class ConditionDocument(TypedDict):
    """`Condition`."""

    type: str
    status: str
    reason: str
    message: NotRequired[str]
    lastTransitionTime: Moment
    observedGeneration: NotRequired[int | None]


class StatusDocument(TypedDict):
    """`Status`."""

    observedGeneration: NotRequired[int | None]
    replicas: NotRequired[int]
    readyReplicas: NotRequired[int]
    availableReplicas: NotRequired[int]
    selector: NotRequired[str | None]
    url: NotRequired[str | None]
    servedVersion: NotRequired[int | None]
    digest: NotRequired[str | None]
    conditions: NotRequired[list[ConditionDocument]]


class DeploymentDocument(TypedDict):
    """`ModelDeployment`."""

    apiVersion: NotRequired[str]
    kind: NotRequired[str]
    metadata: MetaDocument
    spec: SpecDocument
    status: NotRequired[StatusDocument | None]


class ProcessDocument(TypedDict):
    """`ProcessStatus`."""

    name: str
    state: str
    pid: NotRequired[int | None]
    port: NotRequired[int | None]
    restarts: NotRequired[int]
    started_at: NotRequired[Moment | None]
    version: NotRequired[int | None]
    digest: NotRequired[str | None]
    reason: NotRequired[str | None]
    message: NotRequired[str]
    failures: NotRequired[int]
    next_attempt_at: NotRequired[Moment | None]
    is_adopted: NotRequired[bool]


class DamageDocument(TypedDict):
    """`DamagedDeployment`."""

    name: str
    file: str
    message: str


class AgentDocument(TypedDict):
    """`AgentStatus`."""

    version: str
    change: NotRequired[str]
    registry_url: str
    registry_ready: bool
    processes: list[ProcessDocument]
    deployments: list[DeploymentDocument]
    damaged: NotRequired[list[DamageDocument]]


class RevisionDocument(TypedDict):
    """`Revision`."""

    number: int
    model: str
    version: int
    spec: NotRequired[SpecDocument | None]
    at: Moment
    cause: NotRequired[str | None]
    by: NotRequired[str | None]
    outcome: NotRequired[str]
    reason: NotRequired[str | None]
    message: NotRequired[str]
    decided_at: NotRequired[Moment | None]
    digest: NotRequired[str | None]
    current: NotRequired[bool]


class HistoryDocument(TypedDict):
    """What the agent remembers of a deployment."""

    items: list[RevisionDocument]
    damage: NotRequired[str | None]
    """What of it cannot be read, in words."""


class EventDocument(TypedDict):
    """`DeploymentEvent`."""

    at: Moment
    type: str
    reason: str
    message: str
    version: NotRequired[int | None]
    pid: NotRequired[int | None]
    count: NotRequired[int]


class LinkDocument(TypedDict):
    """`Link`."""

    kind: str
    name: str
    state: str
    reason: NotRequired[str | None]
    message: NotRequired[str]
    at: NotRequired[Moment | None]


class WhyDocument(TypedDict):
    """`Why`."""

    name: str
    ok: bool
    settled: bool
    links: list[LinkDocument]
    reason: NotRequired[str | None]
    message: NotRequired[str]
    version: NotRequired[int | None]
    served_version: NotRequired[int | None]
    next_attempt_at: NotRequired[Moment | None]
    log: NotRequired[list[str]]


class FeatureDocument(TypedDict):
    """`Feature`."""

    name: str
    dtype: Literal["float32", "float64", "int64", "bool", "string"]
    tensor: str
    minimum: NotRequired[float | None]
    maximum: NotRequired[float | None]
    categories: NotRequired[list[str] | None]
    closed: NotRequired[bool]
    nullable: NotRequired[bool]


class OutputsDocument(TypedDict):
    """`Outputs`."""

    task: str
    prediction: str
    probabilities: NotRequired[str | None]
    classes: NotRequired[list[Label] | None]
    width: NotRequired[int]


class SignatureDocument(TypedDict):
    """`Signature`."""

    inputs: list[FeatureDocument]
    layout: str
    outputs: OutputsDocument


class GoldenDocument(TypedDict):
    """`GoldenRows`."""

    features: list[list[Cell]]
    predictions: list[Any]
    probabilities: NotRequired[list[list[float]] | None]


class ReceiptDocument(TypedDict):
    """`Receipt`."""

    sample: str
    rows: int
    label_agreement: NotRequired[float | None]
    max_abs_diff: NotRequired[float | None]
    max_rel_diff: NotRequired[float | None]
    tolerance: NotRequired[dict[str, float]]
    precision: NotRequired[str]
    versions: NotRequired[dict[str, str]]
    golden: NotRequired[GoldenDocument | None]


class SourceDocument(TypedDict):
    """`Source`."""

    framework: NotRequired[str | None]
    estimator: NotRequired[str | None]
    git_commit: NotRequired[str | None]
    git_dirty: NotRequired[bool | None]


class VersionDocument(TypedDict):
    """`ModelVersion`."""

    name: str
    version: int
    digest: str
    sha256: str
    size: int
    signature: SignatureDocument
    receipt: ReceiptDocument
    metrics: NotRequired[dict[str, float]]
    params: NotRequired[dict[str, str]]
    tags: NotRequired[dict[str, str]]
    description: NotRequired[str]
    source: NotRequired[SourceDocument]
    aliases: NotRequired[list[str]]
    created_at: Moment
    created_by: NotRequired[str | None]
    archived_at: NotRequired[Moment | None]


class SummaryDocument(TypedDict):
    """`VersionSummary`."""

    name: str
    version: int
    digest: str
    size: int
    task: str
    metrics: NotRequired[dict[str, float]]
    tags: NotRequired[dict[str, str]]
    aliases: NotRequired[list[str]]
    created_at: Moment
    archived_at: NotRequired[Moment | None]


class ModelDocument(TypedDict):
    """`Model`."""

    name: str
    description: NotRequired[str]
    latest_version: NotRequired[int | None]
    aliases: NotRequired[dict[str, int]]
    updated_at: Moment
    archived_at: NotRequired[Moment | None]


class AliasDocument(TypedDict):
    """`Alias`."""

    model: str
    name: str
    version: int
    updated_at: Moment
    updated_by: NotRequired[str | None]


class AliasChangeDocument(TypedDict):
    """`AliasChange`."""

    number: int
    at: Moment
    by: str
    from_version: NotRequired[int | None]
    to_version: NotRequired[int | None]


class TokenDocument(TypedDict):
    """`Token`."""

    name: str
    scope: str
    created_at: Moment
    created_by: str
    expires_at: NotRequired[Moment | None]
    last_used_at: NotRequired[Moment | None]


class WebhookDocument(TypedDict):
    """`Webhook`."""

    id: int
    url: str
    events: list[str]
    created_at: Moment
    created_by: str


class DeliveryDocument(TypedDict):
    """`Delivery`."""

    id: str
    event: str
    state: str
    created_at: Moment
    attempts: int
    last_status: int | None
    last_error: str | None


class ServedDocument(TypedDict):
    """`ServedModel`."""

    name: str
    version: int


class PredictionDocument(TypedDict):
    """`Prediction`."""

    predictions: list[Any]
    probabilities: NotRequired[list[list[float | None]] | None]
    classes: NotRequired[list[Label] | None]
    model: ServedDocument


class ReadinessDocument(TypedDict):
    """`Readiness`."""

    version: int


class MetadataDocument(TypedDict):
    """`Metadata`."""

    name: str
    version: int
    signature: SignatureDocument


class RequestDocument(TypedDict):
    """`PredictRequest`."""

    features: NotRequired[list[list[Cell]]]
    records: NotRequired[list[dict[str, Cell]]]
    return_probabilities: NotRequired[bool]
