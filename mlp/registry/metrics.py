"""What is counted, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest

from mlp.registry.store.measured import StoreMetrics


class Metrics:
    """The registry's counters; each application has its own."""

    def __init__(self) -> None:
        self._collectors = CollectorRegistry()
        ProcessCollector(registry=self._collectors)
        self.requests = Counter(
            "mlp_registry_requests", "Answered requests.", ["method", "route", "status"], registry=self._collectors
        )
        self.denied = Counter(
            "mlp_registry_denied",
            "Requests without a token, with a worthless one, or with too small a scope, by the error's code.",
            ["code"],
            registry=self._collectors,
        )
        self.seconds = Histogram(
            "mlp_registry_request_seconds",
            "Time to answer a request.",
            ["route"],
            buckets=(0.005, 0.025, 0.1, 0.5, 2.5, 10),
            registry=self._collectors,
        )
        self.verdicts = Counter(
            "mlp_registry_verdicts",
            "Uploads that were judged, by the code of the refusal or `accepted`.",
            ["code"],
            registry=self._collectors,
        )

        self.webhooks = Counter(
            "mlp_registry_webhooks",
            "Attempts to tell webhooks: `delivered` or `failed`; and what is told no more: `given_up`, `dropped`.",
            ["outcome"],
            registry=self._collectors,
        )
        self.store = StoreMetrics(self._collectors)

    def text(self) -> bytes:
        """Return all values in Prometheus's text format."""
        return generate_latest(self._collectors)
