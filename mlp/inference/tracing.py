"""Who is told of requests: OpenTelemetry where that is asked for, nobody otherwise."""

from __future__ import annotations

from mlp.errors import Precondition
from mlp.inference.trace import PassOn, Tracing


def tracing_of(*, otel: bool, name: str, version: int, digest: str) -> Tracing:
    """Return what takes part in traces; raise Precondition (`otel_missing`) where the extra is not installed."""
    if not otel:
        return PassOn()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        from mlp.inference.otel import Recorder
    except ImportError as error:
        raise Precondition(
            f"MLP_OTEL is set and {error.name} is not installed: pip install 'mlp[otel]'", code="otel_missing"
        ) from error
    attributes = {"service.name": name, "service.version": str(version), "mlp.model.digest": digest}
    return Recorder(BatchSpanProcessor(OTLPSpanExporter()), attributes)
