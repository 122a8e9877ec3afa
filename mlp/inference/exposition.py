"""The counters as Prometheus text. The only module that imports prometheus_client, when the first scrape comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from mlp.inference.loading import LoadedModel
from mlp.inference.metrics import Histogram, Metrics, RouteMetrics


class Exposition:
    """Renders the counters of one server."""

    media_type = CONTENT_TYPE_LATEST.encode()

    def __init__(self, metrics: Metrics, model: LoadedModel) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Counters(metrics, model))
        ProcessCollector(registry=self._registry)

    def render(self) -> bytes:
        """Return all counters as they are now."""
        return generate_latest(self._registry)


class _Counters(Collector):
    def __init__(self, metrics: Metrics, model: LoadedModel) -> None:
        self._metrics = metrics
        self._model = model

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield each metric; names begin with `mlp_`, times are seconds."""
        metrics, model = self._metrics, self._model
        info = GaugeMetricFamily("mlp_model_info", "The model that is served.", labels=["name", "version", "digest"])
        info.add_metric([model.name, str(model.version), model.digest], 1)
        yield info
        yield from self._requests()
        yield from self._calls()
        yield _histogram("mlp_model_run_seconds", "Time inside ONNX Runtime.", {(): metrics.model_seconds})
        yield _histogram("mlp_run_rows", "Rows of each run of the model.", {(): metrics.run_rows})
        yield GaugeMetricFamily("mlp_queued_requests", "Requests that wait for the model.", metrics.queued)
        yield CounterMetricFamily("mlp_rows", "Rows answered.", metrics.rows)
        yield CounterMetricFamily(
            "mlp_non_finite_outputs", "NaN and infinite values, sent as null.", metrics.non_finite
        )
        yield GaugeMetricFamily("mlp_http_requests_in_flight", "Requests being answered.", metrics.traffic.in_flight)
        yield GaugeMetricFamily("mlp_http_connections", "Open connections.", metrics.traffic.connections)
        yield _by_feature(
            "mlp_feature_out_of_range", "Values outside the range seen at training.", metrics.drift.out_of_range()
        )
        yield _by_feature(
            "mlp_feature_unknown_category", "Values not seen at training.", metrics.drift.unknown_categories()
        )

    def _requests(self) -> Iterator[Metric]:
        routes = list(self._metrics.routes.items())  # copies: the event loop may count on while another thread reads
        yield _by_status("mlp_http_requests", "Answers given, by path and status.", "path", routes)
        yield _histogram(
            "mlp_http_request_seconds",
            "Time from a request's headers to the last byte of its answer.",
            {(path,): route.seconds for path, route in routes},
            labels=("path",),
        )

    def _calls(self) -> Iterator[Metric]:
        rpcs = list(self._metrics.rpcs.items())
        if not rpcs:  # no gRPC port
            return
        yield _by_status("mlp_grpc_requests", "Calls, by method and status.", "method", rpcs)
        yield _histogram(
            "mlp_grpc_request_seconds",
            "Time from a call's message to its answer.",
            {(method,): counted.seconds for method, counted in rpcs},
            labels=("method",),
        )


def _histogram(
    name: str, words: str, series: Mapping[tuple[str, ...], Histogram], labels: tuple[str, ...] = ()
) -> Metric:
    family = HistogramMetricFamily(name, words, labels=labels)
    for values, histogram in series.items():
        bounds = [*map(str, histogram.bounds), "+Inf"]
        buckets = list(zip(bounds, accumulate(histogram.counts), strict=True))
        family.add_metric(values, buckets=buckets, sum_value=histogram.total)
    return family


def _by_status(name: str, words: str, label: str, counted: Sequence[tuple[str, RouteMetrics]]) -> Metric:
    family = CounterMetricFamily(name, words, labels=[label, "code"])
    for asked, route in counted:
        for status, count in list(route.statuses.items()):
            family.add_metric([asked, str(status)], count)
    return family


def _by_feature(name: str, words: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, words, labels=["feature"])
    for feature, count in counts.items():
        family.add_metric([feature], count)
    return family
