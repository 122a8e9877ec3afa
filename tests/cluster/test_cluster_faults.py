"""What the operator does when the cluster, the network or the registry fails."""

import os
import signal
import time

import pytest

from mlp.controller.identity import MODEL_DEPLOYMENTS
from mlp.kube.resource import DEPLOYMENTS, SERVICES
from tests.cluster.operator_process import NO_LEASE_LOSS, wait_for


@pytest.fixture
def namespace(new_namespace):
    return new_namespace()


def test_a_watch_that_falls_silent_is_noticed(namespace, proxy, start_behind):
    start_behind(namespace, MLP_WATCH_SILENCE_SECONDS="2", **NO_LEASE_LOSS).wait_until_leading()
    namespace.deploy("before")
    wait_for(lambda: namespace.is_converged("before"), "the first deployment")
    proxy.stall()
    namespace.deploy("during")
    time.sleep(1)
    assert namespace.get(DEPLOYMENTS, "during") is None
    proxy.recover()
    wait_for(lambda: namespace.is_converged("during"), "the change that was made in silence", 30)


def test_a_past_that_etcd_forgot_is_listed_anew_and_a_deletion_in_the_gap_is_noticed(namespace, plane, start):
    plane.stop_server()
    plane.start_server("--watch-cache=false")
    operator = start(namespace, **NO_LEASE_LOSS).wait_until_leading()
    namespace.deploy("kept")
    namespace.deploy("lost")
    wait_for(lambda: namespace.is_converged("kept") and namespace.is_converged("lost"), "two deployments")
    lists = operator.metric("reflector_lists_total")
    os.kill(operator.process.pid, signal.SIGSTOP)
    try:
        namespace.client.delete(SERVICES, namespace.child(SERVICES, "kept-service"))
        namespace.client.delete(MODEL_DEPLOYMENTS, namespace.model("lost"))
        for number in range(20):
            namespace.merge(DEPLOYMENTS, "kept", {"metadata": {"labels": {"n": str(number)}}})
        plane.stop_server()
        plane.compact()
        plane.start_server()
    finally:
        os.kill(operator.process.pid, signal.SIGCONT)
    wait_for(lambda: operator.metric("reflector_lists_total") > lists, "a new list", 40)
    wait_for(lambda: namespace.get(SERVICES, "kept-service"), "the deleted child", 40)
    assert operator.process.poll() is None


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seconds", [4, pytest.param(60, marks=pytest.mark.soak)])
@pytest.mark.parametrize(("status", "headers"), [(500, {}), (429, {"Retry-After": "2"})])
def test_a_server_that_refuses_everything_is_not_stormed(namespace, proxy, start_behind, status, headers, seconds):
    operator = start_behind(namespace, **NO_LEASE_LOSS).wait_until_leading()
    namespace.deploy("before")
    wait_for(lambda: namespace.is_converged("before"), "the first deployment")
    begin = len(proxy.requests)
    proxy.refuse_with = (status, headers)
    namespace.merge(DEPLOYMENTS, "before", {"spec": {"replicas": 5}})
    namespace.deploy("during")
    time.sleep(seconds)
    during = len(proxy.requests) - begin
    proxy.refuse_with = None
    wait_for(lambda: namespace.is_converged("during"), "the change that was made meanwhile", 90)
    assert operator.process.poll() is None
    assert during <= 40 + seconds * 10


def test_a_registry_that_is_down_changes_nothing_that_runs(namespace, start, registry):
    operator = start(namespace, MLP_USE_SECONDS="1").wait_until_leading()
    namespace.deploy("running")
    namespace.roll_out("running")
    namespace.wait_for_reason("running", "Serving")
    before = namespace.versions()
    registry.stop()
    try:
        operator.stop()
        start(namespace).wait_until_leading()
        namespace.deploy("new", modelVersion=3)
        namespace.wait_for_reason("new", "RegistryUnavailable")
        unchanged = {key: version for key, version in namespace.versions().items() if "running" in key}
        assert unchanged == {key: version for key, version in before.items() if "running" in key}
        namespace.patch("running", {"replicas": 2})
        wait_for(lambda: namespace.deployment("running")["spec"]["replicas"] == 2, "what needs no registry")
    finally:
        registry.resume()
    namespace.wait_for_reason("new", "Starting", 30)
