"""The target `local` in a folder of its own, where stand-ins serve for the registry and the models."""

import json
import random
import socket
import sys
from pathlib import Path

import pytest

from mlp.client.home import Home
from mlp.errors import MlpError
from mlp.targets.local import LocalTarget

STAND_IN = Path(__file__).parents[1] / "local" / "stand_in.py"


@pytest.fixture
def ports():
    """Return two ports that nobody listens on, for the registry and the first deployment."""
    free = []
    while len(free) < 2:
        port = random.randrange(10_000, 20_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                free.append(port)
    return free


@pytest.fixture
def home(tmp_path, ports, monkeypatch):
    monkeypatch.setenv("MLP_REGISTRY_PORT", str(ports[0]))
    monkeypatch.setenv("MLP_MODEL_PORT", str(ports[1]))
    monkeypatch.setenv("MLP_REGISTRY_COMMAND", json.dumps([sys.executable, str(STAND_IN)]))
    monkeypatch.setenv("MLP_MODEL_COMMAND", json.dumps([sys.executable, str(STAND_IN)]))
    monkeypatch.setenv("MLP_DRAIN_SECONDS", "1")
    return Home.locate(tmp_path / "home")


@pytest.fixture
def target(home):
    target = LocalTarget(home)
    yield target
    try:
        target.down(lambda _line: None, timeout=20)
    except MlpError as error:
        pytest.fail(f"the platform could not be ended: {error}")


@pytest.fixture
def said():
    """A report: a list of the lines that were said."""
    return []


@pytest.fixture
def running(target, said):
    target.up(said.append, timeout=20)
    return target
