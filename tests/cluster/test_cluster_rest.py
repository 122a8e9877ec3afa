"""An operator that has nothing to do does nothing, and says how it is."""

import pytest

from tests.cluster.operator_process import NO_LEASE_LOSS, wait_for


@pytest.fixture
def namespace(new_namespace):
    return new_namespace()


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


def test_a_worker_or_a_watch_that_is_stuck_fails_the_liveness_probe(namespace, proxy, start_behind):
    patience = {"MLP_STUCK_SECONDS": "2", "MLP_WATCH_SILENCE_SECONDS": "60"}
    operator = start_behind(namespace, **NO_LEASE_LOSS, **patience).wait_until_leading()
    assert operator.get("/livez") == (200, "ok\n")
    proxy.stall(writes_only=True)
    namespace.deploy("held")
    wait_for(lambda: operator.get("/livez") == (503, "a worker is stuck\n"), "the worker is found stuck")
