"""The smoke test: both sample models from training to answers, each compared with its receipt."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from mlp.api.deployment import ModelDeployment, ObjectMeta, Spec
from mlp.api.inference import PredictRequest
from mlp.cli.deploying import deploy
from mlp.cli.sampling import package_sample
from mlp.errors import MlpError, Unproved
from mlp.proof.answers import Answers, golden_answers
from mlp.proof.comparison import compare
from mlp.samples import SAMPLES

if TYPE_CHECKING:
    from mlp.api.model import ModelVersion
    from mlp.cli.session import Session

MODELS = ("iris-classifier", "churn-predictor")


@dataclass(frozen=True)
class Case:
    """One thing that was tried."""

    name: str
    seconds: float
    found: str
    failure: MlpError | None = None


class SmokeTest:
    """Tries one thing after the other; what needs a thing that failed is not tried."""

    def __init__(self, session: Session, *, timeout: float) -> None:
        self._session = session
        self._timeout = timeout
        self.cases: list[Case] = []

    def run(self) -> list[Case]:
        """Return every case, in order."""
        if self._try("registry", self._registry):
            for name in MODELS:
                self._model(name)
        return self.cases

    def _model(self, name: str) -> None:
        pushed: list[ModelVersion] = []
        if self._try(f"{name}: push", lambda: self._push(name, pushed)):
            version = pushed[0]
            if self._try(f"{name}: deploy", lambda: self._deploy(version)):
                self._try(f"{name}: receipt", lambda: self._ask(version))

    def _try(self, name: str, what: Callable[[], str]) -> bool:
        begin = time.perf_counter()
        failure, found = None, ""
        try:
            with self._session.screen.working(name):
                found = what()
        except MlpError as error:
            failure, found = error, error.message
        self.cases.append(Case(name, time.perf_counter() - begin, found, failure))
        if failure is None:
            self._session.screen.step(f"{name}: {found}")
        return failure is None

    def _registry(self) -> str:
        self._session.registry.ready()
        return "takes models"

    def _push(self, name: str, pushed: list[ModelVersion]) -> str:
        built = package_sample(SAMPLES[name][0]())
        found = self._session.registry.push(name, built.manifest, built.model)
        pushed.append(found.version)
        return f"{found.version.ref} {'registered' if found.created else 'was there'}"

    def _deploy(self, version: ModelVersion) -> str:
        name = version.name
        spec = Spec(model_name=name, model_version=version.version)
        document = ModelDeployment(metadata=ObjectMeta(name=name), spec=spec)
        deploy(self._session, document, cause="mlp test", wait=True, timeout=self._timeout)
        return f"answers with {version.ref}"

    def _ask(self, version: ModelVersion) -> str:
        """Send the golden rows, and compare the answers with the receipt's."""
        golden = version.receipt.golden
        if golden is None:
            raise Unproved(f"{version.ref} has no golden rows", code="golden_rows_failed")
        wanted = golden.probabilities is not None
        request = PredictRequest(features=[list(row) for row in golden.features], return_probabilities=wanted)
        said = self._session.model_server(version.name).predict(request.document())
        chances = np.array(said.get("probabilities"), dtype=float) if wanted else None
        answers = Answers(np.array(said["predictions"]), chances)
        found = compare(golden_answers(version.signature, golden), answers, version.receipt.tolerance)
        if not found.agrees:
            raise Unproved(
                f"{version.ref}: {len(found.differing)} of {found.rows} answers differ from the receipt's",
                code="golden_rows_failed",
            )
        return f"{found.rows} of {found.rows} answers equal the receipt's"


def junit(cases: Sequence[Case]) -> str:
    """Return the cases in the XML that CI systems read."""
    failed = sum(case.failure is not None for case in cases)
    suite = ElementTree.Element(
        "testsuite",
        name="mlp test",
        tests=str(len(cases)),
        failures=str(failed),
        time=f"{sum(case.seconds for case in cases):.3f}",
    )
    for case in cases:
        element = ElementTree.SubElement(suite, "testcase", classname="mlp", name=case.name, time=f"{case.seconds:.3f}")
        if case.failure is not None:
            failure = ElementTree.SubElement(element, "failure", type=case.failure.code, message=case.failure.message)
            failure.text = case.failure.message
    ElementTree.indent(suite)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(suite, encoding="unicode")}\n'
