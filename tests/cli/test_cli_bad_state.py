"""Commands beside a state folder that is read-only, corrupt, or of another version: two lines, and no traceback."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlp.client.home import FORMAT, Home
from mlp.client.mark import AgentFile
from tests.cli.conftest import Mlp, Ran
from tests.cli.test_cli_bad_input import assert_short
from tests.local.machine import free_port

READ_ONLY = {
    "up": (3, "Read-only file system"),
    "status": (3, "MLP1001"),
    "deploy iris": (3, "MLP1001"),
    "predict iris -i a=1": (3, "MLP1001"),
    "why iris": (3, "MLP1001"),
    "model ls": (3, "MLP1001"),
    "logs agent": (0, ""),
    "down": (0, ""),
    "down --purge --yes": (1, "Read-only file system"),
    "doctor": (3, "cannot be written"),
    "registry migrate": (3, "MLP5608"),
}
"""Each with its exit code and what it has to say where a platform was, and its folder cannot be written."""
SCRIPT = """
import contextlib, io, json, subprocess, sys
home, lines = sys.argv[1], json.loads(sys.argv[2])
for words in (["--bind", home, home], ["-o", "remount,ro,bind", home]):
    subprocess.run(["mount", *words], check=True)
from mlp.cli.app import run
told = []
for line in lines:
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = run(line.split())
    told.append([line, code, out.getvalue(), err.getvalue()])
print(json.dumps(told))
"""
"""Mounts the folder read-only where nobody else sees it, and runs commands: of modes root takes no notice."""


FULL = """
import contextlib, io, json, pathlib, subprocess, sys
home = pathlib.Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "none", str(home)], check=True)
from mlp.cli.app import run
def told(*line):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as err:
        return run(line), "", err.getvalue()
said = [told("up", "--timeout", "20s"), told("down")]
with contextlib.suppress(OSError), (home / "filler").open("wb", buffering=0) as filler:
    while True:
        filler.write(bytes(4096))
said += [told("up"), told("down")]
print(json.dumps(said))
"""
"""Mounts a disk of 64 KiB where nobody else sees it, and starts the platform there, before and after it is filled."""


def made(root: Path) -> Home:
    """Return the folder of a platform that has ended."""
    home = Home(root)
    home.create()
    mark = AgentFile(version="0.1.0", pid=1, started_at="2026-01-01T00:00:00Z")
    home.agent_file.write_text(mark.model_dump_json())
    home.log("agent").write_text("a line\n")
    return home


def alone(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command that sees mounts of its own; skip the test where that is not allowed."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    space = ["unshare", "--mount", "--map-root-user"]
    tried = subprocess.run([*space, "mount", "--bind", "/tmp", "/tmp"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"mounts of one's own are not allowed here: {tried.stderr.strip()}")
    return subprocess.run([*space, *command], capture_output=True, text=True, check=True)


def test_commands_beside_a_folder_that_is_read_only(mlp: Mlp, tmp_path, monkeypatch):
    home = made(tmp_path / "home")
    monkeypatch.setenv("MLP_TARGET", "local")
    told = json.loads(alone(sys.executable, "-c", SCRIPT, str(home.root), json.dumps(list(READ_ONLY))).stdout)
    assert [line for line, *_ in told] == list(READ_ONLY)
    for (line, *ran), (code, words) in zip(told, READ_ONLY.values(), strict=True):
        assert (ran[0], words in ran[2]) == (code, True), (line, ran)
        assert_short(Ran(*ran), line)
        assert "Errno" not in ran[2], line


def test_a_full_disk_is_named_as_what_keeps_registry_and_agent_from_starting(mlp: Mlp, tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("MLP_TARGET", "local")
    monkeypatch.setenv("MLP_REGISTRY_PORT", str(free_port()))
    monkeypatch.setenv("MLP_REGISTRY_COMMAND", '["false"]')  # ends without a word, as where there is no room for one
    told = json.loads(alone(sys.executable, "-c", FULL, str(home)).stdout)
    registry, down, agent, again = (Ran(*each) for each in told)
    for ran, who in ((registry, "registry does not"), (agent, "agent cannot")):
        assert ran.code == 3
        assert f"MLP1120 the {who} start: no space is left on the disk of {home}" in ran.err
        assert_short(ran, who)
    assert (down.code, again.code) == (0, 0)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("deployments/iris.json", b"{", "MLP1110"),
        ("deployments/iris.json", b'{"port": 8001, "deployment": {"kind": "Other"}}', "MLP1110"),
        ("deployments/iris.json", b"\xff", "MLP1110"),
        ("run/iris.0a1b2c3d.json", b"{}", "MLP1122"),
    ],
)
def test_doctor_names_a_file_that_cannot_be_read_and_leaves_it_alone(mlp: Mlp, tmp_path, name, content, code):
    file = made(tmp_path / "home").root / name
    file.write_bytes(content)
    ran = mlp("doctor", "--target", "local")
    assert ran.code == 3
    assert f"{code} {file}" in ran.out
    assert f"{code} folder: {file}" in ran.err
    assert_short(ran, name)
    assert file.read_bytes() == content


def test_doctor_finds_nothing_wrong_with_files_that_it_knows_or_that_are_not_the_platforms(mlp: Mlp, tmp_path):
    home = made(tmp_path / "home")
    spec = {"modelName": "iris", "modelVersion": 1}
    kept = {"port": 8001, "uid": "a", "deployment": {"metadata": {"name": "iris"}, "spec": spec}}
    (home.deployments / "iris.json").write_text(json.dumps(kept))
    (home.run / "iris.0a1b2c3d.json").write_text(json.dumps({"name": "iris", "folder": "1:2"}))
    (home.run / "notes.json").write_text("mine")
    (home.history / "iris.events.jsonl").write_text('{"at": "2026-01-01T00:00:00Z"}\n')
    ran = mlp("doctor", "--target", "local")
    assert (ran.code, f"ok        {home.root}" in ran.out) == (0, True)
    with (home.history / "iris.events.jsonl").open("a") as file:
        file.write("{")
    ran = mlp("doctor", "--target", "local")
    assert (ran.code, f"MLP2012 {home.history}/iris.events.jsonl cannot be read whole" in ran.out) == (0, True)


@pytest.mark.parametrize("folder", ["registry", "deployments", "history", "logs", "cache", "run"])
def test_a_file_in_the_place_of_a_folder_is_named(mlp: Mlp, tmp_path, folder):
    place = made(tmp_path / "home").root / folder
    shutil.rmtree(place)
    place.write_text("")
    for line in ("up", "doctor"):
        ran = mlp(line, "--target", "local")
        assert ran.code == 3
        assert str(place) in ran.err
        assert_short(ran, line)
    for line, code in (("status", 3), ("logs agent", 5 if folder == "logs" else 0), ("down", 0)):
        ran = mlp(*line.split(), "--target", "local")
        assert ran.code == code, line
        assert_short(ran, line)


def test_a_log_that_cannot_be_read_is_named(mlp: Mlp, tmp_path):
    (made(tmp_path / "home").logs / "iris.log").mkdir()
    ran = mlp("logs", "iris", "--target", "local")
    assert (ran.code, "iris.log cannot be read: Is a directory" in ran.err) == (3, True)
    assert_short(ran, "logs")


def test_the_logs_that_there_are_are_listed_beside_one_that_is_not(mlp: Mlp, tmp_path):
    nowhere = mlp("logs", "iris", "--target", "local")
    assert (nowhere.code, "MLP1001 no platform has run in" in nowhere.err) == (3, True)
    made(tmp_path / "home")
    ran = mlp("logs", "iris", "--target", "local")
    assert (ran.code, "iris.log; there are logs of agent" in ran.err) == (5, True)
    assert_short(ran, "logs")


@pytest.mark.parametrize("line", ["status", "why iris", "model ls", "deploy iris"])
def test_a_platform_whose_agent_did_not_end_in_good_order_is_meant_where_nothing_is_named(mlp: Mlp, tmp_path, line):
    (made(tmp_path / "home").run / "iris.0a1b2c3d.json").write_text("{}")
    ran = mlp(*line.split())
    assert (ran.code, "MLP1001 the agent was killed" in ran.err) == (3, True)
    assert_short(ran, line)


def test_what_only_looks_does_not_mind_a_folder_of_a_newer_version(mlp: Mlp, tmp_path):
    home = made(tmp_path / "home")
    mark = {**json.loads(home.agent_file.read_text()), "format": FORMAT + 1, "version": "9.0.0"}
    home.agent_file.write_text(json.dumps(mark))
    for line, code, words in (
        ("status", 3, "MLP1001"),
        ("logs agent", 0, ""),
        ("down", 3, "9.0.0"),
        ("up", 3, "9.0.0"),
        ("down --purge --yes", 3, "9.0.0"),
        ("doctor", 3, "9.0.0"),
    ):
        ran = mlp(*line.split(), "--target", "local")
        assert (ran.code, words in ran.err) == (code, True), (line, ran)
        assert_short(ran, line)
    assert json.loads(home.agent_file.read_text()) == mark
