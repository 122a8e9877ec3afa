"""ModelDeployment documents from files and from flags."""

from __future__ import annotations

import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from mlp.api.deployment import ModelDeployment, ObjectMeta, Spec
from mlp.api.documents import DeploymentDocument, SpecDocument
from mlp.api.reference import ModelRef, check_name
from mlp.errors import Failed, Invalid, NotFound


def read_documents(path: Path) -> list[ModelDeployment]:
    """Read every ModelDeployment of a YAML or JSON file; `-` is stdin.

    Raises Invalid (`invalid_deployment`, `no_document`) and NotFound (`file_not_found`).
    """
    where = "stdin" if str(path) == "-" else str(path)
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        documents = [document for document in yaml.safe_load_all(text) if document is not None]
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist", code="file_not_found") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{where} cannot be read: {error}", code="invalid_deployment") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1})" if mark else ""
        raise Invalid(f"{where} is not YAML{place}", code="invalid_deployment") from error
    if not documents:
        raise Invalid(f"{where} holds no document", code="no_document")
    return [_parse(document, where) for document in documents]


def _parse(document: Any, where: str) -> ModelDeployment:
    try:
        return ModelDeployment.model_validate(document)
    except ValidationError as error:
        raise invalid_document(error, where) from error


def deployment_of(document: DeploymentDocument) -> ModelDeployment:
    """Return what a target keeps, in order to change it. Raises Failed (`unexpected_answer`)."""
    try:
        return ModelDeployment.model_validate(document)
    except ValidationError as error:
        raise _newer(error) from error


def spec_of(document: SpecDocument) -> Spec:
    """Return a spec that a target keeps. Raises Failed (`unexpected_answer`)."""
    try:
        return Spec.model_validate(document)
    except ValidationError as error:
        raise _newer(error) from error


def _newer(error: ValidationError) -> Failed:
    where = ".".join(map(str, error.errors()[0]["loc"])) or "the document"
    return Failed(f"this mlp does not know all that the deployment asks for: {where}", code="unexpected_answer")


def invalid_document(error: ValidationError, where: str) -> Invalid:
    """Return the first mistake that pydantic found, as the user's file names the field."""
    # A misspelt field shows up as a missing one too; the misspelling is the better hint.
    mistakes = error.errors()
    first = next((mistake for mistake in mistakes if mistake["type"] == "extra_forbidden"), mistakes[0])
    path = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        near = get_close_matches(str(first["loc"][-1]), _fields_at(first["loc"][:-1]), n=1)
        message = "there is no such field" + (f" (did you mean {near[0]}?)" if near else "")
    return Invalid(f"{where}: {path or 'document'}: {message}", code="invalid_deployment")


def _fields_at(location: tuple[int | str, ...]) -> list[str]:
    """Return the wire names of the fields at a place in the document."""
    model: type[BaseModel] = ModelDeployment
    for part in location:
        by_wire_name = {field.alias or name: field for name, field in model.model_fields.items()}
        annotation = by_wire_name[str(part)].annotation if str(part) in by_wire_name else None
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        nested = [each for each in candidates if isinstance(each, type) and issubclass(each, BaseModel)]
        if not nested:
            return []
        model = nested[0]
    return [field.alias or name for name, field in model.model_fields.items()]


def reference_of(name: str, version: str | None) -> tuple[str, str | None]:
    """Return name and version of `iris`, `iris@production` or `iris:2` and the --version beside it.

    Raises Invalid: `invalid_name`, `invalid_version`, and `invalid_option` when the version is said twice.
    """
    if not {"@", ":"} & set(name):
        return name, version
    reference = ModelRef.parse(name)
    if version is not None:
        raise Invalid(f"{name} names a version already; leave --version out", code="invalid_option")
    return reference.name, reference.alias or str(reference.version)


def changed(
    existing: ModelDeployment | None,
    *,
    name: str,
    model: str | None,
    number_of: Callable[[str], int],
    replicas: int | None,
    environment: str | None,
) -> ModelDeployment:
    """Return the deployment with what the flags say; what they leave out stays as it is, or is the default.

    `number_of` tells which version of a model is wanted.
    """
    check_name(name, "deployment name")
    model_name = model or (existing.spec.model_name if existing else name)
    check_name(model_name)
    spec: dict[str, Any] = existing.spec.model_dump(by_alias=True) if existing else {}
    spec |= {"modelName": model_name, "modelVersion": number_of(model_name)}
    spec |= {key: value for key, value in (("replicas", replicas), ("environment", environment)) if value is not None}
    metadata = ObjectMeta(
        name=name,
        namespace=existing.metadata.namespace if existing else None,
        labels=existing.metadata.labels if existing else {},
        annotations=existing.metadata.annotations if existing else {},
    )
    try:
        return ModelDeployment(metadata=metadata, spec=Spec.model_validate(spec))
    except ValidationError as error:
        raise invalid_document(error, "flags") from error
