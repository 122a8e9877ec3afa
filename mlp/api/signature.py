"""What a model takes and what it answers.

A signature is what makes a prediction by feature name possible: it says, for each feature, its name, its dtype and what
was seen at training, and how features become the tensors of the ONNX graph.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from mlp.api.wire import Wire

MAX_FEATURES = 10_000
MAX_CLASSES = 10_000

Label = StrictBool | StrictInt | StrictFloat | StrictStr
"""A class label as it was trained: iris species are strings, churn is 0 or 1."""


class DType(StrEnum):
    """The element type of a feature, and of the tensor that carries it."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"
    INT64 = "int64"
    BOOL = "bool"
    STRING = "string"

    @property
    def is_number(self) -> bool:
        """Whether values are int or float (booleans are not numbers here)."""
        return self in (DType.FLOAT32, DType.FLOAT64, DType.INT64)

    @property
    def is_float(self) -> bool:
        """Whether values are floating point, and so can say "missing" by NaN."""
        return self in (DType.FLOAT32, DType.FLOAT64)


class Layout(StrEnum):
    """How features become the inputs of the ONNX graph."""

    MATRIX = "matrix"
    """One input of shape [rows, features]; every feature has the same dtype."""
    COLUMNS = "columns"
    """One input of shape [rows, 1] a feature, in the signature's order."""


class Task(StrEnum):
    """What kind of answer a model gives."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"
    OTHER = "other"


class Feature(Wire):
    """One input of the model, as the user names it."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    dtype: DType
    tensor: Annotated[str, Field(min_length=1, max_length=256)]
    """Name of the graph's input that carries it; every feature of a matrix names the same one."""
    minimum: StrictFloat | None = None
    """Smallest value seen at training; a value below it is served, and counted."""
    maximum: StrictFloat | None = None
    categories: Annotated[tuple[str, ...], Field(max_length=1_000, fail_fast=True)] | None = None
    """The values seen at training, for a string feature that has few of them."""
    closed: StrictBool = False
    """Whether a value outside `categories` is an error (the estimator would have raised) or only unusual."""
    nullable: StrictBool = False
    """Whether `null` is an answer to "what is the value?"; it becomes NaN, or the empty string."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.closed and self.categories is None:
            raise ValueError(f"feature {self.name!r} is closed but lists no categories")
        if self.categories is not None and self.dtype is not DType.STRING:
            raise ValueError(f"feature {self.name!r} is {self.dtype} and cannot have categories")
        if self.nullable and not (self.dtype.is_float or self.dtype is DType.STRING):
            raise ValueError(f"feature {self.name!r} is {self.dtype} and cannot be missing")
        return self


class Outputs(Wire):
    """What the model answers, and which outputs of the graph say so."""

    task: Task
    prediction: Annotated[str, Field(min_length=1, max_length=256)]
    """The graph's output with the label (classification) or the value."""
    probabilities: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    """The graph's output of shape [rows, classes]: one float tensor in class order, never a ZipMap."""
    classes: Annotated[tuple[Label, ...], Field(min_length=1, max_length=MAX_CLASSES, fail_fast=True)] | None = None
    """The labels, in the order of the probabilities' columns."""
    width: Annotated[StrictInt, Field(ge=1, le=MAX_FEATURES)] = 1
    """Values per row of the prediction: 1, or the number of targets of a multi-output regression."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.probabilities is not None or self.classes is not None) and self.task is not Task.CLASSIFICATION:
            raise ValueError(f"a {self.task} has neither classes nor probabilities")
        if self.probabilities is not None and self.classes is None:
            raise ValueError("probabilities need the class labels that name their columns")
        return self


class Signature(Wire):
    """Inputs and outputs of a model."""

    inputs: Annotated[tuple[Feature, ...], Field(min_length=1, max_length=MAX_FEATURES, fail_fast=True)]
    layout: Layout
    outputs: Outputs

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        repeated = [name for name, count in Counter(self.names).items() if count > 1]
        if repeated:
            raise ValueError(f"feature {repeated[0]!r} is named twice")
        tensors = {feature.tensor for feature in self.inputs}
        if self.layout is Layout.MATRIX:
            if len(tensors) != 1 or len({feature.dtype for feature in self.inputs}) != 1:
                raise ValueError("the features of a matrix share one tensor and one dtype")
        elif len(tensors) != len(self.inputs):
            raise ValueError("each column needs a tensor of its own")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Feature names, in the model's order."""
        return tuple(feature.name for feature in self.inputs)
