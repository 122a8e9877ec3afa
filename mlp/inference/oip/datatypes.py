"""The protocol's datatypes, and how tensors of them look as bytes: little-endian, row-major."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Any

import numpy as np
import numpy.typing as npt

from mlp.api.signature import DType, Label
from mlp.errors import Invalid

BYTES = "BYTES"
BOOL = "BOOL"
NUMPY: Mapping[str, np.dtype[Any]] = {
    BOOL: np.dtype("?"),
    "INT8": np.dtype("<i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "UINT8": np.dtype("<u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
    BYTES: np.dtype(object),
}
"""What is taken; BF16 is no datatype of numpy."""
OF_FEATURE: Mapping[DType, str] = {
    DType.FLOAT32: "FP32",
    DType.FLOAT64: "FP64",
    DType.INT64: "INT64",
    DType.BOOL: BOOL,
    DType.STRING: BYTES,
}
_LENGTH = Struct("<I")


def fits(datatype: str, feature: DType) -> bool:
    """Whether tensors of `datatype` can carry values of a feature: a whole number is a float too, a boolean is not."""
    if datatype in (BYTES, BOOL) or not feature.is_number:
        return datatype == OF_FEATURE[feature]
    return feature.is_float or NUMPY[datatype].kind in "iu"


def of_labels(classes: tuple[Label, ...]) -> str:
    """Return the datatype of class labels as they were trained."""
    kinds = {type(label) for label in classes}
    if kinds == {bool}:
        return BOOL
    if kinds <= {int}:
        return "INT64"
    return "FP64" if kinds <= {int, float} else BYTES


def from_bytes(name: str, datatype: str, count: int, data: bytes | memoryview) -> npt.NDArray[Any]:
    """Return the `count` elements in `data`, one-dimensional.

    Raises Invalid (`shape_mismatch`, `invalid_string`): nothing is allocated for elements that are not there.
    """
    if datatype == BYTES:
        return _strings(name, count, data)
    dtype = NUMPY[datatype]
    if len(data) != count * dtype.itemsize:
        raise mismatch(name, f"its shape needs {count * dtype.itemsize} bytes, {len(data)} came")
    array = np.frombuffer(data, dtype=np.uint8 if datatype == BOOL else dtype)
    return array != 0 if datatype == BOOL else array


def _strings(name: str, count: int, data: bytes | memoryview) -> npt.NDArray[Any]:
    found, place, raw = [], 0, bytes(data)
    try:
        while place < len(raw):
            (length,) = _LENGTH.unpack_from(raw, place)
            place += _LENGTH.size
            if length > len(raw) - place:
                raise ValueError
            found.append(raw[place : place + length].decode())
            place += length
    except UnicodeDecodeError:
        raise Invalid(f"input {name!r}: a string is not UTF-8", code="invalid_string") from None
    except Exception:  # noqa: BLE001  a length that does not fit, whatever way
        raise mismatch(name, "its bytes are not strings with a length before each") from None
    if len(found) != count:
        raise mismatch(name, f"its shape needs {count} strings, {len(found)} came")
    array = np.empty(count, dtype=object)
    array[:] = found
    return array


def to_bytes(array: npt.NDArray[Any]) -> bytes:
    """Return the elements of `array` as the protocol sends them."""
    if array.dtype.kind != "O":
        return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    encoded = [str(element).encode() for element in array.ravel().tolist()]
    return b"".join(part for element in encoded for part in (_LENGTH.pack(len(element)), element))


def mismatch(name: str, words: str) -> Invalid:
    """Return the error of a tensor whose data is not what its shape says."""
    return Invalid(f"input {name!r}: {words}", code="shape_mismatch", details={"input": name})
