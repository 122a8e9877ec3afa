"""How far a component is, as the words of `mlp up` have it."""

import pytest

from mlp.targets.kubernetes.rollout import progress_of


def deployment(**status):
    return {
        "kind": "Deployment",
        "metadata": {"name": "model-registry", "generation": 2},
        "spec": {"replicas": 1},
        "status": {"observedGeneration": 2, **status},
    }


def pod(waiting=None, ready="False", message=""):
    state = {"waiting": {"reason": waiting, "message": message}} if waiting else {"running": {}}
    return {
        "metadata": {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {}},
        "spec": {},
        "status": {
            "phase": "Pending" if waiting else "Running",
            "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{"image": "ml-platform/api:0", "restartCount": 0, "state": state}],
        },
    }


READY = {"updatedReplicas": 1, "readyReplicas": 1, "replicas": 1}


def test_what_is_not_there_is_waited_for():
    assert progress_of(None, []).phase == "waiting"


def test_ready_means_the_present_spec_alone():
    assert progress_of(deployment(**READY), []).phase == "ready"
    assert progress_of(deployment(**READY, observedGeneration=1), [pod(ready="True")]).phase == "waiting"
    assert progress_of(deployment(**{**READY, "replicas": 2}), [pod(ready="True")]).phase == "waiting"


@pytest.mark.parametrize(
    ("reason", "words"),
    [("ContainerCreating", "0/1 ready, being made"), ("PodInitializing", "0/1 ready, PodInitializing")],
)
def test_a_pod_that_comes_is_no_trouble(reason, words):
    progress = progress_of(deployment(), [pod(reason)])
    assert (progress.phase, progress.words) == ("waiting", words)


def test_an_image_that_cannot_be_had_is_trouble_with_its_name():
    progress = progress_of(deployment(), [pod("ImagePullBackOff")])
    assert progress.phase == "stuck"
    assert progress.problem.reason == "ImagePullFailed"
    assert "ml-platform/api:0" in progress.words
