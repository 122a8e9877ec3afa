"""The story of the README: up, push, deploy, predict, status, a second version, down, and up again."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest
import yaml

from tests.e2e.flowers import SETOSA, push, train

pytestmark = pytest.mark.timeout(300)  # to train and to push takes every core there is, and workers do so at once


@pytest.fixture(scope="module")
def models(platform):
    """Two versions of iris, pushed."""
    train(platform.folder)
    push(platform, 1)
    push(platform, 2)
    return platform


@pytest.fixture(scope="module")
def deployed(models):
    models.succeed("deploy", "iris", "--version", "1")
    return models


def status_of(line, name="iris") -> dict:
    return json.loads(line.succeed("status", name, "-o", "json"))["status"]


def test_up_again_changes_nothing(platform):
    before = json.loads(platform.succeed("status", "-o", "json"))
    platform.succeed("up")
    assert json.loads(platform.succeed("status", "-o", "json"))["processes"] == before["processes"]


def test_the_same_model_pushed_again_is_recognised(models):
    ran = models.run("model", "push", "tree.joblib", "--name", "iris", "--sample", "rows.csv", "--trust")
    assert ran.returncode == 0
    assert ran.stdout.startswith("iris:1 ")
    assert "iris:1 is this model already" in ran.stderr
    assert len(json.loads(models.succeed("model", "ls", "iris", "-o", "json"))) == 2


def test_a_version_shows_its_receipt(models):
    shown = models.succeed("model", "show", "iris:2")
    assert "120 rows compared (given), 100.00% labels equal" in shown
    assert "32 golden rows" in shown
    document = yaml.safe_load(models.succeed("model", "show", "iris", "-o", "yaml"))
    assert document["version"] == 2
    assert document["signature"]["outputs"]["classes"] == ["setosa", "versicolor", "virginica"]


def test_a_prediction_by_feature_name(deployed):
    answer = deployed.succeed("predict", "iris", *SETOSA)
    assert answer.startswith("setosa   1.000")


def test_a_prediction_with_curl_as_people_type_it(deployed):
    url = status_of(deployed)["url"]
    body = json.dumps({"features": [[5.1, 3.5, 1.4, 0.2]], "return_probabilities": True})
    ran = subprocess.run(["curl", "-s", f"{url}/predict", "-d", body], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout)["predictions"] == ["setosa"]
    assert json.loads(ran.stdout)["model"] == {"name": "iris", "version": 1}


def test_the_example_is_answered(deployed):
    example = deployed.succeed("predict", "iris", "--example")
    answer = json.loads(deployed.succeed("predict", "iris", "-f", "-", "-o", "json", stdin=example))
    assert len(answer["predictions"]) == 1
    assert "probabilities" not in answer


def test_a_csv_is_answered_row_by_row(deployed):
    answer = json.loads(deployed.succeed("predict", "iris", "-f", "rows.csv", "-o", "json"))
    assert len(answer["predictions"]) == 120


def test_a_second_version_takes_over_on_the_same_port_and_the_first_comes_back(deployed):
    before = status_of(deployed)
    deployed.succeed("deploy", "iris", "--version", "2")
    after = status_of(deployed)
    assert (before["url"], before["servedVersion"], after["servedVersion"]) == (after["url"], 1, 2)
    deployed.succeed("deploy", "iris", "--version", "1")
    assert status_of(deployed)["servedVersion"] == 1


def test_an_alias_is_deployed_by_its_number_and_what_is_served_is_not_deleted(deployed):
    deployed.succeed("model", "alias", "set", "iris@champion", "2")
    deployed.succeed("deploy", "iris@champion")
    assert status_of(deployed)["servedVersion"] == 2
    deployed.succeed("deploy", "iris", "--version", "1")
    uses = f"{deployed.registry_url}/models/iris/versions/1/uses"
    deadline = time.monotonic() + 60
    while not httpx.get(uses).json()["items"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    refused = httpx.delete(f"{deployed.registry_url}/models/iris/versions/1")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "in_use")


def test_a_document_may_say_what_one_machine_does_not_do(deployed, tmp_path):
    file = tmp_path / "iris.yaml"
    file.write_text(
        "apiVersion: ml.example.com/v1\nkind: ModelDeployment\nmetadata: {name: iris-big}\n"
        "spec: {modelName: iris, modelVersion: 2, replicas: 3}\n"
    )
    ran = deployed.run("deploy", "-f", str(file))
    assert ran.returncode == 0
    assert "replicas: 3 is not applied on one machine" in ran.stderr
    assert deployed.run("undeploy", "iris-big").returncode == 7
    deployed.succeed("undeploy", "iris-big", "--yes")
    assert deployed.run("status", "iris-big").returncode == 5


def test_logs_are_there_for_each_part(deployed):
    assert "ready" in deployed.succeed("logs", "iris")
    assert deployed.succeed("logs", "registry")
    assert deployed.succeed("logs", "agent")


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        (["predict", "iris", "-i", "sepal_lenght=5.1"], 2, "did you mean sepal_length?"),
        (["predict", "iris", "-i", "sepal_length=5.1"], 2, "missing: sepal_width, petal_length, petal_width"),
        (["predict", "irsi", *SETOSA], 5, "irsi"),
        (["predict", "iris", "-f", "nowhere.csv"], 5, "nowhere.csv"),
        (["deploy", "iris", "--version", "9"], 5, "9"),
        (["deploy", "nothing"], 5, "nothing"),
        (["model", "push", "tree.joblib", "--name", "iris"], 7, "--trust"),
        (["model", "push", "tree.txt", "--name", "iris"], 1, "tree.txt"),
        (["model", "push", "no_such_module:model", "--name", "iris"], 1, "no_such_module"),
        (["status", "irsi"], 5, "did you mean iris?"),
    ],
)
def test_what_goes_wrong_is_two_lines_and_an_exit_code(deployed, arguments, code, hint):
    ran = deployed.run(*arguments)
    complaint = ran.stderr[ran.stderr.index("✗") :].splitlines()
    assert ran.returncode == code
    assert hint in ran.stderr
    assert len(complaint) <= 2
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr


def test_a_deployment_goes_back_to_what_answered_before(deployed):
    deployed.succeed("deploy", "iris", "--version", "2")
    deployed.succeed("rollback", "iris")
    assert status_of(deployed)["servedVersion"] == 1
    revisions = json.loads(deployed.succeed("history", "iris", "-o", "json"))
    assert [(each["version"], each["outcome"]) for each in revisions[:2]] == [(1, "succeeded"), (2, "succeeded")]
    assert revisions[0]["cause"].startswith("mlp rollback iris --to ")
    assert deployed.succeed("why", "iris").startswith("iris serves what it is asked for")


def test_versions_are_compared_by_asking_both(models):
    ran = models.run("model", "diff", "iris:1", "iris:2", "-o", "json")
    assert ran.returncode == 8
    predictions = json.loads(ran.stdout)["predictions"]
    assert predictions["how"] == "each version asked the other's rows"
    assert predictions["compared"] == 64
    assert predictions["max_abs_diff"] > 0
    pulled = models.succeed("model", "pull", "iris:1").strip()
    assert (models.folder / pulled).stat().st_size > 0


@contextmanager
def developing(line, *arguments):
    """Run `mlp dev`, and give what waits for a word of it."""
    command = [sys.executable, "-m", "mlp", "dev", *arguments]
    with subprocess.Popen(command, env=line.environment, cwd=line.folder, stderr=subprocess.PIPE, text=True) as process:

        def until(word):
            for said in process.stderr:
                if word in said:
                    return said
            raise AssertionError(f"it ended without {word!r}")

        try:
            yield until
        finally:
            process.send_signal(signal.SIGINT)
            words = process.stderr.read()
            process.wait(30)
    assert process.returncode == 130
    assert "flowers goes on answering: mlp undeploy flowers" in words


def test_a_model_is_served_anew_when_it_is_saved_and_a_broken_one_is_not(models):
    file = models.folder / "flowers.onnx"
    models.succeed("model", "pull", "iris:2", "-o", "next.onnx")
    file.write_bytes(b"half of a graph")
    (models.folder / "rows.json").write_text('{"features": [[5.1, 3.5, 1.4, 0.2]]}')
    with developing(models, "flowers.onnx", "--name", "flowers") as until:
        until("✗ MLP")
        assert "nothing is known to answer under flowers" in until("known")
        until("waiting for")
        shutil.copy(models.folder / "iris-1.onnx", file)
        assert "flowers:1 answers" in until("s after it was saved")
        until("waiting for")
        shutil.copy(models.folder / "next.onnx", file)
        assert "flowers:2 answers" in until("s after it was saved")
        until("waiting for")
        file.write_bytes(b"half of a graph")
        until("✗ MLP")
        assert "version 2 goes on answering" in until("answering")
        until("waiting for")
        answer = json.loads(models.succeed("predict", "flowers", "--raw", "-f", "rows.json"))
        assert answer["model"] == {"name": "flowers", "version": 2}


def test_down_ends_all_and_up_brings_all_back_on_the_same_ports(deployed):
    url = status_of(deployed)["url"]
    deployed.succeed("down")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health")
    assert deployed.run("status").returncode == 3
    deployed.succeed("down")
    deployed.succeed("up")
    deployed.succeed("deploy", "iris", "--version", "1")
    assert status_of(deployed)["url"] == url
    assert deployed.succeed("predict", "iris", *SETOSA).startswith("setosa")


def test_down_with_purge_leaves_nothing(deployed):
    deployed.succeed("down", "--purge", "--yes")
    assert not deployed.home.exists()
