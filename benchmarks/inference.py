"""The model server: requests a second beside the limit of its HTTP server, its start, and its memory.

The server runs on the first CPU, the load on the second; every round measures all of them, one after the other.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnxruntime
import psutil
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from benchmarks.table import Table, spread
from mlp.api.model import ModelVersion, version_digest
from mlp.api.receipt import GoldenRows, Receipt, SampleKind
from mlp.api.signature import DType, Feature, Layout, Outputs, Signature, Task

ROUNDS = 5
SECONDS = 3.0
CONNECTIONS = 32
SERVER_CPU, LOAD_CPU = 0, 1
STARTS = 11
MIB = 2**20
ROW = [5.1, 3.5, 1.4, 0.2]
IRIS = ("sepal_length", "sepal_width", "petal_length", "petal_width")


def keep(cache: Path, name: str, estimator, rows: np.ndarray, names: tuple[str, ...]) -> dict[str, str]:
    """Put a model into a server's cache; return the settings of a server of it."""
    graph = to_onnx(estimator, rows[:1], options={"zipmap": False}).SerializeToString()
    classes = tuple(estimator.classes_.tolist())
    signature = Signature(
        inputs=[
            Feature(name=each, dtype=DType.FLOAT32, tensor="X", minimum=float(low), maximum=float(high))
            for each, low, high in zip(names, rows.min(axis=0), rows.max(axis=0), strict=True)
        ],
        layout=Layout.MATRIX,
        outputs=Outputs(task=Task.CLASSIFICATION, prediction="label", probabilities="probabilities", classes=classes),
    )
    golden = rows[:: len(rows) // 8]
    receipt = Receipt(
        sample=SampleKind.GIVEN,
        rows=len(golden),
        golden=GoldenRows(features=golden.tolist(), predictions=estimator.predict(golden).tolist()),
    )
    sha256 = hashlib.sha256(graph).hexdigest()
    version = ModelVersion(
        name=name,
        version=1,
        digest=version_digest(sha256, signature, receipt),
        sha256=sha256,
        size=len(graph),
        signature=signature,
        receipt=receipt,
        created_at=datetime.now(UTC),
    )
    (cache / "refs" / name).mkdir(parents=True)
    (cache / "refs" / name / "1.json").write_text(version.model_dump_json())
    (cache / f"{sha256}.onnx").write_bytes(graph)
    return {
        "MLP_MODEL_NAME": name,
        "MLP_MODEL_VERSION": "1",
        "MLP_MODEL_DIGEST": version.digest,
        "MLP_REGISTRY_URL": "http://127.0.0.1:9",
        "MLP_CACHE_DIR": str(cache),
    }


@contextmanager
def iris_in_cache() -> Iterator[dict[str, str]]:
    measured, species = load_iris(return_X_y=True)
    measured = measured.astype(np.float32)
    labels = np.array(["setosa", "versicolor", "virginica"])[species]
    with tempfile.TemporaryDirectory() as cache:
        yield keep(Path(cache), "iris", LogisticRegression(max_iter=1_000).fit(measured, labels), measured, IRIS)


@contextmanager
def served(settings: dict[str, str], cpu: int | None = SERVER_CPU) -> Iterator[tuple[int, int, float]]:
    """Start a server; yield its port, its process id, and how many seconds it took to be ready."""
    said, tell = os.pipe()
    environment = {**os.environ, **settings, "MLP_PORT": "0", "MLP_READY_FD": str(tell), "MLP_DRAIN_SECONDS": "0"}
    begin = time.perf_counter()
    process = start("mlp.inference", cpu=cpu, env=environment, pass_fds=(tell,), stderr=subprocess.DEVNULL)
    os.close(tell)
    with os.fdopen(said) as pipe:
        ready = json.loads(pipe.readline())
    seconds = time.perf_counter() - begin
    try:
        yield ready["port"], process.pid, seconds
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def floor(module: str = "benchmarks.post_floor") -> Iterator[int]:
    """Start the fixed reply; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        descriptor = listener.fileno()
        process = start(module, str(descriptor), cpu=SERVER_CPU, pass_fds=(descriptor,))
        try:
            yield listener.getsockname()[1]
        finally:
            process.terminate()
            process.wait(30)


def start(module: str, *arguments: str, cpu: int | None, **options) -> subprocess.Popen[bytes]:
    pinned = [] if cpu is None else ["taskset", "-c", str(cpu)]
    return subprocess.Popen([*pinned, sys.executable, "-m", module, *arguments], **options)


def post(document: dict, path: str = "/predict") -> bytes:
    body = json.dumps(document).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def tensors(rows: np.ndarray) -> bytes:
    """Return the same question in the Open Inference Protocol's binary form, answers in binary too."""
    tensor = {"name": "X", "datatype": "FP32", "shape": rows.shape, "parameters": {"binary_data_size": rows.nbytes}}
    document = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    lengths = f"inference-header-content-length: {len(document)}\r\ncontent-length: {len(document) + rows.nbytes}"
    head = f"POST /v2/models/trees/infer HTTP/1.1\r\nhost: 127.0.0.1\r\n{lengths}\r\n\r\n"
    return head.encode() + document + rows.tobytes()


def load(
    port: int, request: bytes, *, connections: int = CONNECTIONS, seconds: float = SECONDS, status: int = 200
) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.load", *map(str, (port, connections, seconds, LOAD_CPU, status))]
    return json.loads(subprocess.run(command, input=request, stdout=subprocess.PIPE, check=True).stdout)


def measure_rate(rounds: int = ROUNDS) -> Table:
    """One iris row a request: the server with all it does, beside the same HTTP server that does nothing."""
    refused = "refused: a string for a number"
    requests = {
        "one row by position": {"features": [ROW]},
        "one row, with probabilities": {"features": [ROW], "return_probabilities": True},
        "one row by name": {"records": [dict(zip(IRIS, ROW, strict=True))]},
        refused: {"features": [["5.1", 3.5, 1.4, 0.2]]},
    }
    limit = "limit: body read, fixed reply"
    found: dict[str, list[dict[str, float]]] = {}
    with iris_in_cache() as settings:
        for _ in range(rounds):
            with floor() as port:
                found.setdefault(limit, []).append(load(port, post({"features": [ROW]})))
            with served(settings) as (port, _, _):
                for name, request in requests.items():
                    status = 422 if name == refused else 200
                    found.setdefault(name, []).append(load(port, post(request), status=status))
    rates = {name: [each["rate"] for each in results] for name, results in found.items()}
    return Table(
        title="One row a request",
        command="python -m benchmarks.inference",
        remarks=f"Iris, logistic regression, {CONNECTIONS} connections; the server on one CPU, the load on another.",
        headers=("request", f"requests a second, median of {rounds}", "p50", "p99", "share of the limit"),
        rows=[
            (
                name,
                spread(rates[name], "/s"),
                spread([each["p50_ms"] for each in results], "ms", 2),
                spread([each["p99_ms"] for each in results], "ms", 2),
                f"{statistics.median(rates[name]) / statistics.median(rates[limit]):.2f}",
            )
            for name, results in found.items()
        ],
    )


def measure_batch(rounds: int = ROUNDS) -> Table:
    """1,000 rows of 30 features a request; the limit is ONNX Runtime without any server around it."""
    random = np.random.default_rng(1)
    rows = random.normal(size=(1_000, 30)).astype(np.float32)
    model = GradientBoostingClassifier(n_estimators=300).fit(rows, (rows[:, 0] > rows[:, 1]).astype(int))
    limit = "limit: ONNX Runtime alone, one thread"
    rates: dict[str, list[float]] = {limit: []}
    with tempfile.TemporaryDirectory() as cache:
        settings = keep(Path(cache), "trees", model, rows, tuple(f"f{number}" for number in range(30)))
        graph = single_threaded(next(Path(cache).glob("*.onnx")))
        requests = {"JSON": post({"features": rows.astype(float).round(4).tolist()}), "binary tensors": tensors(rows)}
        for _ in range(rounds):
            begin, runs = time.perf_counter(), 0
            while time.perf_counter() - begin < SECONDS:
                graph.run(None, {"X": rows})
                runs += 1
            rates[limit].append(runs * len(rows) / (time.perf_counter() - begin))
            with served(settings) as (port, _, _):
                for name, request in requests.items():
                    rates.setdefault(name, []).append(load(port, request, connections=4)["rate"] * len(rows))
    return Table(
        title="1,000 rows a request",
        command="python -m benchmarks.inference",
        remarks="30 features, gradient boosting of 300 trees, 4 connections; the server on one CPU.",
        headers=("what", f"rows a second, median of {rounds}", "share of the limit"),
        rows=[
            (name, spread(each, "/s"), f"{statistics.median(each) / statistics.median(rates[limit]):.2f}")
            for name, each in rates.items()
        ],
    )


def single_threaded(graph: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options)


def measure_start() -> Table:
    """Start a server of iris from its cache, beside the imports that no server of ONNX models can do without."""
    limit, ours = "limit: `python -c 'import numpy, onnxruntime'`", "start to ready, warm cache"
    times: dict[str, list[float]] = {limit: [], ours: []}
    fresh, worked = [], []
    with iris_in_cache() as settings:
        for _ in range(STARTS):
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", "import numpy, onnxruntime"], check=True)
            times[limit].append((time.perf_counter() - begin) * 1_000)
            with served(settings, cpu=None) as (port, pid, seconds):
                times[ours].append(seconds * 1_000)
                fresh.append(psutil.Process(pid).memory_info().rss / MIB)
                load(port, post({"features": [ROW]}), seconds=0.5)
                worked.append(psutil.Process(pid).memory_info().rss / MIB)
    rows = [
        (name, spread(each, "ms"), f"{statistics.median(each) / statistics.median(times[limit]):.2f}")
        for name, each in times.items()
    ]
    rows += [("resident when ready", spread(fresh, "MiB"), ""), ("resident after a load", spread(worked, "MiB"), "")]
    return Table(
        title="Start and memory of a model server",
        command="python -m benchmarks.inference",
        headers=("what", f"median of {STARTS}", "share of the limit"),
        rows=rows,
    )


if __name__ == "__main__":
    for measure in (measure_rate, measure_batch, measure_start):
        print(measure().markdown(), flush=True)
