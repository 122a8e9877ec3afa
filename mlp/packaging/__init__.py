"""From a trained model to what the registry takes: ONNX, signature and receipt; on the machine where it was made.

`package` works in this process and is for notebooks, where the estimator lives already; `package_in_child` opens files
and module references in a process of its own. Nothing heavy is imported before one of the two is called, and nothing
in here knows the registry or HTTP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlp.packaging.child import package_in_child
from mlp.packaging.request import Annotations, Evaluation, Package, PackageRequest, SourceKind

if TYPE_CHECKING:
    from mlp.packaging.steps import package

__all__ = ["Annotations", "Evaluation", "Package", "PackageRequest", "SourceKind", "package", "package_in_child"]


def __getattr__(name: str) -> Any:
    """Import scikit-learn and its company when `package` is first asked for."""
    if name == "package":
        from mlp.packaging.steps import package

        return package
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
