"""A control plane, a registry and an operator, which tests share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from mlp.kube.connection import Connection, connect
from tests.cluster.control_plane import OPERATORS, ControlPlane, control_plane
from tests.cluster.faulty_proxy import FaultyProxy
from tests.cluster.namespace import Namespace, make_namespace
from tests.cluster.operator_process import OperatorProcess
from tests.controller.stand_in_registry import Registry


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    """etcd and kube-apiserver, with the CRD installed."""
    with control_plane("mlp-cluster-") as plane:
        plane.install_crd()
        yield plane


@pytest.fixture(scope="session")
def admin(plane: ControlPlane) -> Iterator[Connection]:
    connection = connect(plane.kubeconfig)
    yield connection
    connection.close()


_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def new_namespace(plane: ControlPlane, admin: Connection) -> Callable[[], Namespace]:
    """Makes namespaces in which the operator's service account has the rights of the manifests."""
    return lambda: make_namespace(plane, admin, f"test-{next(_numbers)}", account="ml-platform")


@pytest.fixture(scope="session")
def registry() -> Iterator[Registry]:
    registry = Registry()
    yield registry
    registry.stop()


@pytest.fixture(scope="module")
def namespace(new_namespace: Callable[[], Namespace]) -> Namespace:
    return new_namespace()


@pytest.fixture(scope="module")
def start(plane: ControlPlane, registry: Registry) -> Iterator[Callable[..., OperatorProcess]]:
    """Starts operators, which end with the module."""
    started: list[OperatorProcess] = []

    def make(namespace: Namespace, *, kubeconfig: Path | None = None, url: str | None = None, **more: str):
        config = kubeconfig or plane.kubeconfig_for(OPERATORS[0])
        process = OperatorProcess(plane.folder, url or registry.url, namespace.name, config, **more)
        started.append(process)
        return process

    yield make
    for process in started:
        process.tell_to_stop()
    for process in started:
        process.stop()


@pytest.fixture(scope="module")
def operator(start: Callable[..., OperatorProcess], namespace: Namespace) -> OperatorProcess:
    """The operator of the module's namespace."""
    return start(namespace).wait_until_leading()


@pytest.fixture
def proxy(plane: ControlPlane) -> Iterator[FaultyProxy]:
    proxy = FaultyProxy(plane)
    yield proxy
    proxy.stop()


@pytest.fixture
def start_behind(
    plane: ControlPlane, start: Callable[..., OperatorProcess], proxy: FaultyProxy
) -> Callable[..., OperatorProcess]:
    """Starts an operator whose every request goes through the proxy."""
    return partial(start, kubeconfig=plane.kubeconfig_for(OPERATORS[0], proxy.url))
