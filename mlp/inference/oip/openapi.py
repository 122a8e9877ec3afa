"""The part of this model's OpenAPI document that describes KServe's two protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from mlp.api.signature import Layout, Signature
from mlp.inference import openapi_refusals
from mlp.inference.loading import LoadedModel
from mlp.inference.oip.datatypes import NUMPY, OF_FEATURE
from mlp.inference.oip.inputs import ANY_MATRIX
from mlp.inference.oip.rest import HEADER

_WORD = {"type": "string"}
_SIZES = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1, "maxItems": 8}


def paths(model: LoadedModel, row: Sequence[Any]) -> dict[str, Any]:
    """Return the paths of both protocols; `row` is an example, a value a feature."""
    infer = _post(
        "Answer tensors, by the Open Inference Protocol.", "InferRequest", "InferResponse", _tensors(model, row)
    )
    # With `binary_data_output` or `binary_data` the bytes of tensors stand behind the document.
    infer["responses"]["200"]["content"]["application/octet-stream"] = {}
    infer["responses"]["200"]["headers"] = {HEADER.decode(): {"schema": {"type": "integer"}}}
    instances = _post(
        "Answer rows, by KServe's first protocol.", "Instances", "Predictions", {"instances": [list(row)]}
    )
    about = _get("The model's tensors.", "ModelMetadata", 404)
    ready = _readiness("Ready", 404)
    paths = {
        "/v2": {"get": _get("Name, version and extensions of this server.", "ServerMetadata")},
        "/v2/health/live": {"get": _get("Whether the process lives.", "Live", is_guarded=False)},
        "/v2/health/ready": {"get": _readiness("IsReady")},
        "/v1/models": {"get": _get("Which models are here.", "Models")},
        f"/v1/models/{model.name}": {"get": ready},
        f"/v1/models/{model.name}:predict": {"post": instances},
    }
    for path in (f"/v2/models/{model.name}", f"/v2/models/{model.name}/versions/{model.version}"):
        paths |= {path: {"get": about}, f"{path}/ready": {"get": ready}, f"{path}/infer": {"post": infer}}
    return deepcopy(paths)  # operations of two paths are not to change together


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
        "InferRequest": _infer_request(_inputs(signature), outputs, tensor),
        "InferResponse": _object(
            {
                "model_name": _WORD,
                "model_version": _WORD,
                "id": _WORD,
                "outputs": {"type": "array", "items": _object({**tensor, "name": {"enum": outputs}}, tuple(tensor))},
            },
            ("model_name", "model_version", "outputs"),
        ),
        "Models": _object({"models": {"type": "array", "items": _WORD}}, ("models",)),
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


def _infer_request(inputs: Sequence[str], outputs: Sequence[str], tensor: Mapping[str, Any]) -> dict[str, Any]:
    sent = {**tensor, "name": {"enum": inputs}, "parameters": _parameters(binary_data_size={"type": "integer"})}
    wanted = {"name": {"enum": outputs}, "parameters": _parameters(binary_data={"type": "boolean"})}
    return _object(
        {
            "id": {"type": ["string", "null"]},
            "inputs": {"type": "array", "minItems": 1, "items": _object(sent, ("name", "datatype", "shape"))},
            "outputs": {"type": ["array", "null"], "items": _object(wanted, ("name",))},
            "parameters": _parameters(binary_data_output={"type": "boolean"}),
        },
        ("inputs",),
    )


def _parameters(**known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of parameters of the binary tensor extension; others mean nothing here, and are taken."""
    return {"type": ["object", "null"], "properties": known}


def _post(summary: str, request: str, response: str, example: Mapping[str, Any]) -> dict[str, Any]:
    content = {"schema": _ref(request), "examples": {"one_row": {"value": example}}}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {"200": _content(summary, _ref(response)), **openapi_refusals.of_protocols(404, 504)},
    }


def _get(summary: str, response: str, *statuses: int, is_guarded: bool = True) -> dict[str, Any]:
    refused = openapi_refusals.of_protocols(*statuses, is_guarded=is_guarded)
    return {"summary": summary, "responses": {"200": _content(summary, _ref(response)), **refused}}


def _readiness(response: str, *statuses: int) -> dict[str, Any]:
    """Return a page whose 503 is the page itself while the server drains."""
    page = _get("Whether it takes requests.", response, *statuses, is_guarded=False)
    either = {"anyOf": [_ref(response), _ref("Sentence")]}
    page["responses"]["503"] = _content("It is about to end, or too much is under way.", either)
    return page


def _content(description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _ref(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _object(properties: Mapping[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(required)}
