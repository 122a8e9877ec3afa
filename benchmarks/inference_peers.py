"""The model server beside those of others: one iris row a request, the same graph in ONNX Runtime, one core each.

Every server answers on the first CPU with one worker and one thread of ONNX Runtime, without access logs; the load runs
on the second. Peers may start on both. A round measures all of them, one after the other, so that what else the machine
does meets each alike. One that fails twice is left out, and the table says so.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from benchmarks.inference import CONNECTIONS, MIB, ROW, SERVER_CPU, floor, iris_in_cache, load, post, served
from benchmarks.peers import SERVERS, pinned, server_python
from benchmarks.table import Table, spread

ROUNDS = 5
SECONDS = 2.0
_PATIENCE_SECONDS = 120.0
_FEATURES = {"features": [ROW]}
_TENSOR = {"name": "X", "datatype": "FP32", "shape": [1, 4], "data": ROW}


@dataclass(frozen=True)
class Peer:
    """A server of others: where it is asked, and how."""

    title: str
    package: str
    path: str
    document: Mapping[str, object]


PEERS: Mapping[str, Peer] = {
    "fastapi": Peer("pydantic and ONNX Runtime in FastAPI", "fastapi", "/predict", _FEATURES),
    "kserve": Peer("KServe's Python server", "kserve", "/v1/models/iris:predict", {"instances": [ROW]}),
    "mlserver": Peer("MLServer", "mlserver", "/v2/models/iris/infer", {"inputs": [_TENSOR]}),
    "bentoml": Peer("BentoML", "bentoml", "/predict", _FEATURES),
    "litserve": Peer("LitServe", "litserve", "/predict", _FEATURES),
    "ray": Peer("Ray Serve", "ray", "/predict", _FEATURES),
    "mlflow": Peer("MLflow's scoring server", "mlflow", "/invocations", {"inputs": [ROW]}),
}
OURS, LIMIT = "mlp: /predict, checked and counted", "limit: uvicorn, body read, fixed reply"


@dataclass
class Found:
    """What was measured of one server, a value a round."""

    loads: list[dict[str, float]] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    resident: list[float] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        return [each["rate"] for each in self.loads]

    def row(self, title: str, ours: float) -> tuple[str, ...]:
        return (
            title,
            spread(self.rates, "/s"),
            spread([each["p50_ms"] for each in self.loads], "ms", 1),
            spread([each["p99_ms"] for each in self.loads], "ms", 1),
            f"{ours / statistics.median(self.rates):.1f}",
            f"{statistics.median(self.starts):.1f} s" if self.starts else "",
            f"{statistics.median(self.resident):.0f} MiB" if self.resident else "",
        )


def measure(rounds: int = ROUNDS) -> Table:
    """Measure ours, the limit, and every peer that is installed."""
    present = [name for name in PEERS if server_python(name) is not None]
    absent = [PEERS[name].title for name in PEERS if name not in present]
    found: dict[str, Found] = {title: Found() for title in (LIMIT, OURS, *present)}
    failures: Counter[str] = Counter()
    with iris_in_cache() as settings, tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "iris.onnx"
        shutil.copy(next(Path(settings["MLP_CACHE_DIR"]).glob("*.onnx")), graph)
        for _ in range(rounds):
            print(".", end="", file=sys.stderr, flush=True)
            with floor() as port:
                _load(found[LIMIT], port, post(_FEATURES))
            with served(settings) as (port, pid, seconds):
                _load(found[OURS], port, post(_FEATURES))
                found[OURS].starts.append(seconds)
                found[OURS].resident.append(resident(pid))
            for name in [name for name in present if failures[name] < 2]:
                try:
                    _measure_peer(name, graph, found[name])
                except (RuntimeError, subprocess.CalledProcessError) as error:
                    failures[name] += 1
                    print(f"{name}: {error}", file=sys.stderr, flush=True)
    failed = [name for name in present if failures[name] > 1]
    for name in failed:
        found[name].loads.clear()
    return _table(found, [*absent, *(PEERS[name].title for name in failed)], rounds)


def _measure_peer(name: str, graph: Path, found: Found) -> None:
    peer = PEERS[name]
    with running(name, graph) as (port, pid, seconds):
        _load(found, port, post(dict(peer.document), peer.path))
        found.starts.append(seconds)
        found.resident.append(resident(pid))


def _load(found: Found, port: int, request: bytes) -> None:
    load(port, request, seconds=1.5)  # what is compiled or opened at the first requests
    found.loads.append(load(port, request, seconds=SECONDS))


def _table(found: Mapping[str, Found], left_out: list[str], rounds: int) -> Table:
    ours = statistics.median(found[OURS].rates)
    titles = {
        name: f"{peer.title} {pinned(SERVERS / f'{name}_server.txt', peer.package)}" for name, peer in PEERS.items()
    }
    measured = sorted(
        (each for each in found.items() if each[1].loads), key=lambda each: -statistics.median(each[1].rates)
    )
    missing = f" Left out, since they are not installed or failed: {', '.join(left_out)}." if left_out else ""
    return Table(
        title="Beside other model servers",
        command="python -m benchmarks inference_peers",
        remarks=f"Iris, one row a request, {CONNECTIONS} connections kept open; each server with one worker on one CPU "
        f"and the same graph in ONNX Runtime, the load on another CPU, without access logs. Resident: all processes, "
        f"after the load.{missing}",
        headers=(
            "server",
            f"requests a second, median of {rounds}",
            "p50",
            "p99",
            "mlp is faster by",
            "start to first answer",
            "resident",
        ),
        rows=[each.row(titles.get(name, name), ours) for name, each in measured],
    )


@contextmanager
def running(name: str, graph: Path) -> Iterator[tuple[int, int, float]]:
    """Start a peer; yield its port, its process id, and how many seconds it took to answer."""
    peer, port = PEERS[name], _free_port()
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
        script = SERVERS / f"{name}_server.py"
        command = [server_python(name), "-P", script, graph, str(port), folder]
        begin = time.perf_counter()
        process = subprocess.Popen(
            list(map(str, command)), cwd=folder, stdout=log, stderr=log, process_group=0, env=_environment()
        )
        try:
            _wait_for_answer(peer, port, process, Path(folder) / "log")
            seconds = time.perf_counter() - begin
            _pin(process.pid)
            yield port, process.pid, seconds
        finally:
            _end(process)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MLP_"))}


def _wait_for_answer(peer: Peer, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            answer = httpx.post(f"http://127.0.0.1:{port}{peer.path}", json=dict(peer.document), timeout=20)
            if answer.is_success:
                if "setosa" not in answer.text:
                    raise RuntimeError(f"it answered {answer.text[:200]}")
                return
        time.sleep(0.05)
    raise RuntimeError(f"it did not answer: {log.read_text('utf-8', 'replace')[-2_000:]}")


def _pin(pid: int) -> None:
    """Keep a peer, which has started on all CPUs, to that of servers from now on: some give up a slow start.

    Processes that made a session of their own get the priority of this benchmark again, which Linux gives by session.
    """
    for each in _family(pid):
        command = ["taskset", "--all-tasks", "--cpu-list", "--pid", str(SERVER_CPU), str(each.pid)]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        with contextlib.suppress(OSError):
            priority = Path("/proc/self/autogroup").read_text().split()[-1]
            Path(f"/proc/{each.pid}/autogroup").write_text(priority)
            os.setpriority(os.PRIO_PROCESS, each.pid, os.getpriority(os.PRIO_PROCESS, 0))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a peer and all that it has started, also what left its process group."""
    every = _family(process.pid)
    process.terminate()
    _, left = psutil.wait_procs(every, timeout=10)
    for each in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def resident(pid: int) -> float:
    """Return the memory of a process and of all that it has started, in MiB."""
    total = 0
    for each in _family(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += each.memory_info().rss
    return total / MIB


def _free_port() -> int:
    """Return a port with two free ones behind it, as some peers take more than one."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return min(int(found.getsockname()[1]), 65_000)


if __name__ == "__main__":
    print(measure(*map(int, sys.argv[1:])).markdown())
