"""The folder of models that were fetched: blobs by their SHA-256, and which blob is which version.

    <sha256>.onnx              the graph
    refs/<name>/<version>.json the version document

Several servers may share it. A file appears whole or not at all, and nothing in it is believed before its digest is.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from pydantic import ValidationError

from mlp.api.model import ModelVersion
from mlp.errors import Precondition


class Cache:
    """The models in the folder `root`, which is created readable by its owner alone."""

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser()
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(error) from error

    def version(self, name: str, number: int) -> ModelVersion | None:
        """Return the document of a version that was fetched before, or None."""
        try:
            return ModelVersion.model_validate_json(self._ref(name, number).read_bytes())
        except (OSError, ValidationError):
            return None

    def remember(self, version: ModelVersion) -> None:
        """Keep the document of a version."""
        ref = self._ref(version.name, version.version)
        try:
            ref.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=ref.parent, delete=False, encoding="utf-8") as part:
                part.write(version.model_dump_json())
            Path(part.name).replace(ref)
        except OSError as error:
            raise unusable(error) from error

    def blob(self, version: ModelVersion) -> Path:
        """Return where the version's graph is, or will be."""
        return self._root / f"{version.sha256}.onnx"

    def holds(self, version: ModelVersion) -> bool:
        """Whether the version's graph is here with the bytes that it should have."""
        try:
            with self.blob(version).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == version.sha256
        except OSError:
            return False

    def _ref(self, name: str, number: int) -> Path:
        return self._root / "refs" / name / f"{number}.json"


def unusable(error: OSError) -> Precondition:
    """Return what it means that the folder cannot be written to."""
    return Precondition(f"the cache folder cannot be used: {error.strerror}", code="cache_unusable")
