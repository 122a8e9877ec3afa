"""Requests and responses of ModelInfer: tensors raw, as their bytes, or typed, element by element."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy.typing as npt

from mlp.errors import Invalid
from mlp.inference.oip import extensions
from mlp.inference.oip.datatypes import BYTES, from_bytes, mismatch, to_bytes
from mlp.inference.oip.outputs import Output
from mlp.inference.oip.tensor import Tensor, TensorHead, array_of
from mlp.inference.rpc.schema import Schema, build

_FIELDS: Mapping[str, str] = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    BYTES: "bytes_contents",
}
"""Where typed elements stand; FP16 comes and goes raw only."""


def schema() -> Schema:
    """Return the protocol's service and messages, as the file in this package says them."""
    return build((files(__package__) / "inference.proto").read_text(encoding="utf-8"))


def tensors_of(request: Any) -> list[Tensor]:
    """Return a request's inputs; raise Invalid or Unsupported for what is none of the protocol."""
    inputs, raw = request.inputs, request.raw_input_contents
    if not inputs:
        raise Invalid("there are no inputs", code="wrong_type")
    if raw and len(raw) != len(inputs):
        raise Invalid(
            f"there are {len(inputs)} inputs and {len(raw)} raw_input_contents: send one an input, or none",
            code="shape_mismatch",
        )
    for each in request.outputs:
        extensions.refuse(each.parameters)
    return [_tensor(each, raw[place] if raw else None) for place, each in enumerate(inputs)]


def _tensor(given: Any, raw: bytes | None) -> Tensor:
    extensions.refuse(given.parameters)
    head = TensorHead(given.name, given.datatype, tuple(given.shape))
    head.check()
    if raw is None:
        return Tensor(head, _typed(head, given.contents))
    if given.HasField("contents"):
        raise mismatch(head.name, "it has contents although raw_input_contents came")
    return Tensor(head, from_bytes(head.name, head.datatype, head.count, raw))


def _typed(head: TensorHead, contents: Any) -> npt.NDArray[Any]:
    field = _FIELDS.get(head.datatype)
    given = [each.name for each, _ in contents.ListFields()]
    if field is None:
        raise mismatch(head.name, f"{head.datatype} has no typed contents: send it raw")
    if given not in ([], [field]):
        raise mismatch(
            head.name, f"{head.datatype} stands in {field}, not in {given[0] if given[0] != field else given[1]}"
        )
    elements: Sequence[Any] = getattr(contents, field)
    if head.datatype == BYTES:
        try:
            elements = [each.decode() for each in elements]
        except UnicodeDecodeError:
            raise Invalid(f"input {head.name!r}: a string is not UTF-8", code="invalid_string") from None
    return array_of(head, elements)


def write(response: Any, outputs: Sequence[Output], *, raw: bool) -> None:
    """Put `outputs` into a response: all raw, or all typed where each of them can be."""
    raw = raw or any(output.datatype not in _FIELDS for output in outputs)
    for output in outputs:
        tensor = response.outputs.add(name=output.name, datatype=output.datatype, shape=output.array.shape)
        if raw:
            response.raw_output_contents.append(to_bytes(output.array))
            continue
        elements = output.array.ravel().tolist()
        if output.datatype == BYTES:
            elements = [str(element).encode() for element in elements]
        getattr(tensor.contents, _FIELDS[output.datatype]).extend(elements)
