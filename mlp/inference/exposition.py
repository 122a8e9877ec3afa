"""The counters as Prometheus text, version 0.0.4 of its exposition format.

Written here and not by prometheus_client, because the page has to be made while other threads want the interpreter:
in one turn of its lock instead of several, each of which waits for whatever large body is being read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

from mlp.inference.loading import LoadedModel
from mlp.inference.metrics import Histogram, Metrics, RouteMetrics
from mlp.inference.process import Process

_Series = Iterable[tuple[str, float]]
"""Labels as they stand between the braces, and a value."""
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class Exposition:
    """Renders the counters of one server."""

    media_type = b"text/plain; version=0.0.4; charset=utf-8"

    def __init__(self, metrics: Metrics, model: LoadedModel) -> None:
        self._metrics = metrics
        self._process = Process()
        self._info = _labels(name=model.name, version=str(model.version), digest=model.digest)

    def render(self) -> bytes:
        """Return all counters as they are now; names begin with `mlp_`, times are seconds."""
        # What may wait comes first: from then on nothing lets another thread have the interpreter on its own account.
        process = self._process.figures()
        drift = self._metrics.drift
        outside, unknown = drift.out_of_range(), drift.unknown_categories()
        lines = [
            *_gauge("mlp_model_info", "The model that is served.", [(self._info, 1)]),
            *self._requests(),
            *self._runs(),
            *_by_feature("mlp_feature_out_of_range_total", "Values outside the range seen at training.", outside),
            *_by_feature("mlp_feature_unknown_category_total", "Values not seen at training.", unknown),
            *(line for name, kind, words, value in process for line in _family(name, kind, words, [("", value)])),
            "",
        ]
        return "\n".join(lines).encode()

    def _requests(self) -> Iterator[str]:
        metrics = self._metrics
        yield from _asked("http", "path", metrics.routes, _HTTP_WORDS)
        if metrics.rpcs:  # there is a gRPC port
            yield from _asked("grpc", "method", metrics.rpcs, _GRPC_WORDS)
        in_flight, connections = metrics.traffic.in_flight, metrics.traffic.connections
        yield from _gauge("mlp_http_requests_in_flight", "Requests being answered.", [("", in_flight)])
        yield from _gauge("mlp_http_connections", "Open connections.", [("", connections)])
        yield from _gauge("mlp_queued_requests", "Requests that wait for the model.", [("", metrics.queued)])

    def _runs(self) -> Iterator[str]:
        metrics = self._metrics
        yield from _histogram("mlp_model_run_seconds", "Time inside ONNX Runtime.", {"": metrics.model_seconds})
        yield from _histogram("mlp_run_rows", "Rows of each run of the model.", {"": metrics.run_rows})
        yield from _counter("mlp_rows_total", "Rows answered.", [("", metrics.rows)])
        words = "NaN and infinite values, sent as null."
        yield from _counter("mlp_non_finite_outputs_total", words, [("", metrics.non_finite)])


_HTTP_WORDS = ("Answers, refusals among them.", "From a whole request to its answer, model included.")
_GRPC_WORDS = ("Calls by their status.", "From a call's message to its answer.")


def _asked(protocol: str, label: str, counted: Mapping[str, RouteMetrics], words: tuple[str, str]) -> Iterator[str]:
    asked = list(counted.items())  # copies: the event loop may count on while another thread reads
    yield from _counter(
        f"mlp_{protocol}_requests_total",
        words[0],
        [
            (_labels(**{label: name, "code": str(status)}), count)
            for name, route in asked
            for status, count in list(route.statuses.items())
        ],
    )
    seconds = {_labels(**{label: name}): route.seconds for name, route in asked}
    yield from _histogram(f"mlp_{protocol}_request_seconds", words[1], seconds)


def _by_feature(name: str, words: str, counts: Mapping[str, int]) -> Iterator[str]:
    return _counter(name, words, [(_labels(feature=feature), count) for feature, count in counts.items()])


def _counter(name: str, words: str, series: _Series) -> Iterator[str]:
    return _family(name, "counter", words, series)


def _gauge(name: str, words: str, series: _Series) -> Iterator[str]:
    return _family(name, "gauge", words, series)


def _family(name: str, kind: str, words: str, series: _Series) -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} {kind}"
    for labels, value in series:
        yield f"{name}{{{labels}}} {value}" if labels else f"{name} {value}"


def _histogram(name: str, words: str, series: Mapping[str, Histogram]) -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} histogram"
    for labels, histogram in series.items():
        before, braced = (f"{labels},", f"{{{labels}}}") if labels else ("", "")
        below = list(accumulate(histogram.counts))
        for bound, count in zip((*histogram.bounds, "+Inf"), below, strict=True):
            yield f'{name}_bucket{{{before}le="{bound}"}} {count}'
        yield f"{name}_count{braced} {below[-1]}"
        yield f"{name}_sum{braced} {histogram.total}"


def _labels(**values: str) -> str:
    return ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in values.items())
