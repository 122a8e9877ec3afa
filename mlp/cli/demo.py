"""The story that `mlp demo` tells: sample models from training to answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from mlp.api.deployment import ModelDeployment, ObjectMeta, Spec
from mlp.api.inference import PredictRequest
from mlp.cli.deploying import deploy
from mlp.cli.program import program
from mlp.cli.pushing import proof_line
from mlp.cli.sampling import package_sample
from mlp.cli.text import columns
from mlp.errors import Unproved
from mlp.samples import SAMPLES, Sample

if TYPE_CHECKING:
    from mlp.api.documents import DeploymentDocument
    from mlp.api.model import ModelVersion
    from mlp.cli.session import Session

TOLERANCE = 1e-4
"""How far a served probability may lie from scikit-learn's own, as the receipts have it."""


def serve_samples(session: Session, *, timeout: float) -> list[DeploymentDocument]:
    """Push, deploy and ask every sample: first the first version of each, then the later ones.

    `timeout` is in seconds, for each deployment. Raises Unproved when an answer is not scikit-learn's.
    """
    served: dict[str, DeploymentDocument] = {}
    rounds = max(len(trainers) for trainers in SAMPLES.values())
    for number in range(rounds):
        for name, trainers in SAMPLES.items():
            if number < len(trainers):
                with session.screen.working(f"training {name}"):
                    sample = trainers[number]()
                version = _push(session, name, sample)
                spec = Spec(model_name=name, model_version=version.version)
                document = ModelDeployment(metadata=ObjectMeta(name=name), spec=spec)
                served[name] = deploy(session, document, cause="mlp demo", wait=True, timeout=timeout)
                session.screen.step(f"{name}: {_ask(session, name, sample)}")
    return list(served.values())


def _push(session: Session, name: str, sample: Sample) -> ModelVersion:
    with session.screen.working(f"converting {name} to ONNX and proving it"):
        built = package_sample(sample)
        pushed = session.registry.push(name, built.manifest, built.model)
    session.screen.step(f"{pushed.version.ref}: {proof_line(built)}")
    return pushed.version


def _ask(session: Session, name: str, sample: Sample) -> str:
    """Send the held-out rows, and compare every answer with the one that scikit-learn gives."""
    request = PredictRequest(records=sample.held_out.to_dict(orient="records"), return_probabilities=True)
    prediction = session.model_server(name).predict(request.document())
    expected = sample.estimator.predict(sample.held_out).tolist()
    chances = sample.estimator.predict_proba(sample.held_out)
    differing = sum(before != after for before, after in zip(expected, prediction["predictions"], strict=True))
    distance = float(np.abs(np.array(prediction.get("probabilities"), dtype=float) - chances).max())
    if differing or distance > TOLERANCE:
        raise Unproved(f"{name}: {differing} of {len(expected)} answers differ from scikit-learn's")
    return f"{len(expected)} of {len(expected)} answers equal scikit-learn's, probabilities within {distance:.0e}"


def overview(served: list[DeploymentDocument]) -> str:
    """Return what runs now, and what to try next."""
    rows = [
        (each["metadata"]["name"], each["spec"]["modelVersion"], (each.get("status") or {}).get("url") or "-")
        for each in served
    ]
    iris = next(str(url) for name, _, url in rows if name == "iris-classifier")
    mlp = program()
    body = json.dumps({"features": [[5.1, 3.5, 1.4, 0.2]], "return_probabilities": True})
    lines = [
        columns(("NAME", "VERSION", "URL"), rows),
        "",
        "Try:",
        f"  curl {iris}/predict -d '{body}'",
        f"  {mlp} predict iris-classifier --example | {mlp} predict iris-classifier -f -",
        f"  {mlp} predict churn-predictor -i age=45 -i monthly_charges=80.5 -i tenure=24 -i support_calls=2",
        f"  {mlp} model ls iris-classifier",
        f"  {mlp} deploy iris-classifier --version 1",
        f"  {mlp} status",
        f"  {mlp} down",
    ]
    return "\n".join(lines)
