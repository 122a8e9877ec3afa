from datetime import UTC, datetime, timedelta

import pytest

from mlp.api.deployment import ConditionType, ModelDeployment, ObjectMeta, Spec, Status
from mlp.local.attempts import Attempts, Ending
from mlp.local.reconcile import Phase, Process, Seen
from mlp.local.status import status_of

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def deployment(version=2, *, served=None, status=None, **spec):
    return ModelDeployment(
        metadata=ObjectMeta(name="iris", generation=3),
        spec=Spec(model_name="iris", model_version=version, **spec),
        status=status or Status(served_version=served, digest="old" if served else None),
    )


def ready(revision, digest="new"):
    return Process(revision, revision, Phase.READY, digest)


def failures(*, count=1, ready_seconds=None, generation=3):
    ending = Ending(2, generation, "GoldenRowsFailed", "row 3 differs", ready_seconds)
    return {2: Attempts(count, 0.0, ending)}


def summary(status):
    conditions = {each.type.value: each.status == "True" for each in status.conditions}
    return conditions["Ready"], conditions["Progressing"], conditions["Degraded"], status.conditions[0].reason


READY, PROGRESSING, DEGRADED = (True, False, False), (False, True, False), (False, False, True)
NEITHER = (False, False, False)


@pytest.mark.parametrize(
    ("given", "seen", "expected"),
    [
        (deployment(), Seen(), (*PROGRESSING, "Starting")),
        (deployment(), Seen((Process(1, 2, Phase.STARTING),)), (*PROGRESSING, "Starting")),
        (deployment(), Seen((ready(2),)), (*READY, "Serving")),
        (deployment(served=1), Seen((ready(1),)), (*PROGRESSING, "Starting")),
        (deployment(served=1), Seen((ready(1),), attempts=failures()), (*DEGRADED, "GoldenRowsFailed")),
        (deployment(), Seen((Process(1, 2, Phase.STARTING),), attempts=failures()), (*DEGRADED, "GoldenRowsFailed")),
        (deployment(), Seen((ready(2),), attempts=failures()), (*READY, "Serving")),
        (deployment(served=2), Seen(attempts=failures(ready_seconds=9)), (*PROGRESSING, "Restarting")),
        (deployment(served=2), Seen(attempts=failures(ready_seconds=9, count=3)), (*DEGRADED, "GoldenRowsFailed")),
        (deployment(), Seen(attempts=failures(generation=2)), (*PROGRESSING, "Starting")),
        (deployment(replicas=0), Seen(), (*NEITHER, "ScaledToZero")),
        (deployment(served=1, suspend=True), Seen((ready(1),)), (*NEITHER, "Suspended")),
        (deployment(served=2, suspend=True), Seen((ready(2),)), (*READY, "Serving")),
        (deployment(suspend=True), Seen(), (*NEITHER, "Suspended")),
    ],
)
def test_conditions_say_whether_the_spec_as_it_stands_is_served(given, seen, expected):
    status = status_of(given, seen, 8001, NOW)
    assert summary(status) == expected
    assert status.observed_generation == 3
    assert status.url == "http://127.0.0.1:8001"


def test_what_served_last_is_remembered_while_it_is_restarted_and_forgotten_at_rest():
    restarting = status_of(deployment(served=2), Seen(), 8001, NOW)
    assert (restarting.served_version, restarting.digest, restarting.ready_replicas) == (2, "old", 0)
    asleep = status_of(deployment(served=2, replicas=0), Seen(), 8001, NOW)
    assert (asleep.served_version, asleep.digest) == (None, None)


def test_draining_processes_are_not_replicas():
    status = status_of(deployment(), Seen((ready(2), Process(1, 1, Phase.DRAINING))), 8001, NOW)
    assert (status.replicas, status.ready_replicas, status.served_version, status.digest) == (1, 1, 2, "new")


def test_a_condition_keeps_its_time_until_its_status_changes():
    earlier = status_of(deployment(), Seen(), 8001, NOW)
    later = NOW + timedelta(seconds=5)
    after = status_of(deployment(status=earlier), Seen((ready(2),)), 8001, later)
    times = {each.type: each.last_transition_time for each in after.conditions}
    assert times == {
        ConditionType.READY: later,
        ConditionType.PROGRESSING: later,
        ConditionType.DEGRADED: NOW,
    }
