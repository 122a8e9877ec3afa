"""What a judging process is asked: a file, what is said about it, and how long it may take."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mlp.api.model import Manifest
from mlp.registry.check.confinement import Limits


@dataclass(frozen=True)
class Job:
    """One file to judge."""

    path: Path
    manifest: Manifest | None
    limits: Limits

    def to_json(self) -> bytes:
        """Return the job as bytes for another process."""
        manifest = None if self.manifest is None else self.manifest.model_dump(mode="json")
        return json.dumps({"path": str(self.path), "manifest": manifest, "limits": asdict(self.limits)}).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Job:
        """Read what `to_json` wrote."""
        document = json.loads(data)
        manifest = document["manifest"]
        return cls(
            Path(document["path"]),
            None if manifest is None else Manifest.model_validate(manifest),
            Limits(**document["limits"]),
        )
