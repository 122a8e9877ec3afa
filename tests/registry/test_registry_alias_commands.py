"""`mlp model alias …`, and the commands that take an alias or a filter."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml
from registry_process import Registry
from sample_models import linear_model

from tests.forked import mlp_command


@pytest.fixture(scope="module")
def iris(registry: Registry) -> Registry:
    """Three versions of iris; `stable` points to the second."""
    with registry.client() as client:
        for number in (1, 2, 3):
            sample = linear_model(900.0 + number)
            words = {"metrics": {"r2": 0.9 + number / 100}, "tags": {"team": "risk" if number > 1 else "sales"}}
            client.push("iris", sample.manifest.model_copy(update=words), sample.onnx)
        client.aliases.set("iris", "stable", 2)
    return registry


def mlp(registry: Registry, *arguments: str) -> subprocess.CompletedProcess[str]:
    return mlp_command(*arguments, MLP_REGISTRY_URL=registry.url)


def succeed(registry: Registry, *arguments: str) -> str:
    ran = mlp(registry, *arguments)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_an_alias_is_set_moved_looked_up_and_removed(iris: Registry) -> None:
    assert succeed(iris, "model", "alias", "set", "iris@production", "1") == "iris@production is iris:1\n"
    moved = succeed(iris, "model", "alias", "set", "iris@production", "stable", "--expected", "1", "-o", "json")
    assert json.loads(moved)["version"] == 2
    lost = mlp(iris, "model", "alias", "set", "iris@production", "3", "--expected", "1")
    assert (lost.returncode, lost.stdout) == (1, "")
    assert "MLP5006 iris@production is version 2" in lost.stderr
    assert "mlp model alias history iris@production" in lost.stderr
    listed = json.loads(succeed(iris, "model", "alias", "ls", "iris", "-o", "json"))
    assert [(each["name"], each["version"]) for each in listed] == [("production", 2), ("stable", 2)]
    shown = yaml.safe_load(succeed(iris, "model", "show", "iris@production", "-o", "yaml"))
    assert (shown["version"], shown["aliases"]) == (2, ["production", "stable"])
    assert "is removed" in mlp(iris, "model", "alias", "rm", "iris@production", "--expected", "2").stderr
    history = succeed(iris, "model", "alias", "history", "iris@production").splitlines()
    assert [line.split()[0] for line in history] == ["CHANGE", "3", "2", "1"]
    assert history[1].endswith("removed")
    before = succeed(iris, "model", "alias", "history", "iris@production", "--at", "2026-05-03T12:00Z")
    assert "did not exist then" in before or "production" not in before


def test_versions_and_models_are_found(iris: Registry) -> None:
    where = "metrics.r2 > 0.915 and tags.team = 'risk'"
    found = json.loads(succeed(iris, "model", "ls", "iris", "--filter", where, "-o", "json"))
    assert [each["version"] for each in found] == [3, 2]
    tagged = json.loads(succeed(iris, "model", "ls", "iris", "--tag", "team=sales", "--tag", "team", "-o", "json"))
    assert [each["version"] for each in tagged] == [1]
    assert "no versions of which that is true" in succeed(iris, "model", "ls", "iris", "--filter", "version > 3")
    assert "stable=2" in succeed(iris, "model", "ls", "--search", "iris")
    assert "no models" in succeed(iris, "model", "ls", "--tag", "team=nobody")


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        (["model", "show", "iris@nobody"], 5, "mlp model alias ls iris"),
        (["model", "alias", "set", "iris@latest", "1"], 2, "MLP5007"),
        (["model", "alias", "set", "iris@2", "1"], 2, "not a valid alias"),
        (["model", "alias", "set", "iris", "1"], 2, "NAME@ALIAS"),
        (["model", "alias", "set", "iris@new", "9"], 5, "mlp model ls iris"),
        (["model", "alias", "set", "iris@new", "1", "--expected", "one"], 2, "none"),
        (["model", "alias", "rm", "iris@nobody"], 5, "no alias 'nobody'"),
        (["model", "alias", "history", "iris@stable", "--at", "3 May"], 2, "2026-05-03"),
        (["model", "ls", "iris", "--filter", "metrics.r2 > high"], 2, "character 14"),
        (["model", "ls", "--filter", "version = 1"], 2, "NAME"),
        (["model", "ls", "iris", "--search", "x"], 2, "--search"),
    ],
)
def test_what_goes_wrong_is_two_lines_and_an_exit_code(
    iris: Registry, arguments: list[str], code: int, hint: str
) -> None:
    ran = mlp(iris, *arguments)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert hint in ran.stderr
    assert len(ran.stderr.splitlines()) == 2
