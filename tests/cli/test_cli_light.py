"""Commands that only look at something wait for no library but the one that reads their arguments."""

import json
import subprocess
import sys

from tests.cli.conftest import Ran
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
    ["predict", "iris", *INPUTS, "--repeat", "2"],
    ["predict", "iris", "--example", "--curl"],
]
SPARED = {"pydantic", "httpx", "rich", "yaml", "asyncio", "mlp.api.deployment"}
SCRIPT = """
import json, sys
from mlp.cli.app import run
for words in json.loads(sys.argv[1]):
    print(json.dumps([words, run(words), sorted(sys.modules)]), file=sys.stderr)
"""


def test_a_command_that_looks_imports_no_library_for_documents_or_http(platform):
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(READING)], capture_output=True, text=True, check=True
    )
    told = [json.loads(line) for line in ran.stderr.splitlines() if line.startswith("[[")]
    assert [(words, code) for words, code, _ in told] == [(words, 0) for words in READING]
    for words, _, modules in told:
        assert not SPARED & set(modules), words


def test_what_else_an_answer_holds_is_shown_to_programs(mlp, platform):
    document = json.loads(json.dumps(platform.deployments["iris"].document()))
    platform.says = json.dumps({**document, "metadata": {**document["metadata"], "uid": "u-1"}}).encode()
    ran: Ran = mlp("status", "iris", "-o", "json")
    assert json.loads(ran.out)["metadata"]["uid"] == "u-1"
