"""What the operator does when the cluster, the network or the operator itself fails."""

import json
import os
import signal
import time

import pytest

from mlp.controller.identity import MODEL_DEPLOYMENTS
from mlp.kube.resource import DEPLOYMENTS, DISRUPTION_BUDGETS, LEASES, SERVICES
from tests.cluster.control_plane import OPERATORS
from tests.cluster.faulty_proxy import FaultyProxy
from tests.cluster.operator_process import QUICK, wait_for

LEASE = float(QUICK["MLP_LEASE_SECONDS"])
RETRY = float(QUICK["MLP_RETRY_SECONDS"])
NO_LEASE_LOSS = {"MLP_LEASE_SECONDS": "120", "MLP_RENEW_SECONDS": "90"}


@pytest.fixture
def namespace(new_namespace):
    return new_namespace()


@pytest.fixture
def proxy(plane):
    proxy = FaultyProxy(plane)
    yield proxy
    proxy.stop()


@pytest.fixture
def start_behind(plane, start, proxy):
    """Starts an operator whose every request goes through the proxy."""

    def make(namespace, **more):
        return start(namespace, kubeconfig=plane.kubeconfig_for(OPERATORS[0], proxy.url), **more)

    return make


def converged(namespace, name):
    children = [(DEPLOYMENTS, name), (SERVICES, f"{name}-service"), (DISRUPTION_BUDGETS, name)]
    model = namespace.model(name)
    return all(namespace.get(*child) for child in children) and "conditions" in model.get("status", {})


def test_looking_again_and_starting_again_write_nothing(namespace, start):
    operator = start(namespace, MLP_RESYNC_SECONDS="0.05").wait_until_leading()
    for number in range(5):
        scaling = {"enabled": True, "maxReplicas": 4} if number % 2 else None
        namespace.deploy(f"m{number}", environment="test", **({"autoscaling": scaling} if scaling else {}))
    for number in range(5):
        namespace.roll_out(f"m{number}")
        namespace.wait_for_reason(f"m{number}", "Serving")
    before = namespace.versions()
    looks = operator.metric("controller_runtime_reconcile_total")
    wait_for(lambda: operator.metric("controller_runtime_reconcile_total") >= looks + 5 * 100, "100 looks at each", 40)
    operator.stop()
    operator = start(namespace, MLP_RESYNC_SECONDS="0.05").wait_until_leading()
    wait_for(lambda: operator.metric("controller_runtime_reconcile_total") >= 50, "looks after the restart")
    assert namespace.versions() == before
    assert {name: namespace.reasons(name) for name in ("m0", "m1")} == {"m0": ["Serving"], "m1": ["Serving"]}


def test_replicas_set_by_an_autoscaler_survive_looks_a_restart_and_a_new_version(namespace, start):
    operator = start(namespace, MLP_RESYNC_SECONDS="0.1").wait_until_leading()
    namespace.deploy("scaled", autoscaling={"enabled": True, "maxReplicas": 10})
    namespace.wait_until_settled("scaled")
    namespace.kubectl("scale", "deployment", "scaled", "--replicas=7")
    operator.stop()
    operator = start(namespace, MLP_RESYNC_SECONDS="0.1").wait_until_leading()
    namespace.patch("scaled", {"modelVersion": 2})
    namespace.wait_until_settled("scaled")
    wait_for(lambda: operator.metric("controller_runtime_reconcile_total") >= 20, "many looks")
    assert namespace.deployment("scaled")["spec"]["replicas"] == 7


def test_a_watch_that_falls_silent_is_noticed(namespace, proxy, start_behind):
    start_behind(namespace, MLP_WATCH_SILENCE_SECONDS="2", **NO_LEASE_LOSS).wait_until_leading()
    namespace.deploy("before")
    wait_for(lambda: converged(namespace, "before"), "the first deployment")
    proxy.stall()
    namespace.deploy("during")
    time.sleep(1)
    assert namespace.get(DEPLOYMENTS, "during") is None
    proxy.recover()
    wait_for(lambda: converged(namespace, "during"), "the change that was made in silence", 30)


def test_a_past_that_etcd_forgot_is_listed_anew_and_a_deletion_in_the_gap_is_noticed(namespace, plane, start):
    plane.stop_server()
    plane.start_server("--watch-cache=false")
    operator = start(namespace, **NO_LEASE_LOSS).wait_until_leading()
    namespace.deploy("kept")
    namespace.deploy("lost")
    wait_for(lambda: converged(namespace, "kept") and converged(namespace, "lost"), "two deployments")
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
    wait_for(lambda: converged(namespace, "before"), "the first deployment")
    begin = len(proxy.requests)
    proxy.refuse_with = (status, headers)
    namespace.merge(DEPLOYMENTS, "before", {"spec": {"replicas": 5}})
    namespace.deploy("during")
    time.sleep(seconds)
    during = len(proxy.requests) - begin
    proxy.refuse_with = None
    wait_for(lambda: converged(namespace, "during"), "the change that was made meanwhile", 90)
    assert operator.process.poll() is None
    assert during <= 40 + seconds * 10


def test_another_operator_takes_over_from_one_that_was_killed(namespace, start):
    first = start(namespace).wait_until_leading()
    second = start(namespace)
    wait_for(lambda: "synced" in second.events(), "the second one is ready")
    first.kill()
    begin = time.monotonic()
    second.wait_until_leading(LEASE + 3 * RETRY + 5)
    assert time.monotonic() - begin < LEASE + 5
    namespace.deploy("after")
    wait_for(lambda: converged(namespace, "after"), "the second one works")


def test_an_operator_that_is_told_to_end_hands_over_at_once(namespace, start):
    first = start(namespace).wait_until_leading()
    second = start(namespace)
    wait_for(lambda: "synced" in second.events(), "the second one is ready")
    assert not second.leads()
    begin = time.monotonic()
    first.stop()
    assert first.process.returncode == 0
    second.wait_until_leading()
    assert time.monotonic() - begin < LEASE


def test_a_leader_that_is_cut_off_ends_before_its_lease_and_nobody_writes_without_one(
    namespace, plane, proxy, start, start_behind
):
    first = start_behind(namespace, MLP_RESYNC_SECONDS="0.05").wait_until_leading()
    second = start(namespace, kubeconfig=plane.kubeconfig_for(OPERATORS[1]))
    for number in range(3):
        namespace.deploy(f"m{number}")
    wait_for(lambda: all(converged(namespace, f"m{n}") for n in range(3)), "three deployments")
    proxy.stall()
    begin = time.monotonic()
    namespace.deploy("m3")
    assert first.process.wait(LEASE + 5) == 4
    assert time.monotonic() - begin < LEASE
    second.wait_until_leading(LEASE + 10)
    wait_for(lambda: converged(namespace, "m3"), "the other one works")
    assert_every_write_was_the_holders(plane, namespace)


def assert_every_write_was_the_holders(plane, namespace):
    """Read the audit log: after another one took the Lease, the first one wrote nothing more."""
    lines = [json.loads(line) for line in plane.audit_log.read_text().splitlines()]
    mine = [line for line in lines if line.get("objectRef", {}).get("namespace") == namespace.name]
    writers = [
        (line["requestReceivedTimestamp"], line["sourceIPs"], line["user"]["uid"], line["objectRef"]["resource"])
        for line in mine
        if line["user"]["username"].endswith("ml-operator") and line["responseStatus"]["code"] < 300
    ]
    taken = min(at for at, _, uid, resource in writers if uid == "1" and resource == "leases")
    assert [each for each in writers if each[2] == "0" and each[0] > taken] == []
    assert any(uid == "1" and resource == "deployments" for _, _, uid, resource in writers)


def test_an_operator_that_is_killed_after_any_single_write_leaves_what_the_next_one_completes(
    namespace, proxy, start_behind
):
    """One deployment for each write: new, autoscaled, back, all of it interrupted at every step."""
    deaths = 0
    name = "fragile"
    for spec in ({}, {"autoscaling": {"enabled": True, "maxReplicas": 5}, "modelVersion": 2}, {"replicas": 2}):
        namespace.deploy(name, **spec)
        for _ in range(12):
            operator = start_behind(namespace)
            killed = []

            def kill(_method, path, operator=operator, killed=killed):
                if "/events" not in path and not killed:
                    killed.append(path)
                    operator.kill()

            proxy.wrote = kill
            wait_for(lambda o=operator, k=killed: k or (o.leads() and is_told(namespace, name)), "a write", 30)
            proxy.wrote = lambda _method, _path: None
            operator.stop()
            if not killed:
                break
            deaths += 1
            namespace.kubectl("delete", "lease", "ml-operator")  # so that the next one need not wait for its end
        else:
            raise AssertionError("it never came to an end")
        model, live = namespace.model(name), namespace.deployment(name)
        assert model["status"]["observedGeneration"] == model["metadata"]["generation"]
        assert live["spec"]["template"]["metadata"]["labels"]["model-version"] == str(spec.get("modelVersion", 1))
    assert live["spec"]["replicas"] == 2
    assert converged(namespace, name)
    assert deaths >= 8


def is_told(namespace, name):
    """Whether the status, which is written last, speaks of the present spec."""
    model = namespace.model(name)
    return (model.get("status") or {}).get("observedGeneration") == model["metadata"]["generation"]


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


def test_probes_tell_the_truth_and_metrics_are_there(namespace, proxy, start_behind):
    proxy.refuse_with = (500, {})
    operator = start_behind(namespace)
    wait_for(lambda: "started" in operator.events(), "the probes answer")
    assert operator.get("/readyz")[0] == 503
    assert operator.get("/livez")[0] == 200
    proxy.refuse_with = None
    operator.wait_until_leading()
    assert operator.get("/readyz") == (200, "ok\n")
    assert operator.get("/nothing")[0] == 404
    text = operator.get("/metrics")[1]
    for name in (
        "workqueue_depth",
        "workqueue_retries_total",
        "workqueue_longest_running_processor_seconds",
        "controller_runtime_reconcile_time_seconds_bucket",
        "reflector_last_event_age_seconds",
    ):
        assert name in text
    assert operator.metric("leader_election_master_status") == 1


def test_the_lease_says_who_leads(namespace, start):
    start(namespace).wait_until_leading()
    spec = namespace.client.get(LEASES, namespace.name, "ml-operator")["spec"]
    assert spec["holderIdentity"]
    assert spec["leaseTransitions"] == 0
