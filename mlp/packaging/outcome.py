"""What was found out about a model, written down: receipt, metrics, manifest, and words for the user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from mlp.api.model import Manifest, Source
from mlp.api.receipt import GoldenRows, Receipt, SampleKind
from mlp.api.signature import DType, Task
from mlp.errors import Invalid
from mlp.packaging.align import aligned
from mlp.packaging.evaluate import measured
from mlp.packaging.golden import golden_rows
from mlp.packaging.infer import cells_of
from mlp.packaging.prove import TOLERANCE, Proof
from mlp.packaging.provenance import library_versions
from mlp.packaging.request import Annotations, Evaluation, Package
from mlp.packaging.table import Table, table_of


@dataclass(frozen=True)
class Wishes:
    """What a model is to be packaged with."""

    sample: Table | None
    evaluation: Evaluation | None
    golden: int
    annotations: Annotations


@dataclass(frozen=True)
class Outcome:
    """A graph that was proved, and what goes with it."""

    proof: Proof
    scores: npt.NDArray[Any] | None
    """How sure the original was of each row, as `golden_rows` wants it."""
    names: tuple[str, ...] | None
    """The features' names as the user knows them; None where they were only numbered."""
    sample: SampleKind
    source: Source


def finished(outcome: Outcome, wishes: Wishes) -> Package:
    """Return the package of a proved model."""
    proof = outcome.proof
    golden = golden_rows(proof, outcome.scores, wishes.golden) if wishes.golden else None
    receipt = _receipt(outcome, golden)
    metrics = {} if wishes.evaluation is None else _metrics(outcome, wishes.evaluation)
    twice = sorted(metrics.keys() & wishes.annotations.metrics.keys())
    if twice:
        raise Invalid(f"the metric {twice[0]!r} is both given and measured", code="metric_given_twice")
    manifest = Manifest(
        signature=proof.signature,
        receipt=receipt,
        metrics={**wishes.annotations.metrics, **metrics},
        params=wishes.annotations.params,
        tags=wishes.annotations.tags,
        description=wishes.annotations.description,
        source=outcome.source,
    )
    return Package(proof.model, manifest, tuple(_notes(outcome, wishes, receipt)))


def _receipt(outcome: Outcome, golden: GoldenRows | None) -> Receipt:
    comparison = outcome.proof.comparison
    precise = any(feature.dtype is DType.FLOAT64 for feature in outcome.proof.signature.inputs)
    return Receipt(
        sample=outcome.sample,
        rows=0 if comparison is None else comparison.rows,
        label_agreement=None if comparison is None else comparison.label_agreement,
        max_abs_diff=None if comparison is None else comparison.max_abs_diff,
        max_rel_diff=None if comparison is None else comparison.max_rel_diff,
        tolerance=TOLERANCE,
        precision="float64" if precise else "float32",
        versions=library_versions(converted=comparison is not None),
        golden=golden,
    )


def _metrics(outcome: Outcome, evaluation: Evaluation) -> dict[str, float]:
    signature = outcome.proof.signature
    table, truth = table_of(evaluation.rows).split(evaluation.target)
    frame = aligned(table, outcome.names, len(signature.inputs)).set_axis(list(signature.names), axis=1)
    return measured(outcome.proof, cells_of(frame, signature.inputs), truth)


def _notes(outcome: Outcome, wishes: Wishes, receipt: Receipt) -> Iterator[str]:
    outputs = outcome.proof.signature.outputs
    if outcome.sample is SampleKind.DERIVED:
        yield (
            f"no sample was given: {receipt.rows} rows were made from what the estimator knows, "
            "which proves less than rows of yours (--sample FILE)"
        )
    if outcome.sample is SampleKind.NONE:
        yield "an ONNX file has no original to compare with: its golden rows hold its own answers"
    if receipt.golden is not None and outcome.sample is SampleKind.GIVEN:
        yield f"{len(receipt.golden.features)} rows of the sample are stored as golden rows (--golden none stores none)"
    if receipt.golden is None and wishes.golden:
        yield "no row was safe to be a golden row: every answer lies at a border, or is not finite"
    if wishes.sample is not None and 0 < receipt.rows < len(wishes.sample.frame):
        yield f"{receipt.rows:,} of the {len(wishes.sample.frame):,} rows of the sample were compared"
    booleans = [] if wishes.sample is None else wishes.sample.frame.select_dtypes(bool).columns.tolist()
    if booleans and outcome.sample is SampleKind.GIVEN:
        yield f"boolean columns are served as numbers, 0 and 1: {', '.join(booleans)}"
    if receipt.precision == "float64" and outcome.sample is not SampleKind.NONE:
        yield "float32 was not exact enough: the model computes in float64"
    if outputs.task is Task.CLASSIFICATION and outputs.probabilities is None:
        yield "the model gives labels, and no probabilities"
