"""ModelDeployment: what should be served, and what is.

The same document is a file on one machine and a custom resource (`modeldeployments.ml.example.com`, v1) on a cluster.
Field names are camelCase on the wire, as Kubernetes writes them.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from mlp.api.documents import DeploymentDocument
from mlp.api.kind import API_VERSION, AUTHOR_ANNOTATION, CAUSE_ANNOTATION, KIND
from mlp.api.naming import ModelName, VersionNumber
from mlp.api.quantity import QUANTITY_PATTERN, amount
from mlp.api.reference import NAME_PATTERN

MAX_REPLICAS = 1_000

DeploymentName = Annotated[
    str,
    Field(pattern=NAME_PATTERN, max_length=50, description="a DNS-1035 label of at most 50 characters"),
]
Quantity = Annotated[
    str,
    Field(
        pattern=QUANTITY_PATTERN,
        description="a Kubernetes quantity: 500m, 0.5, 512Mi, 1Gi",
    ),
]


class DeploymentRules:
    """The rules that join several fields, in words: said here, and by the API server."""

    SCALING_NEEDS_MAX = "autoscaling needs maxReplicas"
    SCALING_NEEDS_CPU = "autoscaling needs resources.requests.cpu: CPU use is measured against it"
    MIN_WITHIN_MAX = "minReplicas must not exceed maxReplicas"
    REQUEST_WITHIN_LIMIT = "resources.requests.{resource} must not exceed resources.limits.{resource}"


class _Camel(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
        defer_build=True,
    )


class ResourceList(_Camel):
    """Amounts of the two resources that a model server uses."""

    cpu: Quantity | None = None
    memory: Quantity | None = None

    @field_validator("cpu", "memory", mode="before")
    @classmethod
    def _number_is_quantity(cls, value: object) -> object:
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class Resources(_Camel):
    """What a replica asks for, and what it may use at most."""

    requests: ResourceList = ResourceList(cpu="100m", memory="256Mi")
    """What is reserved for each replica."""
    limits: ResourceList | None = None
    """What a replica may use at most."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        limits = self.limits or ResourceList()
        pairs = {"cpu": (self.requests.cpu, limits.cpu), "memory": (self.requests.memory, limits.memory)}
        for resource, (request, limit) in pairs.items():
            least, most = (None if quantity is None else amount(quantity) for quantity in (request, limit))
            if least is not None and most is not None and least > most:
                raise ValueError(DeploymentRules.REQUEST_WITHIN_LIMIT.format(resource=resource))
        return self


class Autoscaling(_Camel):
    """Scaling on CPU. `{"enabled": true, "maxReplicas": 10}` alone is valid."""

    enabled: bool = False
    """Whether CPU use, and no longer `replicas`, says how many replicas there are."""
    min_replicas: Annotated[int, Field(ge=1, le=MAX_REPLICAS, strict=True)] | None = None
    """Defaults to `replicas`."""
    max_replicas: Annotated[int, Field(ge=1, le=MAX_REPLICAS, strict=True)] | None = None
    """Needed when enabled."""
    target_cpu: Annotated[int, Field(ge=1, le=100, strict=True, alias="targetCPUUtilizationPercentage")] = 80
    """Average CPU use to aim at, in percent of the request."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.enabled and self.max_replicas is None:
            raise ValueError(DeploymentRules.SCALING_NEEDS_MAX)
        if self.min_replicas and self.max_replicas and self.min_replicas > self.max_replicas:
            raise ValueError(DeploymentRules.MIN_WITHIN_MAX)
        return self


class Spec(_Camel):
    """What should be served."""

    model_name: ModelName
    """The model in the registry; immutable."""
    model_version: VersionNumber
    """The version of the model that should answer."""
    replicas: Annotated[int, Field(ge=0, le=MAX_REPLICAS, strict=True)] = 1
    """How many pods serve. Ignored while autoscaling is on, except as the default of its minReplicas."""
    environment: Annotated[str, Field(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$")] | None = None
    """A label of everything that belongs to the deployment, such as `production`."""
    resources: Resources = Resources()
    autoscaling: Autoscaling | None = None
    suspend: bool = False
    """Stop reconciling; what runs keeps running."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.autoscaling is not None and self.autoscaling.enabled and self.resources.requests.cpu is None:
            raise ValueError(DeploymentRules.SCALING_NEEDS_CPU)
        return self


class ConditionType(StrEnum):
    """The questions that a status answers."""

    READY = "Ready"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"


class Condition(_Camel):
    """One answer, as Kubernetes writes conditions."""

    type: ConditionType
    status: Literal["True", "False", "Unknown"]
    reason: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z]*$")]
    """One CamelCase word that a program can match, such as GoldenRowsFailed."""
    message: str = ""
    last_transition_time: datetime
    observed_generation: int | None = None


class Status(_Camel):
    """What is served."""

    model_config = ConfigDict(extra="ignore")

    observed_generation: int | None = None
    """The generation of the spec that this status speaks of."""
    replicas: int = 0
    """Replicas that there are."""
    ready_replicas: int = 0
    """Replicas that take requests."""
    available_replicas: int = 0
    """Replicas that have taken requests for long enough to count on."""
    selector: str | None = None
    """The labels of the pods, for autoscalers and people."""
    url: str | None = None
    """Where requests are answered."""
    served_version: int | None = None
    """The version that answers now; it stays the old one until the new one has proved itself."""
    digest: str | None = None
    """The digest of the version that answers."""
    conditions: tuple[Condition, ...] = ()

    def condition(self, type_: ConditionType) -> Condition | None:
        """Return the condition of that type, or None."""
        return next((condition for condition in self.conditions if condition.type is type_), None)


class ObjectMeta(_Camel):
    """Name and place of an object; what else a cluster writes there is passed over."""

    model_config = ConfigDict(extra="ignore")

    name: DeploymentName
    namespace: str | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    generation: int | None = None
    """Counts the changes of the spec; given by the target."""
    creation_timestamp: datetime | None = None


class ModelDeployment(_Camel):
    """A model version that should be served, and how."""

    api_version: Literal["ml.example.com/v1"] = API_VERSION
    kind: Literal["ModelDeployment"] = KIND
    metadata: ObjectMeta
    spec: Spec
    status: Status | None = None

    def document(self) -> DeploymentDocument:
        """Return the document as it is written to a file or sent to a target."""
        return cast(DeploymentDocument, self.model_dump(mode="json", by_alias=True, exclude_none=True))

    def caused(self, cause: str, by: str) -> Self:
        """Return the same, noting what asks for it and who: `mlp history` shows both."""
        annotations = {**self.metadata.annotations, CAUSE_ANNOTATION: cause, AUTHOR_ANNOTATION: by}
        return self.model_copy(update={"metadata": self.metadata.model_copy(update={"annotations": annotations})})

    def is_ready(self) -> bool:
        """Whether the spec as it stands now is what answers."""
        if self.status is None or self.status.observed_generation != self.metadata.generation:
            return False
        ready = self.status.condition(ConditionType.READY)
        return ready is not None and ready.status == "True"
