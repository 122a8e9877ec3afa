"""Which trace a request belongs to, what the log says of it, and what the page of metrics promises."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

import pytest
from in_process import InProcess
from prometheus_client.parser import text_string_to_metric_families
from served_models import SETOSA, iris

import mlp
from mlp.inference import log
from mlp.inference.exposition import Exposition
from mlp.inference.trace import PassOn, Served, parse

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{CALLER}-01"
PAGE = Path(mlp.__file__).parents[1] / "docs" / "metrics.md"
BODY = {"features": [SETOSA]}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    return InProcess(iris(), tmp_path_factory.mktemp("traces"))


def answered(server, **headers) -> str | None:
    found = dict(server.http("/predict", BODY, **headers).headers).get(b"traceparent")
    return None if found is None else found.decode()


def test_an_answer_is_of_its_callers_trace_with_a_span_of_its_own(server):
    first, second = (answered(server, traceparent=PARENT).split("-") for _ in range(2))
    assert first[:2] == ["00", TRACE]
    assert first[3] == "01"
    assert re.fullmatch("[0-9a-f]{16}", first[2])
    assert len({first[2], second[2], CALLER}) == 3
    refused = dict(server.http("/predict", {"features": []}, traceparent=PARENT).headers)
    assert refused[b"traceparent"].decode().split("-")[1] == TRACE


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00",
        PARENT.upper(),
        f"ff-{TRACE}-{CALLER}-01",
        f"00-{'0' * 32}-{CALLER}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{CALLER}-01-more",
        f"00-{TRACE}-{CALLER}",
        PARENT.replace("b7", "zz"),
    ],
)
def test_a_header_that_is_not_valid_begins_no_trace(server, header):
    assert answered(server, **({} if header is None else {"traceparent": header})) is None


def test_a_later_version_of_the_header_is_read_as_far_as_it_is_known(server):
    assert answered(server, traceparent=f"01-{TRACE}-{CALLER}-00-more").startswith(f"00-{TRACE}-")


def test_a_log_line_names_the_request_its_trace_and_the_model(capsys, tmp_path):
    kept = logging.getLogger().handlers, logging.getLogger().level
    try:
        log.configure("debug")
        server = InProcess(iris(), tmp_path)
        log.name_model("iris", 1, server.model.digest)
        server.http("/predict", BODY, x_request_id="order-17", traceparent=PARENT)
        server.http("/nowhere", x_request_id="not sane")
    finally:
        logging.getLogger().handlers, level = kept
        logging.getLogger().setLevel(level)
        log.LOG.setLevel(logging.NOTSET)
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["event"], first["path"], first["status"]) == ("request", "/predict", 200)
    assert (first["model"], first["version"], first["digest"]) == ("iris", 1, server.model.digest)
    assert (first["request_id"], first["trace_id"]) == ("order-17", TRACE)
    assert re.fullmatch("[0-9a-f]{16}", first["span_id"])
    assert second["status"] == 404
    assert second["request_id"] != "not sane"
    assert "trace_id" not in second


def test_spans_are_recorded_for_opentelemetry(tmp_path):
    pytest.importorskip("opentelemetry.sdk", reason="the extra mlp[otel] is not installed")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.trace import StatusCode

    from mlp.inference.otel import Recorder

    exporter = InMemorySpanExporter()
    recorder = Recorder(SimpleSpanProcessor(exporter), {"service.name": "iris"})
    server = InProcess(iris(), tmp_path, tracing=recorder)
    within = answered(server, traceparent=PARENT).split("-")
    alone = answered(server).split("-")
    server.http("/health")
    recorder.record(None, Served("ModelInfer", 0.5, "INTERNAL", True, "r-1"))
    recorder.close()
    child, root, failed = exporter.get_finished_spans()
    assert child.name == "POST /predict"
    assert (f"{child.context.trace_id:032x}", f"{child.parent.span_id:016x}") == (TRACE, CALLER)
    assert within[1:3] == [TRACE, f"{child.context.span_id:016x}"]
    assert root.parent is None
    assert alone[1] == f"{root.context.trace_id:032x}" != TRACE
    assert child.attributes["mlp.status"] == "200"
    assert child.resource.attributes["service.name"] == "iris"
    assert child.end_time > child.start_time
    assert failed.status.status_code is StatusCode.ERROR
    assert failed.end_time - failed.start_time == 500_000_000


def test_a_span_that_nobody_records_is_of_the_callers_trace():
    span = PassOn().record(PARENT.encode(), Served("x", 0.1, "OK", False, "r"))
    assert parse(span.header()) == span
    assert PassOn().record(None, Served("x", 0.1, "OK", False, "r")) is None


def test_the_page_of_metrics_lists_every_metric_with_its_labels(server):
    server.http("/predict", BODY)
    server.metrics.rpc("ModelInfer").statuses["OK"] += 1
    text = Exposition(server.metrics, server.model).render().decode()
    served = {}
    for family in text_string_to_metric_families(text):
        if family.name.startswith("mlp_"):
            name = family.name + ("_total" if family.type == "counter" else "")
            labels = {label for sample in family.samples for label in sample.labels} - {"le"}
            served[name] = frozenset(labels) or served.get(name, frozenset())
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(mlp_\w+)` \|([^|]*)\|", page, re.MULTILINE)
    listed = {name: frozenset(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    assert len(rows) == len(listed)
    # A model without strings counts no categories; the family is there, without a sample.
    served["mlp_feature_unknown_category_total"] = frozenset({"feature"})
    assert listed == served
    asked = set(re.findall(r"mlp_\w+", page)) - set(listed)
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked} <= set(listed)
