"""The elements of a tensor that comes as JSON: one pass by msgspec, and a closer look at what that pass refuses.

No message repeats an element, because values may be secret and messages are logged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from math import prod
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt

from mlp.errors import Invalid
from mlp.inference.oip.datatypes import NUMPY, mismatch
from mlp.inference.oip.tensor import TensorHead, array_of
from mlp.inference.predict import strict_json
from mlp.inference.predict.careful import kind_of
from mlp.inference.predict.rows import FLOAT64_MAX

_Decode = Callable[[bytes], list[Any]]
_Place = tuple[int, int]
"""Row and column, from 0."""
_TYPES: Mapping[str, Any] = {"b": bool, "O": str}
_MSGSPEC_MAX = 2**63 - 1
"""The largest bound that msgspec can check."""
_WANTED = {"f": "a number", "i": "a whole number", "u": "a whole number", "b": "true or false", "O": "a string"}


class ElementReader:
    """Reads the data of tensors for a model with these features."""

    def __init__(self, features: Sequence[str]) -> None:
        self._features = features

    def read(self, head: TensorHead, data: bytes) -> npt.NDArray[Any]:
        """Return the elements of a list, or of a list of rows, one-dimensional.

        Raises Invalid naming input, row and column of the first one that does not fit the datatype, and
        (`shape_mismatch`) where the nesting is not that of the shape.
        """
        flat, by_row = _decoders(head.datatype)
        try:
            elements = by_row(data) if data[1:].lstrip()[:1] == b"[" else flat(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            elements = self._carefully(head, data)
        if elements and isinstance(elements[0], list):
            width = len(elements[0])
            if any(len(row) != width for row in elements):
                raise mismatch(head.name, "its rows differ in length")
            if head.shape != (len(elements), width):
                nested, shape = [len(elements), width], list(head.shape)
                raise mismatch(head.name, f"its data is nested as {nested}, its shape is {shape}")
            elements = [element for row in elements for element in row]
        return array_of(head, elements)

    def _carefully(self, head: TensorHead, data: bytes) -> list[Any]:
        """Return the elements; other than the quick pass this takes 5.0 for a whole number."""
        found = strict_json.parse(data)
        if not isinstance(found, list):
            raise _wrong(head, f"its data is {kind_of(found)}, not a list of {head.datatype}, flat or a list a row")
        if not found or not isinstance(found[0], list):
            width = prod(head.shape[1:])
            return [self._element(head, each, divmod(place, width)) for place, each in enumerate(found)]
        return [[self._element(head, each, place) for each, place in row] for row in _rows(head, found)]

    def _element(self, head: TensorHead, value: Any, place: _Place) -> Any:
        kind = NUMPY[head.datatype].kind
        if value is None and kind in "fO":
            return None  # whether it may be missing is the feature's
        if value is None:
            raise self._misfit(head, place, "missing_value", "must not be null")
        if not isinstance(value, _TYPES.get(kind, int | float)) or isinstance(value, bool) != (kind == "b"):
            raise self._misfit(head, place, "wrong_type", f"takes {_WANTED[kind]}, not {kind_of(value)}")
        return value if kind in "bO" else self._number(head, value, place)

    def _number(self, head: TensorHead, value: float, place: _Place) -> int | float:
        dtype = NUMPY[head.datatype]
        is_float = dtype.kind == "f"  # narrower ones are looked at where the feature is known
        least, most = (-FLOAT64_MAX, FLOAT64_MAX) if is_float else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        if not least <= value <= most:
            raise self._misfit(head, place, "out_of_range", f"is beyond the range of {head.datatype}")
        if is_float:
            return float(value)
        if value != int(value):
            raise self._misfit(head, place, "wrong_type", "takes a whole number, not a fraction")
        return int(value)

    def _misfit(self, head: TensorHead, place: _Place, code: str, problem: str) -> Invalid:
        row, number = place
        column: str | int = number
        if head.name in self._features:
            column = head.name
        elif prod(head.shape[1:]) == len(self._features) and number < len(self._features):
            column = self._features[number]
        return Invalid(
            f"input {head.name!r}: row {row}, column {column!r} {problem}",
            code=code,
            details={"input": head.name, "row": row, "column": column},
        )


def _rows(head: TensorHead, found: Sequence[Any]) -> Iterator[list[tuple[Any, _Place]]]:
    """Yield each row with the places of its elements."""
    for number, row in enumerate(found):
        if not isinstance(row, list):
            raise _wrong(head, f"row {number} is {kind_of(row)}, and the first one a list")
        yield [(each, (number, place)) for place, each in enumerate(row)]


def _wrong(head: TensorHead, problem: str) -> Invalid:
    return Invalid(f"input {head.name!r}: {problem}", code="wrong_type", details={"input": head.name})


@cache
def _decoders(datatype: str) -> tuple[_Decode, _Decode]:
    """Return what reads a list of elements, and what reads a list of rows of them."""
    dtype = NUMPY[datatype]
    element: Any = {"f": float | None, "b": bool, "O": str | None}.get(dtype.kind)
    if element is None:
        limits = np.iinfo(dtype)
        most = int(limits.max) if limits.max <= _MSGSPEC_MAX else None  # what is more is found when the array is made
        element = Annotated[int, msgspec.Meta(ge=int(limits.min), le=most)]
    kind: Any = list.__class_getitem__(element)
    return msgspec.json.Decoder(kind).decode, msgspec.json.Decoder(list.__class_getitem__(kind)).decode
