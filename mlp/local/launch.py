"""What is started for the registry and for a model: command, environment, log. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlp.api.deployment import ModelDeployment
from mlp.client.home import Home
from mlp.local.ports import HOST
from mlp.local.settings import Settings

REGISTRY = "registry"


@dataclass(frozen=True)
class Launch:
    """How to start one process."""

    name: str
    """`registry` or the deployment."""
    command: tuple[str, ...]
    environment: Mapping[str, str]
    """All of it; nothing else is inherited."""
    folder: Path
    log: Path


@dataclass(frozen=True)
class Launcher:
    """Knows how processes of this folder are started."""

    settings: Settings
    home: Home
    registry_port: int
    inherited: Mapping[str, str]
    """The agent's own environment, of which children get what is not meant for a service of the platform."""

    @property
    def registry_url(self) -> str:
        """Where the registry answers."""
        return f"http://{HOST}:{self.registry_port}"

    def registry(self) -> Launch:
        """Return how the registry is started."""
        return self._launch(
            REGISTRY,
            self.settings.registry_command,
            {
                "MLP_REGISTRY_HOST": HOST,
                "MLP_REGISTRY_PORT": str(self.registry_port),
                "MLP_REGISTRY_DATA": str(self.home.registry),
            },
        )

    def model(self, deployment: ModelDeployment, port: int, version: int) -> Launch:
        """Return how a server of one version is started; the version that served last must have the digest it had."""
        environment = {
            "MLP_MODEL_NAME": deployment.spec.model_name,
            "MLP_MODEL_VERSION": str(version),
            "MLP_REGISTRY_URL": self.registry_url,
            "MLP_CACHE_DIR": str(self.home.cache),
            "MLP_HOST": HOST,
            "MLP_PORT": str(port),
            "MLP_DRAIN_SECONDS": f"{self.settings.drain_seconds:g}",
            "MLP_ALLOWED_HOSTS": self.settings.allowed_hosts,
        }
        status = deployment.status
        if status is not None and status.served_version == version and status.digest is not None:
            environment["MLP_MODEL_DIGEST"] = status.digest
        return self._launch(deployment.metadata.name, self.settings.model_command, environment)

    def _launch(self, name: str, command: tuple[str, ...], environment: Mapping[str, str]) -> Launch:
        log = self.home.log(name)
        environment = {**self._general(), "MLP_LOG_FILE": str(log), **environment}
        return Launch(name, command, environment, self.home.root, log)

    def _general(self) -> dict[str, str]:
        # A DATABASE_URL in the user's shell belongs to some other program, and MLP_ settings speak to the agent.
        return {
            key: value for key, value in self.inherited.items() if not key.startswith("MLP_") and key != "DATABASE_URL"
        }
