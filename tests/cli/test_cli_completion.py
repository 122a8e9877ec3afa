"""What a shell is told at TAB."""

from __future__ import annotations

import os
import time

import pytest

from mlp.cli.completion.answer import complete
from mlp.cli.completion.scripts import SCRIPTS
from mlp.cli.manual import commands


def words(line: str) -> list[str]:
    return sorted(complete(line.split(" ")[1:], os.environ))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("mlp dep", ["deploy"]),
        ("mlp model al", ["alias"]),
        ("mlp model alias s", ["set"]),
        ("mlp status --wat", ["--watch"]),
        ("mlp wait x --for ", ["deleted", "ready"]),
        ("mlp status -o ", ["json", "name", "text", "yaml"]),
        ("mlp status --target lo", ["local"]),
        ("mlp status --target=lo", ["--target=local"]),
        ("mlp explain MLP220", ["MLP2201", "MLP2204", "MLP2205", "MLP2206", "MLP2207", "MLP2208", "MLP2209"]),
        ("mlp config set nam", ["namespace"]),
        ("mlp completion ", ["bash", "fish", "zsh"]),
        ("mlp deploy -f ", [":files"]),
        ("mlp nope ", []),
        ("mlp version x ", []),
        ("mlp up --registry-port ", []),
    ],
)
def test_what_is_known_without_asking(mlp, line, found):
    assert words(line) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("mlp predict ", ["iris", "iris-eu"]),
        ("mlp logs iris", ["iris", "iris-eu"]),
        ("mlp deploy ", ["iris", "iris-eu"]),
        ("mlp model show ir", ["iris"]),
        ("mlp model show iris:", [f"iris:{number}" for number in range(1, 10)]),
        ("mlp model diff iris:1 iris@", ["iris@production"]),
        ("mlp deploy iris-eu --version p", ["production"]),
        ("mlp model alias rm iris@p", ["iris@production"]),
        ("mlp predict iris -i petal_", ["petal_length=", "petal_width="]),
        ("mlp predict iris -i petal_length=1 -i petal_", ["petal_width="]),
        ("mlp predict iris -i petal_length=", []),
    ],
)
def test_names_are_those_of_the_platform(mlp, platform, line, found):
    platform.deploy(platform.deployments["iris"].model_copy(update={"metadata": renamed(platform, "iris-eu")}))
    assert words(line) == found


def renamed(platform, name):
    return platform.deployments["iris"].metadata.model_copy(update={"name": name})


def test_names_are_kept_for_half_a_minute(mlp, platform):
    assert words("mlp model show i") == ["iris"]
    asked = len(platform.asked)
    assert words("mlp model show i") == ["iris"]
    assert len(platform.asked) == asked


@pytest.mark.parametrize("variable", ["MLP_HOME", "MLP_REGISTRY_URL", "MLP_CONFIG"])
def test_where_nothing_answers_nothing_is_said(mlp, tmp_path, monkeypatch, variable):
    (tmp_path / "broken").write_text("= =")
    monkeypatch.setenv(variable, "http://127.0.0.1:9" if "URL" in variable else str(tmp_path / "broken"))
    for line in ("mlp predict ", "mlp model show ", "mlp predict iris -i ", "mlp deploy 'iris"):
        ran = mlp("__complete", "bash", line)
        assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_a_cluster_that_does_not_answer_holds_a_shell_up_for_a_second(mlp, monkeypatch, tmp_path):
    monkeypatch.setenv("MLP_CONTEXT", "nowhere")
    begin = time.monotonic()
    assert words("mlp predict ") == []
    assert time.monotonic() - begin >= 1.0


def test_contexts_are_read_from_the_kubeconfig(mlp, monkeypatch, tmp_path):
    path = tmp_path / "config"
    path.write_text(
        "apiVersion: v1\nclusters:\n- cluster: {}\n  name: c\ncontexts:\n- context:\n    cluster: c\n  name: kind-dev\n"
        "- context: {cluster: c}\n  name: production\ncurrent-context: kind-dev\nusers:\n- name: u\n"
    )
    monkeypatch.setenv("KUBECONFIG", str(path))
    assert words("mlp status --context ") == ["kind-dev", "production"]
    assert words("mlp context use k") == ["kind-dev"]


def test_every_command_and_option_of_the_table_is_one_that_there_is(mlp):
    for each in commands():
        options = {name for param in each.parameters for name in param.opts if name.startswith("--")}
        *path, last = each.name.split(" ")
        assert last in words(" ".join(["mlp", *path, last]))
        offered = {name for name in words(f"mlp {each.name} --") if not name.startswith("--no-")}
        assert offered <= options | {"--help"}
        assert len(offered) > 5


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_told_what_a_word_means(mlp, platform, shell):
    ran = mlp("__complete", shell, "mlp", "wait", "ir")
    assert ran.out == "iris\tiris:1\n"


@pytest.mark.parametrize("shell", sorted(SCRIPTS))
def test_a_script_is_printed_without_asking_anybody(mlp, shell):
    ran = mlp("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert f"__complete {shell}" in ran.out
    assert mlp("completion", "tcsh").code == 2
