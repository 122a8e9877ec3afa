"""The model server under more than it can take, and with many callers of a model whose rows are cheaper together."""

from __future__ import annotations

import hashlib
import itertools
import json
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
from onnx import TensorProto, helper, numpy_helper

from benchmarks.inference import LOAD_CPU, load, post, served
from benchmarks.table import Table, spread
from mlp.api.model import ModelVersion, version_digest
from mlp.api.receipt import Receipt, SampleKind
from mlp.api.signature import DType, Feature, Layout, Outputs, Signature, Task

ROUNDS = 5
SECONDS = 2.0
CALLERS = 64
TIMES = 5
WIDTH = 1_250
"""Units of a layer: about a millisecond a row."""
HEAVY_WIDTH = 4_000
"""About ten milliseconds a row."""
ROW = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]


@contextmanager
def network_in_cache(width: int = WIDTH) -> Iterator[dict[str, str]]:
    """Put a network of random weights into a cache; yield the settings of its server."""
    random = np.random.default_rng(3)
    sizes = (len(ROW), width, width, width, 1)
    nodes, weights, last = [], [], "x"
    for number, pair in enumerate(itertools.pairwise(sizes)):
        weight = (random.normal(size=pair) / pair[0] ** 0.5).astype(np.float32)
        weights.append(numpy_helper.from_array(weight, f"w{number}"))
        nodes.append(helper.make_node("MatMul", [last, f"w{number}"], [f"sum{number}"]))
        nodes.append(helper.make_node("Tanh", [f"sum{number}"], [f"layer{number}"]))
        last = f"layer{number}"
    values = (("x", len(ROW)), (last, 1))
    given, gives = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, size]) for name, size in values)
    graph = helper.make_graph(nodes, "network", [given], [gives], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()
    signature = Signature(
        inputs=[Feature(name=f"f{number}", dtype=DType.FLOAT32, tensor="x") for number in range(len(ROW))],
        layout=Layout.MATRIX,
        outputs=Outputs(task=Task.REGRESSION, prediction=last),
    )
    sha256, receipt = hashlib.sha256(model).hexdigest(), Receipt(sample=SampleKind.NONE, rows=0)
    version = ModelVersion(
        name="network",
        version=1,
        digest=version_digest(sha256, signature, receipt),
        sha256=sha256,
        size=len(model),
        signature=signature,
        receipt=receipt,
        created_at=datetime.now(UTC),
    )
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        (cache / "refs" / "network").mkdir(parents=True)
        (cache / "refs" / "network" / "1.json").write_text(version.model_dump_json())
        (cache / f"{sha256}.onnx").write_bytes(model)
        yield {
            "MLP_MODEL_NAME": "network",
            "MLP_MODEL_VERSION": "1",
            "MLP_MODEL_DIGEST": version.digest,
            "MLP_REGISTRY_URL": "http://127.0.0.1:9",
            "MLP_CACHE_DIR": folder,
        }


def measure_batching(rounds: int = 9) -> Table:
    """One row a request, from one caller and from many, with and without sharing runs; which pays is found at start."""
    found: dict[tuple[int, str], list[dict[str, float]]] = {}
    with network_in_cache() as settings:
        for _ in range(rounds):
            for way in ("off", "auto"):
                with served({**settings, "MLP_BATCHING": way}) as (port, _, _):
                    for callers in (1, CALLERS):
                        result = load(port, post({"features": [ROW]}), connections=callers, seconds=SECONDS)
                        found.setdefault((callers, way), []).append(result)
    rates = {each: statistics.median(result["rate"] for result in results) for each, results in found.items()}
    return Table(
        title="Runs that requests share",
        command="python -m benchmarks inference_load",
        remarks=f"A network of 3 layers of {WIDTH} units, one row a request; server and load on a CPU each.",
        headers=("callers", "batching", f"requests a second, median of {rounds}", "p50", "p99", "times without"),
        rows=[
            (
                callers,
                way,
                spread([each["rate"] for each in results], "/s"),
                spread([each["p50_ms"] for each in results], "ms", 2),
                spread([each["p99_ms"] for each in results], "ms", 2),
                f"{rates[callers, way] / rates[callers, 'off']:.2f}",
            )
            for (callers, way), results in sorted(found.items())
        ],
    )


def measure_overload(rounds: int = ROUNDS) -> Table:
    """Five times as many requests as the server can answer, sent by callers who do not heed that they were refused."""
    ways = ((WIDTH, "auto"), (WIDTH, "off"), (HEAVY_WIDTH, "off"))
    found: dict[tuple[int, str], list[dict[str, float]]] = {each: [] for each in ways}
    for (width, way), results in found.items():
        with network_in_cache(width) as settings, served({**settings, "MLP_BATCHING": way}) as (port, _, _):
            results.extend(_overload(port) for _ in range(rounds))
    lines = (
        ("peak, 64 callers that wait", "peak", "/s", 0),
        ("sent", "sent", "/s", 0),
        ("answered", "answered", "/s", 0),
        ("answered, share of the peak", "share", "", 2),
        ("answered, p99", "answered_p99_ms", "ms", 1),
        ("refused with 503", "refused", "/s", 0),
        ("refused, p99", "refused_p99_ms", "ms", 1),
        ("any other answer", "others", "", 0),
        ("not answered", "lost", "", 0),
        ("peak again, a second later", "after", "/s", 0),
    )
    return Table(
        title="Five times overload",
        command="python -m benchmarks inference_load",
        remarks=f"The same network. {TIMES} times the peak is offered for {SECONDS:g} s on 1,000 connections, each of "
        "which is used again as soon as it has its answer, a refusal too; what finds no free connection is not sent.",
        headers=("what", f"runs shared, median of {rounds}", "a run a request", f"the same, {HEAVY_WIDTH:,} units"),
        rows=[
            (name, *(spread([each[key] for each in results], unit, digits) for results in found.values()))
            for name, key, unit, digits in lines
        ],
    )


def _overload(port: int) -> dict[str, float]:
    request = post({"features": [ROW]})
    peak = load(port, request, connections=CALLERS, seconds=SECONDS)["rate"]
    command = [sys.executable, "-m", "benchmarks.overload", *map(str, (port, TIMES * peak, SECONDS, LOAD_CPU))]
    result = json.loads(subprocess.run(command, input=request, stdout=subprocess.PIPE, check=True).stdout)
    time.sleep(1)
    after = load(port, request, connections=CALLERS, seconds=SECONDS)["rate"]
    return {**result, "peak": peak, "after": after, "share": result["answered"] / peak}
