"""Requests and answers of `/infer` over HTTP: a JSON document, and behind it the bytes of binary tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
import numpy.typing as npt

from mlp.errors import Invalid
from mlp.inference.http1 import Reply, Request
from mlp.inference.oip.datatypes import NUMPY, from_bytes, mismatch, to_bytes
from mlp.inference.oip.document import UNSET, parse
from mlp.inference.oip.outputs import Output
from mlp.inference.oip.tensor import Tensor, TensorHead, array_of

HEADER = b"inference-header-content-length"
"""Bytes of the JSON document, in a body that goes on with binary tensors."""
_INT64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Call(msgspec.Struct):
    """What a request asks."""

    tensors: list[Tensor]
    id: str | None
    outputs: list[str]
    """Names of the outputs that are wanted; empty means all of them."""
    binary: frozenset[str]
    """Names of the outputs that are wanted as bytes."""
    all_binary: bool
    """Whether all outputs are wanted, as bytes."""


_LISTS: Mapping[str, tuple[Any, Any]] = {
    kind: (msgspec.json.Decoder(list[element]).decode, msgspec.json.Decoder(list[list[element]]).decode)  # type: ignore[valid-type]
    for kind, element in (("f", float | None), ("i", _INT64), ("b", bool), ("O", str | None))
}


def read(request: Request) -> Call:
    """Return what the body asks; raise Invalid for what is not of the protocol."""
    text, binary = _parted(request)
    document = parse(text)
    tensors, place = [], 0
    for each in document.inputs:
        head = TensorHead(each.name, each.datatype, each.shape)
        head.check()
        size = each.binary_size
        if size is None:
            tensors.append(Tensor(head, _from_json(head, each.data)))
            continue
        if size > len(binary) - place:
            raise mismatch(each.name, "its binary data is not all there")
        tensors.append(Tensor(head, from_bytes(each.name, each.datatype, head.count, binary[place : place + size])))
        place += size
    if place != len(binary):
        raise Invalid("the body goes on after the last tensor", code="shape_mismatch")
    outputs, all_binary = document.outputs or (), document.all_binary
    return Call(
        tensors=tensors,
        id=None if document.id is UNSET else document.id,
        outputs=[each.name for each in outputs],
        binary=frozenset(each.name for each in outputs if each.is_binary(all_binary)),
        all_binary=all_binary and not outputs,
    )


def _parted(request: Request) -> tuple[bytes, memoryview]:
    body = memoryview(request.body)
    given = request.headers.get(HEADER)
    if given is None:
        return request.body, body[:0]
    if not given.isdigit() or len(given) > 9 or int(given) > len(body):
        raise Invalid("Inference-Header-Content-Length is not the length of the JSON document", code="invalid_header")
    return bytes(body[: int(given)]), body[int(given) :]


def _from_json(head: TensorHead, data: msgspec.Raw | msgspec.UnsetType) -> npt.NDArray[Any]:
    """Return the elements of a list, or of a list of rows."""
    if isinstance(data, msgspec.UnsetType):
        raise Invalid(f"input {head.name!r} has no data", code="shape_mismatch", details={"input": head.name})
    dtype = NUMPY[head.datatype]
    flat, by_row = _LISTS["i" if dtype.kind in "iu" else dtype.kind]
    text = bytes(data)
    try:
        elements = by_row(text) if text[1:].lstrip()[:1] == b"[" else flat(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Invalid(
            f"input {head.name!r}: its data is not a list of {head.datatype}, flat or a list a row",
            code="wrong_type",
            details={"input": head.name},
        ) from None
    if elements and isinstance(elements[0], list):
        width = len(elements[0])
        if any(len(row) != width for row in elements):
            raise mismatch(head.name, "its rows differ in length")
        elements = [element for row in elements for element in row]
    return array_of(head, elements)


class ReplyWriter:
    """Writes the answers of one model."""

    def __init__(self, name: str, version: int) -> None:
        self._begin = {"model_name": name, "model_version": str(version)}
        self._json = msgspec.json.Encoder().encode

    def write(self, call: Call, outputs: Sequence[Output]) -> Reply:
        """Return the reply: JSON, with the bytes of what was wanted binary behind it."""
        described, binaries = [], []
        for output in outputs:
            shape = list(output.array.shape)
            document: dict[str, Any] = {"name": output.name, "datatype": output.datatype, "shape": shape}
            if call.all_binary or output.name in call.binary:
                data = to_bytes(output.array)
                document["parameters"] = {"binary_data_size": len(data)}
                binaries.append(data)
            else:
                document["data"] = output.array.ravel().tolist()
            described.append(document)
        document = {**self._begin, "outputs": described}
        if call.id is not None:
            document["id"] = call.id
        body = self._json(document)
        if not binaries:
            return Reply(body)
        return Reply(
            body + b"".join(binaries),
            media_type=b"application/octet-stream",
            headers=((HEADER, b"%d" % len(body)),),
        )
