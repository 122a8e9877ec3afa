"""This model's own OpenAPI document: its feature names, types, categories and ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlp import __version__
from mlp.api.signature import DType, Feature, Signature, Task
from mlp.inference import openapi_refusals
from mlp.inference.loading import LoadedModel
from mlp.inference.oip import openapi as open_inference
from mlp.inference.predict.rows import FLOAT32_MAX, INT64_MAX, INT64_MIN

_TYPES: Mapping[DType, Mapping[str, Any]] = {
    DType.FLOAT32: {"type": "number", "format": "float", "minimum": -FLOAT32_MAX, "maximum": FLOAT32_MAX},
    DType.FLOAT64: {"type": "number", "format": "double"},
    DType.INT64: {"type": "integer", "format": "int64", "minimum": INT64_MIN, "maximum": INT64_MAX},
    DType.BOOL: {"type": "boolean"},
    DType.STRING: {"type": "string"},
}


def document_of(model: LoadedModel, *, asks_for_keys: bool) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of a server of this model, which asks its callers for keys or does not."""
    ref = f"{model.name}:{model.version}"
    row = [_example(feature) for feature in model.signature.inputs]
    document = {
        "openapi": "3.1.0",
        "info": {"title": ref, "version": __version__, "description": f"Predictions of {ref} ({model.digest})."},
        "paths": {
            "/predict": {"post": _predict(model.signature, row)},
            "/health": {"get": _page("Whether the process lives.", is_guarded=False)},
            "/ready": {"get": _page("Whether it takes new callers.", is_guarded=False)},
            "/metadata": {"get": _page("Name, version, digest, signature and receipt of the model.")},
            "/metrics": {"get": _page("Counters for Prometheus.", media_type="text/plain")},
            "/openapi.json": {"get": _page("This document.")},
            **open_inference.paths(model, row),
        },
        "components": {
            "schemas": {**_schemas(model.signature), **open_inference.schemas(model.signature)},
            "responses": openapi_refusals.components(),
        },
    }
    return openapi_refusals.with_keys(document) if asks_for_keys else openapi_refusals.without_keys(document)


def _predict(signature: Signature, example: Sequence[Any]) -> dict[str, Any]:
    named = dict(zip(signature.names, example, strict=True))
    return {
        "summary": "Answer rows, given by position or by name.",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/PredictRequest"},
                    "examples": {
                        "by_name": {"value": {"records": [named]}},
                        "by_position": {"value": {"features": [list(example)]}},
                    },
                }
            },
        },
        "responses": {
            "200": _content("One prediction a row.", {"$ref": "#/components/schemas/Prediction"}),
            **openapi_refusals.of_own_paths(415, 422, 504),
        },
    }


def _page(summary: str, *, is_guarded: bool = True, media_type: str = "application/json") -> dict[str, Any]:
    kind = "string" if media_type == "text/plain" else "object"
    answer = _content(summary, {"type": kind}, media_type)
    return {"summary": summary, "responses": {"200": answer, **openapi_refusals.of_own_paths(is_guarded=is_guarded)}}


def _content(description: str, schema: Mapping[str, Any], media_type: str = "application/json") -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}}


def _schemas(signature: Signature) -> dict[str, Any]:
    width = len(signature.inputs)
    cells = {feature.name: _cell(feature) for feature in signature.inputs}
    return {
        "Row": {"type": "array", "prefixItems": list(cells.values()), "minItems": width, "maxItems": width},
        "Record": {"type": "object", "properties": cells, "required": list(cells), "additionalProperties": False},
        "PredictRequest": {"oneOf": [_request("features", "Row"), _request("records", "Record")]},
        "Prediction": _prediction(signature),
        "Error": _error(),
    }


def _request(field: str, item: str) -> dict[str, Any]:
    rows = {"type": "array", "minItems": 1, "items": {"$ref": f"#/components/schemas/{item}"}}
    return {
        "type": "object",
        "properties": {field: rows, "return_probabilities": {"type": "boolean", "default": False}},
        "required": [field],
        "additionalProperties": False,
    }


def _cell(feature: Feature) -> dict[str, Any]:
    """Return the schema of one feature; what was seen at training is described, a closed set is an enum."""
    schema: dict[str, Any] = {"title": feature.name, **_TYPES[feature.dtype]}
    if feature.nullable:
        schema["type"] = [schema["type"], "null"]
    if feature.closed:
        schema["enum"] = [*(feature.categories or ()), *([None] if feature.nullable else [])]
    elif feature.categories is not None:
        schema["description"] = f"seen at training: {', '.join(map(repr, feature.categories))}"
    elif feature.minimum is not None or feature.maximum is not None:
        schema["description"] = f"seen at training: {feature.minimum} to {feature.maximum}"
    return schema


def _example(feature: Feature) -> Any:
    """Return a value that the model takes; made from the signature, never from anybody's data."""
    match feature.dtype:
        case DType.STRING:
            return feature.categories[0] if feature.categories else "text"
        case DType.BOOL:
            return True
        case _:
            low = feature.minimum if feature.minimum is not None else feature.maximum or 0.0
            high = feature.maximum if feature.maximum is not None else low
            middle = low + (high - low) / 2
            return round(middle) if feature.dtype is DType.INT64 else round(middle, 4)


def _prediction(signature: Signature) -> dict[str, Any]:
    outputs = signature.outputs
    value: dict[str, Any] = {"type": ["number", "null"]} if outputs.task is Task.REGRESSION else {}
    if outputs.classes is not None:
        value = {"enum": list(outputs.classes)}
    if outputs.width > 1:
        value = {"type": "array", "items": value, "minItems": outputs.width, "maxItems": outputs.width}
    model = {"type": "object", "properties": {"name": {"type": "string"}, "version": {"type": "integer"}}}
    properties: dict[str, Any] = {"predictions": {"type": "array", "items": value}, "model": model}
    if outputs.probabilities is not None:
        row = {"type": "array", "items": {"type": ["number", "null"]}}
        properties["probabilities"] = {"type": "array", "items": row, "description": "If asked for; one row a row."}
        properties["classes"] = {"const": list(outputs.classes or ()), "description": "What the columns stand for."}
    return {"type": "object", "properties": properties, "required": ["predictions", "model"]}


def _error() -> dict[str, Any]:
    body = {
        "type": "object",
        "properties": {
            "code": {"type": "string"},
            "message": {"type": "string"},
            "request_id": {"type": ["string", "null"]},
            "details": {"type": "object"},
        },
        "required": ["code", "message"],
    }
    return {"type": "object", "properties": {"error": body}, "required": ["error"]}
