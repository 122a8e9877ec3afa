"""How long commands take, beside the import of the libraries that they stand on.

Commands that ask somebody ask stand-ins that answer from memory (tests/cli/stand_in_platform.py and
stand_in_cluster.py), so that what is timed is the command line's own.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.table import Table, spread
from mlp.api.deployment import ModelDeployment, ObjectMeta, Spec
from tests.cli.stand_in_cluster import cluster
from tests.cli.stand_in_platform import FEATURES, Platform, receipt, running, signature
from tests.kube.scripted_api import ScriptedApi

ROUNDS = int(os.environ.get("MLP_BENCH_ROUNDS", "21"))
DEPLOYMENTS = 20
LIMIT = [sys.executable, "-c", "import typer, rich.console"]
PYTHON = [sys.executable, "-c", "pass"]
REQUESTS = """
import http.client, json, os, ssl, sys, urllib.parse, yaml
with open(os.environ["KUBECONFIG"]) as file:
    server = yaml.load(file, yaml.CSafeLoader)["clusters"][0]["cluster"]["server"]
connection = http.client.HTTPConnection(urllib.parse.urlsplit(server).netloc)
for path in sys.argv[1:]:
    connection.request("GET", path)
    json.loads(connection.getresponse().read())
"""
"""What a command asks a cluster, and nothing else: the kubeconfig read, the requests made, their answers parsed."""
MLP = [sys.executable, "-m", "mlp"]
INPUTS = [part for name in FEATURES for part in ("-i", f"{name}=1")]
ALONE = {
    "mlp version": ["version"],
    "mlp --help": ["--help"],
    "mlp explain MLP2204": ["explain", "MLP2204"],
    "TAB: a command": ["__complete", "bash", "mlp dep"],
}
ASKING = {
    f"mlp status, {DEPLOYMENTS} deployments": ["status"],
    "mlp status NAME": ["status", "iris"],
    "mlp history NAME": ["history", "iris"],
    "mlp why NAME": ["why", "iris"],
    "mlp model ls": ["model", "ls"],
    "mlp model show NAME": ["model", "show", "iris:1"],
    "mlp predict NAME": ["predict", "iris", *INPUTS],
    "TAB: a deployment, kept": ["__complete", "bash", "mlp predict iris"],
}
ON_A_CLUSTER = {
    f"mlp status --context, {DEPLOYMENTS} deployments": ["status", "--context", "c"],
    "mlp status NAME --context": ["status", "iris", "--context", "c"],
}


def milliseconds(command: list[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Return the wall time of a command, and its processor time, which a busy machine stretches less."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **environment})
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall * 1000, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def deployment(name: str) -> ModelDeployment:
    return ModelDeployment(metadata=ObjectMeta(name=name), spec=Spec(model_name="iris", model_version=1))


@contextmanager
def platform(folder: Path) -> Iterator[Platform]:
    """A platform of this machine that answers from memory, with 20 deployments."""
    known, end = running(folder / "home")
    known.push("iris", 1, b"one", signature(*FEATURES), receipt("setosa"))
    for number in range(DEPLOYMENTS):
        known.deploy(deployment("iris" if number == 0 else f"iris-{number}"))
    try:
        yield known
    finally:
        end()


def measure() -> Table:
    """Run every command once a round, so that the machine's moods hit all alike."""
    folder = Path(tempfile.mkdtemp(prefix="mlp-"))
    try:
        with platform(folder) as known, cluster(known, folder) as api:
            return _measure(folder, api)
    finally:
        shutil.rmtree(folder)


def _measure(folder: Path, api: ScriptedApi) -> Table:
    here = {
        "MLP_HOME": str(folder / "home"),
        "MLP_TARGET": "local",
        "KUBECONFIG": str(api.kubeconfig),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    commands = {name: [*MLP, *words] for name, words in {**ALONE, **ASKING, **ON_A_CLUSTER}.items()}
    for command in commands.values():
        milliseconds(command, here)
    commands = {"python -c pass": PYTHON, "python -c 'import typer, rich.console'": LIMIT, **commands}
    for name, words in ON_A_CLUSTER.items():
        api.asked.clear()
        milliseconds([*MLP, *words], here)
        paths = [f"{asked.path}?{urlencode(asked.query)}" for asked in api.asked]
        commands[f"limit: what `{name}` asks ({len(paths)}), alone"] = [sys.executable, "-c", REQUESTS, *paths]
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            times[name].append(milliseconds(command, here))
    version = statistics.median(processor for _, processor in times["mlp version"])
    rows = []
    for name, pairs in times.items():
        walls, processors = [wall for wall, _ in pairs], [processor for _, processor in pairs]
        ratio = f"{statistics.median(processors) / version:.2f}"
        shown = name if name.startswith(("TAB", "limit")) else f"`{name}`"
        rows.append((shown, spread(walls, "ms"), spread(processors, "ms"), ratio))
    return Table(
        title="The command line's own time",
        command="python -m benchmarks cli_start",
        headers=("command", f"wall time, median of {ROUNDS}", "processor time", "of `mlp version`"),
        rows=rows,
    )


if __name__ == "__main__":
    print(json.dumps([list(row) for row in measure().rows], indent=1))
