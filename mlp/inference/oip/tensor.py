"""A named tensor, as both transports of the protocol hand it over."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy.typing as npt

from mlp.errors import Invalid
from mlp.inference.oip.datatypes import NUMPY, mismatch

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
