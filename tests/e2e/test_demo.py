"""`mlp demo` does the main job from nothing, and doing it again is harmless."""

from __future__ import annotations

import json

import httpx
import pytest

pytestmark = pytest.mark.timeout(300)  # to train and to push takes every core there is, and workers do so at once


def test_the_demo_serves_four_models_that_answer_as_scikit_learn_does(command_line):
    ran = command_line.run("demo", "-o", "json", timeout=110)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("answers equal scikit-learn's") == 5
    served = json.loads(ran.stdout)
    urls = {each["metadata"]["name"]: each["status"]["url"] for each in served}
    first = command_line.model_port
    assert list(urls) == ["iris-classifier", "churn-predictor", "breast-cancer", "churn-contract"]
    assert [int(url.rpartition(":")[2]) for url in urls.values()] == [first, first + 1, first + 2, first + 3]
    answer = httpx.post(f"{urls['churn-predictor']}/predict", json={"features": [[45, 80.5, 24, 2]]})
    assert answer.json()["predictions"] in ([0], [1])
    again = command_line.run("demo", timeout=110)
    assert again.returncode == 0, again.stderr
    versions = json.loads(command_line.succeed("model", "ls", "iris-classifier", "-o", "json"))
    assert [version["version"] for version in versions] == [2, 1]
    assert "curl http://127.0.0.1:" in again.stdout
