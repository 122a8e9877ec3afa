"""The ways to ask a model server: once, again and again, by hand, with a body as it is."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlp.errors import Invalid, NotFound

if TYPE_CHECKING:
    from mlp.api.documents import PredictionDocument, RequestDocument
    from mlp.cli.session import Session
    from mlp.client.inference import InferenceClient


def asked_repeatedly(
    session: Session, server: InferenceClient, request: RequestDocument, times: int
) -> tuple[PredictionDocument, list[float]]:
    """Send a request so many times over one connection; return the last answer, and the seconds of each."""
    seconds = []
    with session.screen.working(f"asking {times} times") as watch:
        for number in range(times):
            begin = time.perf_counter()
            prediction = server.predict(request)
            seconds.append(time.perf_counter() - begin)
            watch([f"{number + 1 - (number + 1) % 1000} of {times}"])
    return prediction, seconds


def latency(seconds: Sequence[float]) -> dict[str, Any]:
    """Return count, extremes, median and 95th percentile, in milliseconds."""
    ranked = sorted(seconds)

    def at(share: float) -> float:
        return round(ranked[min(len(ranked) - 1, int(share * len(ranked)))] * 1000, 3)

    return {"requests": len(ranked), "p50_ms": at(0.5), "p95_ms": at(0.95), "min_ms": at(0), "max_ms": at(1)}


def latency_text(figures: dict[str, Any]) -> str:
    """Return latencies in one line."""
    return (
        f"{figures['requests']} requests   p50 {figures['p50_ms']:g} ms   p95 {figures['p95_ms']:g} ms   "
        f"({figures['min_ms']:g} to {figures['max_ms']:g} ms)"
    )


def curl_command(url: str, request: RequestDocument, *, keyed: bool = False) -> str:
    """Return what sends the same request without mlp; `keyed` with the API key that MLP_API_KEY holds then."""
    from shlex import quote

    body = json.dumps(request, ensure_ascii=False)
    key = ' -H "X-API-Key: $MLP_API_KEY"' if keyed else ""
    return f"curl -sS {quote(f'{url}/predict')} -H 'Content-Type: application/json'{key} -d {quote(body)}"


def raw_body(path: Path | None) -> bytes:
    """Return a request's body from a file, or from stdin (`-`). Raises Invalid and NotFound."""
    if path is None:
        raise Invalid("--raw sends a body as it is: give -f FILE, or -f - for stdin", code="no_rows")
    try:
        body = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist", code="file_not_found") from error
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}", code="invalid_rows_file") from error
    if not body:
        where = "stdin" if str(path) == "-" else path
        raise Invalid(f"{where} is empty: there is nothing to send", code="no_rows")
    return body


def path_of(body: bytes, model: str) -> str:
    """Return where a body belongs: one with `inputs` is the Open Inference Protocol's."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return "/predict"
    return f"/v2/models/{model}/infer" if isinstance(document, dict) and "inputs" in document else "/predict"
