"""The target `local` in a folder of its own, where stand-ins serve for the registry and the models."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from mlp.client.home import Home
from mlp.errors import MlpError
from mlp.targets.local import LocalTarget
from tests.local.machine import free_port

STAND_IN = Path(__file__).parents[1] / "local" / "stand_in.py"


@pytest.fixture(scope="module")
def ports():
    """Return the registry's port, and the first one for deployments."""
    return free_port(), free_port()


@pytest.fixture(scope="module", autouse=True)
def settings(ports):
    """The environment in which an agent is started."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLP_REGISTRY_PORT", str(ports[0]))
        environment.setenv("MLP_MODEL_PORT", str(ports[1]))
        environment.setenv("MLP_REGISTRY_COMMAND", json.dumps([sys.executable, str(STAND_IN)]))
        environment.setenv("MLP_MODEL_COMMAND", json.dumps([sys.executable, str(STAND_IN)]))
        environment.setenv("MLP_DRAIN_SECONDS", "1")
        yield


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Home.locate(tmp_path_factory.mktemp("target") / "home")


@pytest.fixture
def target(home):
    """The target, where nothing runs and nothing was deployed yet."""
    target = LocalTarget(home)
    end(target, home)
    yield target
    end(target, home)


@pytest.fixture
def running(home):
    """The target, where the platform runs and nothing is deployed."""
    target = LocalTarget(home)
    target.up(ignore, timeout=20)
    yield target
    try:
        for each in target.list():
            target.delete(each["metadata"]["name"])
    except MlpError:
        end(target, home)


@pytest.fixture(scope="module", autouse=True)
def nothing_left(home):
    yield
    end(LocalTarget(home), home)


@pytest.fixture
def said():
    """A report: a list of the lines that were said."""
    return []


def end(target, home):
    if home.root.is_dir():  # else nothing can run, and to look for it starts a process
        target.down(ignore, timeout=20)
    if home.root.is_file():
        home.root.unlink()
    shutil.rmtree(home.root, ignore_errors=True)


def ignore(_line):
    return None
