"""Spans for OpenTelemetry, one a request: the only module that imports its packages, which are an extra (`mlp[otel]`).

Where they go, and how many of them, is said by OpenTelemetry's own variables, as in OTEL_EXPORTER_OTLP_ENDPOINT and
OTEL_TRACES_SAMPLER. A span is written when its request has been answered, so that nothing of this stands in its way.
"""

from __future__ import annotations

from time import time_ns

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags, set_span_in_context

from mlp import __version__
from mlp.inference.trace import Served, Span, parse


class Recorder:
    """Writes spans; those of requests without a trace begin one."""

    starts_traces = True

    def __init__(self, processor: SpanProcessor, attributes: dict[str, str]) -> None:
        """`attributes` say of every span which process and model it is of."""
        self._provider = TracerProvider(resource=Resource.create(attributes), shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("mlp.inference", __version__)

    def record(self, parent: bytes | None, served: Served) -> Span | None:
        """Write the span of a request that has just been answered."""
        end = time_ns()
        span = self._tracer.start_span(
            served.name,
            _context(parent),
            kind=SpanKind.SERVER,
            attributes={"mlp.status": served.status, "mlp.request_id": served.request_id},
            start_time=end - round(served.seconds * 1e9),
        )
        if served.is_failure:
            span.set_status(StatusCode.ERROR)
        span.end(end)
        made = span.get_span_context()
        return Span(b"%032x" % made.trace_id, b"%016x" % made.span_id, b"%02x" % made.trace_flags)

    def close(self) -> None:
        """Send what waits to be sent."""
        self._provider.shutdown()


def _context(parent: bytes | None) -> Context:
    """Return the caller's span as a context; an empty one where it has none, never that of this process."""
    found = parse(parent)
    if found is None:
        return Context()
    flags = TraceFlags(int(found.flags, 16))
    caller = SpanContext(int(found.trace_id, 16), int(found.span_id, 16), is_remote=True, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(caller), Context())
