"""The CustomResourceDefinition, made of the documents in `deployment`, so that a file means the same on every target.

What the documents check in Python is said here once more in CEL, in the same words, for the API server to check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from mlp.api.deployment import DeploymentRules, ModelDeployment
from mlp.api.kind import GROUP, KIND, VERSION
from mlp.api.reference import MAX_NAME, NAME_PATTERN

PLURAL = "modeldeployments"
_HEADER = "# Written by `python -m mlp.controller crd`. Change mlp/api/deployment.py instead.\n"
_LONGEST_QUANTITY = 32

Schema = dict[str, Any]


def _rule(rule: str, message: str) -> dict[str, str]:
    return {"rule": rule, "message": message}


def _at_most_limit(resource: str) -> dict[str, str]:
    both = f"has(self.requests) && has(self.requests.{resource}) && has(self.limits) && has(self.limits.{resource})"
    requests, limits = (f"quantity(string(self.{part}.{resource}))" for part in ("requests", "limits"))
    message = DeploymentRules.REQUEST_WITHIN_LIMIT.format(resource=resource)
    return _rule(f"!({both}) || {requests}.compareTo({limits}) <= 0", message)


_RULES: Mapping[tuple[str, ...], list[dict[str, str]]] = {
    (): [
        _rule(
            f"size(self.metadata.name) <= {MAX_NAME} && self.metadata.name.matches('{NAME_PATTERN}')",
            f"metadata.name takes lower-case letters, digits and '-', begins with a letter, and has at most {MAX_NAME} "
            "characters",
        )
    ],
    ("spec",): [
        _rule(
            "!has(self.autoscaling) || !self.autoscaling.enabled || "
            "(has(self.resources.requests) && has(self.resources.requests.cpu))",
            DeploymentRules.SCALING_NEEDS_CPU,
        )
    ],
    ("spec", "modelName"): [
        _rule("self == oldSelf", "modelName cannot change: delete the ModelDeployment, or make another one"),
    ],
    ("spec", "autoscaling"): [
        _rule("!self.enabled || has(self.maxReplicas)", DeploymentRules.SCALING_NEEDS_MAX),
        _rule(
            "!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",
            DeploymentRules.MIN_WITHIN_MAX,
        ),
    ],
    ("spec", "resources"): [_at_most_limit("cpu"), _at_most_limit("memory")],
}
_COLUMNS = (
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status', 0),
    ("Version", "integer", ".spec.modelVersion", 0),
    ("Desired", "integer", ".spec.replicas", 0),
    ("Available", "integer", ".status.availableReplicas", 0),
    ("Age", "date", ".metadata.creationTimestamp", 0),
    ("Model", "string", ".spec.modelName", 1),
    ("Serving", "integer", ".status.servedVersion", 1),
    ("Reason", "string", '.status.conditions[?(@.type=="Ready")].reason', 1),
)


def crd() -> dict[str, Any]:
    """Return the CustomResourceDefinition."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}", "labels": {"app.kubernetes.io/part-of": "mlp"}},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": KIND.lower(),
                "shortNames": ["md"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": _schema()},
                    "subresources": {
                        "status": {},
                        "scale": {
                            "specReplicasPath": ".spec.replicas",
                            "statusReplicasPath": ".status.replicas",
                            "labelSelectorPath": ".status.selector",
                        },
                    },
                    "additionalPrinterColumns": [
                        {"name": name, "type": type_, "jsonPath": path, "priority": priority}
                        for name, type_, path, priority in _COLUMNS
                    ],
                }
            ],
        },
    }


def crd_yaml() -> str:
    """Return the CustomResourceDefinition as the file that is applied."""
    return _HEADER + yaml.safe_dump(crd(), sort_keys=False, width=110, allow_unicode=True)


def _schema() -> Schema:
    document = ModelDeployment.model_json_schema(by_alias=True)
    definitions = document["$defs"]
    root = _structural(document, definitions)
    root["properties"]["metadata"] = {"type": "object"}
    for name in ("apiVersion", "kind"):
        root["properties"][name] = {"type": "string"}
    root["required"] = ["spec"]
    status = _without_defaults(root["properties"]["status"])
    status["properties"]["conditions"] |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
    root["properties"]["status"] = status
    for path, rules in _RULES.items():
        _at(root, path)["x-kubernetes-validations"] = rules
    for part in ("requests", "limits"):
        for resource in ("cpu", "memory"):
            holder = _at(root, ("spec", "resources", part))["properties"]
            holder[resource] = _int_or_string(holder[resource])
    return root


def _at(root: Schema, path: tuple[str, ...]) -> Schema:
    schema = root
    for step in path:
        schema = schema["properties"][step]
    return schema


def _structural(schema: Mapping[str, Any], definitions: Mapping[str, Schema]) -> Schema:
    """Return a schema without references, unions with null, and words that the API server does not take."""
    if "$ref" in schema:
        target = definitions[schema["$ref"].rpartition("/")[2]]
        return _structural({**target, **{key: value for key, value in schema.items() if key != "$ref"}}, definitions)
    if "anyOf" in schema:
        chosen = next(choice for choice in schema["anyOf"] if choice.get("type") != "null")
        return _structural({**chosen, **{k: v for k, v in schema.items() if k != "anyOf"}}, definitions)
    dropped = ("title", "additionalProperties", "const", "$defs", "properties", "items", "default")
    found = {key: value for key, value in schema.items() if key not in dropped}
    if schema.get("default") is not None:
        found["default"] = _without_nulls(schema["default"])
    if "properties" in schema:
        found["properties"] = {name: _structural(part, definitions) for name, part in schema["properties"].items()}
    if "items" in schema:
        found["items"] = _structural(schema["items"], definitions)
    return found


def _without_defaults(schema: Schema) -> Schema:
    """Return a schema that adds nothing to what the operator writes."""
    found = {key: value for key, value in schema.items() if key != "default"}
    if "properties" in found:
        found["properties"] = {name: _without_defaults(part) for name, part in found["properties"].items()}
    if "items" in found:
        found["items"] = _without_defaults(found["items"])
    return found


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(part) for key, part in value.items() if part is not None}
    return value


def _int_or_string(schema: Schema) -> Schema:
    kept = {key: value for key, value in schema.items() if key != "type"}
    return {
        **kept,
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "maxLength": _LONGEST_QUANTITY,
        "x-kubernetes-int-or-string": True,
    }
