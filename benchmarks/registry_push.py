"""A model of 1 GiB through the registry: how fast it goes in and out, and how much memory that takes.

The limit is the S3 client alone, putting the same file into the same store. MLP_TEST_S3_ENDPOINT, _ACCESS_KEY and
_SECRET_KEY name the store; without them only files are measured, because a stand-in in Python would be no limit.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import httpx
import numpy as np
import onnx
from minio import Minio
from minio.deleteobjects import DeleteObject
from onnx import TensorProto, helper

from benchmarks.registry_process import Running, registry
from benchmarks.table import Table, spread
from mlp.api.model import Manifest
from mlp.client.registry import RegistryClient

RUNS = 3
ROWS, COLUMNS = 2**22, 64  # of float32: 1 GiB
MIB = 2**20
_GLANCE = 0.01  # seconds between two looks at a process
WAYS = {
    "put": "limit: `Minio.put_object` of the same file",
    "S3: received": "push, registry on S3: received and digested, before the verdict",
    "S3: kept": "push, registry on S3: put into S3, after the verdict",
    "S3: pushed": "push, registry on S3: all of it, verdict included",
    "S3: downloaded": "download, registry on S3, verified twice",
    "files: received": "push, registry on files: received and digested, before the verdict",
    "files: pushed": "push, registry on files: all of it, verdict included",
    "files: downloaded": "download, registry on files, verified twice",
}


@dataclass
class Watch:
    """What is seen of a registry meanwhile: its memory, that of the process that judges, the bytes that arrived."""

    running: Running
    size: int
    before: int = 0
    judging: int = 0
    received_at: float = 0.0
    _over: Event = field(default_factory=Event)

    def __enter__(self) -> Watch:
        self.before = _memory(self.running.pid, "VmRSS")
        # From here on, the highest mark is this block's own.
        Path(f"/proc/{self.running.pid}/clear_refs").write_text("5", "ascii")
        self._thread = Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def growth(self) -> float:
        """MiB that the registry itself took more at its peak than before."""
        return (_memory(self.running.pid, "VmHWM") - self.before) / MIB

    def _look(self) -> None:
        incoming = self.running.data / "incoming"
        while not self._over.wait(_GLANCE):
            if not self.received_at and any(path.stat().st_size >= self.size for path in incoming.iterdir()):
                self.received_at = time.perf_counter()
            if self.received_at:
                self.judging = max([self.judging, *(_memory(pid, "VmRSS") for pid in _below(self.running.pid))])


@dataclass
class Figures:
    """What the runs gave: MB/s of each way, and MiB of each process."""

    rates: dict[str, list[float]] = field(default_factory=dict)
    growth: dict[str, list[float]] = field(default_factory=dict)
    judging: list[float] = field(default_factory=list)

    def rate(self, way: str, size: int, seconds: float) -> None:
        self.rates.setdefault(way, []).append(size / seconds / 1e6)


def measure() -> Table:
    """Put, push and download in turns, each time other bytes."""
    figures = Figures()
    s3 = _s3()
    with tempfile.TemporaryDirectory(prefix="mlp-bench-") as folder:
        model = Path(folder) / "large.onnx"
        manifest = _write_model(model)
        for number in range(RUNS):
            _change(model, number)
            if s3 is not None:
                with _bucket(s3) as bucket:
                    _put(s3, bucket, model, figures)
                with _bucket(s3) as bucket:
                    _push(model, manifest, "S3", figures, MLP_REGISTRY_STORE=f"s3://{bucket}", **_keys())
            _push(model, manifest, "files", figures)
    return _table(figures, limit=s3 is not None)


def _put(s3: Minio, bucket: str, model: Path, figures: Figures) -> None:
    begin = time.perf_counter()
    with model.open("rb") as file:
        s3.put_object(bucket, "large", file, model.stat().st_size)
    figures.rate("put", model.stat().st_size, time.perf_counter() - begin)


def _push(model: Path, manifest: Manifest, store: str, figures: Figures, **settings: str) -> None:
    """Push the model to a new registry and download it again."""
    size = model.stat().st_size
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlp-bench-")))
        running = stack.enter_context(registry(folder, **settings))
        client = stack.enter_context(RegistryClient(running.url))
        client.ready()
        sent_at: list[float] = []
        with Watch(running, size) as watch:
            version = client.push("large", manifest, model, progress=lambda _: sent_at.append(time.perf_counter()))
            done = time.perf_counter()
            growth = watch.growth
        figures.rate(f"{store}: received", size, watch.received_at - sent_at[0])
        figures.rate(f"{store}: kept", size, _seconds_of_puts(running))
        figures.rate(f"{store}: pushed", size, done - sent_at[0])
        figures.growth.setdefault(f"{store}: pushed", []).append(growth)
        figures.judging.append(watch.judging / MIB)
        with Watch(running, size) as watch:
            begin = time.perf_counter()
            client.download(version.version, folder / "copy.onnx")
            figures.rate(f"{store}: downloaded", size, time.perf_counter() - begin)
            figures.growth.setdefault(f"{store}: downloaded", []).append(watch.growth)


def _seconds_of_puts(running: Running) -> float:
    series = 'mlp_registry_store_seconds_sum{operation="put"} '
    lines = httpx.get(f"{running.url}/metrics").text.splitlines()
    return next(float(line.removeprefix(series)) for line in lines if line.startswith(series))


def _table(figures: Figures, *, limit: bool) -> Table:
    rows = []
    for way, what in WAYS.items():
        if way not in figures.rates:
            continue
        rates = figures.rates[way]
        share = f"{statistics.median(rates) / statistics.median(figures.rates['put']):.2f}" if limit else ""
        grown = spread(figures.growth[way], "MiB", 1) if way in figures.growth else ""
        rows.append((what, spread(rates, "MB/s"), share, grown))
    remarks = (
        "One initializer of 1 GiB, random numbers; client, registry and store share the cores. The process that judges"
        f" takes {spread(figures.judging, 'MiB')} and ends with its verdict; it is not in the registry's memory."
    )
    if not limit:
        remarks += " No S3 was named by MLP_TEST_S3_ENDPOINT, so there is no limit to compare with."
    return Table(
        title="A model of 1 GiB",
        command="python -m benchmarks registry_push",
        headers=("what", f"rate, median of {RUNS}", "share of the limit", "the registry's memory grows by"),
        rows=rows,
        remarks=remarks,
    )


def _write_model(path: Path) -> Manifest:
    """Write a model that looks two numbers up in a table of 1 GiB and adds them; return what it promises."""
    table = np.random.default_rng(0).random((ROWS, COLUMNS), dtype=np.float32)
    rows = [[3.0, 4.0], [70_000.0, 4_000_000.0]]
    answers = [float(table[int(a), 0] + table[int(b), 0]) for a, b in rows]
    nodes = [
        helper.make_node("Cast", ["x"], ["places"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "places"], ["found"]),
        helper.make_node("Gather", ["found", "first"], ["numbers"], axis=2),
        helper.make_node("ReduceSum", ["numbers", "axis"], ["y"], keepdims=0),
    ]
    constants = [
        helper.make_tensor("first", TensorProto.INT64, [], [0]),
        helper.make_tensor("axis", TensorProto.INT64, [1], [1]),
        helper.make_tensor("table", TensorProto.FLOAT, table.shape, table.tobytes(), raw=True),
    ]
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 2])
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "lookup", [given], [answer], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), path)
    inputs = [{"name": name, "dtype": "float32", "tensor": "x"} for name in ("a", "b")]
    return Manifest.model_validate(
        {
            "signature": {
                "inputs": inputs,
                "layout": "matrix",
                "outputs": {"task": "regression", "prediction": "y"},
            },
            "receipt": {"sample": "given", "rows": 2, "golden": {"features": rows, "predictions": answers}},
        }
    )


def _change(model: Path, number: int) -> None:
    """Give the file another digest: one number of the table that no golden row looks up."""
    with model.open("r+b") as file:
        file.seek(model.stat().st_size // 2)
        file.write(np.float32(number).tobytes())


def _memory(pid: int, what: str) -> int:
    """Return a line of the process's status in bytes; 0 when the process is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1_024 for line in lines if line.startswith(f"{what}:")), 0)


def _below(pid: int) -> Iterator[int]:
    """Yield the processes that descend from `pid`."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        return
    for child in map(int, children):
        yield child
        yield from _below(child)


def _s3() -> Minio | None:
    endpoint = os.environ.get("MLP_TEST_S3_ENDPOINT")
    if endpoint is None:
        return None
    scheme, _, host = endpoint.partition("://")
    keys = os.environ["MLP_TEST_S3_ACCESS_KEY"], os.environ["MLP_TEST_S3_SECRET_KEY"]
    return Minio(endpoint=host, access_key=keys[0], secret_key=keys[1], secure=scheme == "https", region="us-east-1")


def _keys() -> dict[str, str]:
    return {
        "MLP_REGISTRY_S3_ENDPOINT": os.environ["MLP_TEST_S3_ENDPOINT"],
        "AWS_ACCESS_KEY_ID": os.environ["MLP_TEST_S3_ACCESS_KEY"],
        "AWS_SECRET_ACCESS_KEY": os.environ["MLP_TEST_S3_SECRET_KEY"],
    }


@contextmanager
def _bucket(s3: Minio) -> Iterator[str]:
    name = f"mlp-bench-{uuid.uuid4().hex}"
    s3.make_bucket(name)
    try:
        yield name
    finally:
        found = [DeleteObject(each.object_name or "") for each in s3.list_objects(name, recursive=True)]
        list(s3.remove_objects(name, found))
        s3.remove_bucket(name)
