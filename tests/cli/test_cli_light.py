"""Commands that only look at something wait for no library but the one that reads their arguments."""

import json
import subprocess
import sys

import pytest

from tests.cli.conftest import Ran, deploy
from tests.cli.stand_in_cluster import NAMESPACE, cluster
from tests.cli.stand_in_platform import FEATURES

INPUTS = [word for name in FEATURES for word in ("-i", f"{name}=1")]
READING = [
    ["status"],
    ["status", "iris", "-o", "json"],
    ["history", "iris"],
    ["why", "iris"],
    ["wait", "iris"],
    ["model", "ls"],
    ["model", "ls", "iris", "--limit", "5"],
    ["model", "show", "iris"],
    ["model", "show", "iris@production"],
    ["model", "diff", "iris:1", "iris@production"],
    ["registry", "gc"],
    ["predict", "iris", *INPUTS, "--repeat", "2"],
    ["predict", "iris", "--example", "--curl"],
    ["doctor"],
]
SPARED = {"pydantic", "httpx", "rich", "asyncio", "mlp.api.deployment"}
SCRIPT = """
import json, sys
from mlp.cli.app import run
for words in json.loads(sys.argv[1]):
    print(json.dumps([words, run(words), sorted(sys.modules)]), file=sys.stderr)
"""


ON_A_CLUSTER = [
    ["context", "ls"],
    *(
        [*words, "--context", "c"]
        for words in (
            ["status"],
            ["status", "iris"],
            ["history", "iris"],
            ["why", "iris"],
            ["why", "broken"],
            ["wait", "iris"],
        )
    ),
]
SPARED_ON_A_CLUSTER = {*SPARED, "kubernetes", "urllib3", "websocket", "msgspec", "mlp.targets.kubernetes.installation"}


def modules_after(lines: list[list[str]]) -> list[tuple[list[str], set[str]]]:
    """Run commands one after the other in a process; return what each has imported, those before it included."""
    ran = subprocess.run([sys.executable, "-c", SCRIPT, json.dumps(lines)], capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in ran.stderr.splitlines() if line.startswith("[[")]
    assert [(words, code) for words, code, _ in told] == [(words, 0) for words in lines], ran.stderr
    return [(words, set(modules)) for words, _, modules in told]


def test_a_command_that_looks_imports_no_library_for_documents_or_http(platform):
    for words, modules in modules_after(READING):
        assert not (SPARED | {"yaml"}) & modules, words


@pytest.fixture
def on_a_cluster(platform, tmp_path, monkeypatch):
    """The platform's deployments on a cluster, of which one is broken."""
    deploy(platform, 9, "broken")
    with cluster(platform, tmp_path) as api:
        monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig))
        monkeypatch.delenv("MLP_TARGET")
        yield platform


def test_a_command_that_looks_at_a_cluster_does_not_either(on_a_cluster):
    pytest.importorskip("kubernetes")
    for words, modules in modules_after(ON_A_CLUSTER):
        assert not SPARED_ON_A_CLUSTER & modules, words


def test_a_deployment_of_a_cluster_is_shown_as_a_file_would_have_it(mlp, on_a_cluster):
    document = on_a_cluster.deployments["iris"].document()
    meta = {"name": "iris", "namespace": NAMESPACE, **document["metadata"]}
    ran: Ran = mlp("status", "iris", "--context", "c", "-o", "json")
    assert ran.out == json.dumps({**document, "metadata": meta}, indent=2) + "\n"
    table = mlp("status", "--context", "c").out.splitlines()[-2:]
    assert [line.split()[:4] for line in table] == [
        ["broken", "iris:9", "GoldenRowsFailed", "-"],
        ["iris", "iris:1", "True", "1"],
    ]


def test_what_else_an_answer_holds_is_shown_to_programs(mlp, platform):
    document = json.loads(json.dumps(platform.deployments["iris"].document()))
    platform.says = json.dumps({**document, "metadata": {**document["metadata"], "uid": "u-1"}}).encode()
    ran: Ran = mlp("status", "iris", "-o", "json")
    assert json.loads(ran.out)["metadata"]["uid"] == "u-1"
