"""The objects of the manifests, as a person reads the files."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

MANIFESTS = Path(__file__).parents[2] / "manifests"
Object = dict[str, Any]


def files() -> list[Path]:
    """Every file of YAML."""
    return sorted(MANIFESTS.rglob("*.yaml"))


@cache
def objects_of(path: Path) -> list[Object]:
    return [document for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document]


def every() -> list[Object]:
    """Return the objects of every file that kubectl takes."""
    return [obj for path in files() if path.name != "kustomization.yaml" for obj in objects_of(path)]


def kustomized(folder: Path) -> list[Object]:
    """Return what the kustomization of a folder names, in its order."""
    (kustomization,) = objects_of(folder / "kustomization.yaml")
    return [obj for name in kustomization["resources"] for obj in _resource(folder / name)]


def of_kind(kind: str, objects: list[Object] | None = None) -> list[Object]:
    return [obj for obj in (every() if objects is None else objects) if obj["kind"] == kind]


def templates() -> dict[str, Object]:
    """Return the pod templates, by the names of their workloads."""
    return {
        obj["metadata"]["name"]: obj["spec"]["template"]
        for obj in every()
        if obj["kind"] in ("Deployment", "StatefulSet", "DaemonSet", "Job")
    }


def containers(template: Object) -> Iterator[Object]:
    yield from template["spec"].get("initContainers", ())
    yield from template["spec"]["containers"]


def identity(obj: Object) -> tuple[str, str, str]:
    metadata = obj["metadata"]
    return obj["kind"], metadata.get("namespace", ""), metadata["name"]


def _resource(path: Path) -> list[Object]:
    return kustomized(path) if path.is_dir() else objects_of(path)
