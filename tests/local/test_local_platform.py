"""The agent with the registry and the model servers themselves."""

import json
import os
import signal
import socket
import sqlite3
from contextlib import closing

import numpy as np
import pandas as pd
import psutil
import pytest
from sklearn.linear_model import LinearRegression

from mlp.api.deployment import ConditionType, ModelDeployment, ObjectMeta, Spec
from mlp.api.model import version_digest
from mlp.api.receipt import Receipt
from mlp.api.signature import Signature
from mlp.client.registry import RegistryClient
from mlp.packaging import package

VERSIONS = 4


@pytest.fixture(scope="module")
def packages():
    """Models of which version n answers [1, 2] with 3n."""
    rows = pd.DataFrame(np.random.default_rng(1).normal(size=(20, 2)), columns=["a", "b"])
    return [
        package(LinearRegression().fit(rows, number * rows.sum(axis=1)), sample=rows)
        for number in range(1, VERSIONS + 1)
    ]


@pytest.fixture(scope="module")
def platform(real, packages):
    with RegistryClient(f"http://127.0.0.1:{real.registry_port}") as registry:
        for each in packages:
            registry.push("sum", each.manifest, each.model)
    return real


def deployment(version=1, name="sum") -> ModelDeployment:
    return ModelDeployment(metadata=ObjectMeta(name=name), spec=Spec(model_name="sum", model_version=version))


def port_of(deployment) -> int:
    return int(deployment.status.url.rpartition(":")[2])


def is_registry_alive(platform) -> bool:
    with RegistryClient(f"http://127.0.0.1:{platform.registry_port}") as registry:
        return registry.version("sum", 1).version == 1


def test_a_version_switch_fails_no_request(platform):
    port = port_of(platform.deploy(deployment(1)))
    assert platform.ask(port)["predictions"] == pytest.approx([3.0], abs=1e-4)
    with platform.callers(port) as callers:
        for version in range(2, VERSIONS + 1):
            platform.deploy(deployment(version))
            platform.until(lambda version=version: callers.answers[-1] == version)
        platform.until(lambda: len([line for line in platform.client.status().processes if line.name == "sum"]) == 1)
    assert callers.failures == []
    assert set(callers.answers) == set(range(1, VERSIONS + 1))


def test_a_killed_model_process_answers_again_on_its_port(platform):
    port = port_of(platform.deploy(deployment(1)))
    killed = platform.pid_of("sum")
    os.kill(killed, signal.SIGKILL)
    platform.until(lambda: not psutil.pid_exists(killed))
    assert platform.ask(port)["model"]["version"] == 1
    assert platform.pid_of("sum") != killed


def test_a_killed_registry_comes_back_while_models_go_on_answering(platform):
    port = port_of(platform.deploy(deployment(1)))
    killed = platform.pid_of("registry")
    with platform.callers(port) as callers:
        os.kill(killed, signal.SIGKILL)
        platform.until(lambda: not psutil.pid_exists(killed))
        assert is_registry_alive(platform)
    assert callers.failures == []
    assert platform.pid_of("registry") != killed


def test_a_version_that_does_not_exist_never_replaces_the_serving_one(platform):
    port = port_of(platform.deploy(deployment(1)))
    with platform.callers(port) as callers:
        platform.client.apply(deployment(99))
        broken = platform.degraded("sum")
    assert broken.status.condition(ConditionType.DEGRADED).reason == "ModelNotFound"
    assert broken.status.served_version == 1
    assert callers.failures == []
    assert set(callers.answers) == {1}
    assert platform.deploy(deployment(2)).status.served_version == 2


def falsify(platform, name, version):
    """Change what the original is said to have answered, as the registry would never take it."""
    with closing(sqlite3.connect(platform.home.registry / "registry.db")) as database, database:
        chosen = "number = ? AND model_id = (SELECT id FROM models WHERE name = ?)"
        found = database.execute(f"SELECT receipt, signature, sha256 FROM versions WHERE {chosen}", (version, name))
        receipt, signature, blob = found.fetchone()
        false = json.loads(receipt)
        false["golden"]["predictions"][0] += 5.0
        receipt = Receipt.model_validate(false)
        digest = version_digest(blob, Signature.model_validate_json(signature), receipt)
        changed = (receipt.model_dump_json(), digest, version, name)
        database.execute(f"UPDATE versions SET receipt = ?, digest = ? WHERE {chosen}", changed)


def test_a_version_that_fails_its_golden_rows_never_replaces_the_serving_one(platform, packages):
    with RegistryClient(f"http://127.0.0.1:{platform.registry_port}") as registry:
        for each in packages[:2]:
            registry.push("false", each.manifest, each.model)
    falsify(platform, "false", 2)
    good, bad = (
        ModelDeployment(metadata=ObjectMeta(name="false"), spec=Spec(model_name="false", model_version=version))
        for version in (1, 2)
    )
    port = port_of(platform.deploy(good))
    with platform.callers(port) as callers:
        platform.client.apply(bad)
        broken = platform.degraded("false").status
        callers.more()
    assert callers.failures == []
    assert set(callers.answers) == {1}
    assert broken.condition(ConditionType.DEGRADED).reason == "GoldenRowsFailed"
    assert (broken.served_version, broken.ready_replicas) == (1, 1)
    newest, earlier = platform.client.history("false")
    assert (newest.outcome, newest.reason, earlier.outcome) == ("failed", "GoldenRowsFailed", "succeeded")
    why = platform.client.why("false")
    assert (why.reason, why.served_version, why.settled) == ("GoldenRowsFailed", 1, True)
    assert "GoldenRowsFailed" in why.log[-1]
    platform.client.delete("false")


def test_a_killed_agent_drops_nothing_and_the_next_one_goes_on_with_the_same_processes(platform):
    port = port_of(platform.deploy(deployment(1)))
    other = port_of(platform.deploy(deployment(2, name="other")))
    before = platform.pids()
    with platform.callers(port, 8) as callers:
        platform.kill_agent()
        callers.more()
        platform.up()
        assert platform.pids() == before
        platform.deploy(deployment(2))
        callers.more()
    assert callers.failures == []
    assert [port_of(platform.serving(name)) for name in ("sum", "other")] == [port, other]
    assert [platform.ask(each)["model"]["version"] for each in (port, other)] == [2, 2]


def test_down_leaves_no_process_and_frees_every_port(platform):
    port = port_of(platform.deploy(deployment(1)))
    platform.down()
    assert platform.processes() == []
    for free in (port, platform.registry_port):
        socket.create_server(("127.0.0.1", free)).close()
    platform.up()
    assert port_of(platform.serving("sum")) == port
