"""The verbs on one machine, as the command line uses them."""

import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

import mlp
from mlp.api.deployment import Autoscaling, ModelDeployment, ObjectMeta, ResourceList, Resources, Spec
from mlp.client.home import FORMAT
from mlp.client.marked import marked
from mlp.errors import Conflict, DeadlineExceeded, Failed, NotFound, Precondition
from mlp.local.identity import birth_of
from mlp.targets import Platform, resolve_target
from mlp.targets.local import LocalTarget
from mlp.targets.ready import is_ready
from tests.local.callers import Callers

FAILS_ITS_GOLDEN_ROWS, IS_NEVER_READY = 1_000, 1_002


def deployment(version=1, name="iris", **spec) -> ModelDeployment:
    return ModelDeployment(metadata=ObjectMeta(name=name), spec=Spec(model_name=name, model_version=version, **spec))


def ignore(_line):
    return None


def predict(url) -> bytes:
    with urllib.request.urlopen(f"{url}/predict", b'{"features": [[1.0, 2.0]]}', timeout=20) as answer:
        return answer.read()


def agent_pid(home) -> int:
    return home.mark()["pid"]


def serve(target, *args, **options):
    return target.wait_ready(target.apply(deployment(*args, **options)), ignore, timeout=20)


def test_up_starts_the_platform_and_says_where_the_registry_is(target, said, ports):
    platform = target.up(said.append, timeout=20)
    assert platform == target.platform()
    assert isinstance(platform, Platform)
    assert platform.registry_ready
    assert platform.registry_url == target.registry_url() == f"http://127.0.0.1:{ports[0]}"
    assert any(platform.registry_url in line for line in said)
    assert [(process["name"], process["state"]) for process in platform.processes] == [("registry", "ready")]


def test_ports_can_be_named(target, ports):
    platform = target.up(ignore, timeout=20, registry_port=ports[1], model_port=ports[0])
    assert platform.registry_url.endswith(f":{ports[1]}")
    assert serve(target)["status"]["url"].endswith(f":{ports[0]}")


def test_up_again_finds_the_platform_that_runs(running, said, home):
    pid = agent_pid(home)
    platform = running.up(said.append, timeout=20)
    assert "the platform runs already" in said
    assert platform.registry_ready
    assert agent_pid(home) == pid


def test_two_at_once_start_one_platform(target, home):
    answers = []
    starters = [
        threading.Thread(target=lambda: answers.append(LocalTarget(home).up(ignore, timeout=20).registry_ready))
        for _ in range(2)
    ]
    for thread in starters:
        thread.start()
    for thread in starters:
        thread.join()
    assert answers == [True, True]


def test_the_platform_outlives_the_command_that_started_it_and_its_terminal(target, home):
    code = (
        "import os, sys\n"
        "os.open(os.ttyname(0), os.O_RDWR)  # becomes the terminal of this session\n"
        "from mlp.targets import resolve_target\n"
        f"resolve_target('local', None, {str(home.root)!r}).up(print, timeout=20)\n"
        "print('it is up', flush=True)\n"
        "sys.stdin.read()\n"
    )
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as command:
        os.close(theirs)
        said = b""
        while b"it is up" not in said:
            said += os.read(ours, 1_000)
        os.close(ours)  # the terminal closes
        assert command.wait(20) == -signal.SIGHUP
    assert target.platform().registry_ready
    links = [link.readlink() for link in Path(f"/proc/{agent_pid(home)}/fd").iterdir()]
    assert not any(link.is_relative_to("/dev/pts") for link in links)


def test_up_replaces_the_agent_of_another_version_and_no_caller_notices(target, home, said, tmp_path, monkeypatch):
    other = tmp_path / "mlp"
    shutil.copytree(Path(mlp.__file__).parent, other, ignore=shutil.ignore_patterns("__pycache__"))
    (other / "__init__.py").write_text('__version__ = "0.0.9"\n')
    with monkeypatch.context() as environment:
        environment.setenv("PYTHONPATH", str(tmp_path))
        target.up(ignore, timeout=20)
    port = int(serve(target)["status"]["url"].rpartition(":")[2])
    first = target.platform().processes
    with Callers(port, 8) as callers:
        target.up(said.append, timeout=20)
        for platform in target.changes(idle=20):
            if all(line["state"] == "ready" and not line["is_adopted"] for line in platform.processes):
                break
        callers.more()
    assert callers.failures == []
    assert "the agent is mlp 0.0.9: mlp 0.1.0 takes over what it keeps" in said
    assert not {line["pid"] for line in first} & {line["pid"] for line in target.platform().processes}
    assert home.mark()["version"] == mlp.__version__


def test_up_brings_back_what_was_deployed_and_says_so(running, said):
    url = serve(running)["status"]["url"]
    running.down(ignore, timeout=20)
    said.clear()
    platform = running.up(said.append, timeout=20)
    assert [is_ready(each) for each in platform.deployments] == [True]
    assert platform.deployments[0]["status"]["url"] == url
    assert any(line.startswith("iris: ") for line in said)


def test_up_succeeds_though_a_deployment_cannot_come_back(running, said):
    running.apply(deployment(FAILS_ITS_GOLDEN_ROWS))
    running.down(ignore, timeout=20)
    wrong = []
    platform = running.up(said.append, timeout=20, wrong=wrong.append)
    assert (platform.registry_ready, platform.left_out) == (True, ("iris",))
    assert [(each.code, "row 3" in each.message) for each in wrong] == [("GoldenRowsFailed", True)]
    assert not any("row 3" in line for line in said)


def test_a_taken_registry_port_is_a_precondition(target, ports):
    with socket.create_server(("127.0.0.1", ports[0])), pytest.raises(Precondition, match=str(ports[0])) as failed:
        target.up(ignore, timeout=20)
    assert failed.value.code == "port_taken"
    assert "MLP_REGISTRY_PORT" in failed.value.message


def test_a_registry_that_cannot_start_is_quoted(target, monkeypatch):
    monkeypatch.setenv("MLP_REGISTRY_COMMAND", f'["{sys.executable}", "-c", "raise SystemExit(5)"]')
    with pytest.raises(Failed, match="exit code 5") as failed:
        target.up(ignore, timeout=20)
    assert failed.value.code == "registry_failed"


def test_a_wrong_setting_of_the_agent_is_quoted(target, monkeypatch):
    monkeypatch.setenv("MLP_DRAIN_SECONDS", "soon")
    with pytest.raises(Precondition, match="MLP_DRAIN_SECONDS"):
        target.up(ignore, timeout=20)
    monkeypatch.delenv("MLP_DRAIN_SECONDS")


def test_a_folder_that_cannot_be_made_is_a_precondition(target, home):
    home.root.write_text("a file is in the way")
    with pytest.raises(Precondition) as failed:
        target.up(ignore, timeout=20)
    assert failed.value.code == "home_not_writable"


def test_missing_packages_are_named_with_the_command_that_installs_them(home):
    code = (
        "import sys; sys.modules['uvicorn'] = None\n"
        "from mlp.targets import resolve_target\n"
        "from mlp.errors import Precondition\n"
        f"try: resolve_target('local', None, {str(home.root)!r}).up(print, timeout=20)\n"
        "except Precondition as error: print(error.code, error.message)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout.startswith("missing_extra")
    assert "(uvicorn)" in ran.stdout
    assert "pip install 'mlp[local]'" in ran.stdout
    assert not home.root.exists()


def test_waiting_ends_when_the_new_version_answers(running, said):
    first = serve(running)
    second = running.wait_ready(running.apply(deployment(2)), said.append, timeout=20)
    assert (first["status"]["servedVersion"], second["status"]["servedVersion"]) == (1, 2)
    assert "iris: Serving: version 2 answers" in said
    assert b'"version": 2' in predict(running.endpoint("iris"))


def test_waiting_ends_early_with_the_reason_of_a_version_that_fails(running):
    serve(running)
    with pytest.raises(Failed, match="row 3") as failed:
        running.wait_ready(running.apply(deployment(FAILS_ITS_GOLDEN_ROWS)), ignore, timeout=20)
    assert failed.value.code == "GoldenRowsFailed"
    assert failed.value.details == {"name": "iris", "reason": "GoldenRowsFailed"}
    assert running.get("iris")["status"]["servedVersion"] == 1
    assert running.endpoint("iris")


def test_waiting_ends_in_time_with_the_last_state(running):
    with pytest.raises(DeadlineExceeded, match="Starting"):
        running.wait_ready(running.apply(deployment(IS_NEVER_READY)), ignore, timeout=0.2)
    with pytest.raises(Precondition) as failed:
        running.endpoint("iris")
    assert failed.value.code == "not_serving"


def test_a_port_that_another_program_has_is_waited_for_but_not_by_up(running):
    port = int(serve(running)["status"]["url"].rpartition(":")[2])
    running.down(ignore, timeout=20)
    with socket.create_server(("127.0.0.1", port)):
        wrong = []
        assert running.up(ignore, timeout=60, wrong=wrong.append).left_out == ("iris",)
        assert [each.code for each in wrong] == ["PortTaken"]
        assert wrong[0].message.startswith(f"iris: port {port} is taken by ")
        broken = running.get("iris")
        with pytest.raises(DeadlineExceeded, match="PortTaken"):
            running.wait_ready(broken, ignore, timeout=0.1)
    assert is_ready(running.wait_ready(broken, ignore, timeout=20))


def test_waiting_for_a_spec_that_another_one_replaced_ends(running):
    earlier = running.apply(deployment(IS_NEVER_READY))
    running.apply(deployment(1))
    with pytest.raises(Conflict) as failed:
        running.wait_ready(earlier, ignore, timeout=20)
    assert failed.value.code == "superseded"


@pytest.mark.parametrize("spec", [{"replicas": 0}, {"suspend": True}])
def test_there_is_nothing_to_wait_for_where_nothing_should_run(running, spec):
    settled = running.wait_ready(running.apply(deployment(**spec)), ignore, timeout=20)
    assert settled["status"]["readyReplicas"] == 0


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"replicas": 3}, ["replicas: 3"]),
        ({"replicas": 3, "autoscaling": Autoscaling(enabled=True, max_replicas=10)}, ["autoscaling"]),
        ({"resources": Resources(limits=ResourceList(cpu="1"))}, ["resources"]),
        ({"replicas": 1, "autoscaling": Autoscaling(enabled=False)}, []),
    ],
)
def test_what_one_machine_does_not_apply_is_said(target, spec, words):
    notes = target.not_applied(deployment(**spec))
    assert len(notes) == len(words)
    assert all(word in note for word, note in zip(words, notes, strict=True))


def test_a_deleted_deployment_is_no_longer_known(running):
    serve(running)
    assert [each["metadata"]["name"] for each in running.list()] == ["iris"]
    running.delete("iris")
    assert running.list() == []
    for verb in (running.get, running.delete, running.endpoint):
        with pytest.raises(NotFound) as failed:
            verb("iris")
        assert failed.value.code == "deployment_not_found"


def test_down_ends_everything_and_can_be_repeated(running, said, home):
    serve(running)
    running.down(said.append, timeout=20)
    assert not home.is_kept()
    assert "the platform is down" in said
    running.down(said.append, timeout=20)
    assert said[-1] == "the platform does not run"
    with pytest.raises(Precondition) as failed:
        running.platform()
    assert failed.value.code == "platform_not_running"


def test_down_ends_what_a_killed_agent_left_behind(running, said, home):
    url = serve(running)["status"]["url"]
    os.kill(agent_pid(home), signal.SIGKILL)
    with pytest.raises(Precondition):
        running.platform()
    assert b'"version": 1' in predict(url)
    running.down(said.append, timeout=20)
    with pytest.raises(OSError, match="refused"):
        predict(url)


def test_down_ends_what_a_killed_agent_left_though_its_records_are_damaged(running, said, home):
    url = serve(running)["status"]["url"]
    pids = {each.name: each.pid for each in marked(home.root)}
    os.kill(agent_pid(home), signal.SIGKILL)
    (record,) = home.run.glob("iris.*.json")
    record.write_text("{")
    next(home.run.glob("registry.*.json")).unlink()
    (home.run / "notes.json").write_text("mine")
    wrong = []
    running.down(said.append, timeout=20, purge=True, wrong=wrong.append)
    assert len(wrong) == 2
    assert {each.code for each in wrong} == {"record_unreadable"}
    assert f"{record} could not be read: its process {pids['iris']} was found and ended" in {
        each.message for each in wrong
    }
    assert said[0] == "the platform is down"
    assert not any(marked(home.root))
    assert not any(birth_of(pid) for pid in pids.values())
    with pytest.raises(OSError, match="refused"):
        predict(url)


def test_up_after_a_killed_agent_says_that_it_takes_over_what_serves(running, home, said):
    url = serve(running)["status"]["url"]
    os.kill(agent_pid(home), signal.SIGKILL)
    with pytest.raises(Precondition, match="may still answer"):
        resolve_target(None, None, home.root).platform()
    platform = running.up(said.append, timeout=20)
    assert "took over 2 processes of an earlier agent" in said
    assert [(is_ready(each), each["status"]["url"]) for each in platform.deployments] == [(True, url)]


def test_purge_deletes_the_folder(running, home):
    serve(running)
    running.down(ignore, timeout=20, purge=True)
    assert not home.root.exists()


def test_purge_spares_what_is_not_the_platforms(running, home):
    (home.root / "thesis.tex").write_text("years of work")
    running.down(ignore, timeout=20, purge=True)
    assert [path.name for path in home.root.iterdir()] == ["thesis.tex"]


def test_purge_refuses_a_folder_without_the_platforms_mark(target, home):
    home.create()
    (home.registry / "registry.db").write_text("someone's")
    with pytest.raises(Precondition) as refused:
        target.down(ignore, timeout=20, purge=True)
    assert refused.value.code == "not_a_home"
    assert (home.registry / "registry.db").exists()


def test_a_folder_of_a_newer_version_is_left_alone(running, home):
    running.down(ignore, timeout=20)
    mark = home.agent_file.read_bytes()
    newer = {**home.mark(), "format": FORMAT + 1, "version": "9.0.0"}
    home.agent_file.write_text(json.dumps(newer))
    verbs = (running.up, running.down, lambda *_, timeout: running.down(ignore, timeout=timeout, purge=True))
    try:
        for verb in verbs:
            with pytest.raises(Precondition, match=r"9\.0\.0") as refused:
                verb(ignore, timeout=20)
            assert refused.value.code == "home_too_new"
    finally:
        home.agent_file.write_bytes(mark)


def test_logs_can_be_read_when_nothing_runs(running):
    serve(running)
    running.down(ignore, timeout=20)
    assert list(running.logs("iris")) == ["version 1 is ready"]
    assert list(running.logs("registry", tail=1)) == ["version 0 is ready"]
    assert "version 1 answers" in next(running.logs("agent", tail=1))


def test_the_log_of_an_unknown_deployment_is_not_found(running):
    with pytest.raises(NotFound) as failed:
        running.logs("iris")
    assert failed.value.code == "deployment_not_found"
