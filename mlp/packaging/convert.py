"""From a fitted estimator to an ONNX graph; only this module, `adapt` and `trees` import skl2onnx."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Container
from typing import Any

import onnx
from skl2onnx import convert_sklearn, get_model_alias
from skl2onnx.common._registration import get_converter
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator
from sklearn.base import BaseEstimator

from mlp.api.signature import DType, Layout
from mlp.errors import Unsupported
from mlp.packaging.adapt import adapted
from mlp.packaging.infer import Inputs
from mlp.packaging.original import Original, public_name
from mlp.packaging.parts import answering, parts_of
from mlp.packaging.trees import converters

OPSETS = {"": 21, "ai.onnx.ml": 3}
"""What ONNX Runtime has run since 1.20, below the lowest version that the servers accept."""
TENSOR_TYPES = {DType.FLOAT32: FloatTensorType, DType.FLOAT64: DoubleTensorType, DType.STRING: StringTensorType}
MATRIX_TENSOR = "features"
LOCALE = "C.UTF-8"
"""Of lower-casing; the converter's own choice is missing on small machines."""


def convert(original: Original, inputs: Inputs) -> bytes:
    """Return the ONNX file of `original`: an input a feature, or one for a matrix; probabilities are never a ZipMap.

    Raises Unsupported (`no_converter`), naming the estimator inside the model that has none.
    """
    in_float64 = any(feature.dtype is DType.FLOAT64 for feature in inputs.features)
    estimator = adapted(original.estimator, len(inputs.features), in_float64=in_float64)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph = convert_sklearn(
                estimator,
                name="model",  # the default is a random one
                initial_types=_initial_types(inputs),
                target_opset=OPSETS,
                custom_conversion_functions=converters(),
                options=_options(estimator, len(inputs.features)),
            )
        _import_each_opset_once(graph)
        written: bytes = graph.SerializeToString(deterministic=True)
    except Exception as error:  # converters fail in any way they like
        raise _no_converter(original, error) from error
    return written


def _initial_types(inputs: Inputs) -> list[tuple[str, Any]]:
    features = inputs.features
    if inputs.layout is Layout.MATRIX:
        return [(MATRIX_TENSOR, TENSOR_TYPES[features[0].dtype]([None, len(features)]))]
    return [(feature.name, TENSOR_TYPES[feature.dtype]([None, 1])) for feature in features]


def _options(estimator: Any, width: int) -> dict[int, dict[str, object]]:
    """Return skl2onnx's options, by the id of the estimator that each is for."""
    options: dict[int, dict[str, object]] = {}
    last = answering(estimator)
    if "zipmap" in _allowed_options(last):
        options[id(last)] = {"zipmap": False}
    for part in parts_of(estimator, width):
        if "locale" in _allowed_options(part.estimator):
            options[id(part.estimator)] = {"locale": LOCALE}
    return options


def _allowed_options(part: Any) -> Container[str]:
    try:
        allowed = get_converter(get_model_alias(type(part))).get_allowed_options()
    except (RuntimeError, ValueError):  # it has no converter, which the conversion will say better
        return ()
    return allowed if isinstance(allowed, dict) else ()


def _no_converter(original: Original, error: Exception) -> Unsupported:
    name = public_name(_culprit(error) or original.estimator)
    reason = str(error).strip().partition("\n")[0][:300] or type(error).__name__
    if isinstance(error, MissingConverter | MissingShapeCalculator):
        reason = "it has no converter"
    return Unsupported(
        f"skl2onnx cannot convert {name}: {reason}",
        code="no_converter",
        details={"estimator": name, "model": public_name(original.estimator)},
    )


def _culprit(error: Exception) -> Any:
    """Return the estimator that was being converted: converters rarely name it, their frames hold it."""
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        for value in frame.f_locals.values():
            candidate = getattr(value, "raw_operator", value)
            if isinstance(candidate, BaseEstimator):
                return candidate
    return None


def _import_each_opset_once(graph: onnx.ModelProto) -> None:
    """Drop the repeated imports that skl2onnx writes."""
    versions = {imported.domain: imported.version for imported in graph.opset_import}
    del graph.opset_import[:]
    graph.opset_import.extend(onnx.helper.make_opsetid(domain, versions[domain]) for domain in sorted(versions))
