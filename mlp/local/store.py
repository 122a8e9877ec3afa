"""Deployments on disk: what should be served survives the agent and the machine's power."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from mlp.api.deployment import ModelDeployment
from mlp.api.wire import Wire
from mlp.errors import Conflict
from mlp.local.documents import remove_document, write_document

_PORT = re.compile(rb'\s*\{\s*"port"\s*:\s*([0-9]{1,5})\b')
"""How a file begins; what is missing at its end does not matter."""


def new_uid() -> str:
    """Return a uid that no deployment has or had."""
    return secrets.token_hex(8)


class StoredDeployment(Wire):
    """A deployment and the port that is its own."""

    port: int
    uid: str = Field(default_factory=new_uid)
    """Tells the deployment from one of the same name that was deleted before it."""
    deployment: ModelDeployment


@dataclass(frozen=True)
class Unreadable:
    """A file that should hold a deployment, and does not."""

    file: Path
    port: int | None
    """The deployment's own port, where the file still tells it."""

    @property
    def name(self) -> str:
        """The deployment's name."""
        return self.file.stem

    def error(self) -> Conflict:
        """Return what to say to whoever asks for the deployment."""
        details = {"name": self.name, "file": str(self.file)}
        return Conflict(f"{self.name}: {self.words()}", code="state_corrupt", details=details)

    def words(self) -> str:
        """Return what is wrong."""
        return f"{self.file} cannot be read as a deployment, so nothing is known of it"


class Store:
    """The folder `deployments/`: `<name>.json` each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> tuple[dict[str, StoredDeployment], list[Unreadable]]:
        """Return every deployment by its name, and the files that cannot be read; these are left as they are."""
        stored, unreadable = {}, []
        for path in sorted(self._folder.glob("*.json")):
            found = _read(path)
            if isinstance(found, Unreadable):
                unreadable.append(found)
            else:
                stored[path.stem] = found
        return stored, unreadable

    def again(self, unreadable: Unreadable) -> StoredDeployment | Unreadable | None:
        """Look again at a file that could not be read; None where it is gone."""
        return _read(unreadable.file) if unreadable.file.exists() else None

    def save(self, stored: StoredDeployment) -> None:
        """Write a deployment, new or changed."""
        write_document(self._path(stored.deployment.metadata.name), stored)

    def remove(self, name: str) -> None:
        """Forget a deployment."""
        remove_document(self._path(name))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def _read(path: Path) -> StoredDeployment | Unreadable:
    content = b""
    try:
        content = path.read_bytes()
        return StoredDeployment.model_validate_json(content)
    except (OSError, ValidationError):
        port = _PORT.match(content)
        return Unreadable(path, None if port is None else int(port[1]))
