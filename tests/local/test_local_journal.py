"""What is written down of a deployment, and what can be read of it again."""

from datetime import UTC, datetime, timedelta

import pytest

from mlp.api.deployment import Condition, ConditionType, ModelDeployment, ObjectMeta, Spec, Status
from mlp.api.history import DeploymentEvent
from mlp.local.journal import Journal

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def deployment(generation, version, reason="Serving", degraded=False) -> ModelDeployment:
    ready = reason == "Serving"
    conditions = tuple(
        Condition(type=type_, status="True" if holds else "False", reason=reason, last_transition_time=BEGIN)
        for type_, holds in ((ConditionType.READY, ready), (ConditionType.DEGRADED, degraded))
    )
    return ModelDeployment(
        metadata=ObjectMeta(name="iris", generation=generation),
        spec=Spec(model_name="flowers", model_version=version),
        status=Status(observed_generation=generation, conditions=conditions, digest=f"digest {version}"),
    )


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path)


def later(minutes):
    return BEGIN + timedelta(minutes=minutes)


def told(journal, deployment):
    return [(each.number, each.version, each.outcome, each.reason) for each in journal.revisions(deployment)]


def test_revisions_tell_what_was_asked_by_what_and_what_became_of_it(journal):
    journal.asked(deployment(1, 1).caused("mlp deploy iris --version 1", by="ann"), BEGIN)
    journal.looked(deployment(1, 1), later(1))
    journal.asked(deployment(2, 2), later(2))
    newest, first = journal.revisions(deployment(2, 2))
    assert (first.cause, first.by, first.at, first.decided_at) == (
        "mlp deploy iris --version 1",
        "ann",
        BEGIN,
        later(1),
    )
    assert (first.outcome, first.reason, first.digest) == ("succeeded", "Serving", "digest 1")
    assert (newest.outcome, newest.current, first.current) == ("pending", True, False)
    assert newest.spec == deployment(2, 2).spec


def test_what_another_spec_replaced_before_anything_was_known_is_superseded(journal):
    for number in (1, 2):
        journal.asked(deployment(number, number), BEGIN)
    assert told(journal, deployment(2, 2)) == [(2, 2, "pending", None), (1, 1, "superseded", None)]


def test_what_failed_may_still_succeed_and_what_succeeded_never_fails(journal):
    journal.asked(deployment(1, 1), BEGIN)
    for reason, degraded in [("RegistryUnavailable", True), ("Serving", False), ("CrashLooping", True)]:
        journal.looked(deployment(1, 1, reason, degraded), later(1))
    assert told(journal, deployment(1, 1)) == [(1, 1, "succeeded", "Serving")]


def test_a_failure_that_goes_on_is_written_once(journal, tmp_path):
    journal.asked(deployment(1, 1), BEGIN)
    for _ in range(50):
        journal.looked(deployment(1, 1, "GoldenRowsFailed", degraded=True), later(1))
    assert len((tmp_path / "iris.revisions.jsonl").read_bytes().splitlines()) == 2
    Journal(tmp_path).looked(deployment(1, 1, "GoldenRowsFailed", degraded=True), later(2))
    assert len((tmp_path / "iris.revisions.jsonl").read_bytes().splitlines()) == 2


def test_a_status_of_an_earlier_generation_decides_nothing(journal):
    journal.asked(deployment(1, 1), BEGIN)
    old = deployment(1, 1).model_copy(update={"metadata": ObjectMeta(name="iris", generation=2)})
    journal.looked(old, later(1))
    assert told(journal, deployment(1, 1)) == [(1, 1, "pending", None)]


def test_a_torn_line_is_passed_over(journal, tmp_path):
    journal.asked(deployment(1, 1), BEGIN)
    with (tmp_path / "iris.revisions.jsonl").open("ab") as file:
        file.write(b'{"kind": "deci\n\xff\n{"kind"')
    journal.asked(deployment(2, 2), BEGIN)
    assert [number for number, *_ in told(journal, deployment(2, 2))] == [2, 1]


def test_what_cannot_be_read_of_a_history_is_told_with_its_file(journal, tmp_path):
    file = tmp_path / "iris.revisions.jsonl"
    assert journal.damage("iris") is None
    journal.asked(deployment(1, 1), BEGIN)
    assert journal.damage("iris") is None
    file.write_bytes(b"\0" * 40)
    assert journal.damage("iris").startswith(f"{file}: 1 of 1 lines cannot be read")
    journal.found(deployment(1, 1))
    assert journal.damage("iris").startswith(f"{file}: 1 of 2 lines cannot be read")
    assert [number for number, *_ in told(journal, deployment(1, 1))] == [1]
    file.unlink()
    file.mkdir()
    assert journal.damage("iris").startswith(f"{file} cannot be read (Is a directory)")


def test_a_spec_that_is_older_than_the_record_is_noted_once(journal):
    for _ in range(2):
        journal.found(deployment(4, 2))
    assert told(journal, deployment(4, 2)) == [(4, 2, "pending", None)]


def test_events_are_told_newest_first_and_repetitions_once(journal):
    def event(reason, minute):
        return DeploymentEvent(at=later(minute), type="Normal", reason=reason, message="", version=1, pid=minute)

    for minute, reason in enumerate(["Started", "CrashLooping", "Started", "CrashLooping", "Ready"]):
        journal.happened("iris", event(reason, minute))
    assert [(each.reason, each.count, each.pid) for each in journal.events("iris")] == [
        ("Ready", 1, 4),
        ("CrashLooping", 2, 3),
        ("Started", 2, 2),
    ]


def test_the_files_of_a_deployment_stay_small_and_keep_what_is_new(tmp_path):
    journal = Journal(tmp_path, largest_bytes=2_000)
    for minute in range(500):
        event = DeploymentEvent(at=later(minute), type="Normal", reason="Started", message=str(minute))
        journal.happened("iris", event)
    assert (tmp_path / "iris.events.jsonl").stat().st_size <= 2_000
    assert journal.events("iris")[0].message == "499"


def test_a_deleted_deployment_leaves_nothing(journal, tmp_path):
    journal.asked(deployment(1, 1), BEGIN)
    journal.happened("iris", DeploymentEvent(at=BEGIN, type="Normal", reason="Started", message=""))
    journal.forget("iris")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path):
    journal = Journal(tmp_path / "absent")
    journal.asked(deployment(1, 1), BEGIN)
    assert journal.revisions(deployment(1, 1)) == []
