"""Two verbs for notebooks: push a model that was just trained, and ask one that is served.

Where the platform is, the environment says as it does to the command line: MLP_TARGET, MLP_HOME, MLP_REGISTRY_URL,
MLP_REGISTRY_TOKEN_FILE, MLP_API_KEY_FILE; without any of them it is the platform that runs on this machine.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, TypedDict, Unpack

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from mlp.api.inference import Prediction, PredictRequest
from mlp.api.model import ModelVersion
from mlp.api.receipt import MAX_GOLDEN_ROWS
from mlp.api.reference import check_name
from mlp.api.signature import Signature
from mlp.client.inference import InferenceClient
from mlp.client.keys import api_key
from mlp.client.registry import RegistryClient
from mlp.errors import Invalid
from mlp.targets import Target, resolve_target


class Words(TypedDict, total=False):
    """What may be said about a version."""

    metrics: Mapping[str, float]
    params: Mapping[str, str | float]
    tags: Mapping[str, str]
    description: str


def push(
    estimator: object,
    *,
    name: str,
    sample: object = None,
    evaluation: tuple[object, str] | None = None,
    golden: int = MAX_GOLDEN_ROWS,
    **words: Unpack[Words],
) -> ModelVersion:
    """Convert a fitted `estimator` to ONNX, prove that it answers alike, and register it as the next version of `name`.

    `sample` holds rows to prove on (a data frame, an array, a list of records); `evaluation` is rows with their true
    answers and the column of these. `golden` rows of the sample are stored with the version. What there is to know
    about the push is written to standard error. The same model pushed again is the same version.
    """
    from mlp.packaging import Annotations, Evaluation, package

    check_name(name)
    settings = Settings()
    with RegistryClient(settings.registry(), token_file=settings.registry_token_file) as registry:
        registry.ready()
        try:
            annotations = Annotations.model_validate(words)
        except ValidationError as error:
            first = error.errors()[0]
            raise Invalid(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", code="invalid_option") from error
        built = package(
            estimator,
            sample=sample,
            evaluation=None if evaluation is None else Evaluation(*evaluation),
            golden=golden,
            annotations=annotations,
        )
        sys.stderr.writelines(f"{note}\n" for note in built.notes)
        return registry.push(name, built.manifest, built.model).version


def predict(name: str, rows: Any, *, probabilities: bool = False) -> Prediction:
    """Ask the deployment `name`: `rows` is a record, a list of records or of lists, a data frame or an array."""
    settings = Settings()
    key = api_key(settings.api_key, settings.api_key_file)
    with closing(settings.place()) as place, InferenceClient(place.endpoint(name), key=key) as server:
        records = [rows] if isinstance(rows, Mapping) else rows
        if not isinstance(records, list):
            records = _lists(rows, Signature.model_validate(server.metadata()["signature"]))
        named = any(isinstance(row, Mapping) for row in records)
        try:
            request = PredictRequest.model_validate(
                {"records" if named else "features": records, "return_probabilities": probabilities}
            )
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"][:3]))
            raise Invalid(f"{where}: {error.errors()[0]['msg']}", code="invalid_rows") from error
        return Prediction.model_validate(server.predict(request.document()))


class Settings(BaseSettings):
    """Where the platform is."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="MLP_", env_ignore_empty=True)

    target: str | None = None
    home: Path | None = None
    registry_url: str | None = None
    registry_token_file: Path | None = None
    api_key: str | None = None
    api_key_file: Path | None = None

    def place(self) -> Target:
        """Return where deployments run."""
        return resolve_target(None, self.target, self.home)

    def registry(self) -> str:
        """Return where the registry answers."""
        if self.registry_url is not None:
            return self.registry_url
        with closing(self.place()) as place:
            return place.registry_url()


def _lists(rows: object, signature: Signature) -> list[list[Any]]:
    """Return the rows of a data frame or an array as lists of cells, in the model's order."""
    from mlp.packaging.align import aligned
    from mlp.packaging.infer import cells_of
    from mlp.packaging.table import table_of

    frame = aligned(table_of(rows), signature.names, len(signature.inputs))
    return cells_of(frame, signature.inputs)
