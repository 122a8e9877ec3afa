"""The commands of a day: status, wait, logs, history, rollback, why."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import threading

import pytest
import yaml

from mlp.api.agent import DamagedDeployment
from tests.cli.conftest import deploy
from tests.cli.stand_in_platform import FAILING


def test_status_shows_the_platform_and_one_deployment(mlp, platform):
    whole = mlp("status")
    assert (whole.code, whole.err) == (0, "")
    assert "iris   iris:1   True    1" in whole.out
    assert json.loads(mlp("status", "iris", "-o", "json").out)["status"]["servedVersion"] == 1


def test_a_watched_deployment_is_told_line_by_line_until_it_answers(mlp, platform):
    ran = mlp("status", "iris", "-w")
    assert ran.code == 0
    assert "iris  iris:1  True  serves 1" in ran.out


def test_a_watched_deployment_that_fails_ends_with_its_reason(mlp, platform):
    deploy(platform, FAILING)
    ran = mlp("status", "iris", "-w", "-o", "json")
    assert ran.code == 1
    assert json.loads(ran.out)["status"]["servedVersion"] == 1
    assert "MLP2204" in ran.err
    assert ran.err.count("\n") == 2


@pytest.fixture
def _interruptible():
    """Have Ctrl-C end what runs here, even where these tests were started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_a_watch_that_is_interrupted_ends_with_130(mlp, platform):
    seen = platform.watching

    def change_then_interrupt():
        platform.wait_for_watchers(seen + 1)
        deploy(platform, 2)
        platform.wait_for_watchers(seen + 2)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=change_then_interrupt)
    thread.start()
    ran = mlp("status", "-w")
    thread.join()
    assert ran.code == 130
    assert [line[10:] for line in ran.out.splitlines()] == [
        "iris  iris:1  True  serves 1",
        "iris  iris:2  True  serves 2",
    ]
    assert "interrupted" in ran.err


def test_wait_returns_when_a_deployment_answers(mlp, platform):
    ran = mlp("wait", "iris")
    assert ran.code == 0
    assert ran.out.startswith("iris   iris:1   http://")


def test_wait_says_at_once_that_it_cannot_come_true(mlp, platform):
    deploy(platform, FAILING)
    ran = mlp("wait", "iris", "--timeout", "60s")
    assert ran.code == 1
    assert "MLP2204 iris: row 3 differs" in ran.err


def test_wait_for_what_is_not_gone_is_out_of_time(mlp, platform):
    ran = mlp("wait", "iris", "--for", "deleted", "--timeout", "10ms")
    assert ran.code == 6
    assert "iris is still there" in ran.err


def test_wait_for_the_end_of_a_deployment(mlp, platform):
    threading.Timer(0.05, lambda: platform.deployments.pop("iris")).start()
    assert mlp("wait", "iris", "--for", "deleted").code == 0
    assert mlp("wait", "iris").code == 5


def test_history_shows_what_was_asked_for_and_what_became_of_it(mlp, platform):
    assert mlp("deploy", "iris", "--version", "2").code == 0
    assert mlp("deploy", "iris", "--version", str(FAILING)).code == 1
    lines = mlp("history", "iris").out.splitlines()
    assert lines[0].split() == ["REVISION", "SERVES", "OUTCOME", "AGE", "BY", "CAUSE"]
    assert lines[1].startswith("3*         iris:9   failed (GoldenRowsFailed)")
    assert "mlp deploy iris --version 2" in lines[2]
    assert [each["number"] for each in json.loads(mlp("history", "iris", "-o", "json").out)] == [3, 2, 1]


def test_rollback_goes_to_the_last_revision_that_answered(mlp, platform):
    deploy(platform, 2)
    deploy(platform, FAILING)
    ran = mlp("rollback", "iris")
    assert ran.code == 0
    assert ran.out.startswith("iris   iris:2")
    assert "back to revision 2, iris:2" in ran.err
    assert platform.revisions["iris"][0].cause == "mlp rollback iris --to 2"


def test_rollback_to_a_revision_that_is_named(mlp, platform):
    deploy(platform, 2)
    assert mlp("rollback", "iris", "--to", "1", "--no-wait", "-o", "name").out == "iris\n"
    assert platform.deployments["iris"].spec.model_version == 1


@pytest.mark.parametrize(("arguments", "code", "words"), [(["--to", "7"], 5, "MLP2008"), ([], 3, "MLP2009")])
def test_rollback_to_nothing_is_refused(mlp, platform, arguments, code, words):
    ran = mlp("rollback", "iris", *arguments)
    assert ran.code == code
    assert words in ran.err
    assert platform.deployments["iris"].metadata.generation == 1


def test_why_is_one_chain_to_one_cause_and_one_fix(mlp, platform):
    deploy(platform, FAILING)
    text = mlp("why", "iris").out
    assert text.splitlines()[0].startswith("iris does not serve what it is asked for: MLP2204")
    assert "└ version iris:9" in text
    assert "  └ process 2   ended   GoldenRowsFailed   row 3 differs" in text
    assert text.count("cause ") == text.count("fix ") == 1
    document = yaml.safe_load(mlp("why", "iris", "-o", "yaml").out)
    assert document["code"] == "MLP2204"
    assert [link["kind"] for link in document["links"]] == ["deployment", "version", "process"]


def test_why_where_all_is_well_has_no_cause(mlp, platform):
    ran = mlp("why", "iris")
    assert ran.code == 0
    assert ran.out.startswith("iris serves what it is asked for")
    assert "fix" not in ran.out


def test_a_damaged_history_is_told_with_its_file(mlp, platform):
    platform.damage = "/h/iris.revisions.jsonl: 3 of 4 lines cannot be read"
    shown = mlp("history", "iris")
    assert (shown.code, shown.err) == (0, f"! MLP2012 {platform.damage}\n")
    assert "iris:1" in shown.out
    for arguments in ([], ["--to", "7"]):
        ran = mlp("rollback", "iris", *arguments)
        assert ran.code == 3
        assert ran.err.startswith(f"✗ MLP2012 {platform.damage}\n  fix: mend the file")


@pytest.mark.parametrize("command", ["status", "wait", "history", "rollback", "why", "predict", "undeploy"])
def test_a_name_that_is_not_deployed_is_not_found(mlp, platform, command):
    ran = mlp(command, "irsi", "--no-input")
    assert ran.code == 5
    assert ran.out == ""
    assert ran.err.startswith("✗ MLP2001")
    assert ran.err.count("\n") == 2


def test_logs_since_a_while_ago(mlp, platform, stand_in):
    home, _ = stand_in
    (home / "logs").mkdir(exist_ok=True)
    old, new = '{"time": "2020-01-01T00:00:00.000+00:00"}', '{"time": "2999-01-01T00:00:00.000+00:00"}'
    (home / "logs" / "iris.log").write_text(f"{old}\nof old\n{new}\nof new\n")
    assert mlp("logs", "iris", "--since", "1h").out.splitlines() == [new, "of new"]
    assert mlp("logs", "iris", "--tail", "1").out == "of new\n"


def test_up_shows_what_did_not_come_back_and_ends_as_a_failure(mlp, platform, stand_in):
    deploy(platform, FAILING, name="churn")
    platform.damaged.append(DamagedDeployment(name="lost", file="/h/lost.json", message="/h/lost.json cannot be read"))
    with (stand_in[0] / "agent.lock").open("w") as lock:  # as an agent that lives
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = mlp("up")
        again = mlp("up", "-o", "json")
    assert (ran.code, again.code) == (1, 1)
    assert "✓ iris: version 1 answers\n" in ran.err
    assert "✗ MLP2204 churn: row 3 differs\n" in ran.err
    assert (
        "✗ MLP2011 the platform runs, but 2 of 3 deployments did not come back: churn, lost\n  fix: mlp why churn"
        in ran.err
    )
    assert "✗ MLP1110 lost: /h/lost.json cannot be read\n" in ran.err
    assert "GoldenRowsFailed" in ran.out
    assert "lost    -        FileDamaged" in ran.out
    assert len(json.loads(again.out)["deployments"]) == 2
