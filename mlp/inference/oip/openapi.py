"""The part of this model's OpenAPI document that describes KServe's two protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlp.api.signature import Layout, Signature
from mlp.inference.loading import LoadedModel
from mlp.inference.oip.datatypes import NUMPY, OF_FEATURE
from mlp.inference.oip.inputs import ANY_MATRIX

_ERRORS = {
    400: "The request does not fit the protocol or the model.",
    401: "This server wants a key.",
    413: "The body is too large.",
    500: "The server failed.",
    503: "Too much is under way, or the server is about to end.",
    504: "It was not answered in time.",
}
_WORD = {"type": "string"}
_SIZES = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1, "maxItems": 8}


def paths(model: LoadedModel, row: Sequence[Any]) -> dict[str, Any]:
    """Return the paths of both protocols; `row` is an example, a value a feature."""
    infer = _post(
        "Answer tensors, by the Open Inference Protocol.", "InferRequest", "InferResponse", _tensors(model, row)
    )
    instances = _post(
        "Answer rows, by KServe's first protocol.", "Instances", "Predictions", {"instances": [list(row)]}
    )
    ready = _get("Whether it takes requests.", "Ready", (503,))
    return {
        "/v2": {"get": _get("Name, version and extensions of this server.", "ServerMetadata")},
        "/v2/health/live": {"get": _get("Whether the process lives.", "Live")},
        "/v2/health/ready": {"get": _get("Whether it takes requests.", "IsReady", (503,))},
        f"/v2/models/{model.name}": {"get": _get("The model's tensors.", "ModelMetadata")},
        f"/v2/models/{model.name}/ready": {"get": ready},
        f"/v2/models/{model.name}/infer": {"post": infer},
        f"/v2/models/{model.name}/versions/{model.version}/infer": {"post": infer},
        f"/v1/models/{model.name}": {"get": ready},
        f"/v1/models/{model.name}:predict": {"post": instances},
    }


def schemas(signature: Signature) -> dict[str, Any]:
    """Return the schemas that `paths` refers to; `Row` and `Record` are the document's."""
    outputs = [name for name in (signature.outputs.prediction, signature.outputs.probabilities) if name is not None]
    tensor = {"name": _WORD, "datatype": {"enum": sorted(NUMPY)}, "shape": _SIZES, "data": {"type": "array"}}
    described = {**tensor, "shape": {"type": "array", "items": {"type": "integer", "minimum": -1}}}
    del described["data"]
    rows = [
        {"type": "array", "minItems": 1, "items": {"$ref": f"#/components/schemas/{kind}"}}
        for kind in ("Row", "Record")
    ]
    flag = {"type": "boolean"}
    return {
        "InferRequest": _object(
            {
                "id": _WORD,
                "inputs": {
                    "type": "array",
                    "minItems": 1,
                    "items": _object({**tensor, "name": {"enum": _inputs(signature)}}, tuple(tensor)),
                },
                "outputs": {"type": "array", "items": _object({"name": {"enum": outputs}}, ("name",))},
            },
            ("inputs",),
        ),
        "InferResponse": _object(
            {
                "model_name": _WORD,
                "model_version": _WORD,
                "id": _WORD,
                "outputs": {"type": "array", "items": _object({**tensor, "name": {"enum": outputs}}, tuple(tensor))},
            },
            ("model_name", "model_version", "outputs"),
        ),
        "Instances": {**_object({"instances": {"oneOf": rows}}, ("instances",)), "additionalProperties": False},
        "Predictions": _object({"predictions": {"type": "array"}}, ("predictions",)),
        "ServerMetadata": _object(
            {"name": _WORD, "version": _WORD, "extensions": {"type": "array", "items": _WORD}},
            ("name", "version", "extensions"),
        ),
        "ModelMetadata": _object(
            {
                "name": _WORD,
                "versions": {"type": "array", "items": _WORD},
                "platform": _WORD,
                "inputs": {"type": "array", "items": _object(described, tuple(described))},
                "outputs": {"type": "array", "items": _object(described, tuple(described))},
            },
            ("name", "versions", "platform", "inputs", "outputs"),
        ),
        "Live": _object({"live": flag}, ("live",)),
        "IsReady": _object({"ready": flag}, ("ready",)),
        "Ready": _object({"name": _WORD, "ready": flag}, ("name", "ready")),
        "Sentence": _object({"error": _WORD}, ("error",)),
    }


def _inputs(signature: Signature) -> list[str]:
    matrix = [signature.inputs[0].tensor] if signature.layout is Layout.MATRIX else []
    return list(dict.fromkeys([*signature.names, *matrix, ANY_MATRIX]))


def _tensors(model: LoadedModel, row: Sequence[Any]) -> dict[str, Any]:
    features = model.signature.inputs
    inputs = [
        {"name": feature.name, "datatype": OF_FEATURE[feature.dtype], "shape": [1], "data": [value]}
        for feature, value in zip(features, row, strict=True)
    ]
    return {"inputs": inputs}


def _post(summary: str, request: str, response: str, example: Mapping[str, Any]) -> dict[str, Any]:
    content = {"schema": _ref(request), "examples": {"one_row": {"value": example}}}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": _responses(summary, response, tuple(_ERRORS)),
    }


def _get(summary: str, response: str, errors: tuple[int, ...] = ()) -> dict[str, Any]:
    return {"summary": summary, "responses": _responses(summary, response, errors)}


def _responses(summary: str, response: str, errors: tuple[int, ...]) -> dict[str, Any]:
    refused = {str(status): _content(_ERRORS[status], "Sentence") for status in errors}
    return {"200": _content(summary, response), **refused}


def _content(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _ref(schema)}}}


def _ref(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _object(properties: Mapping[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(required)}
