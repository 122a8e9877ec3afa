"""Prometheus finds every service, and the dashboard draws figures that they really give."""

import json
import os
import re
import subprocess
import sys

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mlp.controller.metrics import Metrics as OperatorMetrics
from mlp.controller.pod import HEALTH
from mlp.controller.queue import WorkQueue
from mlp.registry.metrics import Metrics as RegistryMetrics
from tests.manifests.network import matches
from tests.manifests.objects import MANIFESTS, containers, kustomized, of_kind, templates
from tests.registry.sample_models import linear_model

MONITORING = kustomized(MANIFESTS / "monitoring")
PLATFORM = [*kustomized(MANIFESTS), *kustomized(MANIFESTS / "overlays" / "nodeports")]
MONITORS = {each["metadata"]["name"]: each for each in of_kind("ServiceMonitor", MONITORING)}
DASHBOARD = json.loads(of_kind("ConfigMap", MONITORING)[0]["data"]["mlp.json"])
MODEL_LABELS = {"model_name", "environment", "namespace"}  # what the ServiceMonitor and Prometheus add
SUFFIXES = ("_total", "_bucket", "_sum", "_count", "")


@pytest.fixture(scope="module")
def model_server(tmp_path_factory):
    """A model server that has answered once; yields its text."""
    folder = tmp_path_factory.mktemp("model")
    sample = linear_model()
    (folder / "model.onnx").write_bytes(sample.onnx)
    (folder / "manifest.json").write_text(sample.manifest.model_dump_json())
    said, tell = os.pipe()
    settings = {
        "MLP_PORT": "0",
        "MLP_READY_FD": str(tell),
        "MLP_MODEL_FILE": str(folder / "model.onnx"),
        "MLP_MANIFEST_FILE": str(folder / "manifest.json"),
        "MLP_DRAIN_SECONDS": "0",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MLP_")}
    command = [sys.executable, "-P", "-m", "mlp.inference"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=inherited | settings, pass_fds=(tell,), stderr=log, cwd=folder)
    os.close(tell)
    try:
        with os.fdopen(said) as pipe:
            url = f"http://127.0.0.1:{json.loads(pipe.readline())['port']}"
        httpx.post(f"{url}/predict", json={"features": [[1.0, 2.0]]}).raise_for_status()
        yield httpx.get(f"{url}/metrics").text
    finally:
        process.kill()
        process.wait(20)


@pytest.fixture(scope="module")
def families(model_server) -> dict[str, set[str]]:
    """The series that services give, and the labels that were seen on each."""
    operator = OperatorMetrics(WorkQueue(), [], lambda: True).exposition().decode()
    found: dict[str, set[str]] = {}
    for text in (model_server, operator, RegistryMetrics().text().decode()):
        for family in text_string_to_metric_families(text):
            for suffix in SUFFIXES:
                found.setdefault(family.name + suffix, set()).update(*(each.labels for each in family.samples))
    return found


def expressions() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]


def test_each_panel_draws_figures_that_services_give(families):
    drawn = {name for text in expressions() for name in re.findall(r"([a-z_]+)\{", text)}
    assert len(drawn) > 15
    assert not {name for name in drawn if name not in families}
    for variable in DASHBOARD["templating"]["list"]:
        for name in re.findall(r"label_values\(([a-z_]+)", variable["query"]):
            assert name in families


def test_a_model_is_told_by_the_label_that_its_service_has(families):
    assert "model-name" in MONITORS["inference-server"]["spec"]["targetLabels"]
    assert {"path", "code"} <= families["mlp_http_requests_total"]
    for text in expressions():
        if re.search(r"mlp_(http|model|rows|feature|non_finite)", text):
            assert 'model_name=~"$model"' in text
        assert 'namespace="$namespace"' in text


def test_each_monitor_finds_one_service_and_its_port():
    for name in ("model-registry", "ml-operator"):
        spec = MONITORS[name]["spec"]
        found = [s for s in of_kind("Service", PLATFORM) if matches(spec["selector"], s["metadata"]["labels"])]
        assert len(found) == 1, name
        assert spec["endpoints"][0]["port"] in {port["name"] for port in found[0]["spec"]["ports"]}
    assert MONITORS["inference-server"]["spec"]["selector"] == {"matchLabels": {"component": "inference-server"}}
    # Of the pods, not of the Service: nobody but Prometheus and the kubelet has business there.
    assert MONITORS["inference-server"]["spec"]["endpoints"][0]["targetPort"] == HEALTH


def test_the_dashboard_is_found_by_grafanas_operator_and_by_its_sidecar():
    (config,), (dashboard,) = of_kind("ConfigMap", MONITORING), of_kind("GrafanaDashboard", MONITORING)
    named = dashboard["spec"]["configMapRef"]
    assert (named["name"], {named["key"]}) == (config["metadata"]["name"], set(config["data"]))
    assert config["metadata"]["labels"]["grafana_dashboard"] == "1"
    identities = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(identities) == len(set(identities))


def test_the_operators_port_is_the_one_that_it_answers_on():
    (container,) = containers(templates()["ml-operator"])
    assert {port["name"]: port["containerPort"] for port in container["ports"]} == {"health": 8080}
