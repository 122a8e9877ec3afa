"""Deployments on disk: what should be served survives the agent and the machine's power."""

from __future__ import annotations

import secrets
from pathlib import Path

from pydantic import Field, ValidationError

from mlp.api.deployment import ModelDeployment
from mlp.api.wire import Wire
from mlp.errors import Precondition
from mlp.local.documents import remove_document, write_document


def new_uid() -> str:
    """Return a uid that no deployment has or had."""
    return secrets.token_hex(8)


class StoredDeployment(Wire):
    """A deployment and the port that is its own."""

    port: int
    uid: str = Field(default_factory=new_uid)
    """Tells the deployment from one of the same name that was deleted before it."""
    deployment: ModelDeployment


class Store:
    """The folder `deployments/`: `<name>.json` each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> dict[str, StoredDeployment]:
        """Return every deployment by its name. Raises Precondition (`state_corrupt`) naming an unreadable file."""
        return {path.stem: self._read(path) for path in sorted(self._folder.glob("*.json"))}

    def save(self, stored: StoredDeployment) -> None:
        """Write a deployment, new or changed."""
        write_document(self._path(stored.deployment.metadata.name), stored)

    def remove(self, name: str) -> None:
        """Forget a deployment."""
        remove_document(self._path(name))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    @staticmethod
    def _read(path: Path) -> StoredDeployment:
        try:
            return StoredDeployment.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise Precondition(
                f"{path} is not readable as a deployment; mend it or move it away", code="state_corrupt"
            ) from error
