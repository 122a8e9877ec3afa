"""Predictions as a person reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlp.cli.text import columns, printable

if TYPE_CHECKING:
    from mlp.api.documents import PredictionDocument

SHOWN_CLASSES = 4


def prediction_text(prediction: PredictionDocument) -> str:
    """Return one line for one row, a numbered table for more."""
    answers = [
        (value_text(value), chances_text(prediction, row)) for row, value in enumerate(prediction["predictions"])
    ]
    if len(answers) == 1:
        return "   ".join(part for part in answers[0] if part)
    if prediction.get("probabilities") is None:
        return columns(("ROW", "PREDICTION"), [(row, value) for row, (value, _) in enumerate(answers)])
    return columns(("ROW", "PREDICTION", "PROBABILITY"), [(row, *answer) for row, answer in enumerate(answers)])


def value_text(value: Any) -> str:
    """Return one prediction: a label, a number, or several numbers."""
    if isinstance(value, list):
        return ", ".join(value_text(each) for each in value)
    if value is None:
        return "not a number"
    return f"{value:.6g}" if isinstance(value, float) else printable(str(value))


def chances_text(prediction: PredictionDocument, row: int) -> str:
    """Return the probability of the answer, and of the likeliest other classes."""
    probabilities, classes = prediction.get("probabilities"), prediction.get("classes")
    if probabilities is None or classes is None:
        return ""
    ranked = sorted(
        zip(classes, probabilities[row], strict=True), key=lambda pair: -1.0 if pair[1] is None else -pair[1]
    )
    own = next((chance for label, chance in ranked if label == prediction["predictions"][row]), None)
    others = [f"{printable(str(label))} {_percent(chance)}" for label, chance in ranked if chance is not own]
    rest = f"   ({', '.join(others[:SHOWN_CLASSES])})" if others else ""
    return f"{_percent(own)}{rest}"


def _percent(chance: float | None) -> str:
    return "-" if chance is None else f"{chance:.3f}"
