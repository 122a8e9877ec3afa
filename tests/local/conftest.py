"""Machines for the tests: fresh, shared, with stand-ins or with the services themselves."""

import shutil

import pytest

from tests.local.callers import until
from tests.local.machine import STAND_INS, Machine


@pytest.fixture
def machine(tmp_path):
    """A machine where nothing runs yet; stand-ins will serve for the registry and the models."""
    machine = Machine(tmp_path, STAND_INS)
    yield machine
    machine.clean()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    machine = Machine(tmp_path_factory.mktemp("shared"), STAND_INS)
    yield machine
    machine.clean()


@pytest.fixture
def running(shared):
    """A machine where the platform runs and nothing is deployed."""
    if not shared.home.is_kept():
        shared.clean()
        shutil.rmtree(shared.home.root, ignore_errors=True)
        shared.up()
    yield shared
    if shared.home.is_kept():
        for each in shared.client.deployments():
            shared.client.delete(each.metadata.name)
        until(lambda: len(shared.client.status().processes) == 1)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The services themselves."""
    machine = Machine(tmp_path_factory.mktemp("real"), {"MLP_DRAIN_SECONDS": "1"})
    machine.up()
    yield machine
    machine.clean()
