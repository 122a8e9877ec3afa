"""The platform on one machine: how long its verbs take from the shell, and what its processes hold in memory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from benchmarks.table import Table, spread

ROUNDS = 3
REGISTRY_PORT, MODEL_PORT = 18_000, 18_001
REQUESTS = 200
MIB = 2**20


@contextmanager
def home() -> Iterator[dict[str, str]]:
    """An environment with a platform folder and ports of its own; what runs there is ended."""
    folder = tempfile.mkdtemp(prefix="mlp-bench-")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MLP_")},
        "MLP_HOME": str(Path(folder) / "home"),
        "MLP_REGISTRY_PORT": str(REGISTRY_PORT),
        "MLP_MODEL_PORT": str(MODEL_PORT),
    }
    try:
        yield environment
    finally:
        mlp(environment, "down", "--target", "local")
        shutil.rmtree(folder)


def mlp(environment: dict[str, str], *arguments: str) -> tuple[float, str]:
    """Run a command; return its wall time in seconds and its stdout."""
    begin = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-m", "mlp", *arguments], env=environment, check=True, capture_output=True, text=True
    )
    return time.perf_counter() - begin, ran.stdout


def measure_times() -> Table:
    """Run `up`, `demo`, `deploy` and `predict` on fresh folders."""
    times: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        with home() as environment:
            times.setdefault("`mlp up --local`, empty folder, to a ready registry", []).append(
                mlp(environment, "up", "--local")[0]
            )
            times.setdefault("`mlp demo`, five models trained, pushed, deployed, compared", []).append(
                mlp(environment, "demo")[0]
            )
            times.setdefault("`mlp deploy` of a new deployment, to its first answer", []).append(
                mlp(environment, "deploy", "iris", "--model", "iris-classifier", "--version", "2")[0]
            )
            times.setdefault("`mlp deploy` of another version of it", []).append(
                mlp(environment, "deploy", "iris", "--version", "1")[0]
            )
            row = ("age=45", "monthly_charges=80.5", "tenure=24", "support_calls=2")
            inputs = [part for each in row for part in ("-i", each)]
            times.setdefault("`mlp predict`, one row", []).append(
                mlp(environment, "predict", "churn-predictor", *inputs)[0]
            )
            times.setdefault("`mlp status`, five deployments", []).append(mlp(environment, "status")[0])
            times.setdefault("`mlp down`", []).append(mlp(environment, "down")[0])
            times.setdefault("`mlp up`, five deployments to bring back", []).append(
                mlp(environment, "up", "--local")[0]
            )
    return Table(
        title="The verbs on one machine",
        command="python -m benchmarks local_platform",
        headers=("command", f"wall time of the whole command, median of {ROUNDS}"),
        rows=[(name, spread(values, "s", 2)) for name, values in times.items()],
    )


def measure_memory() -> Table:
    """Read the resident memory of each process after the demo and some requests."""
    with home() as environment:
        mlp(environment, "demo")
        document = json.loads(mlp(environment, "status", "-o", "json")[1])
        urls = {each["metadata"]["name"]: each["status"]["url"] for each in document["deployments"]}
        body = {"features": [[5.1, 3.5, 1.4, 0.2]], "return_probabilities": True}
        for _ in range(REQUESTS):
            httpx.post(f"{urls['iris-classifier']}/predict", json=body).raise_for_status()
        processes = {each["name"]: each["pid"] for each in document["processes"]}
        agent = psutil.Process(processes["registry"]).parent()
        resident = {name: psutil.Process(pid).memory_info().rss / MIB for name, pid in processes.items()}
        resident["agent"] = agent.memory_info().rss / MIB
    both = resident["registry"] + resident["agent"]
    rows = [(name, f"{size:.0f} MiB") for name, size in resident.items()]
    return Table(
        title="Resident memory",
        command="python -m benchmarks local_platform",
        remarks=f"After `mlp demo` and {REQUESTS} requests to iris. Registry and agent together: {both:.0f} MiB.",
        headers=("process", "resident"),
        rows=rows,
    )


if __name__ == "__main__":
    print(measure_times().markdown())
    print(measure_memory().markdown())
