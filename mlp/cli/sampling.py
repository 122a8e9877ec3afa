"""A sample model made ready for the registry, as `mlp demo` and `mlp test` push it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlp.packaging import Annotations, Package, package

if TYPE_CHECKING:
    from mlp.samples import Sample


def package_sample(sample: Sample) -> Package:
    """Convert a sample to ONNX and prove it on the rows that it was trained on."""
    annotations = Annotations(metrics=sample.metrics, description=sample.description, tags={"sample": "true"})
    return package(sample.estimator, sample=sample.rows, annotations=annotations)
