"""The signature of an ONNX file that somebody else made, read from its graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import TensorProto, numpy_helper

from mlp.api.receipt import Cell
from mlp.api.signature import DType, Feature, Label, Layout, Outputs, Signature, Task
from mlp.errors import Invalid, Unsupported
from mlp.packaging.infer import Inputs
from mlp.packaging.prove import Proof, graph_answers
from mlp.packaging.session import Session
from mlp.proof import feeds_of

DTYPES = {
    TensorProto.FLOAT: DType.FLOAT32,
    TensorProto.DOUBLE: DType.FLOAT64,
    TensorProto.INT64: DType.INT64,
    TensorProto.BOOL: DType.BOOL,
    TensorProto.STRING: DType.STRING,
}


def read_graph(model: bytes) -> onnx.GraphProto:
    """Return the graph in the file `model`.

    Raises Invalid (`not_an_onnx`), or Unsupported (`external_data`, `zipmap_output`) where it cannot be served.
    """
    try:
        graph = onnx.load_model_from_string(model).graph
    except DecodeError as error:
        raise Invalid("this is not an ONNX file", code="not_an_onnx") from error
    if not graph.output:
        raise Invalid("this is not an ONNX file, or its graph has no output", code="not_an_onnx")
    if any(tensor.data_location == TensorProto.EXTERNAL for tensor in graph.initializer):
        raise Unsupported(
            "the weights lie in another file; save it as one file, with onnx.save(model, path)", code="external_data"
        )
    if not all(output.type.HasField("tensor_type") for output in graph.output):
        raise Unsupported(
            "an output is a list of maps, as a ZipMap makes it: convert again with options={'zipmap': False}",
            code="zipmap_output",
        )
    return graph


def inputs_in(graph: onnx.GraphProto, names: tuple[str, ...] | None) -> Inputs:
    """Return the inputs of `graph`: a matrix where there is one of shape [rows, features], else columns.

    `names` are those of a sample's columns; they name the features of a matrix, and give its width where the graph
    leaves it open. Raises Unsupported (`unsupported_input`).
    """
    initialized = {tensor.name for tensor in graph.initializer}
    wanted = [value for value in graph.input if value.name not in initialized]
    shapes = [_shape(value) for value in wanted]
    if len(wanted) == 1 and len(shapes[0]) == 2:
        width = shapes[0][1] or (len(names) if names else 0)
        if width == 0:
            raise Invalid("the graph does not say how many features it takes: give a sample", code="unknown_width")
        listed = names if names is not None and len(names) == width else tuple(f"x{n}" for n in range(width))
        dtype = _dtype(wanted[0])
        features = tuple(Feature(name=name, dtype=dtype, tensor=wanted[0].name) for name in listed)
        return Inputs(features, Layout.MATRIX)
    for value, shape in zip(wanted, shapes, strict=True):
        if len(shape) != 2 or shape[1] not in (1, None):
            raise Unsupported(
                f"input {value.name!r} has shape {shape}; a model takes one input of shape [rows, features], "
                "or inputs of shape [rows, 1]",
                code="unsupported_input",
            )
    return Inputs(
        tuple(Feature(name=value.name, dtype=_dtype(value), tensor=value.name) for value in wanted), Layout.COLUMNS
    )


def outputs_in(graph: onnx.GraphProto, outputs: dict[str, npt.NDArray[Any]], rows: int) -> Outputs:
    """Return the outputs of `graph`, which answered some `rows` with the tensors in `outputs`.

    A first output of strings or integers is a label, and one of floats that are shares of 1 its probabilities, if the
    graph holds the labels that these belong to; a first output of floats is a regression's value.
    """
    first = graph.output[0].name
    values = outputs[first]
    if values.dtype.kind == "f":
        return Outputs(task=Task.REGRESSION, prediction=first, width=max(1, values.size // rows))
    floats = {name: tensor for name, tensor in outputs.items() if name != first and tensor.dtype.kind == "f"}
    said = set(values.reshape(-1).tolist())
    for classes in _class_labels(graph):
        scores = [name for name, tensor in floats.items() if tensor.shape == (rows, len(classes))]
        if scores and said <= set(classes):
            shares = scores[0] if _are_shares(floats[scores[0]]) else None
            return Outputs(task=Task.CLASSIFICATION, prediction=first, probabilities=shares, classes=classes)
    return Outputs(task=Task.CLASSIFICATION, prediction=first)


def made_up(inputs: Inputs, rows: int = 64) -> list[list[Cell]]:
    """Return rows that fit the dtypes, where nothing is known of the values; the same ones each time."""
    random = np.random.default_rng(0)
    columns: list[list[Cell]] = []
    for feature in inputs.features:
        if feature.dtype is DType.STRING:
            columns.append([""] * rows)
        elif feature.dtype is DType.BOOL:
            columns.append(random.integers(2, size=rows).astype(bool).tolist())
        elif feature.dtype is DType.INT64:
            columns.append(random.integers(10, size=rows).tolist())
        else:
            columns.append(random.standard_normal(rows).astype(np.float32).tolist())
    return [list(row) for row in zip(*columns, strict=True)]


def taken_as_is(model: bytes, graph: onnx.GraphProto, inputs: Inputs, cells: Sequence[Sequence[Cell]]) -> Proof:
    """Return the proof of a graph that has no original: what it answers to `cells` is what it has to answer."""
    session = Session(model)
    first = graph.output[0].name
    unknown = Signature(
        inputs=inputs.features, layout=inputs.layout, outputs=Outputs(task=Task.OTHER, prediction=first)
    )
    outputs = session.run(feeds_of(unknown, cells))
    signature = unknown.model_copy(update={"outputs": outputs_in(graph, outputs, len(cells))})
    expected = graph_answers(session, signature, feeds_of(signature, cells))
    return Proof(model, session, signature, cells, expected, comparison=None)


def _shape(value: onnx.ValueInfoProto) -> list[int | None]:
    dimensions = value.type.tensor_type.shape.dim
    return [dimension.dim_value or None for dimension in dimensions]


def _dtype(value: onnx.ValueInfoProto) -> DType:
    element = value.type.tensor_type.elem_type
    if element not in DTYPES:
        raise Unsupported(
            f"input {value.name!r} takes {TensorProto.DataType.Name(element).lower()} values; "
            f"{', '.join(DTYPES.values())} are served",
            code="unsupported_input",
        )
    return DTYPES[element]


def _class_labels(graph: onnx.GraphProto) -> Iterator[tuple[Label, ...]]:
    """Yield what may be the class labels: those of each classifier of ai.onnx.ml, and of each choice among labels."""
    for node in reversed(graph.node):
        for attribute in node.attribute:
            if attribute.name in ("classlabels_strings", "classlabels_ints", "classlabels_int64s"):
                labels = onnx.helper.get_attribute_value(attribute)
                if labels:
                    yield tuple(label.decode() if isinstance(label, bytes) else int(label) for label in labels)
    chosen_from = {node.input[0] for node in graph.node if node.op_type in ("ArrayFeatureExtractor", "Gather")}
    for tensor in graph.initializer:
        if tensor.name in chosen_from and tensor.data_type in (TensorProto.INT64, TensorProto.STRING):
            labels = numpy_helper.to_array(tensor).reshape(-1).tolist()
            yield tuple(label.decode() if isinstance(label, bytes) else label for label in labels)


def _are_shares(tensor: npt.NDArray[Any]) -> bool:
    """Whether each row holds probabilities."""
    return bool((tensor >= 0).all()) and bool(np.allclose(tensor.sum(axis=1), 1, atol=1e-3))
