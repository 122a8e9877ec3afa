"""The chain from a deployment to what keeps it from serving."""

from datetime import UTC, datetime

from mlp.api.agent import ProcessStatus
from mlp.api.deployment import Condition, ConditionType, ModelDeployment, ObjectMeta, Spec, Status
from mlp.local.causes import Evidence, why_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REGISTRY = ProcessStatus(name="registry", state="ready", pid=9, port=8000)
URL = "http://127.0.0.1:8000"


def deployment(reason, message="words", degraded=False, served=1, version=2, ready=1) -> ModelDeployment:
    holds = {ConditionType.READY: reason == "Serving", ConditionType.DEGRADED: degraded}
    conditions = tuple(
        Condition(
            type=type_,
            status="True" if value else "False",
            reason=reason,
            message=message,
            last_transition_time=NOW,
            observed_generation=2,
        )
        for type_, value in holds.items()
    )
    return ModelDeployment(
        metadata=ObjectMeta(name="iris", generation=2),
        spec=Spec(model_name="flowers", model_version=version),
        status=Status(observed_generation=2, conditions=conditions, served_version=served, ready_replicas=ready),
    )


def waiting(reason, message="words", **fields) -> ProcessStatus:
    common = {"name": "iris", "state": "waiting", "port": 8001, "version": 2, "next_attempt_at": NOW}
    return ProcessStatus(**common, reason=reason, message=message, **fields)


def why(deployment, *processes, registry=REGISTRY, log=()):
    return why_of(deployment, Evidence(processes, registry, URL, log))


def test_a_version_that_failed_its_golden_rows_is_the_cause_while_another_one_answers():
    serving = ProcessStatus(name="iris", state="ready", pid=7, version=1, reason="GoldenRowsFailed", message="row 3")
    found = why(deployment("GoldenRowsFailed", "row 3; version 1 still answers", True), serving, log=["a", "b"])
    assert (found.ok, found.settled, found.reason, found.message) == (False, True, "GoldenRowsFailed", "row 3")
    assert [link.kind for link in found.links] == ["deployment", "version", "process"]
    assert found.links[1].message == "version 1 still answers"
    assert found.log == ["a", "b"]


def test_a_taken_port_ends_the_chain_and_is_tried_again():
    nothing_answers = deployment("PortTaken", degraded=True, ready=0)
    found = why(nothing_answers, waiting("PortTaken", "port 8001 is taken"), log=["of a process that ran before"])
    assert (found.served_version, found.links[1].state, found.log) == (None, "does not answer", [])
    assert (found.reason, found.settled, found.next_attempt_at) == ("PortTaken", False, NOW)
    assert (found.links[-1].kind, found.links[-1].name) == ("port", "8001")


def test_a_registry_that_does_not_start_is_the_cause_of_what_waits_for_it():
    broken = ProcessStatus(name="registry", state="waiting", reason="DataUnusable", message="no room")
    found = why(deployment("RegistryUnavailable", degraded=True), waiting("RegistryUnavailable"), registry=broken)
    assert (found.reason, found.message) == ("registry_failed", "no room")
    assert (found.links[-1].kind, found.links[-1].name) == ("registry", URL)


def test_a_start_under_way_is_neither_well_nor_settled():
    starting = ProcessStatus(name="iris", state="starting", pid=8, version=2)
    found = why(deployment("Starting"), starting)
    assert (found.ok, found.settled, found.reason) == (False, False, "Starting")
    assert (found.links[-1].name, found.links[-1].state) == ("8", "starting")


def test_where_all_is_well_there_is_no_cause_though_it_once_failed():
    serving = ProcessStatus(name="iris", state="ready", pid=7, version=2, failures=2, message="once")
    found = why(deployment("Serving", served=2), serving, log=["a"])
    assert found.links[-1].message == "started again (2 endings in a row): once"
    assert (found.ok, found.settled, found.reason, found.message, found.log) == (True, True, None, "", [])


def test_what_rests_as_asked_is_well():
    assert why(deployment("ScaledToZero", served=None)).ok
