"""A named tensor, as both transports of the protocol hand it over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from mlp.errors import Invalid
from mlp.inference.oip.datatypes import BYTES, NUMPY, mismatch

MAX_RANK = 8
LONGEST_NAME = 256


@dataclass(frozen=True, slots=True)
class TensorHead:
    """What a tensor claims to be, before anything of its data is looked at."""

    name: str
    datatype: str
    shape: tuple[int, ...]

    @property
    def count(self) -> int:
        """Elements."""
        return prod(self.shape)

    def check(self) -> None:
        """Raise Invalid (`unknown_datatype`, `shape_mismatch`, `empty_batch`) for a claim that no tensor can fulfil."""
        if len(self.name) > LONGEST_NAME:
            raise Invalid("an input has a name that is too long", code="unknown_input")
        if self.datatype not in NUMPY:
            raise Invalid(
                f"input {self.name!r}: its datatype is not one of {', '.join(NUMPY)}", code="unknown_datatype"
            )
        if not 1 <= len(self.shape) <= MAX_RANK or min(self.shape) < 0:
            raise mismatch(self.name, "its shape is not a list of sizes, rows first")
        if self.count == 0:
            raise Invalid(f"input {self.name!r} is empty; send at least one row", code="empty_batch")


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor with its elements, one-dimensional, as many as its shape says."""

    head: TensorHead
    elements: npt.NDArray[Any]
    """NaN, or None among strings, stands for a missing value."""


def array_of(head: TensorHead, elements: Sequence[Any]) -> npt.NDArray[Any]:
    """Return elements that came one by one as an array of the tensor's datatype.

    Raises Invalid (`shape_mismatch`, `out_of_range`) when there are too many or too few, or one does not fit.
    """
    if len(elements) != head.count:
        raise mismatch(head.name, f"its shape needs {head.count} elements, {len(elements)} came")
    if head.datatype == BYTES:
        array = np.empty(len(elements), dtype=object)
        array[:] = elements
        return array
    dtype = NUMPY[head.datatype]
    try:
        # Floats are narrowed later, where the feature is known and a value beyond its range has a name and a row.
        return np.array(elements, dtype=np.float64 if dtype.kind == "f" else dtype)
    except (OverflowError, ValueError, TypeError):
        raise Invalid(
            f"input {head.name!r}: a value is beyond the range of {head.datatype}",
            code="out_of_range",
            details={"input": head.name},
        ) from None
