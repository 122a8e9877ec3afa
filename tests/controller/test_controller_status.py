"""What is told of a deployment, decided without a cluster."""

from datetime import UTC, datetime, timedelta

import pytest

from mlp.api.deployment import ConditionType, Status
from mlp.controller.announce import announcements
from mlp.controller.answer import Resolved, Unresolved, unresolved
from mlp.controller.reconcile import reconcile
from mlp.controller.status import status_of
from mlp.errors import Denied, NotFound, Unavailable
from mlp.kube.faults import Problem, fault_of, refusal
from tests.controller.views import PODS, deployment, live_after, pod, serving, template_in, view

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def told(seen, refused=None, now=NOW):
    return status_of(seen, reconcile(seen, PODS), refused, now)


def says(status):
    return {each.type.value: (each.status, each.reason) for each in status.conditions}


def serves(model=None, **numbers):
    model = model or deployment()
    return view(model, children=serving(live_after(view(model)), **numbers), pods=[pod(model.spec.model_version)])


def test_a_deployment_whose_pods_all_serve_is_ready():
    status = told(serves())
    assert says(status) == {
        "Ready": ("True", "Serving"),
        "Progressing": ("False", "Serving"),
        "Degraded": ("False", "Serving"),
    }
    assert (status.served_version, status.available_replicas) == (1, 1)
    assert status.url == "http://my-model-service.ml-platform.svc:8001"


@pytest.mark.parametrize(
    "numbers",
    [{"observedGeneration": 0}, {"updatedReplicas": 0}, {"availableReplicas": 0}, {"replicas": 2}],
    ids=lambda each: next(iter(each)),
)
def test_nothing_less_is_ready(numbers):
    assert says(told(serves(**numbers)))["Ready"][0] == "False"


def test_a_rollout_says_what_still_answers_and_ends_with_the_new_version():
    old = serves(deployment())
    before = told(old)
    model = deployment(status=before, modelVersion=2, generation=2)
    children = live_after(view(model, children=old.children))
    rolling = view(model, children=serving(children, updatedReplicas=0), pods=[pod(1), pod(2, ready=False)])
    status = told(rolling)
    assert says(status)["Progressing"] == ("True", "Starting")
    assert status.served_version == 1
    assert "version 1 still answers" in status.condition(ConditionType.READY).message
    both = view(model, children=serving(children, replicas=2), pods=[pod(1), pod(2)])
    assert told(both).served_version == 1
    assert told(view(model, children=serving(children), pods=[pod(2)])).served_version == 2


def test_a_condition_keeps_its_time_until_its_status_turns():
    first = told(serves())
    later = NOW + timedelta(hours=1)
    again = told(serves(deployment(status=first)), now=later)
    assert again == first
    worse = told(serves(deployment(status=first), availableReplicas=0), now=later)
    assert worse.condition(ConditionType.READY).last_transition_time == later
    assert worse.condition(ConditionType.DEGRADED).last_transition_time == NOW


@pytest.mark.parametrize(
    ("error", "reason", "final"),
    [
        (NotFound("no model", code="model_not_found"), "ModelNotFound", True),
        (NotFound("no version", code="version_not_found"), "VersionNotReady", True),
        (Denied("no token"), "RegistryDenied", False),
        (Unavailable("down"), "RegistryUnavailable", False),
    ],
)
def test_what_the_registry_says_becomes_a_reason(error, reason, final):
    answer = unresolved(error)
    assert (answer.reason, answer.is_final) == (reason, final)
    status = told(view(answer=answer))
    assert says(status)["Ready"] == ("False", reason)
    assert says(status)["Degraded"] == ("True", reason)


def test_a_version_that_serves_stays_ready_when_the_registry_loses_it_and_that_is_told():
    ready = serves()
    lost = view(ready.deployment, Unresolved("VersionNotReady", "gone", is_final=True), ready.children, ready.pods)
    assert says(told(lost))["Ready"] == ("True", "Serving")
    assert says(told(lost))["Degraded"] == ("True", "VersionNotReady")
    other = view(ready.deployment, Resolved("e" * 64), ready.children, ready.pods)
    assert says(told(other))["Degraded"] == ("True", "DigestMismatch")
    silent = view(ready.deployment, Unresolved("RegistryUnavailable", "", is_final=False), ready.children, ready.pods)
    assert says(told(silent))["Degraded"][0] == "False"


def test_nothing_answers_where_everything_was_taken_down():
    model = deployment(status=Status(served_version=1))
    unheard = Unresolved("RegistryUnavailable", "the registry does not answer", is_final=False)
    status = told(view(model, answer=unheard))
    assert status.served_version is None
    assert "still answers" not in status.condition(ConditionType.READY).message


def test_zero_replicas_serve_nothing_and_are_no_fault():
    model = deployment(replicas=0, status=Status(served_version=1))
    status = told(view(model, children=serving(live_after(view(model)))))
    assert says(status)["Ready"] == ("False", "ScaledToZero")
    assert says(status)["Degraded"][0] == "False"
    assert status.served_version is None


def test_what_the_server_refused_is_told():
    status = told(serves(availableReplicas=0), refused=refusal('pods "x-1" is forbidden: exceeded quota: few'))
    assert says(status)["Degraded"] == ("True", "QuotaExceeded")
    assert "x-1" not in status.condition(ConditionType.DEGRADED).message


def test_what_a_deployment_said_of_an_earlier_spec_is_not_said_of_this_one():
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    assert says(told(serves(updatedReplicas=0, conditions=[late])))["Degraded"] == ("True", "ProgressDeadlineExceeded")
    stale = serves(updatedReplicas=0, conditions=[late], observedGeneration=0)
    assert says(told(stale))["Degraded"][0] == "False"


def test_what_a_deployment_said_of_a_template_all_of_whose_pods_serve_by_now_is_over():
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    back = serves(replicas=2, conditions=[late])
    pods = [pod(1, template=template_in(back.children)), pod(2, ready=False, template="given up")]
    assert says(told(view(back.deployment, children=back.children, pods=pods)))["Degraded"] == ("False", "Scaling")


def test_what_pods_of_an_earlier_template_suffer_from_is_over():
    small = deployment(resources={"limits": {"memory": "256Mi"}})
    killed = {"lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, "image": "i"} | WAITING
    children = serving(live_after(view(small)), availableReplicas=0)
    pods = [pod(1, ready=False, template=template_in(children), containerStatuses=[killed])]
    assert says(told(view(small, children=children, pods=pods)))["Degraded"] == ("True", "OutOfMemory")
    larger = deployment(resources={"limits": {"memory": "1Gi"}})
    children = serving(live_after(view(larger)), updatedReplicas=0, availableReplicas=0)
    assert says(told(view(larger, children=children, pods=pods)))["Degraded"] == ("False", "Starting")


def ended(exit_code, message="", **more):
    return {"lastState": {"terminated": {"exitCode": exit_code, "message": message}}, "image": "i", **more}


WAITING = {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s ... pod=x_y(z)"}}}


@pytest.mark.parametrize(
    ("container", "reason", "words"),
    [
        (ended(3, '{"reason": "DigestMismatch", "message": "other bytes"}') | WAITING, "DigestMismatch", "other bytes"),
        (ended(1, "Traceback: boom") | WAITING, "CrashLooping", "exit code 1: Traceback: boom"),
        (ended(3, '{"reason": "not a word!", "message": "x"}') | WAITING, "CrashLooping", "exit code 3"),
        (ended(3, '["reason"]') | WAITING, "CrashLooping", "exit code 3"),
        (
            {"lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, "image": "i"} | WAITING,
            "OutOfMemory",
            "memory",
        ),
        ({"state": {"waiting": {"reason": "ErrImageNeverPull"}}, "image": "i:1"}, "ImagePullFailed", "i:1"),
        (
            {"state": {"waiting": {"reason": "CreateContainerConfigError", "message": "no secret"}}, "image": "i"},
            "ContainerFailed",
            "no secret",
        ),
    ],
)
def test_a_container_that_does_not_run_says_why(container, reason, words):
    fault = fault_of(None, [pod(1, ready=False, containerStatuses=[container])])
    assert fault.reason == reason
    assert words in fault.message
    assert "x_y" not in fault.message


def test_a_pod_that_no_node_takes_says_why():
    conditions = [
        {"type": "Ready", "status": "False"},
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available"},
    ]
    fault = fault_of(None, [pod(1, ready=False, conditions=conditions)])
    assert (fault.reason, fault.message) == ("Unschedulable", "0/1 nodes are available")


def test_pods_that_serve_or_leave_have_no_fault():
    broken = [ended(1) | WAITING]
    leaving = pod(1, ready=False, containerStatuses=broken)
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert fault_of(None, [pod(1, containerStatuses=broken), leaving]) is None


def test_the_newest_pod_speaks_first():
    old = pod(1, ready=False, name="old", containerStatuses=[ended(1) | WAITING])
    image = {"state": {"waiting": {"reason": "ImagePullBackOff"}}, "image": "i"}
    new = pod(1, ready=False, name="new", created="2026-02-01T00:00:00Z", containerStatuses=[image])
    assert fault_of(None, [old, new]).reason == "ImagePullFailed"


def test_events_are_made_of_turns_alone():
    starting = told(view(children=live_after(view())))
    assert announcements(None, starting) == []
    ready = told(serves())
    assert [(each.type, each.reason) for each in announcements(starting, ready)] == [("Normal", "Serving")]
    assert announcements(ready, ready) == []
    broken = told(serves(availableReplicas=0), refused=Problem("Rejected", "no"))
    assert [(each.type, each.reason) for each in announcements(ready, broken)] == [("Warning", "Rejected")]
    assert announcements(broken, broken) == []
