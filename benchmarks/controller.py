"""The operator with 1,000 ModelDeployments on a real API server, beside a bare loop of the same server-side applies.

python -m benchmarks.controller [--idle SECONDS]     prints the tables

Needs etcd and kube-apiserver in $KUBEBUILDER_ASSETS. Rates come from the API server's audit log. What is timed comes
first and takes minutes of a machine that does nothing else; the silence at the end needs no such machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.table import Table, spread
from mlp.api.deployment import ModelDeployment
from mlp.controller.identity import MANAGER, MODEL_DEPLOYMENTS
from mlp.controller.pod import PodSettings
from mlp.controller.render import Owner, render
from mlp.errors import MlpError
from mlp.kube.client import Client, WatchOptions
from mlp.kube.connection import Connection, connect
from mlp.kube.resource import DEPLOYMENTS
from tests.cluster.admission import PREFIX, refused_budgets
from tests.cluster.control_plane import OPERATORS, ControlPlane, what_is_missing
from tests.cluster.namespace import Namespace, document, make_namespace
from tests.cluster.operator_process import OperatorProcess
from tests.controller.stand_in_registry import Registry

COUNT = int(os.environ.get("BENCH_COUNT", "1000"))
CONNECTIONS = 8
CHANGES = 100
RUNS = 2
REFUSED = 50
COMMAND = "make bench-operator"
CHILDREN = ("deployments", "services", "poddisruptionbudgets")
PODS = PodSettings(
    image="ml-platform/inference-server:1",
    image_pull_policy="IfNotPresent",
    registry_url="http://registry:8000",
    registry_token_secret="registry-read-token",
    progress_deadline_seconds=600,
)


@dataclass
class Bench:
    """A control plane, a registry, and who speaks to them."""

    plane: ControlPlane
    registry: Registry
    admin: Connection

    def namespace(self, name: str) -> Namespace:
        return make_namespace(self.plane, self.admin, name, account="ml-platform")

    def operator(self, namespace: Namespace) -> OperatorProcess:
        config = self.plane.kubeconfig_for(OPERATORS[0])
        production = {"MLP_LEASE_SECONDS": "15", "MLP_RENEW_SECONDS": "10", "MLP_RETRY_SECONDS": "2"}
        return OperatorProcess(self.plane.folder, self.registry.url, namespace.name, config, **production)


class Audit:
    """What the operator has written and listed in a namespace, read from the audit log as it grows."""

    def __init__(self, here: Bench, namespace: Namespace) -> None:
        self.lines: list[dict[str, Any]] = []
        self._mark = f'"namespace":"{namespace.name}"'.encode()
        self._log = here.plane.audit_log
        self._read = self._log.stat().st_size

    def follow(self) -> list[dict[str, Any]]:
        """Return what is new since the last call."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            text = log.read()
        whole = text[: text.rindex(b"\n") + 1] if b"\n" in text else b""
        self._read += len(whole)
        new = [json.loads(line) for line in whole.splitlines() if self._mark in line]
        self.lines += new
        return new

    def wait_for_statuses(self, count: int) -> None:
        """Wait until the statuses of so many deployments were written since this log was begun."""
        told: set[str] = set()
        give_up = time.monotonic() + 600
        while len(told) < count:
            time.sleep(1)  # reading the log takes time of the processors that are measured
            assert time.monotonic() < give_up, f"{len(told)} of {count} statuses are told"
            written = (line["objectRef"] for line in self.follow())
            told |= {ref["name"] for ref in written if ref.get("subresource") == "status"}


@contextmanager
def bench() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="mlp-bench-", ignore_cleanup_errors=True) as folder:
        plane, registry = ControlPlane(Path(folder)), Registry()
        try:
            plane.start()
            plane.install_crd()
            yield Bench(plane, registry, connect(plane.kubeconfig, connections=CONNECTIONS))
        finally:
            registry.stop()
            plane.stop()


def bare_loop(here: Bench, namespace: Namespace) -> float:
    """Apply the children of so many deployments with nothing around it; return applies a second."""
    client = Client(here.admin)
    bodies = []
    for number in range(COUNT):
        body = document(f"m{number}")
        body["metadata"]["namespace"] = namespace.name
        model = ModelDeployment.model_validate(body)
        bodies += render(Owner(model, f"uid-{number}", "d" * 64), PODS, replicas=1).items()
    begin = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for _ in pool.map(lambda pair: client.apply(*pair, manager=MANAGER, force=False), bodies):
            pass
    return len(bodies) / (time.perf_counter() - begin)


def converge(here: Bench, namespace: Namespace) -> tuple[OperatorProcess, float]:
    """Let the operator find so many new deployments; return it, and the children that it applied a second."""
    deploy(namespace, [f"m{number}" for number in range(COUNT)])
    audit = Audit(here, namespace)
    operator = here.operator(namespace)
    audit.wait_for_statuses(COUNT)
    times = [moment(line) for line in audit.lines if line["objectRef"]["resource"] in CHILDREN]
    return operator, len(times) / (max(times) - min(times))


def deploy(namespace: Namespace, names: list[str]) -> None:
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(namespace.deploy, names))


class Arrivals:
    """When each Deployment was first seen with a version, by a watch of its own."""

    def __init__(self, here: Bench, namespace: Namespace, version: int) -> None:
        self._client = Client(connect(here.plane.kubeconfig, connections=2))
        self._namespace = namespace.name
        self._version = str(version)
        self._seen: dict[str, float] = {}
        self._arrived = threading.Condition()
        since = next(self._client.pages(DEPLOYMENTS, self._namespace)).resource_version
        threading.Thread(target=self._watch, args=(since,), daemon=True).start()

    def wait_for(self, name: str) -> float:
        with self._arrived:
            assert self._arrived.wait_for(lambda: name in self._seen, 30), f"{name} was not changed"
            return self._seen[name]

    def _watch(self, since: str) -> None:
        with suppress(MlpError):  # it ends with the server
            for _, obj in self._client.watch(DEPLOYMENTS, self._namespace, since, WatchOptions(600, 600)):
                if obj["metadata"].get("labels", {}).get("model-version") == self._version:
                    with self._arrived:
                        self._seen.setdefault(obj["metadata"]["name"], time.perf_counter())
                        self._arrived.notify()


def changes(here: Bench, namespace: Namespace, version: int) -> list[float]:
    """Ask one deployment after another for a version; return the milliseconds until its Deployment was applied."""
    arrivals = Arrivals(here, namespace, version)
    times = []
    for number in range(CHANGES):
        name = f"m{number * COUNT // CHANGES}"
        begin = time.perf_counter()
        namespace.merge(MODEL_DEPLOYMENTS, name, {"spec": {"modelVersion": version}})
        times.append((arrivals.wait_for(name) - begin) * 1_000)
    return times


def idle(here: Bench, namespace: Namespace, seconds: float) -> Counter[str]:
    """Wait, and return what the operator asked for meanwhile, as `verb resource`."""
    audit = Audit(here, namespace)
    time.sleep(seconds)
    return Counter(f"{line['verb']} {line['objectRef']['resource']}" for line in audit.follow())


@dataclass(frozen=True)
class Memory:
    """Resident memory now and at its height, in MiB."""

    now: float
    height: float


def resident(operator: OperatorProcess) -> Memory:
    status = Path(f"/proc/{operator.process.pid}/status").read_text(encoding="utf-8")
    kibibytes = {line.split()[0]: float(line.split()[1]) for line in status.splitlines() if line.startswith("Vm")}
    return Memory(kibibytes["VmRSS:"] / 1_024, kibibytes["VmHWM:"] / 1_024)


def moment(line: dict[str, Any]) -> float:
    return datetime.fromisoformat(line["stageTimestamp"]).timestamp()


def measure(idle_seconds: float) -> Iterator[Table]:
    with bench() as here:
        namespaces = [here.namespace(f"bench-{number}") for number in range(2 * RUNS)]
        bare, rates = [], []
        for first, second in zip(namespaces[::2], namespaces[1::2], strict=True):
            bare.append(bare_loop(here, first))
            operator, rate = converge(here, second)
            rates.append(rate)
            if second is not namespaces[-1]:
                operator.stop()
        yield rate_table(bare, rates)
        namespace = namespaces[-1]
        alone = changes(here, namespace, 2)
        with refused_budgets(namespace):
            bad, audit = [f"{PREFIX}-{number}" for number in range(REFUSED)], Audit(here, namespace)
            deploy(namespace, bad)
            audit.wait_for_statuses(REFUSED)
            beside = changes(here, namespace, 3)
            namespace.kubectl("delete", "md", *bad)
        yield change_table(alone, beside)
        memory = resident(operator)
        asked = idle(here, namespace, idle_seconds)
        yield rest_table(memory, resident(operator), asked, idle_seconds)
        operator.stop()


def change_table(alone: list[float], beside: list[float]) -> Table:
    return Table(
        title=f"One change among {COUNT:,} ModelDeployments",
        command=COMMAND,
        remarks="From the patch of `modelVersion` to the watch that shows the Deployment with it.",
        headers=("what", f"milliseconds, median of {CHANGES}"),
        rows=[
            ("one change after the other", spread(alone, "ms")),
            (f"the same, beside {REFUSED} that the server refuses", spread(beside, "ms")),
        ],
    )


def rest_table(before: Memory, after: Memory, asked: Counter[str], seconds: float) -> Table:
    return Table(
        title=f"The operator at rest with {COUNT:,} ModelDeployments",
        command=COMMAND,
        remarks=f"{machine.describe()}.",
        headers=("what", "figure"),
        rows=[
            ("resident memory after the changes above", f"{before.now:.0f} MiB"),
            (f"the same {seconds:.0f} s later", f"{after.now:.0f} MiB"),
            ("at its height", f"{after.height:.0f} MiB"),
            (f"asked for in {seconds:.0f} s without a change, watches aside", words(asked)),
        ],
    )


def rate_table(bare: list[float], rates: list[float]) -> Table:
    return Table(
        title=f"{COUNT:,} ModelDeployments at once",
        command=COMMAND,
        remarks="Children applied a second, three for each ModelDeployment. The operator also writes each status and "
        "tells the registry of each use.",
        headers=("what", f"applies a second, median of {len(bare)}", "share of the limit"),
        rows=[
            (f"limit: a bare loop of the same applies, {CONNECTIONS} connections", spread(bare, "/s"), "1.00"),
            ("the operator", spread(rates, "/s"), f"{statistics.median(rates) / statistics.median(bare):.2f}"),
        ],
    )


def words(asked: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in asked.most_common()) or "nothing"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--idle", type=float, default=600, metavar="SECONDS")
    seconds = parser.parse_args().idle
    if (missing := what_is_missing()) is not None:
        sys.exit(f"no control plane: {missing}")
    for table in measure(seconds):
        print(table.markdown(), flush=True)
