"""What the platform calls its custom resource, and what it writes beside its spec."""

from __future__ import annotations

from typing import Literal

GROUP = "ml.example.com"
VERSION = "v1"
KIND: Literal["ModelDeployment"] = "ModelDeployment"
API_VERSION: Literal["ml.example.com/v1"] = "ml.example.com/v1"
DEFAULT_NAMESPACE = "ml-platform"
CAUSE_ANNOTATION = f"{GROUP}/change-cause"
"""What asked for the spec as it stands, as a person would type it."""
AUTHOR_ANNOTATION = f"{GROUP}/changed-by"
"""Who asked for it."""
