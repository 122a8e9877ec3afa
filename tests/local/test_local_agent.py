"""The agent as a process, with stand-ins for the services that it keeps."""

import json
import os
import signal
import socket
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from mlp.api.deployment import Autoscaling, ConditionType, ModelDeployment, ObjectMeta, Spec
from mlp.client.own_log import is_written
from mlp.errors import Invalid, NotFound, Precondition
from mlp.local.logs import rotate
from mlp.targets.local import LocalTarget
from tests.local.machine import STAND_INS, Machine

FAILS_ITS_GOLDEN_ROWS, ENDS_WITHOUT_A_WORD, IS_NEVER_READY, ENDS_ONCE_READY, IGNORES_SIGTERM = range(1_000, 1_005)


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    """A machine that tries seldom what failed, and waits for nobody who should end."""
    speaks_to_others = {"DATABASE_URL": "postgresql://elsewhere/app", "MLP_TARGET": "local", "PYTHONHASHSEED": "7"}
    ends_fast = {"MLP_DRAIN_SECONDS": "0.1", "MLP_FINISH_SECONDS": "0.2"}
    settings = {**STAND_INS, "MLP_RETRY_SECONDS": "30", **ends_fast, **speaks_to_others}
    machine = Machine(tmp_path_factory.mktemp("patient"), settings)
    machine.up()
    yield machine
    machine.clean()


def deployment(version=1, name="iris", **spec) -> ModelDeployment:
    return ModelDeployment(metadata=ObjectMeta(name=name), spec=Spec(model_name=name, model_version=version, **spec))


def port_of(deployment) -> int:
    return int(deployment.status.url.rpartition(":")[2])


def reason(deployment, type_=ConditionType.READY) -> str:
    return deployment.status.condition(type_).reason


def test_a_deployment_answers_on_the_first_port_and_the_next_one_on_the_next(running):
    first, second = running.deploy(deployment()), running.deploy(deployment(name="churn"))
    assert port_of(first) == running.model_port
    assert port_of(second) == running.model_port + 1
    assert running.ask(port_of(first))["model"]["version"] == 1
    assert first.status.served_version == 1
    assert first.status.digest == f"{1:064d}"
    assert (first.status.replicas, first.status.ready_replicas) == (1, 1)


def test_children_get_what_they_need_and_nothing_meant_for_another_program(patient):
    machine = patient
    served = machine.deploy(deployment(3))
    model = machine.ask(port_of(served))["environment"]
    registry = machine.ask(machine.registry_port)["environment"]
    assert model["MLP_MODEL_NAME"] == "iris"
    assert model["MLP_MODEL_VERSION"] == "3"
    assert model["MLP_REGISTRY_URL"] == f"http://127.0.0.1:{machine.registry_port}"
    assert registry["MLP_REGISTRY_DATA"] == str(machine.home.registry)
    for environment in (model, registry):
        assert environment["PYTHONHASHSEED"] == "7"
        assert not {"DATABASE_URL", "MLP_TARGET", "MLP_REGISTRY_COMMAND"} & set(environment)
    machine.client.delete("iris")


def test_only_this_machine_is_listened_on(running):
    served = running.deploy(deployment())
    listening = {
        connection.laddr
        for process in running.processes()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", running.registry_port), ("127.0.0.1", port_of(served))}


def test_the_folder_is_the_owners_alone(running):
    running.deploy(deployment())
    assert stat.S_IMODE(running.home.root.stat().st_mode) == 0o700
    assert stat.S_IMODE(running.home.socket.stat().st_mode) == 0o600
    files = [path for path in running.home.root.rglob("*") if path.is_file()]
    assert running.home.log("iris") in files
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_killed_model_process_answers_again_on_its_port_and_callers_wait_for_it(running):
    port = port_of(running.deploy(deployment()))
    killed = running.ask(port)["pid"]
    os.kill(killed, signal.SIGKILL)
    running.until(lambda: not psutil.pid_exists(killed))
    assert running.ask(port)["pid"] != killed
    line = next(line for line in running.client.status().processes if line.name == "iris")
    assert line.restarts == 1
    assert "SIGKILL (signal 9)" in line.message
    assert reason(running.serving()) == "Serving"
    why = running.client.why("iris")
    assert (why.ok, why.links[-1].state, why.links[-1].reason) == (True, "ready", None)
    assert why.links[-1].message == "started again: the process was ended by SIGKILL (signal 9)"
    assert [each.reason for each in running.client.events("iris") if each.type == "Warning"] == ["ProcessEnded"]


def test_a_killed_model_process_fails_what_was_in_flight_and_nothing_else(running):
    port = port_of(running.deploy(deployment()))
    with running.callers(port, 8) as callers:
        callers.more()
        os.kill(running.pid_of("iris"), signal.SIGKILL)
        running.until(lambda: running.client.status().processes[-1].restarts == 1)
        enough = len(callers.answers) + 50
        running.until(lambda: len(callers.answers) > enough)
    assert len(callers.failures) <= 9  # one for each caller at most
    assert not any("refused" in failure for failure in callers.failures)


def test_a_killed_registry_comes_back_while_models_go_on_answering(running):
    port = port_of(running.deploy(deployment()))
    killed = running.pid_of("registry")
    with running.callers(port) as callers:
        os.kill(killed, signal.SIGKILL)
        assert running.ask(running.registry_port)["pid"] != killed
    assert callers.failures == []
    assert set(callers.answers) == {1}


def test_a_version_switch_fails_no_request(running):
    port = port_of(running.deploy(deployment(1)))
    with running.callers(port) as callers:
        for version in (2, 3, 4):
            running.deploy(deployment(version))
            running.until(lambda version=version: callers.answers[-1] == version)
    assert callers.failures == []
    assert callers.answers[0] == 1
    running.until(lambda: len([line for line in running.client.status().processes if line.name == "iris"]) == 1)


def test_a_version_that_fails_its_golden_rows_never_replaces_the_serving_one(running):
    port = port_of(running.deploy(deployment(1)))
    with running.callers(port) as callers:
        running.client.apply(deployment(FAILS_ITS_GOLDEN_ROWS))
        broken = running.degraded()
    assert callers.failures == []
    assert set(callers.answers) == {1}
    assert reason(broken, ConditionType.DEGRADED) == "GoldenRowsFailed"
    assert "row 3" in broken.status.condition(ConditionType.DEGRADED).message
    assert not broken.is_ready()
    assert broken.status.observed_generation == broken.metadata.generation == 2
    assert broken.status.served_version == 1
    assert broken.status.ready_replicas == 1
    repaired = running.deploy(deployment(2))
    assert repaired.status.served_version == 2
    assert repaired.status.condition(ConditionType.DEGRADED).status == "False"


def test_while_a_bad_version_is_asked_for_the_good_one_is_restarted(running):
    port = port_of(running.deploy(deployment(1)))
    running.client.apply(deployment(FAILS_ITS_GOLDEN_ROWS))
    running.degraded()
    os.kill(running.ask(port)["pid"], signal.SIGKILL)
    assert running.ask(port)["model"]["version"] == 1
    running.down()
    running.up()
    assert running.until(lambda: running.answers(port))["model"]["version"] == 1


@pytest.mark.parametrize(
    ("version", "reason_", "words"),
    [(ENDS_WITHOUT_A_WORD, "ProcessEnded", "exit code 7"), (ENDS_ONCE_READY, "CrashLooping", "exit code 9")],
)
def test_a_process_that_keeps_ending_is_reported_and_tried_again(running, version, reason_, words):
    running.client.apply(deployment(version))
    broken = running.degraded()
    assert reason(broken, ConditionType.DEGRADED) == reason_
    assert words in broken.status.condition(ConditionType.DEGRADED).message
    tried = next(line.restarts for line in running.client.status().processes if line.name == "iris")
    running.until(
        lambda: next(line.restarts for line in running.client.status().processes if line.name == "iris") > tried
    )


def test_nobody_waits_for_a_version_that_will_not_answer_soon(patient):
    patient.client.apply(deployment(FAILS_ITS_GOLDEN_ROWS))
    broken = patient.degraded()
    with pytest.raises(ConnectionRefusedError):
        patient.ask(port_of(broken))
    patient.client.delete("iris")


def test_a_process_that_does_not_become_ready_is_ended(machine):
    machine.settings["MLP_START_SECONDS"] = "1"
    machine.up()
    machine.client.apply(deployment(IS_NEVER_READY))
    assert reason(machine.degraded(), ConditionType.DEGRADED) == "ProgressDeadlineExceeded"


def test_a_failed_version_is_tried_at_once_when_it_is_asked_for_again(patient):
    machine = patient
    machine.client.apply(deployment(FAILS_ITS_GOLDEN_ROWS))
    broken = machine.degraded()
    again = machine.client.apply(deployment(FAILS_ITS_GOLDEN_ROWS))
    assert again.metadata.generation == broken.metadata.generation
    assert again.status.condition(ConditionType.DEGRADED).status == "False"
    machine.degraded()
    assert next(line.restarts for line in machine.client.status().processes if line.name == "iris") == 2
    assert machine.deploy(deployment(1)).metadata.generation == 2
    machine.client.delete("iris")


def test_the_generation_grows_with_the_spec_and_an_equal_one_changes_nothing(running):
    first = running.deploy(deployment(1))
    pid = running.pid_of("iris")
    same = running.client.apply(deployment(1))
    assert same.metadata == first.metadata
    assert same.status == first.status
    other = running.deploy(deployment(1, environment="production"))
    assert other.metadata.generation == 2
    assert other.status.observed_generation == 2
    assert running.pid_of("iris") == pid


def test_no_replicas_means_no_process_and_the_port_stays_its_own(running):
    port = port_of(running.deploy(deployment(1)))
    running.client.apply(deployment(1, replicas=0))
    running.until(lambda: not running.answers(port))
    asleep = running.client.deployment("iris")
    assert reason(asleep) == "ScaledToZero"
    assert not asleep.is_ready()
    assert asleep.status.served_version is None
    assert port_of(running.deploy(deployment(name="churn"))) != port
    assert port_of(running.deploy(deployment(2))) == port


def test_autoscaling_runs_one_process_whatever_replicas_says(running):
    scaled = deployment(replicas=0, autoscaling=Autoscaling(enabled=True, max_replicas=3))
    assert running.deploy(scaled).status.replicas == 1


def test_a_suspended_deployment_is_left_as_it_is(running):
    port = port_of(running.deploy(deployment(1)))
    pid = running.pid_of("iris")
    suspended = running.client.apply(deployment(2, suspend=True))
    assert reason(suspended) == "Suspended"
    assert running.ask(port)["pid"] == pid
    os.kill(pid, signal.SIGKILL)
    assert running.ask(port)["model"]["version"] == 1
    assert running.deploy(deployment(2)).status.served_version == 2


def test_a_deleted_deployment_is_gone_and_its_port_is_free(running):
    port = port_of(running.deploy(deployment(1)))
    running.client.delete("iris")
    with pytest.raises(NotFound, match="iris") as missing:
        running.client.deployment("iris")
    assert missing.value.code == "deployment_not_found"
    running.until(lambda: not running.answers(port))
    assert port_of(running.deploy(deployment(name="churn"))) == port


def test_a_deployment_made_anew_begins_at_generation_one(running):
    running.deploy(deployment(1))
    running.deploy(deployment(2))
    running.client.delete("iris")
    again = running.deploy(deployment(3))
    assert again.metadata.generation == 1
    assert running.ask(port_of(again))["model"]["version"] == 3


def test_a_process_that_ignores_the_request_to_end_is_ended(patient):
    machine = patient
    machine.deploy(deployment(IGNORES_SIGTERM))
    pid = machine.pid_of("iris")
    machine.client.delete("iris")
    machine.until(lambda: not psutil.pid_exists(pid))
    assert machine.client.status().registry_ready


def test_a_new_deployment_passes_over_a_port_that_another_program_has(running):
    with socket.create_server(("127.0.0.1", running.model_port)):
        assert port_of(running.deploy(deployment())) == running.model_port + 1


def test_a_taken_port_is_said_and_taken_back_once_it_is_free(running):
    port = port_of(running.deploy(deployment()))
    running.down()
    with socket.create_server(("127.0.0.1", port)):
        running.up()
        broken = running.degraded()
        assert reason(broken, ConditionType.DEGRADED) == "PortTaken"
        assert str(port) in broken.status.condition(ConditionType.DEGRADED).message
    assert port_of(running.serving()) == port
    assert running.ask(port)["model"]["version"] == 1


@pytest.mark.parametrize("end", ["request", "signal"])
def test_a_shutdown_ends_every_process_and_frees_every_port(running, end):
    port = port_of(running.deploy(deployment()))
    assert len(running.processes()) == 3  # one of them holds the sockets
    if end == "request":
        running.client.shutdown()
        assert running.agent.wait(20) == 0
    else:
        running.down()
    assert running.processes() == []
    assert list(running.home.run.iterdir()) == []
    assert not running.home.is_kept()
    for free in (port, running.registry_port):
        socket.create_server(("127.0.0.1", free)).close()
    with pytest.raises(Precondition) as refused:
        running.client.status()
    assert refused.value.code == "platform_not_running"


def test_what_was_deployed_comes_back_on_the_same_ports(running):
    ports = {name: port_of(running.deploy(deployment(2, name=name))) for name in ("iris", "churn")}
    generation = running.deploy(deployment(3)).metadata.generation
    running.down()
    running.up()
    assert {name: port_of(running.serving(name)) for name in ports} == ports
    assert running.ask(ports["iris"])["model"]["version"] == 3
    assert running.ask(ports["iris"])["environment"]["MLP_MODEL_DIGEST"] == f"{3:064d}"
    assert running.client.deployment("iris").metadata.generation == generation


def test_what_a_killed_agent_left_behind_can_be_swept_away(running):
    port = port_of(running.deploy(deployment()))
    running.kill_agent()
    assert running.spawn("--sweep").wait(20) == 0
    assert running.processes() == []
    assert not running.answers(port)


def test_two_agents_cannot_share_a_folder(running):
    second = running.spawn()
    assert second.wait(20) == 3
    assert json.loads(running.termination.read_text())["reason"] == "AgentRunning"
    assert running.client.status().registry_ready


def test_a_taken_registry_port_is_named_with_the_setting_that_moves_it(machine):
    with socket.create_server(("127.0.0.1", machine.registry_port)):
        assert machine.spawn().wait(20) == 3
    said = json.loads(machine.termination.read_text())
    assert said["reason"] == "PortTaken"
    assert str(machine.registry_port) in said["message"]
    assert "MLP_REGISTRY_PORT" in said["message"]


def test_a_wrong_setting_is_named(machine):
    machine.settings["MLP_DRAIN_SECONDS"] = "soon"
    assert machine.spawn().wait(20) == 3
    assert "MLP_DRAIN_SECONDS" in json.loads(machine.termination.read_text())["message"]


def test_a_large_log_is_put_aside_while_its_process_goes_on_and_who_follows_it_misses_nothing(machine):
    machine.settings |= {"MLP_LOG_BYTES": "1000", "MLP_LOG_LOOK_SECONDS": "0.05"}
    machine.home.create()
    log = machine.home.log("iris")
    log.write_text("x" * 999 + "\n")
    followed = LocalTarget(machine.home).logs("iris", tail=0, follow=True)
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(next, followed)
        machine.up()
        machine.deploy(deployment())
        assert first.result(20) == "version 1 is ready"
    machine.until(lambda: log.with_name("iris.log.1").exists() and log.stat().st_size == 0)
    machine.deploy(deployment(2))
    assert next(followed) == "version 2 is ready"
    followed.close()
    with machine.home.log("agent").open("rb") as own:
        assert is_written(own.fileno())  # and can be renamed
    assert list(LocalTarget(machine.home).logs("iris", tail=2)) == ["version 1 is ready", "version 2 is ready"]


@pytest.mark.parametrize("kept", [1, 2])
def test_no_more_than_three_logs_are_kept_aside(tmp_path, kept):
    log = tmp_path / "iris.log"
    for number in range(kept * 3):
        log.write_text(f"{number}" * 10)
        assert rotate(log, limit=5)
    assert not rotate(log, limit=5)
    newest = kept * 3 - 1
    contents = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert contents == {"iris.log": "", **{f"iris.log.{at}": f"{newest - at + 1}" * 10 for at in (1, 2, 3)}}


def test_a_models_name_cannot_change(running):
    running.deploy(deployment())
    other = ModelDeployment(metadata=ObjectMeta(name="iris"), spec=Spec(model_name="churn", model_version=1))
    with pytest.raises(Invalid, match="iris") as refused:
        running.client.apply(other)
    assert refused.value.code == "immutable_field"
    assert running.client.deployment("iris").spec.model_name == "iris"


@pytest.mark.parametrize("name", ["registry", "agent"])
def test_names_of_the_platforms_own_processes_are_refused(running, name):
    with pytest.raises(Invalid) as refused:
        running.client.apply(deployment(name=name))
    assert refused.value.code == "reserved_name"


def test_who_asks_whether_an_agent_lives_never_keeps_one_from_starting(machine):
    machine.home.create()
    machine.home.lock.touch()
    ended = threading.Event()

    def ask():
        while not ended.is_set():
            machine.home.is_kept()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        machine.up()
        assert machine.home.is_kept()
    finally:
        ended.set()
        asking.join()


def test_files_of_others_in_the_folder_are_left_alone(machine):
    machine.home.create()
    others = [machine.home.run / "results.json", machine.home.run / "notes.txt"]
    for path in others:
        path.write_text("{}")
    machine.up()
    machine.down()
    assert all(path.read_text() == "{}" for path in others)
