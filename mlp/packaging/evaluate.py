"""Measuring the ONNX itself against true answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlp.api.signature import Label, Task
from mlp.errors import Invalid, Unsupported
from mlp.packaging.prove import Proof
from mlp.proof import Answers, feeds_of

SMALLEST = 1e-15
"""A probability of 0 for what came true counts as this, or its logarithm were infinite."""


def measured(proof: Proof, cells: Sequence[Sequence[Any]], truth: Sequence[Any]) -> dict[str, float]:
    """Return the metrics of the graph's answers to `cells`, whose true answers are `truth`.

    `accuracy`, and `log_loss` (natural logarithm, per row) where there are probabilities; `r2` and `rmse` (in the
    target's unit) for a regression.
    """
    answers = proof.answers(feeds_of(proof.signature, cells))
    outputs = proof.signature.outputs
    if outputs.task is Task.CLASSIFICATION and outputs.classes is not None:
        return _classification(answers, outputs.classes, truth)
    if outputs.task is Task.REGRESSION and outputs.width == 1:
        return _regression(answers, truth)
    raise Unsupported(
        "only a classifier, or a regression with one output, can be measured with one target column",
        code="unsupported_evaluation",
    )


def _classification(answers: Answers, classes: Sequence[Label], truth: Sequence[Any]) -> dict[str, float]:
    positions = _positions(classes, truth)
    right = [answer == classes[position] for answer, position in zip(answers.predictions, positions, strict=True)]
    metrics = {"accuracy": float(np.mean(right))}
    if answers.probabilities is not None:
        came_true = answers.probabilities[np.arange(len(positions)), positions]
        metrics["log_loss"] = float(-np.log(np.clip(came_true.astype(np.float64), SMALLEST, 1.0)).mean())
    return metrics


def _positions(classes: Sequence[Label], truth: Sequence[Any]) -> list[int]:
    """Return the class of each true label; a label that was read as another type is found by how it is written."""
    by_label: Mapping[Any, int] = {label: position for position, label in enumerate(classes)}
    by_text = {str(label): position for position, label in enumerate(classes)}
    positions = [by_label.get(label, by_text.get(str(label), -1)) for label in truth]
    unknown = {str(label) for label, position in zip(truth, positions, strict=True) if position < 0}
    if unknown:
        raise Invalid(
            f"the target holds {', '.join(sorted(unknown)[:5])}; "
            f"the model's classes are {', '.join(map(str, classes[:20]))}",
            code="unknown_label",
        )
    return positions


def _regression(answers: Answers, truth: Sequence[Any]) -> dict[str, float]:
    try:
        true = np.asarray(truth, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise Invalid("the target of a regression holds numbers", code="invalid_target") from error
    if not np.isfinite(true).all():
        raise Invalid("the target misses values, or holds infinite ones", code="invalid_target")
    squares = np.square(true - answers.predictions.astype(np.float64))
    metrics = {"rmse": float(np.sqrt(squares.mean()))}
    variance = float(np.square(true - true.mean()).sum())
    if variance > 0:
        metrics["r2"] = 1 - float(squares.sum()) / variance
    return metrics
