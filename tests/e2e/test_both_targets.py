"""The same script does the same on one machine and on a cluster."""

from __future__ import annotations

import json

import pytest

from tests.e2e.flowers import SETOSA, push, train


@pytest.fixture(scope="module", params=[pytest.param("local", marks=pytest.mark.timeout(300)), "kubernetes"])
def line(request):
    return request.getfixturevalue("platform" if request.param == "local" else "running")


def test_the_main_job_is_one_script(line):
    train(line.folder)
    push(line, 1)
    push(line, 2)
    line.succeed("deploy", "iris", "--version", "1")
    assert answer(line)["model"]["version"] == 1
    line.succeed("model", "alias", "set", "iris@production", "2")
    line.succeed("deploy", "iris@production")
    assert answer(line) == answer(line)
    assert answer(line)["model"]["version"] == 2
    shown = json.loads(line.succeed("status", "iris", "-o", "json"))
    assert shown["status"]["servedVersion"] == 2
    assert "iris" in line.succeed("status")
    assert '"event": "ready"' in line.succeed("logs", "iris", "--tail", "20")
    typo = line.run("predict", "irs", *SETOSA)
    assert typo.returncode == 5
    assert len(typo.stderr.strip().splitlines()) == 2
    missing = line.run("deploy", "iris", "--version", "9")
    assert missing.returncode == 5
    line.succeed("undeploy", "iris", "--yes")
    assert line.run("predict", "iris", *SETOSA).returncode == 5


def answer(line):
    said = json.loads(line.succeed("predict", "iris", *SETOSA, "-o", "json"))
    assert said["predictions"] == ["setosa"]
    return said
