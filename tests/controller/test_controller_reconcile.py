"""What is to be done, decided without a cluster."""

import copy

import pytest

from mlp.controller.answer import Resolved, Unresolved
from mlp.controller.drift import differs
from mlp.controller.reconcile import Apply, reconcile
from mlp.kube.resource import AUTOSCALERS, DEPLOYMENTS, DISRUPTION_BUDGETS, SERVICES
from tests.controller.views import PODS, UID, deployment, live_after, view

SCALED = {"enabled": True, "maxReplicas": 10}


def kinds(plan):
    return [(type(action).__name__, getattr(action, "resource", DEPLOYMENTS).kind) for action in plan.actions]


def containers(body):
    return body["spec"]["template"]["spec"]["containers"]


def test_a_new_deployment_gets_its_children_and_a_second_look_changes_nothing():
    seen = view()
    assert kinds(reconcile(seen, PODS)) == [
        ("Apply", "Deployment"),
        ("Apply", "Service"),
        ("Apply", "PodDisruptionBudget"),
    ]
    assert reconcile(view(children=live_after(seen)), PODS).actions == ()


def test_what_is_new_is_never_taken_by_force_and_what_is_ours_is_named_by_its_uid():
    children = live_after(view())
    assert all(not action.force for action in reconcile(view(), PODS).actions)
    (again,) = reconcile(view(deployment(replicas=3), children=children), PODS).actions
    assert again.force
    assert again.body["metadata"]["uid"] == children[DEPLOYMENTS]["metadata"]["uid"]


def test_nothing_in_what_is_applied_is_null_or_empty():
    def walk(value, path):
        assert value not in (None, {}, [], ""), path
        for key, part in (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        ):
            walk(part, f"{path}/{key}")

    empty = deployment(resources={"requests": {}}, autoscaling=None)
    full = deployment(environment="production", autoscaling=SCALED, resources={"limits": {"cpu": 2}})
    for model in (deployment(), full):
        for action in reconcile(view(model), PODS).actions:
            walk(action.body, action.resource.kind)
    (first, *_) = reconcile(view(empty), PODS).actions
    assert containers(first.body)[0].get("resources") in ({}, None)


@pytest.mark.parametrize("answer", [None, Unresolved("RegistryUnavailable", "down", is_final=False)])
def test_a_registry_that_is_silent_changes_nothing_that_runs(answer):
    children = live_after(view())
    assert reconcile(view(answer=answer, children=children), PODS).actions == ()
    scaled = reconcile(view(deployment(replicas=4), answer=answer, children=children), PODS)
    assert kinds(scaled) == [("Apply", "Deployment")]
    other = reconcile(view(deployment(modelVersion=2), answer=answer, children=children), PODS)
    assert other.actions == ()
    assert other.problem is not None


def test_the_digest_that_pods_were_proved_with_stands_whatever_the_registry_says_later():
    children = live_after(view())
    plan = reconcile(view(answer=Resolved("e" * 64), children=children), PODS)
    assert plan.actions == ()
    (first, *_) = reconcile(
        view(deployment(modelVersion=2), answer=Resolved("e" * 64), children=children), PODS
    ).actions
    assert {"name": "MLP_MODEL_DIGEST", "value": "e" * 64} in containers(first.body)[0]["env"]


def test_replicas_are_handed_over_before_they_are_given_up_and_owned_again_after_the_autoscaler_is_gone():
    model = deployment(autoscaling=SCALED, replicas=5)
    children = live_after(view(deployment(replicas=5)))
    plan = reconcile(view(model, children=children), PODS)
    assert kinds(plan)[:2] == [("HandOver", "Deployment"), ("Apply", "Deployment")]
    assert "replicas" not in plan.actions[1].body["spec"]
    children = live_after(view(model, children=children))
    assert children[AUTOSCALERS]["spec"]["minReplicas"] == 5
    assert reconcile(view(model, children=children), PODS).actions == ()
    back = reconcile(view(deployment(replicas=6), children=children), PODS)
    assert kinds(back) == [("Remove", "HorizontalPodAutoscaler"), ("Apply", "Deployment")]
    assert back.actions[1].body["spec"]["replicas"] == 6


@pytest.mark.parametrize(
    ("replicas", "scaling", "least"),
    [(3, {}, 3), (0, {}, 1), (20, {}, 10), (3, {"minReplicas": 2}, 2)],
)
def test_the_lower_bound_of_scaling_is_replicas_within_reason(replicas, scaling, least):
    model = deployment(replicas=replicas, autoscaling=SCALED | scaling)
    plan = reconcile(view(model), PODS)
    bodies = {action.resource: action.body for action in plan.actions}
    assert bodies[AUTOSCALERS]["spec"]["minReplicas"] == least
    assert bodies[DEPLOYMENTS]["spec"]["replicas"] == least


@pytest.mark.parametrize("resource", [DEPLOYMENTS, SERVICES, DISRUPTION_BUDGETS], ids=lambda each: each.kind)
def test_a_stranger_with_the_name_of_a_child_stops_all_writing(resource):
    stranger = {"metadata": {"name": "x", "uid": "other"}}
    plan = reconcile(view(children={resource: stranger}), PODS)
    assert plan.actions == ()
    assert plan.problem.reason == "ResourceConflict"
    assert resource.kind in plan.problem.message


def test_a_strange_autoscaler_matters_only_to_who_wants_one():
    stranger = {"metadata": {"name": "x", "uid": "other"}}
    assert reconcile(view(children={AUTOSCALERS: stranger}), PODS).problem is None
    assert reconcile(view(deployment(autoscaling=SCALED), children={AUTOSCALERS: stranger}), PODS).problem is not None


def test_children_of_a_deleted_namesake_are_waited_for():
    children = live_after(view())
    for child in children.values():
        child["metadata"]["ownerReferences"][0]["uid"] = "an earlier one"
    plan = reconcile(view(children=children), PODS)
    assert (plan.actions, plan.problem.reason, plan.problem.passing) == ((), "Replacing", True)


def test_a_child_that_is_being_deleted_is_left_to_go():
    children = live_after(view())
    children[SERVICES]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    children[SERVICES]["spec"] = {}
    assert reconcile(view(children=children), PODS).actions == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "replicas"), 7),
        (("spec", "template", "spec", "containers", 0, "image"), "evil"),
        (("spec", "template", "spec", "containers", 0, "resources", "requests", "memory"), "1Gi"),
        (("metadata", "labels", "model-version"), "9"),
        (("metadata", "annotations", "ml.example.com/applied"), "0"),
    ],
)
def test_every_edit_of_an_applied_field_is_noticed(path, value):
    children = live_after(view())
    place = children[DEPLOYMENTS]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert kinds(reconcile(view(children=children), PODS)) == [("Apply", "Deployment")]


def test_what_others_add_and_how_the_server_writes_amounts_is_no_drift():
    model = deployment(resources={"requests": {"cpu": "1000m", "memory": "1024Mi"}})
    (wanted, *_) = reconcile(view(model), PODS).actions
    live = copy.deepcopy(wanted.body)
    live["metadata"]["labels"]["team"] = "risk"
    live["spec"]["template"]["spec"]["dnsPolicy"] = "ClusterFirst"
    containers(live).insert(0, {"name": "injected"})
    containers(live)[1]["resources"]["requests"] = {"cpu": "1", "memory": "1Gi"}
    assert not differs(live, wanted.body)


def test_a_field_that_is_no_longer_wanted_is_noticed_by_the_fingerprint():
    model = deployment(environment="staging")
    children = live_after(view(model))
    assert ("Apply", "Deployment") in kinds(reconcile(view(children=children), PODS))


def test_no_change_of_the_spec_touches_a_selector():
    selectors = set()
    for model in (deployment(), deployment(modelVersion=2, replicas=3, environment="a", autoscaling=SCALED)):
        for action in reconcile(view(model), PODS).actions:
            spec = action.body["spec"]
            if "selector" in spec:
                selectors.add((action.resource.kind, str(spec["selector"])))
    assert len(selectors) == 3


def test_a_pod_has_no_privileges_no_token_and_answers_probes():
    (first, *_) = reconcile(view(), PODS).actions
    pod = first.body["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    container = pod["containers"][0]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()
    sleep = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain = next(int(each["value"]) for each in container["env"] if each["name"] == "MLP_DRAIN_SECONDS")
    assert pod["terminationGracePeriodSeconds"] > sleep + drain
    assert first.body["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_children_belong_to_the_one_deployment():
    for action in reconcile(view(), PODS).actions:
        assert isinstance(action, Apply)
        owners = action.body["metadata"]["ownerReferences"]
        assert [(owner["uid"], owner["controller"]) for owner in owners] == [(UID, True)]
