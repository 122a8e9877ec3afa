"""Agents come and go, and what they keep goes on: no caller notices."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys

import psutil
import pytest

from mlp.api.deployment import ConditionType, ModelDeployment, ObjectMeta, Spec
from mlp.client.home import Home
from mlp.errors import Conflict
from mlp.local.handle import Adopted
from mlp.local.identity import birth_of
from tests.local.typed_agent import TypedAgent

WAITS_FOR_A_FILE = 1_005


def deployment(version=1, name="iris") -> ModelDeployment:
    return ModelDeployment(metadata=ObjectMeta(name=name), spec=Spec(model_name=name, model_version=version))


def port_of(deployment) -> int:
    return int(deployment.status.url.rpartition(":")[2])


def holder_of(machine) -> psutil.Process:
    (holder,) = (each for each in machine.processes() if "holder.py" in " ".join(each.cmdline()))
    return holder


def held_by(home) -> list[str]:
    """Return the ports whose sockets the holder has; none where no holder answers."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(home.holder_socket))
            connection.sendall(b"list")
            return connection.recv(1_000).decode().split()
        except OSError:
            return []


def test_after_kill_9_of_the_agent_the_next_one_takes_over_and_can_switch(running):
    port = port_of(running.deploy(deployment(1)))
    running.deploy(deployment(1, name="churn"))
    before = running.pids()
    with running.callers(port, 8) as callers:
        running.kill_agent()
        callers.more()
        running.up()
        assert running.pids() == before
        assert all(line.is_adopted and line.state == "ready" for line in running.client.status().processes)
        assert running.client.deployment("iris").is_ready()
        callers.more()
        running.deploy(deployment(2))
        running.until(lambda: callers.answers[-1] == 2)
    assert callers.failures == []
    assert running.pids()["iris"] != before["iris"]


@pytest.mark.parametrize("end", ["request", "signal"])
def test_an_agent_that_leaves_takes_nothing_with_it(running, end):
    port = port_of(running.deploy(deployment(1)))
    before = running.pids()
    with running.callers(port, 8) as callers:
        if end == "request":
            running.client.handover()
        else:
            running.agent.send_signal(signal.SIGTERM)
        assert running.agent.wait(20) == 0
        running.up()
        callers.more()
    assert callers.failures == []
    assert running.pids() == before


def test_the_end_of_a_process_of_an_earlier_agent_is_noticed_and_its_restarts_are_counted_on(running):
    port = port_of(running.deploy(deployment(1)))
    os.kill(running.ask(port)["pid"], signal.SIGKILL)
    adopted = running.until(lambda: running.answers(port))["pid"]
    running.until(lambda: running.client.deployment("iris").is_ready())
    running.kill_agent()
    running.up()
    assert running.pid_of("iris") == adopted
    os.kill(adopted, signal.SIGKILL)
    running.until(lambda: running.pids()["iris"] not in (adopted, None))
    assert running.ask(port)["pid"] != adopted
    line = next(line for line in running.client.status().processes if line.name == "iris")
    assert line.restarts == 2
    assert "exit code is not known" in line.message


def test_a_killed_holder_of_sockets_is_replaced_and_serves_the_next_agent(running):
    port = port_of(running.deploy(deployment(1)))
    before = running.pids()
    holder_of(running).kill()
    running.until(lambda: running.records("socket_holder") and str(port) in held_by(running.home))
    with running.callers(port) as callers:
        running.kill_agent()
        running.up()
        running.deploy(deployment(2))
        callers.more()
    assert callers.failures == []
    assert running.pids()["registry"] == before["registry"]


def test_where_nobody_holds_the_sockets_the_processes_are_replaced_on_the_same_ports(running):
    port = port_of(running.deploy(deployment(1)))
    before = running.pids()
    running.kill_agent()
    holder_of(running).kill()
    assert running.ask(port)["pid"] == before["iris"]
    running.up()
    assert port_of(running.serving()) == port
    assert running.ask(port)["model"]["version"] == 1
    assert not set(before.values()) & {each.pid for each in running.processes()}


def test_a_process_that_became_ready_while_no_agent_lived_is_taken_over(running):
    running.client.apply(deployment(WAITS_FOR_A_FILE))
    starting = running.until(lambda: running.pids().get("iris"))
    running.kill_agent()
    (running.home.root / "go").touch()
    running.up()
    assert running.serving().status.served_version == WAITS_FOR_A_FILE
    assert running.pid_of("iris") == starting
    (running.home.root / "go").unlink()


def test_a_process_whose_number_was_not_recorded_any_more_is_found_by_its_mark(running):
    running.deploy(deployment(1))
    before = running.pids()
    running.kill_agent()
    running.rewrite("iris", pid=None, birth=None)
    running.up()
    assert running.pids() == before


def test_a_process_of_a_deployment_that_was_deleted_is_ended_although_another_one_has_its_name(running):
    port = port_of(running.deploy(deployment(1)))
    before = running.pids()
    running.kill_agent()
    running.rewrite("iris", uid="another")
    running.up()
    running.serving()
    assert running.ask(port)["pid"] != before["iris"]
    assert before["iris"] not in {each.pid for each in running.processes()}
    assert running.pids()["registry"] == before["registry"]


def test_processes_whose_records_are_damaged_or_gone_are_found_and_replaced_on_their_ports(running):
    ports = {name: port_of(running.deploy(deployment(1, name=name))) for name in ("iris", "churn")}
    before = {each.pid for each in running.processes()}
    running.kill_agent()
    for name in ("iris", "registry", "socket_holder"):
        running.records(name)[0].write_text("{")
    running.records("churn")[0].unlink()
    with running.callers(ports["iris"], 2) as callers:
        running.up()
        assert {name: port_of(running.serving(name)) for name in ports} == ports
        callers.more()
    assert callers.failures == []
    # The holder, which has nothing to lose, goes on.
    assert len(before & {each.pid for each in running.processes()}) == 1
    assert len(running.records("churn")) == len(running.records("iris")) == 1


@pytest.mark.parametrize("is_killed", [True, False])
def test_a_deployment_whose_file_is_damaged_keeps_no_other_from_starting(running, is_killed):
    ports = {name: port_of(running.deploy(deployment(1, name=name))) for name in ("iris", "churn")}
    served = running.pids()["churn"]
    (running.kill_agent if is_killed else running.down)()
    file = running.home.deployments / "churn.json"
    whole = file.read_bytes()
    file.write_bytes(whole[:60])
    running.up()
    assert port_of(running.serving("iris")) == ports["iris"]
    status = running.client.status()
    assert [(each.name, each.file, str(file) in each.message) for each in status.damaged] == [
        ("churn", str(file), True)
    ]
    for ask in (running.client.deployment, running.client.why, running.client.history, running.client.delete):
        with pytest.raises(Conflict, match="cannot be read") as refused:
            ask("churn")
        assert refused.value.code == "state_corrupt"
    with pytest.raises(Conflict):
        running.client.apply(deployment(2, name="churn"))
    assert port_of(running.deploy(deployment(1, name="third"))) not in ports.values()
    assert file.read_bytes() == whole[:60]
    if is_killed:
        assert running.ask(ports["churn"])["pid"] == served  # it serves on, though nobody knows what it should
    file.write_bytes(whole)
    assert port_of(running.serving("churn")) == ports["churn"]
    assert (running.ask(ports["churn"])["pid"] == served) == is_killed
    assert running.client.status().damaged == []


def test_after_a_reboot_everything_is_back_on_the_same_ports_and_no_other_process_is_touched(running):
    ports = {name: port_of(running.deploy(deployment(2, name=name))) for name in ("iris", "churn")}
    running.kill_agent()
    for process in running.processes():
        process.kill()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, process_group=0) as bystander:
        for name in ("iris", "churn", "registry", "socket_holder"):
            running.rewrite(name, pid=bystander.pid, birth="another-boot/1")
        running.up()
        assert {name: port_of(running.serving(name)) for name in ports} == ports
        assert [running.ask(port)["model"]["version"] for port in ports.values()] == [2, 2]
        assert running.records("iris") != []
        assert bystander.poll() is None
        bystander.communicate()


def test_processes_of_another_version_of_mlp_are_replaced_one_by_one_and_no_caller_notices(running):
    port = port_of(running.deploy(deployment(1)))
    before = running.pids()
    with running.callers(port, 8) as callers:
        running.kill_agent()
        for name in ("iris", "registry"):
            running.rewrite(name, program="0.0.1")
        running.up()
        running.until(lambda: before["iris"] not in [line.pid for line in running.client.status().processes])
        running.until(lambda: before["registry"] != running.pids()["registry"])
        callers.more()
    assert callers.failures == []
    assert not set(before.values()) & {each.pid for each in running.processes()}


def test_the_agent_of_a_copy_of_the_folder_touches_nothing_of_the_original(running, tmp_path):
    port = port_of(running.deploy(deployment(1)))
    before = running.pids()
    copy = Home.locate(tmp_path / "copy")
    shutil.copytree(running.home.root, copy.root, ignore=shutil.ignore_patterns("*.sock"))
    settings = running.environment | {"MLP_HOME": str(copy.root), "MLP_REGISTRY_PORT": str(running.registry_port + 50)}
    with (tmp_path / "log").open("wb") as log:
        agent = subprocess.Popen([sys.executable, "-m", "mlp.local"], env=settings, stdout=log, stderr=log)
    try:
        client = TypedAgent(copy)
        running.until(lambda: copy.is_kept() and copy.socket.exists())

        def is_degraded():
            state = client.deployment("iris").status.condition(ConditionType.DEGRADED)
            return state is not None and state.reason == "PortTaken"

        running.until(is_degraded)
    finally:
        agent.send_signal(signal.SIGINT)
        assert agent.wait(20) == 0
    assert running.pids() == before
    assert running.ask(port)["pid"] == before["iris"]


def test_a_terminal_that_closes_ends_nothing(running):
    running.deploy(deployment(1))
    before = running.pids()
    for pid in (running.agent.pid, *before.values()):
        os.kill(pid, signal.SIGHUP)
        assert os.getsid(pid) == pid
    running.deploy(deployment(1, name="churn"))
    assert running.agent.poll() is None
    assert {name: running.pids()[name] for name in before} == before


@pytest.mark.parametrize("by_descriptor", [True, False])
def test_a_process_that_is_not_a_child_is_watched_to_its_end(by_descriptor):
    async def story(process) -> None:
        ended = asyncio.Event()
        handle = Adopted(process.pid, birth_of(process.pid), ended.set, by_descriptor=by_descriptor)
        assert not handle.ended()
        handle.terminate()
        async with asyncio.timeout(20):
            await ended.wait()
        assert handle.ended()

    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        asyncio.run(story(process))


def test_a_number_that_was_given_again_is_not_taken_for_the_process():
    async def story() -> None:
        with pytest.raises(ProcessLookupError):
            Adopted(os.getpid(), "another-boot/1", lambda: None)

    asyncio.run(story())
