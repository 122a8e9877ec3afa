"""What `/predict` takes and answers (the server itself reads and writes these by hand, for speed)."""

from __future__ import annotations

from typing import Any, cast

from mlp.api.documents import RequestDocument
from mlp.api.receipt import Cell
from mlp.api.signature import Label, Signature
from mlp.api.wire import Answer, Wire


class PredictRequest(Wire):
    """Rows to answer: `features` by position, or `records` by name; exactly one of them."""

    features: list[list[Cell]] | None = None
    records: list[dict[str, Cell]] | None = None
    return_probabilities: bool = False

    def document(self) -> RequestDocument:
        """Return it as it is sent."""
        return cast(RequestDocument, self.model_dump(mode="json", exclude_none=True))


class ServedModel(Answer):
    """Which model answered."""

    name: str
    version: int


class Prediction(Answer):
    """The answer: one prediction a row, in the order of the rows.

    `predictions` holds labels (classification), numbers (regression) or lists of numbers (several outputs); a value
    that is not finite is null. `probabilities` has one row of floats a row, in the order of `classes`.
    """

    predictions: list[Any]
    probabilities: list[list[float | None]] | None = None
    classes: list[Label] | None = None
    model: ServedModel


class Readiness(Answer):
    """`/ready`: what takes requests."""

    version: int
    digest: str


class Metadata(Answer):
    """`/metadata`: what is served. Golden rows are never in it: they may be customer data."""

    name: str
    version: int
    digest: str
    signature: Signature
    receipt: dict[str, Any]
    server: dict[str, str]
    """Versions of mlp and ONNX Runtime."""
