"""A full disk and a folder that may not be written: a reason of their own, and what serves serves on."""

import errno
import os
import resource
import signal
from contextlib import contextmanager

import pytest

from mlp.api.deployment import ConditionType, ModelDeployment, ObjectMeta, Spec
from mlp.client.refusals import code_of, reason_of, words_of
from mlp.errors import MlpError


def deployment(version=1) -> ModelDeployment:
    return ModelDeployment(metadata=ObjectMeta(name="iris"), spec=Spec(model_name="iris", model_version=version))


@contextmanager
def no_room_for(pid):
    """Let a process write no byte into any file; the sockets that it speaks through are none."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def test_a_deployment_that_cannot_be_written_is_refused_and_what_serves_serves_on(running):
    port = int(running.deploy(deployment(1)).status.url.rpartition(":")[2])
    temporary = running.home.deployments / ".iris.json.tmp"
    temporary.symlink_to("/dev/full")
    with pytest.raises(MlpError, match="nothing was changed: no space is left") as refused:
        running.client.apply(deployment(2))
    assert refused.value.code == "disk_full"
    assert running.ask(port)["model"]["version"] == 1
    assert running.client.deployment("iris").spec.model_version == 1
    temporary.unlink()
    assert running.deploy(deployment(2)).status.served_version == 2


def test_a_process_whose_files_have_no_room_is_reported_and_started_once_there_is_some(running):
    port = int(running.deploy(deployment(1)).status.url.rpartition(":")[2])
    with no_room_for(running.agent.pid):
        os.kill(running.pid_of("iris"), signal.SIGKILL)
        broken = running.degraded().status
        why = running.client.why("iris")
    assert broken.condition(ConditionType.DEGRADED).reason == why.reason == "DiskFull"
    assert not why.settled
    assert why.next_attempt_at is not None
    assert running.until(lambda: running.answers(port))["model"]["version"] == 1


def test_history_that_cannot_be_written_keeps_nothing_from_serving(running):
    for kind in ("revisions", "events"):
        (running.home.history / f"iris.{kind}.jsonl").mkdir()
    try:
        assert running.deploy(deployment(1)).status.served_version == 1
        assert running.client.history("iris") == running.client.events("iris") == []
        assert "Is a directory" in running.client.damage("iris")
    finally:
        for kind in ("revisions", "events"):
            (running.home.history / f"iris.{kind}.jsonl").rmdir()


@pytest.mark.parametrize(
    ("number", "code", "reason"),
    [
        (errno.ENOSPC, "disk_full", "DiskFull"),
        (errno.EDQUOT, "disk_full", "DiskFull"),
        (errno.EROFS, "home_not_writable", "CannotStart"),
        (errno.EACCES, "home_not_writable", "CannotStart"),
        (errno.EIO, "folder_unusable", "CannotStart"),
    ],
)
def test_what_the_system_refuses_has_a_code_a_reason_and_words_without_a_number(number, code, reason):
    assert "Errno" not in words_of(OSError(number, os.strerror(number), "/h/x"))
    assert "/h/x" in words_of(OSError(number, os.strerror(number), "/h/x"))
    assert words_of(OSError(number, os.strerror(number)))
    assert (code_of(OSError(number, "")), reason_of(OSError(number, ""))) == (code, reason)
