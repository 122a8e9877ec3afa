"""From an artifact to a model that has proved itself: loaded, matched with its signature, golden rows answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlp.api.model import ModelVersion
from mlp.api.signature import DType, Signature
from mlp.errors import Invalid
from mlp.inference.pace import Pace, measured
from mlp.inference.session import Session
from mlp.inference.source import Artifact
from mlp.proof import reproduce

_ONNX_TYPES: Mapping[DType, str] = {
    DType.FLOAT32: "tensor(float)",
    DType.FLOAT64: "tensor(double)",
    DType.INT64: "tensor(int64)",
    DType.BOOL: "tensor(bool)",
    DType.STRING: "tensor(string)",
}


@dataclass(frozen=True)
class LoadedModel:
    """A model that answers as its original did. The golden rows are forgotten: they may be customer data."""

    name: str
    version: int
    digest: str
    signature: Signature
    receipt: Mapping[str, Any]
    """The receipt as a JSON document, without golden rows."""
    session: Session
    pace: Pace


def load(artifact: Artifact, threads: int) -> LoadedModel:
    """Load the artifact's graph to run on that many threads.

    Raises Invalid when ONNX Runtime or the signature does not fit the graph, Unproved (`golden_rows_failed`) when an
    answer is not the original's.
    """
    version = artifact.version
    session = Session(artifact.path, threads)
    _match(version.signature, session)
    reproduce(session.run, version.signature, version.receipt)
    return LoadedModel(
        name=version.name,
        version=version.version,
        digest=version.digest,
        signature=version.signature,
        receipt=_without_golden_rows(version),
        session=session,
        pace=measured(session.run, version.signature, version.receipt),
    )


def _match(signature: Signature, session: Session) -> None:
    """Raise Invalid (`invalid_signature`) unless the graph takes and gives the tensors that the signature names."""
    promised = {feature.tensor: _ONNX_TYPES[feature.dtype] for feature in signature.inputs}
    if promised != session.inputs:
        raise Invalid("the signature's inputs are not those of the graph", code="invalid_signature")
    wanted = {signature.outputs.prediction, signature.outputs.probabilities} - {None}
    if not wanted <= set(session.outputs):
        raise Invalid("the graph lacks an output that the signature names", code="invalid_signature")


def _without_golden_rows(version: ModelVersion) -> Mapping[str, Any]:
    return version.receipt.model_dump(mode="json", exclude={"golden"})
