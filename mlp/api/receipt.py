"""The receipt: what was found when the original model and its ONNX form answered the same rows."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from mlp.api.signature import MAX_CLASSES, MAX_FEATURES
from mlp.api.wire import Wire

MAX_GOLDEN_ROWS = 32

Cell = StrictBool | StrictInt | StrictFloat | StrictStr | None
"""One feature's value in a row; None is a missing value."""
_Rows = Field(min_length=1, max_length=MAX_GOLDEN_ROWS, fail_fast=True)
# A row of wrong cells is reported by its first one: an error object for each would be a thousand times the row.
_Row = Annotated[tuple[Cell, ...], Field(max_length=MAX_FEATURES, fail_fast=True)]
_Values = Annotated[tuple[StrictFloat, ...], Field(max_length=MAX_FEATURES, fail_fast=True)]
_Probabilities = Annotated[tuple[StrictFloat, ...], Field(max_length=MAX_CLASSES, fail_fast=True)]


class SampleKind(StrEnum):
    """Where the compared rows came from, strongest first."""

    GIVEN = "given"
    """Rows that the user gave: as close to production as the user made them."""
    DERIVED = "derived"
    """Rows made from what the fitted estimator knows; a weaker proof."""
    NONE = "none"
    """No original was there to compare with: an ONNX file was pushed as it is."""


class Tolerance(Wire):
    """How far two answers may lie apart: |a - b| <= absolute + relative * |b|, as numpy.isclose has it."""

    absolute: Annotated[StrictFloat, Field(ge=0)] = 1e-5
    relative: Annotated[StrictFloat, Field(ge=0)] = 1e-4


class GoldenRows(Wire):
    """Rows with the original's answers, which every server must reproduce before it takes traffic."""

    features: Annotated[tuple[_Row, ...], _Rows]
    """Rows of the signature's features, in its order."""
    predictions: Annotated[tuple[Cell | _Values, ...], _Rows]
    """A label or a value a row; a tuple of values where the model has several outputs."""
    probabilities: Annotated[tuple[_Probabilities, ...], _Rows] | None = None
    """A probability for each class, a row; None where the model gives none."""

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        lengths = {len(self.features), len(self.predictions)}
        if self.probabilities is not None:
            lengths.add(len(self.probabilities))
        if len(lengths) != 1:
            raise ValueError("golden rows need one answer each")
        return self


class Receipt(Wire):
    """What was compared, how well it agreed, and rows to compare again."""

    sample: SampleKind
    rows: Annotated[StrictInt, Field(ge=0)]
    """How many rows were compared."""
    label_agreement: Annotated[StrictFloat, Field(ge=0, le=1)] | None = None
    """Share of rows with the same label; None for a regression."""
    max_abs_diff: Annotated[StrictFloat, Field(ge=0)] | None = None
    """Largest absolute difference of a value or a probability; None when nothing numeric was compared."""
    max_rel_diff: Annotated[StrictFloat, Field(ge=0)] | None = None
    tolerance: Tolerance = Tolerance()
    precision: Annotated[str, Field(pattern=r"^(float32|float64)$")] = "float32"
    """The dtype in which the graph computes."""
    versions: dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=64)]] = {}
    """Versions of scikit-learn, skl2onnx, onnx and onnxruntime at the push."""
    golden: GoldenRows | None = None
