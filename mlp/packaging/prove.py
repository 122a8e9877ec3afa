"""The proof: original and ONNX answer the same rows, in the cheapest precision in which they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlp.api.receipt import Cell, Tolerance
from mlp.api.signature import DType, Layout, Outputs, Signature, Task
from mlp.errors import Invalid, Unproved, Unsupported
from mlp.packaging.convert import convert
from mlp.packaging.infer import Inputs
from mlp.packaging.original import Original, as_labels, public_name
from mlp.packaging.session import Session
from mlp.proof import Answers, Comparison, Feeds, answers_of, compare, feeds_of, labels_as_trained

PRECISIONS = (DType.FLOAT32, DType.FLOAT64)
TOLERANCE = Tolerance()


@dataclass(frozen=True)
class Rows:
    """The rows to prove on: as the user's code holds them, and as a client sends them."""

    frame: pd.DataFrame
    cells: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Proof:
    """A graph, rows, and the answers to them that every later run of the graph has to give."""

    model: bytes
    session: Session
    signature: Signature
    cells: Sequence[Sequence[Cell]]
    expected: Answers
    """The original's answers; the graph's own where there was no original."""
    comparison: Comparison | None
    """How well the graph agreed with the original, where there was one."""

    def answers(self, feeds: Feeds) -> Answers:
        """Run the graph on its inputs."""
        return graph_answers(self.session, self.signature, feeds)


def prove(original: Original, inputs: Inputs, rows: Rows) -> Proof:
    """Convert and compare, first in float32, then in float64.

    The original answers the rows as they were given, the graph as a client sends them: so a model that needs more
    than float32 is found out. Raises Unproved (`receipt_out_of_tolerance`) with the worst rows, or Unsupported
    (`no_converter`) where no graph comes out that runs; of the two attempts, what the first one met.
    """
    expected = original.answers(rows.frame)
    failures: list[Unproved | Unsupported] = []
    for precision in PRECISIONS:
        try:
            return _attempt(original, inputs.in_precision(precision), rows, expected)
        except (Unproved, Unsupported) as failure:
            failures.append(failure)
    raise failures[0]


def graph_answers(session: Session, signature: Signature, feeds: Feeds) -> Answers:
    """Return what the graph says to `feeds`, labels as they were trained."""
    outputs = session.run(feeds)
    answers = answers_of(signature, outputs, len(next(iter(feeds.values()))))
    if signature.outputs.task is not Task.CLASSIFICATION:
        return answers
    return Answers(as_labels(labels_as_trained(signature, answers.predictions)), answers.probabilities)


def _attempt(original: Original, inputs: Inputs, rows: Rows, expected: Answers) -> Proof:
    model = convert(original, inputs)
    try:
        session = Session(model)
        signature = _signature(original, inputs, session, expected)
        actual = graph_answers(session, signature, feeds_of(signature, rows.cells))
        comparison = compare(expected, actual, TOLERANCE)
    except Invalid as error:
        name = public_name(original.estimator)
        raise Unsupported(
            f"skl2onnx cannot convert {name} so that it runs: {error.message}",
            code="no_converter",
            details={"estimator": name},
        ) from error
    proof = Proof(model, session, signature, rows.cells, expected, comparison)
    if not comparison.agrees:
        raise _out_of_tolerance(proof, comparison, actual)
    return proof


def _signature(original: Original, inputs: Inputs, session: Session, expected: Answers) -> Signature:
    """Return the signature, with the names that the graph itself gives to its inputs and outputs."""
    tensors = list(session.inputs)
    if inputs.layout is Layout.MATRIX:
        tensors *= len(inputs.features)
    if len(tensors) != len(inputs.features):
        raise Invalid(f"the graph takes {len(tensors)} inputs, the model {len(inputs.features)}", code="invalid_graph")
    if original.has_probabilities and len(session.outputs) < 2:
        raise Invalid("the graph gives no probabilities", code="invalid_graph")
    outputs = Outputs(
        task=original.task,
        prediction=session.outputs[0],
        probabilities=session.outputs[1] if original.has_probabilities else None,
        classes=original.classes,
        width=1 if expected.predictions.ndim == 1 else expected.predictions.shape[1],
    )
    named = zip(inputs.features, tensors, strict=True)
    features = tuple(feature.model_copy(update={"tensor": tensor}) for feature, tensor in named)
    return Signature(inputs=features, layout=inputs.layout, outputs=outputs)


def _out_of_tolerance(proof: Proof, comparison: Comparison, actual: Answers) -> Unproved:
    worst: list[dict[str, Any]] = [
        {
            "row": row,
            "features": dict(zip(proof.signature.names, proof.cells[row], strict=True)),
            "expected": _shown(proof.expected, row),
            "actual": _shown(actual, row),
        }
        for row in comparison.worst
    ]
    first = f"row {comparison.worst[0]} with {_words(worst[0]['actual'])} instead of {_words(worst[0]['expected'])}"
    return Unproved(
        f"the ONNX form answers {len(comparison.differing)} of {comparison.rows} rows differently than the original, "
        f"most of all {first}",
        code="receipt_out_of_tolerance",
        details={
            "rows": worst,
            "label_agreement": comparison.label_agreement,
            "max_abs_diff": comparison.max_abs_diff,
            "tolerance": TOLERANCE.model_dump(),
        },
    )


def _words(shown: dict[str, Any]) -> str:
    probabilities = shown.get("probabilities")
    return repr(shown["prediction"]) + (f" at {max(probabilities):.6g}" if probabilities else "")


def _shown(answers: Answers, row: int) -> dict[str, Any]:
    one = answers.take([row])
    shown: dict[str, Any] = {"prediction": one.predictions.tolist()[0]}
    if one.probabilities is not None:
        shown["probabilities"] = one.probabilities.tolist()[0]
    return shown
