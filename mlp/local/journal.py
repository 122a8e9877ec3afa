"""What deployments were asked to serve, what became of it, and what happened to them, on disk.

Two files a deployment, a line of JSON for each entry: `<name>.revisions.jsonl` and `<name>.events.jsonl`. Lines are
added and never changed; one that cannot be read (a crash tore it) is passed over, and told of. A file that has grown
large is begun anew with its second half. Nothing that serves waits for them, and nothing ends because they cannot be
written.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from mlp.api.deployment import ModelDeployment
from mlp.api.history import DeploymentEvent, Revision
from mlp.api.kind import AUTHOR_ANNOTATION, CAUSE_ANNOTATION
from mlp.local.revisions import Asked, Decided, RevisionLine, decision_of, revisions_of

_log = logging.getLogger(__name__)
_Entry = TypeVar("_Entry", bound=BaseModel)
_LARGEST_BYTES = 1_000_000
"""A file larger than this is begun anew with its last half."""


class Journal:
    """The folder `history/`."""

    def __init__(self, folder: Path, largest_bytes: int = _LARGEST_BYTES) -> None:
        self._folder = folder
        self._largest_bytes = largest_bytes
        self._decided: dict[str, Decided] = {}

    def asked(self, deployment: ModelDeployment, at: datetime) -> None:
        """Note a spec that was asked for: one that is new, or changed."""
        meta, spec = deployment.metadata, deployment.spec
        cause, by = (meta.annotations.get(word) for word in (CAUSE_ANNOTATION, AUTHOR_ANNOTATION))
        self._append(
            self._revisions(meta.name),
            Asked(number=meta.generation or 1, at=at, spec=spec, cause=cause, by=by),
        )

    def found(self, deployment: ModelDeployment) -> None:
        """Note a spec that stands on disk, unless it is noted: it is older than the file, or a crash came between."""
        meta = deployment.metadata
        damage = self.damage(meta.name)
        if damage is not None:
            _log.warning(damage, extra={"deployment": meta.name})
        numbers = {line.number for line in self._revision_lines(meta.name) if isinstance(line, Asked)}
        if (meta.generation or 1) not in numbers:
            self.asked(deployment, meta.creation_timestamp or datetime.now(UTC))

    def looked(self, deployment: ModelDeployment, at: datetime) -> None:
        """Note what became of a deployment's spec, where its status tells so for the first time."""
        name = deployment.metadata.name
        decided = decision_of(deployment, self._last_decision(name), at)
        if decided is not None:
            self._decided[name] = decided
            self._append(self._revisions(name), decided)

    def happened(self, name: str, event: DeploymentEvent) -> None:
        """Note an event."""
        self._append(self._events(name), event)

    def revisions(self, deployment: ModelDeployment) -> list[Revision]:
        """Return what a deployment was asked to serve, the newest first."""
        generation = deployment.metadata.generation or 1
        return revisions_of(deployment.spec.model_name, self._revision_lines(deployment.metadata.name), generation)

    def damage(self, name: str) -> str | None:
        """Return what of the revisions cannot be read, and what that means; None where all can."""
        path = self._revisions(name)
        try:
            lines = path.read_bytes().splitlines()
        except FileNotFoundError:
            return None
        except OSError as error:
            return f"{path} cannot be read ({error.strerror}): no earlier revision is known"
        lost = len(lines) - sum(1 for _ in _read(path, RevisionLine))
        if not lost:
            return None
        many = f"{lost} of {len(lines)} lines cannot be read"
        return f"{path}: {many}; the revisions that they told of are missing, and cannot be gone back to"

    def events(self, name: str) -> list[DeploymentEvent]:
        """Return what happened to a deployment, the newest first; what happened again is told once, with its count."""
        found: dict[tuple[str, str, int | None], DeploymentEvent] = {}
        for event in _read(self._events(name), DeploymentEvent):
            key = (event.reason, event.message, event.version)
            earlier = found.pop(key, None)
            found[key] = event if earlier is None else event.model_copy(update={"count": earlier.count + 1})
        return list(found.values())[::-1]

    def forget(self, name: str) -> None:
        """Forget a deployment that was deleted."""
        self._decided.pop(name, None)
        for path in (self._revisions(name), self._events(name)):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _last_decision(self, name: str) -> Decided | None:
        if name not in self._decided:
            for line in self._revision_lines(name):
                if isinstance(line, Decided):
                    self._decided[name] = line
        return self._decided.get(name)

    def _revision_lines(self, name: str) -> Iterator[Asked | Decided]:
        return (line.root for line in _read(self._revisions(name), RevisionLine))

    def _append(self, path: Path, entry: BaseModel) -> None:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "ab") as file:
                torn = os.pread(descriptor, 1, max(0, file.tell() - 1)) not in (b"", b"\n")
                file.write(b"\n" * torn + entry.model_dump_json(exclude_none=True).encode() + b"\n")
                size = file.tell()
            if size > self._largest_bytes:
                _halve(path)
        except OSError as error:
            _log.warning("what happened cannot be written down", extra={"file": path.name, "why": str(error)})

    def _revisions(self, name: str) -> Path:
        return self._folder / f"{name}.revisions.jsonl"

    def _events(self, name: str) -> Path:
        return self._folder / f"{name}.events.jsonl"


def _read(path: Path, kind: type[_Entry]) -> Iterator[_Entry]:
    for line in _lines(path):
        with suppress(ValidationError):
            yield kind.model_validate_json(line)


def _lines(path: Path) -> Iterable[bytes]:
    try:
        return path.read_bytes().splitlines()
    except OSError:
        return ()


def _halve(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    temporary = path.with_name(f".{path.name}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(lines[len(lines) // 2 :])
    temporary.replace(path)
