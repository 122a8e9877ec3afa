"""Requests and answers of `/infer` over HTTP: a JSON document, and behind it the bytes of binary tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from mlp.errors import Invalid
from mlp.inference.http1 import Reply, Request
from mlp.inference.oip.datatypes import BYTES, from_bytes, mismatch, to_bytes
from mlp.inference.oip.document import UNSET, parse
from mlp.inference.oip.elements import ElementReader
from mlp.inference.oip.outputs import Output
from mlp.inference.oip.tensor import Tensor, TensorHead

HEADER = b"inference-header-content-length"
"""Bytes of the JSON document, in a body that goes on with binary tensors."""


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


def read(request: Request, elements: ElementReader) -> Call:
    """Return what the body asks, its JSON data read by `elements`; raise Invalid for what is not of the protocol."""
    text, binary = _parted(request)
    document = parse(text)
    tensors, place = [], 0
    for each in document.inputs:
        head = TensorHead(each.name, each.datatype, each.shape)
        head.check()
        size = each.binary_size
        if size is None:
            tensors.append(Tensor(head, elements.read(head, each.json)))
            continue
        if each.data is not UNSET:
            raise Invalid(
                f"input {each.name!r} has both data and binary_data_size; send one of the two", code="duplicate_input"
            )
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


def slow_bytes(request: Request) -> int:
    """Return how much of the body takes its time to read: numbers that come as bytes do not; strings do.

    Raises Invalid (`invalid_header`).
    """
    if HEADER not in request.headers:
        return len(request.body)
    size = _document_bytes(request)
    return size if BYTES.encode() not in request.body[:size] else len(request.body)


def _document_bytes(request: Request) -> int:
    given = request.headers.get(HEADER)
    if given is None:
        return len(request.body)
    if not given.isdigit() or len(given) > 9 or int(given) > len(request.body):
        raise Invalid("Inference-Header-Content-Length is not the length of the JSON document", code="invalid_header")
    return int(given)


def _parted(request: Request) -> tuple[bytes, memoryview]:
    size = _document_bytes(request)
    if size == len(request.body):
        return request.body, memoryview(b"")
    body = memoryview(request.body)
    return bytes(body[:size]), body[size:]


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
