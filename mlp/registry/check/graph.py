"""Reading a model's protocol buffers, and walking all that is nested in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from mlp.errors import Invalid


def read_model(data: bytes) -> Any:
    """Return the `onnx.ModelProto` in `data`. Raises Invalid (`invalid_model`) when there is none."""
    try:
        model = onnx.load_model_from_string(data)
    except (DecodeError, ValueError) as error:
        raise Invalid("the bytes are not a whole ONNX model", code="invalid_model") from error
    if not model.HasField("graph") or not model.graph.output:
        raise Invalid("the model has no graph with an output", code="invalid_model")
    return model


def check_external_data(model: Any) -> None:
    """Refuse a model that names a file beside it, in any tensor anywhere.

    The bytes are the whole model: a path in it could read what lies on a server's disk. Raises Invalid
    (`external_data_forbidden`).
    """
    for message in _messages(model):
        if isinstance(message, onnx.TensorProto) and (
            message.external_data or message.data_location == onnx.TensorProto.EXTERNAL
        ):
            raise Invalid(
                "the model keeps tensors in another file; save it as one file", code="external_data_forbidden"
            )


def nodes_of(model: Any) -> Iterator[Any]:
    """Yield every node of the graph and of the graphs nested in its attributes."""
    graphs = [model.graph]
    while graphs:
        for node in graphs.pop().node:
            yield node
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    graphs.append(attribute.g)
                graphs.extend(attribute.graphs)


def _messages(root: Any) -> Iterator[Any]:
    waiting = [root]
    while waiting:
        message = waiting.pop()
        yield message
        for field, value in message.ListFields():
            if field.type == field.TYPE_MESSAGE:
                waiting.extend(value if field.is_repeated else [value])
