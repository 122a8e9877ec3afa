"""The steps of a judgement, in order: what is read, what is refused unread, what is run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from mlp.api.model import Manifest
from mlp.api.receipt import Cell
from mlp.api.signature import DType, Feature, Signature
from mlp.errors import Invalid, MlpError
from mlp.proof import Feeds, answers_of, feeds_of, reproduce
from mlp.registry.check.fit import Port, check_fit
from mlp.registry.check.format import HEAD, check_format
from mlp.registry.check.graph import check_external_data, read_model
from mlp.registry.check.operators import check_operators
from mlp.registry.check.trees import check_trees
from mlp.registry.check.verdict import ACCEPTED, Verdict

CANARY_ROWS = 2
_LONGEST_REASON = 300
_OUT_OF_MEMORY = re.compile(r"bad_?\s?alloc|allocate memory|alloc(ation)? failed", re.IGNORECASE)
_NOISE = re.compile(r"\[ONNXRuntimeError\] : \d+ : |\S*\.(cc|h):\d+ .*?\)\S* ")  # codes, and places in its source
_ELEMENTS: Mapping[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}


def examine(path: Path, manifest: Manifest | None) -> Verdict:
    """Judge the model in `path`; without a manifest, only that it is safe and runs.

    This runs the model. Call it where a crash, a hang or an appetite for memory does no harm (`confinement`).
    """
    try:
        check_structure(path)
        _check_run(path, manifest)
    except MlpError as error:
        return Verdict.refusal(error)
    return ACCEPTED


def check_structure(path: Path) -> None:
    """Raise what the bytes alone give reason for; nothing is run."""
    with path.open("rb") as file:
        check_format(file.read(HEAD))
    model = read_model(path.read_bytes())
    check_external_data(model)
    check_operators(model)
    check_trees(model)


def _check_run(path: Path, manifest: Manifest | None) -> None:
    session = _session(path)
    inputs, outputs = _ports(session.get_inputs()), _ports(session.get_outputs())

    def run(feeds: Feeds) -> Mapping[str, npt.NDArray[Any]]:
        try:
            return dict(zip((port.name for port in outputs), session.run(None, dict(feeds)), strict=True))
        except Exception as error:
            raise _runtime_error("the model fails when it is run", error, path) from error

    if manifest is None:
        run(_declared_feeds(inputs))
        return
    check_fit(manifest.signature, inputs, outputs)
    try:
        if reproduce(run, manifest.signature, manifest.receipt) is None:
            rows = [_canary(manifest.signature)] * CANARY_ROWS
            answers_of(manifest.signature, run(feeds_of(manifest.signature, rows)), CANARY_ROWS)
    except Invalid as error:
        if error.code != "invalid_output":
            raise
        raise Invalid(error.message, code="signature_mismatch") from error


def _session(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise _runtime_error("ONNX Runtime does not take the model", error, path) from error


def _runtime_error(what: str, error: Exception, path: Path) -> Invalid:
    """Return what an exception of ONNX Runtime means; its text may hold our paths, which stay here."""
    text = str(error)
    if isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(text):
        return Invalid("the model needs more memory than a model may", code="model_exceeds_memory")
    reason = _NOISE.sub("", text.replace(str(path), "the file"))
    printable = "".join(letter if letter.isprintable() else " " for letter in reason).strip()
    return Invalid(f"{what}: {printable[:_LONGEST_REASON]}", code="invalid_model")


def _ports(arguments: Sequence[Any]) -> list[Port]:
    return [Port(argument.name, argument.type, argument.shape) for argument in arguments]


def _canary(signature: Signature) -> list[Cell]:
    """Return a row that the model should be able to answer: a middling value a feature."""
    return [_middle(feature) for feature in signature.inputs]


def _middle(feature: Feature) -> Cell:
    if feature.dtype is DType.STRING:
        return feature.categories[0] if feature.categories else ""
    if feature.dtype is DType.BOOL:
        return False
    known = [bound for bound in (feature.minimum, feature.maximum) if bound is not None]
    value = sum(known) / len(known) if known else 0.0
    return int(value) if feature.dtype is DType.INT64 else value


def _declared_feeds(inputs: Sequence[Port]) -> Feeds:
    """Return zeros and empty strings of the shapes that the graph itself declares; 1 for what is free."""
    feeds = {}
    for port in inputs:
        if port.type not in _ELEMENTS:
            raise Invalid(f"input {port.name!r} is {port.type}, which cannot be a feature", code="signature_mismatch")
        shape = [size if isinstance(size, int) else 1 for size in port.shape]
        dtype = _ELEMENTS[port.type]
        feeds[port.name] = np.full(shape, "", dtype=dtype) if dtype is np.object_ else np.zeros(shape, dtype=dtype)
    return feeds
