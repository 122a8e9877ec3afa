"""What a cluster remembers of a deployment, and the chain to what is wrong with it."""

from datetime import UTC, datetime, timedelta

from mlp.api.deployment import Condition, ConditionType, ModelDeployment, ObjectMeta, Spec, Status
from mlp.api.history import DeploymentEvent, Revision
from mlp.api.why import Why
from mlp.targets.kubernetes.past import events_of, revisions_of, why_of

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def deployment(version=2, reason="Serving", degraded=False, **meta) -> ModelDeployment:
    conditions = tuple(
        Condition(
            type=type_,
            status="True" if holds else "False",
            reason=reason,
            message="words",
            last_transition_time=BEGIN,
            observed_generation=2,
        )
        for type_, holds in ((ConditionType.READY, reason == "Serving"), (ConditionType.DEGRADED, degraded))
    )
    return ModelDeployment(
        metadata=ObjectMeta(name="iris", generation=2, creation_timestamp=BEGIN, **meta),
        spec=Spec(model_name="flowers", model_version=version),
        status=Status(observed_generation=2, conditions=conditions, served_version=1, ready_replicas=1, digest="d"),
    )


def moment(minute: int) -> str:
    return (BEGIN + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")


def replica_set(number, version, ready=0):
    return {
        "metadata": {
            "name": f"iris-{number}",
            "labels": {"model-version": str(version)},
            "annotations": {"deployment.kubernetes.io/revision": str(number)},
            "creationTimestamp": moment(number),
        },
        "status": {"readyReplicas": ready},
    }


def test_the_newest_roll_out_is_the_spec_as_it_stands_with_what_asked_for_it():
    asked = deployment().caused("mlp deploy iris --version 2", by="ann")
    newest, earlier = revisions_of(asked.document(), [replica_set(1, 1), replica_set(2, 2, ready=1)])
    assert (newest["number"], newest["version"], newest["outcome"], newest["current"]) == (2, 2, "succeeded", True)
    assert (newest["cause"], newest["by"]) == ("mlp deploy iris --version 2", "ann")
    assert newest["spec"] == asked.document()["spec"]
    assert (earlier["number"], earlier["version"], earlier["outcome"], earlier["spec"]) == (1, 1, "unknown", None)
    for told in (newest, earlier):
        assert Revision.model_validate(told).document() == told


def test_a_spec_that_was_not_rolled_out_yet_stands_before_those_that_were():
    newest, earlier = revisions_of(deployment(3, reason="Starting").document(), [replica_set(4, 2, ready=1)])
    assert (newest["number"], newest["version"], newest["outcome"]) == (5, 3, "pending")
    assert (earlier["number"], earlier["outcome"]) == (4, "succeeded")


def test_a_degraded_spec_has_failed_with_its_reason():
    (newest,) = revisions_of(deployment(reason="GoldenRowsFailed", degraded=True).document(), [])
    assert (newest["outcome"], newest["reason"], newest["digest"]) == ("failed", "GoldenRowsFailed", None)


def test_events_of_the_deployment_alone_are_told_newest_first():
    def event(kind, name, minute, type_="Normal"):
        return {
            "metadata": {"creationTimestamp": BEGIN.isoformat()},
            "involvedObject": {"kind": kind, "name": name},
            "lastTimestamp": moment(minute),
            "type": type_,
            "reason": "Word",
            "count": 3,
        }

    events = [event("ModelDeployment", "iris", 1), event("ModelDeployment", "churn", 2), event("Pod", "iris", 3)]
    found = events_of("iris", [*events, event("Deployment", "iris", 4, "Warning")])
    assert [(each["at"], each["type"], each["count"]) for each in found] == [
        ("2026-01-01T00:04:00Z", "Warning", 3),
        ("2026-01-01T00:01:00Z", "Normal", 3),
    ]
    assert [DeploymentEvent.model_validate(each).document() for each in found] == found


def test_the_chain_of_a_broken_deployment_ends_at_what_its_container_said():
    said = '{"reason": "GoldenRowsFailed", "message": "row 3"}'
    pod = {
        "metadata": {"name": "iris-x", "creationTimestamp": BEGIN.isoformat()},
        "status": {
            "phase": "Running",
            "containerStatuses": [{"state": {"terminated": {"exitCode": 3, "message": said}}}],
        },
    }
    why = why_of(deployment(reason="GoldenRowsFailed", degraded=True).document(), None, [pod])
    assert [link["kind"] for link in why["links"]] == ["deployment", "version", "pod", "container"]
    assert (why["ok"], why["settled"], why["reason"], why["message"]) == (False, True, "GoldenRowsFailed", "row 3")
    assert (why["version"], why["served_version"]) == (2, 1)
    assert Why.model_validate(why).document() == why


def pod(name, version, **meta):
    ready = [{"type": "Ready", "status": "True"}]
    labels = {"model-version": str(version)}
    return {"metadata": {"name": name, "labels": labels, **meta}, "status": {"phase": "Running", "conditions": ready}}


def test_the_chain_has_neither_pods_of_the_version_before_nor_those_that_leave():
    pods = [pod("before", 1), pod("new", 2), pod("leaving", 2, deletionTimestamp=moment(1))]
    links = why_of(deployment(2).document(), None, pods)["links"]
    assert [(link["name"], link["state"]) for link in links[1:]] == [("flowers:2", "wanted"), ("new", "ready")]


def test_the_chain_ends_at_a_pod_that_is_not_ready():
    pending = {"metadata": {"name": "later"}, "status": {"phase": "Pending"}}
    links = why_of(deployment(2).document(), None, [pending, pod("serving", 2)])["links"]
    assert [(link["name"], link["state"]) for link in links[2:]] == [("serving", "ready"), ("later", "Pending")]


def test_the_chain_of_a_serving_deployment_has_no_cause():
    why = why_of(deployment().document(), None, [])
    assert (why["ok"], why["reason"], why["message"]) == (True, None, "")
    assert why["links"][0]["state"] == "Ready"


def test_the_chain_of_a_deployment_that_nobody_has_looked_at_says_so():
    meta, spec = ObjectMeta(name="iris", creation_timestamp=BEGIN), Spec(model_name="flowers", model_version=1)
    why = why_of(ModelDeployment(metadata=meta, spec=spec).document(), None, [])
    assert (why["ok"], why["settled"], why["links"][0]["state"]) == (False, False, "Unknown")
    assert Why.model_validate(why).document() == why
