"""Whether a signature speaks of this graph: the same tensors, of the same types and widths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlp.api.signature import DType, Layout, Signature, Task
from mlp.errors import Invalid

_TENSORS: Mapping[DType, str] = {
    DType.FLOAT32: "tensor(float)",
    DType.FLOAT64: "tensor(double)",
    DType.INT64: "tensor(int64)",
    DType.BOOL: "tensor(bool)",
    DType.STRING: "tensor(string)",
}
_FLOATS = ("tensor(float)", "tensor(double)")
_LABELS = ("tensor(int64)", "tensor(string)")


@dataclass(frozen=True)
class Port:
    """An input or output of a graph, as ONNX Runtime tells of it."""

    name: str
    type: str
    shape: Sequence[int | str | None]
    """An int where a dimension is fixed."""


def check_fit(signature: Signature, inputs: Sequence[Port], outputs: Sequence[Port]) -> None:
    """Raise Invalid (`signature_mismatch`) naming the first tensor that signature and graph see differently."""
    _check_inputs(signature, {port.name: port for port in inputs})
    _check_outputs(signature, {port.name: port for port in outputs})


def _check_inputs(signature: Signature, ports: Mapping[str, Port]) -> None:
    dtypes = {feature.tensor: feature.dtype for feature in signature.inputs}
    if missing := dtypes.keys() - ports.keys():
        raise _mismatch(f"the graph has no input {min(missing)!r}")
    if extra := ports.keys() - dtypes.keys():
        raise _mismatch(f"the graph's input {min(extra)!r} is no feature's tensor")
    width = len(signature.inputs) if signature.layout is Layout.MATRIX else 1
    for name, dtype in dtypes.items():
        port = ports[name]
        if port.type != _TENSORS[dtype]:
            raise _mismatch(f"input {name!r} is {port.type} in the graph, {dtype} in the signature")
        if len(port.shape) != 2 or (isinstance(port.shape[1], int) and port.shape[1] != width):
            raise _mismatch(f"input {name!r} has shape {list(port.shape)} in the graph, not [rows, {width}]")
        if isinstance(port.shape[0], int):
            raise _mismatch(f"input {name!r} takes exactly {port.shape[0]} rows; export it with a free first dimension")


def _check_outputs(signature: Signature, ports: Mapping[str, Port]) -> None:
    spec = signature.outputs
    for name in filter(None, (spec.prediction, spec.probabilities)):
        if name not in ports:
            raise _mismatch(f"the graph has no output {name!r}")
    prediction = ports[spec.prediction]
    if spec.task is not Task.OTHER:
        wanted = _LABELS if spec.task is Task.CLASSIFICATION else _FLOATS
        if prediction.type not in wanted:
            raise _mismatch(f"output {prediction.name!r} is {prediction.type}; a {spec.task} answers {wanted[0]}")
    if spec.probabilities is None or spec.classes is None:
        return
    port = ports[spec.probabilities]
    if port.type not in _FLOATS:
        raise _mismatch(f"output {port.name!r} is {port.type}; probabilities are one float tensor")
    if len(port.shape) == 2 and isinstance(port.shape[1], int) and port.shape[1] != len(spec.classes):
        raise _mismatch(f"output {port.name!r} has {port.shape[1]} columns for {len(spec.classes)} classes")


def _mismatch(message: str) -> Invalid:
    return Invalid(message, code="signature_mismatch")
