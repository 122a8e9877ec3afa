"""The registry beside MLflow's, both with one process and both on PostgreSQL, in one run.

The servers run on the first CPU, the load on the second; every round measures both, one after the other.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import psutil
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from benchmarks.mlflow import mlflow, pinned_version
from benchmarks.postgresql import postgresql
from benchmarks.registry_process import Running, registry
from benchmarks.table import Table, spread
from mlp.api.model import Manifest, UploadRequest
from mlp.api.receipt import GoldenRows, Receipt, SampleKind
from mlp.api.signature import DType, Feature, Layout, Outputs, Signature, Task
from mlp.api.wire import sha256_of
from mlp.client.registry import RegistryClient

ROUNDS = 3
CLIENTS = 16
SECONDS = 3.0
EACH = 60
"""Versions that each client creates in a round."""
SERVER_CPU, LOAD_CPU = 0, 1
MIB = 2**20
READ, CREATE, PUSH = "read a version", "create a version of known bytes", "push new bytes, judged"
OURS, THEIRS = "mlp", "MLflow"


@dataclass(frozen=True)
class Iris:
    """One graph, with as many receipts as there are versions to make of it."""

    onnx: bytes
    manifest: Manifest

    @classmethod
    def trained(cls) -> Iris:
        rows, species = load_iris(return_X_y=True)
        rows = rows.astype(np.float32)
        model = LogisticRegression(max_iter=1_000).fit(rows, species)
        graph = to_onnx(model, rows[:1], options={"zipmap": False}).SerializeToString()
        golden = rows[::19]
        names = ("sepal_length", "sepal_width", "petal_length", "petal_width")
        outputs = Outputs(
            task=Task.CLASSIFICATION, prediction="label", probabilities="probabilities", classes=(0, 1, 2)
        )
        inputs = [Feature(name=name, dtype=DType.FLOAT32, tensor="X") for name in names]
        receipt = Receipt(
            sample=SampleKind.GIVEN,
            rows=len(golden),
            golden=GoldenRows(features=golden.tolist(), predictions=model.predict(golden).tolist()),
        )
        signature = Signature(inputs=inputs, layout=Layout.MATRIX, outputs=outputs)
        return cls(graph, Manifest(signature=signature, receipt=receipt, metrics={"accuracy": 0.97}))

    def of_receipt(self, number: int) -> Manifest:
        receipt = self.manifest.receipt.model_copy(update={"rows": self.manifest.receipt.rows + number})
        return self.manifest.model_copy(update={"receipt": receipt})


@dataclass
class Found:
    """What one server did, round by round."""

    rates: dict[str, list[float]] = field(default_factory=dict)
    p99: dict[str, list[float]] = field(default_factory=dict)
    resident: list[float] = field(default_factory=list)

    def note(self, what: str, result: dict[str, float]) -> None:
        self.rates.setdefault(what, []).append(result["rate"])
        self.p99.setdefault(what, []).append(result["p99_ms"])


def measure(rounds: int = ROUNDS) -> Table:
    """Start both servers, and have them do the same in turns."""
    found = {OURS: Found(), THEIRS: Found()}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlp-bench-")))
        host = stack.enter_context(postgresql(folder / "pg", "ours", "theirs"))
        os.sched_setaffinity(0, {SERVER_CPU})  # which the servers inherit
        theirs = stack.enter_context(mlflow(folder, f"postgresql+psycopg2://postgres@/theirs{host}"))
        ours = stack.enter_context(registry(folder, DATABASE_URL=f"postgresql+asyncpg://postgres@/ours{host}"))
        iris = Iris.trained()
        prepare_theirs(theirs)
        for number in range(rounds):
            found[OURS].note(PUSH, push(ours, iris, number))
            for what, (path_of_ours, path_of_theirs) in READS.items():
                found[THEIRS].note(what, load(theirs, get(path_of_theirs)))
                found[OURS].note(what, load(ours, get(path_of_ours)))
            found[THEIRS].note(CREATE, turns(theirs, creations_of_theirs()))
            turns(ours, creations_of_ours(iris, number, range(1)))  # the first version of each model, as with MLflow
            found[OURS].note(CREATE, turns(ours, creations_of_ours(iris, number, range(1, EACH))))
            found[THEIRS].resident.append(resident(theirs))
            found[OURS].resident.append(resident(ours))
    return table(found, rounds)


READS = {READ: ("/models/iris/versions/1", "/api/2.0/mlflow/model-versions/get?name=client-0&version=1")}


def table(found: dict[str, Found], rounds: int) -> Table:
    ours, theirs = found[OURS], found[THEIRS]
    rows: list[Sequence[object]] = []
    for what in (READ, CREATE):
        ratio = statistics.median(ours.rates[what]) / statistics.median(theirs.rates[what])
        rates = (spread(ours.rates[what], "/s"), spread(theirs.rates[what], "/s"))
        p99 = (f"p99 {statistics.median(each.p99[what]):.0f} ms" for each in (ours, theirs))
        rows.append((what, *(f"{rate}, {late}" for rate, late in zip(rates, p99, strict=True)), f"{ratio:.1f}"))
    rows.append((PUSH, spread(ours.rates[PUSH], "/s"), "", ""))
    ratio = statistics.median(ours.resident) / statistics.median(theirs.resident)
    rows.append(
        ("resident, all processes", spread(ours.resident, "MiB"), spread(theirs.resident, "MiB"), f"{ratio:.2f}")
    )
    return Table(
        title="The registry beside MLflow's",
        command="python -m benchmarks registry",
        remarks=f"MLflow {pinned_version()}, one worker; the registry, one process; one PostgreSQL,"
        f" {CLIENTS} clients. MLflow creates a version of a path, at which it does not look; the registry creates one"
        " of bytes and a receipt that it judged under another name, and looks whether the bytes are whole. New bytes"
        " are sent, judged in a process of its own and synced; MLflow has nothing like it. Resident memory of the"
        " registry includes the judging process, which ends when nothing was pushed for 30 s.",
        headers=("what", f"mlp, median of {rounds}", "MLflow", "ratio"),
        rows=rows,
    )


def resident(server: Running) -> float:
    """Return MiB of a server's process and of all that it started."""
    process = psutil.Process(server.pid)
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True))) / MIB


def prepare_theirs(server: Running) -> None:
    """Make a model for each client, and its first version."""
    with httpx.Client(base_url=f"{server.url}/api/2.0/mlflow", timeout=60) as http:
        for client in range(CLIENTS):
            http.post("/registered-models/create", json={"name": f"client-{client}"}).raise_for_status()
            http.post("/model-versions/create", json=creation_of_theirs(client)).raise_for_status()


def creation_of_theirs(client: int) -> dict[str, str]:
    return {"name": f"client-{client}", "source": "s3://models/iris"}


def creations_of_theirs() -> list[list[str]]:
    return [
        [post("/api/2.0/mlflow/model-versions/create", json.dumps(creation_of_theirs(client)))] * EACH
        for client in range(CLIENTS)
    ]


def creations_of_ours(iris: Iris, number: int, which: range) -> list[list[str]]:
    """Announce what was pushed as iris in this round as versions of a model of each client's own."""
    announcements = [announcement(iris, number * EACH + each) for each in which]
    return [
        [
            post(f"/models/client-{number}-{client}/uploads", body, **{"idempotency-key": f"{number}-{client}-{each}"})
            for each, body in zip(which, announcements, strict=True)
        ]
        for client in range(CLIENTS)
    ]


def announcement(iris: Iris, number: int) -> str:
    request = UploadRequest(manifest=iris.of_receipt(number), sha256=sha256_of(iris.onnx), size=len(iris.onnx))
    return request.model_dump_json()


def push(server: Running, iris: Iris, number: int) -> dict[str, float]:
    """Push EACH versions of iris through the client; return the rate, and the slowest as p99."""

    def push_one(each: int) -> float:
        begin = time.perf_counter()
        client.push("iris", iris.of_receipt(number * EACH + each), iris.onnx)
        return time.perf_counter() - begin

    begin = time.perf_counter()
    with RegistryClient(server.url) as client, ThreadPoolExecutor(CLIENTS) as clients:
        seconds = list(clients.map(push_one, range(EACH)))
    return {"rate": EACH / (time.perf_counter() - begin), "p99_ms": max(seconds) * 1_000}


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode()


def post(path: str, body: str, **headers: str) -> str:
    given = {
        "host": "127.0.0.1",
        "content-type": "application/json",
        "content-length": str(len(body.encode())),
    } | headers
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def load(server: Running, request: bytes) -> dict[str, float]:
    return run("benchmarks.load", port_of(server), CLIENTS, SECONDS, LOAD_CPU, 200, sent=request)


def turns(server: Running, requests: list[list[str]]) -> dict[str, float]:
    return run("benchmarks.turns", port_of(server), LOAD_CPU, sent=json.dumps(requests).encode())


def port_of(server: Running) -> int:
    return int(server.url.rpartition(":")[2])


def run(module: str, *arguments: object, sent: bytes) -> dict[str, float]:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    result: dict[str, float] = json.loads(
        subprocess.run(command, input=sent, stdout=subprocess.PIPE, check=True).stdout
    )
    return result
