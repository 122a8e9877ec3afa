"""Figures about the operator, under the names that controllers commonly use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mlp.controller.queue import WorkQueue
from mlp.controller.watch import Key
from mlp.kube.reflector import Reflector

_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Reconciles:
    """Counts looks at ModelDeployments and the time that they took."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._total = Counter(
            "controller_runtime_reconcile", "Looks at a ModelDeployment.", ["result"], registry=registry
        )
        self._seconds = Histogram(
            "controller_runtime_reconcile_time_seconds",
            "Seconds that a look took.",
            buckets=_SECONDS,
            registry=registry,
        )

    def note(self, result: str, seconds: float) -> None:
        """Count one look."""
        self._total.labels(result).inc()
        self._seconds.observe(seconds)


class Metrics:
    """All figures of this process, read when they are asked for."""

    def __init__(self, queue: WorkQueue[Key], reflectors: Sequence[Reflector], is_leading: Callable[[], bool]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_State(queue, reflectors, is_leading))
        self.reconciles = Reconciles(self._registry)

    def exposition(self) -> bytes:
        """Return the text that Prometheus reads."""
        return generate_latest(self._registry)


class _State(Collector):
    def __init__(self, queue: WorkQueue[Key], reflectors: Sequence[Reflector], is_leading: Callable[[], bool]) -> None:
        self._queue = queue
        self._reflectors = reflectors
        self._is_leading = is_leading

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("leader_election_master_status", "1 where this process leads.", self._is_leading())
        yield GaugeMetricFamily("workqueue_depth", "Keys that wait for a worker.", self._queue.depth())
        yield GaugeMetricFamily(
            "workqueue_longest_running_processor_seconds",
            "Seconds for which the slowest worker has had its key.",
            self._queue.longest_running(),
        )
        yield CounterMetricFamily("workqueue_adds", "Keys that were added.", self._queue.adds)
        yield CounterMetricFamily("workqueue_retries", "Keys that failed and came back.", self._queue.retries)
        lists = CounterMetricFamily("reflector_lists", "Whole lists that were read.", labels=["resource"])
        age = GaugeMetricFamily(
            "reflector_last_event_age_seconds", "Seconds since a watch last got on.", labels=["resource"]
        )
        for reflector in self._reflectors:
            lists.add_metric([str(reflector.source)], reflector.lists)
            age.add_metric([str(reflector.source)], time.monotonic() - reflector.touched_at)
        yield lists
        yield age
