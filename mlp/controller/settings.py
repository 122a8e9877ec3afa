"""The operator's settings, read once from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from mlp import __version__

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Settings(BaseSettings):
    """Each field is the environment variable of its name in capitals, after `MLP_`."""

    model_config = SettingsConfigDict(env_prefix="MLP_", env_ignore_empty=True, frozen=True, extra="ignore")

    namespaces: Annotated[tuple[str, ...], NoDecode] = ()
    """Namespaces whose ModelDeployments are kept, separated by commas; by default the operator's own."""
    kubeconfig: Path | None = None
    """Credentials outside a cluster; by default those of the pod, else the user's."""
    kube_context: str | None = None
    registry_url: Annotated[str, Field(pattern=r"^https?://")]
    registry_token_file: Path | None = None
    """A file that holds the operator's bearer token for the registry."""
    pod_registry_url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    """Where model servers find the registry, if not at `registry_url`."""
    pod_registry_token_secret: str = "registry-read-token"  # noqa: S105  the name of one
    inference_image: str = f"ml-platform/inference-server:{__version__}"
    inference_image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    progress_deadline_seconds: Annotated[int, Field(ge=1)] = 600
    """Without progress for so long a rollout counts as failed."""
    workers: Annotated[int, Field(ge=1, le=64)] = 8
    """How many ModelDeployments are worked on at once."""
    health_host: str | None = None
    """Where the probes listen; by default on every address of a pod, and on loopback outside of one."""
    health_port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    lease_name: str = "ml-operator"
    lease_namespace: str | None = None
    """By default the operator's own namespace."""
    lease_seconds: Seconds = 15
    """How long others respect the lease of a leader that has vanished."""
    renew_seconds: Seconds = 10
    """A leader that could not renew its lease for so long ends."""
    retry_seconds: Seconds = 2
    watch_silence_seconds: Seconds = 70
    """A watch without a sign of life for so long is begun anew."""
    stuck_seconds: Seconds = 300
    """A worker or a watch that got nowhere for so long fails the liveness probe."""
    refused_seconds: Seconds = 60
    """What the API server refused is tried again after this, at the earliest."""
    resync_seconds: Seconds = 36_000
    """Every ModelDeployment is looked at this often although nothing happened."""
    use_seconds: Seconds = 180
    """How often a version is reported as in use; the registry forgets it after 10 minutes."""
    missing_seconds: Seconds = 15
    """How often the registry is asked for a version that was not there."""

    @field_validator("namespaces", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(filter(None, (part.strip() for part in value.split(",")))) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if not self.retry_seconds < self.renew_seconds < self.lease_seconds:
            raise ValueError("retry_seconds < renew_seconds < lease_seconds must hold")
        return self
