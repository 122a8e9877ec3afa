"""What a notebook does, in a process of its own, with the platform that runs on the machine."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PUSH = """
import json, mlp
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

rows, species = load_iris(return_X_y=True, as_frame=True)
rows.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
model = LogisticRegression(max_iter=500).fit(rows, species)
said = {"metrics": {"cv_accuracy": 0.97}, "params": {"C": 1.0},
        "tags": {"team": "flowers"}, "description": "from a notebook"}
held_out = rows.assign(species=species)
version = mlp.push(model, sample=rows, name="iris", evaluation=(held_out, "species"), golden=8, **said)
again = mlp.push(model, sample=rows, name="iris", golden=8)
print(json.dumps({"version": version.model_dump(mode="json"), "again": again.version}))
"""
ASK = """
import json, mlp
from sklearn.datasets import load_iris

rows, _ = load_iris(return_X_y=True, as_frame=True)
rows.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
few = rows.iloc[::50]
for asked in (few, few[few.columns[::-1]], few.to_numpy(), few.to_dict(orient="records"), few.to_numpy().tolist()):
    prediction = mlp.predict("iris", asked, probabilities=True)
    print(json.dumps([prediction.predictions, len(prediction.probabilities[0])]))
print(json.dumps(mlp.predict("iris", few.iloc[0].to_dict()).predictions))
for wrong in (few.rename(columns={"petal_width": "petal_with"}), [{"petal_width": {}}]):
    try:
        mlp.predict("iris", wrong)
    except mlp.errors.Invalid as error:
        print(error.code)
"""


def run(platform, program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=platform.folder, env=platform.environment, check=False, timeout=90
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def pushed(platform):
    return run(platform, PUSH)


def test_a_model_is_pushed_from_the_process_that_trained_it(pushed):
    answer = json.loads(pushed.stdout)
    version = answer["version"]
    assert (version["name"], version["version"], answer["again"]) == ("iris", 1, 1)
    assert version["metrics"]["cv_accuracy"] == 0.97
    assert version["metrics"]["accuracy"] > 0.9
    assert version["params"] == {"C": "1.0"}
    assert (version["tags"], version["description"]) == ({"team": "flowers"}, "from a notebook")
    assert len(version["receipt"]["golden"]["features"]) == 8


def test_the_push_says_that_rows_of_the_sample_are_stored(pushed):
    assert "8 rows of the sample are stored" in pushed.stderr


def test_a_deployment_answers_rows_in_any_form(pushed, platform):
    platform.succeed("deploy", "iris", "--version", "1")
    *answers, single, misspelt, nested = map(json.loads, _quoted(run(platform, ASK).stdout))
    assert answers == [[[0, 1, 2], 3]] * 5
    assert single == [0]
    assert (misspelt, nested) == ("sample_columns", "invalid_rows")


def _quoted(text: str) -> list[str]:
    return [line if line.startswith("[") else json.dumps(line) for line in text.splitlines()]
