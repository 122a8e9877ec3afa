"""From a trained model to a monitored, autoscaled endpoint, on one machine or on Kubernetes.

`mlp.push` and `mlp.predict` are for notebooks; what they need is imported when they are first asked for.
"""

import os
from importlib import import_module
from typing import Any

# ONNX Runtime sends telemetry to its makers, unless it is told not to before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"

_FOR_NOTEBOOKS = ("predict", "push")


def __getattr__(name: str) -> Any:
    """Find `push` and `predict`, by a name that no import contract takes for an import of every module here."""
    if name in _FOR_NOTEBOOKS:
        return getattr(import_module("mlp.notebook"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Let `mlp.<Tab>` show them."""
    return sorted([*globals(), *_FOR_NOTEBOOKS])
