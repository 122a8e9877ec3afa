"""Every command, given what is wrong: the right exit code, two lines at most, no traceback, no secret."""

from __future__ import annotations

import io
import json
import os
import sys

import pytest

from mlp.cli.manual import commands
from tests.cli.conftest import Mlp, Ran

CANARY = "CANARYcanary0123456789"
NOWHERE = {
    "check": 2,
    "status": 3,
    "test": 3,
    "deploy iris": 3,
    "undeploy iris": 3,
    "predict iris -i a=1": 3,
    "wait iris": 3,
    "history iris": 3,
    "rollback iris": 3,
    "why iris": 3,
    "logs iris": 3,
    "dev nowhere.onnx": 5,
    "doctor": 0,
    "down": 0,
    "explain MLP2204": 0,
    "completion bash": 0,
    "version": 0,
    "model push nowhere.onnx --name iris": 3,
    "model ls": 3,
    "model show iris": 3,
    "model diff iris:1 iris:2": 3,
    "model pull iris:1": 3,
    "model archive iris:1": 3,
    "model unarchive iris:1": 3,
    "model rm iris:1 --yes": 3,
    "model alias set iris@a 1": 3,
    "model alias ls iris": 3,
    "model alias history iris@a": 3,
    "model alias rm iris@a": 3,
    "token create ci --scope read": 3,
    "token ls": 3,
    "token revoke ci --yes": 3,
    "webhook create http://127.0.0.1:1 --event version.created --secret-file nowhere": 3,
    "webhook ls": 3,
    "webhook deliveries 1": 3,
    "webhook rm 1 --yes": 3,
    "config view": 0,
    "config set target local": 0,
    "context ls": 3,
    "context use kind-dev": 3,
    "context allow kind-dev": 3,
    "registry gc": 3,
}
"""A command with arguments that could be right, and its exit code where no platform runs and no cluster is known."""
STARTING = {"up", "demo", "registry backup", "registry restore", "registry migrate"}
"""Commands that start processes; other tests do."""
OF_IMAGES = {"image build", "image load", "image push", "image ls"}
"""Commands that look for docker; what they say depends on the machine."""


def complaint(ran: Ran) -> list[str]:
    """Return the lines that say what went wrong."""
    return ran.err[ran.err.find("✗") :].splitlines() if "✗" in ran.err else []


def assert_short(ran: Ran, words: str) -> None:
    assert "Traceback" not in ran.out + ran.err, words
    assert CANARY not in ran.out + ran.err, words
    if ran.code not in (0, 8):
        assert 1 <= len(complaint(ran)) <= 2, f"{words}: {ran.err}"
        assert complaint(ran)[0].startswith("✗ MLP"), words


def test_the_matrix_below_knows_every_command():
    known = {" ".join(line.split()[:size]) for line in NOWHERE for size in (1, 2, 3)}
    assert {each.name for each in commands()} <= known | STARTING | OF_IMAGES


def test_every_command_where_no_platform_runs(mlp: Mlp, tmp_path, monkeypatch):
    (tmp_path / "token").write_text(CANARY)
    monkeypatch.setenv("MLP_TARGET", "local")
    monkeypatch.setenv("MLP_REGISTRY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("DATABASE_URL", f"postgresql://ann:{CANARY}@db/mlp")
    for line, code in NOWHERE.items():
        ran = mlp(*line.split(), "--no-input")
        assert ran.code == code, f"{line}: {ran}"
        assert_short(ran, line)


def test_every_command_with_an_option_that_there_is_not(mlp):
    for each in commands():
        ran = mlp(*each.name.split(), "--verbsoe")
        assert ran.code == 2
        assert "--verbose" in ran.err
        assert_short(ran, each.name)


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("deply", "'deploy'"),
        ("model pusch", "'push'"),
        ("model alias sett", "'set'"),
        ("wait iris --for redy", "ready, deleted"),
        ("status --target docker", "local, kubernetes"),
        ("predict iris --repeat 0", "--repeat"),
        ("doctor --bundle", "mlp doctor --bundle FILE"),
        ("doctor --bundle -h", "./-h"),
        ("predict iris -f", "mlp predict -f FILE"),
        ("completion bsh", "did you mean bash?"),
        ("rollback", "NAME"),
        ("status -o xml", "text, json, yaml, name"),
        ("version --fields pyhton", "did you mean python?"),
        ("version -o name", "MLP0013"),
    ],
)
def test_a_typo_is_wrong_usage_with_a_hint(mlp, line, hint):
    ran = mlp(*line.split())
    assert ran.code == 2
    assert hint in ran.err
    assert ran.out == ""
    assert_short(ran, line)


@pytest.mark.parametrize(
    ("line", "code", "hint"),
    [
        ("status irsi", 5, "did you mean iris?"),
        ("why irsi", 5, "did you mean iris?"),
        ("predict irsi -i a=1", 5, "did you mean iris?"),
        ("undeploy irsi --yes", 5, "did you mean iris?"),
        ("model ls irsi", 0, ""),
        ("model show irsi", 5, "did you mean iris?"),
        ("model show iris:77", 5, "iris"),
        ("model show iris@prodution", 5, "prodution"),
        ("deploy irsi", 5, "did you mean iris?"),
        ("deploy iris --version 77", 5, "77"),
        ("deploy iris --version 0", 2, "'0' is not a version"),
        ("deploy Iris", 2, "Iris"),
        ("deploy", 2, "NAME"),
        ("deploy iris@production --version 1", 2, "leave --version out"),
        ("logs irsi", 5, "did you mean iris?"),
        ("logs iris -f -o json", 2, "-f"),
        ("logs iris --since soon", 2, "soon"),
        ("predict iris -i sepal_lenght=1", 2, "did you mean sepal_length?"),
        ("predict iris -i sepal_length=1 -f rows.csv", 2, "one of them"),
        ("predict iris -f nowhere.csv", 5, "nowhere.csv"),
        ("model push nowhere.onnx --name iris", 5, "nowhere.onnx"),
        ("model push nowhere.onnx --name Iris!", 2, "Iris!"),
        ("model push config --name iris --metric accuracy", 2, "KEY=VALUE"),
        ("status --target kubernetes", 3, "no cluster"),
        ("down --purge", 7, "--yes"),
        ("undeploy iris", 7, "--yes"),
    ],
)
def test_a_name_or_value_that_is_wrong_is_named(mlp, platform, line, code, hint):
    ran = mlp(*line.split(), "--no-input")
    assert ran.code == code
    assert hint in ran.err
    assert_short(ran, line)


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("predict iris -f -", 2, "MLP3005 stdin is empty"),
        ("predict iris --raw -f -", 2, "MLP3005 stdin is empty"),
        ("deploy -f -", 2, "MLP2010 stdin holds no document"),
        ("undeploy iris", 7, ""),
        ("down --purge", 7, ""),
    ],
)
def test_a_closed_stdin_is_an_empty_one(mlp, platform, monkeypatch, line, code, words):
    monkeypatch.setattr(sys, "stdin", None)
    ran = mlp(*line.split())
    sys.stdin.close()
    assert (ran.code, words in ran.err) == (code, True)
    assert_short(ran, line)


@pytest.mark.parametrize(
    "line", ["status", "status iris", "history iris -o json", "model ls", "explain", "--help", "why iris"]
)
def test_a_reader_that_leaves_is_no_failure(mlp, platform, monkeypatch, line):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        ran = mlp(*line.split())
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize("line", ["status", "status -o json", "model ls", "version", "--help", "explain"])
def test_a_closed_stdout_is_a_failure_as_of_other_programs(mlp, platform, monkeypatch, line):
    beside = os.dup(1)  # pytest's own, which the command may not close
    try:
        os.close(1)
        monkeypatch.setattr(sys, "stdout", None)
        ran = mlp(*line.split())
        sys.stdout.close()
    finally:
        os.dup2(beside, 1)
        os.close(beside)
    assert ran.code == 1
    assert "MLP0016" in ran.err
    assert_short(ran, line)


def test_a_narrow_terminal_cuts_nothing(mlp, platform, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    for each in commands():
        ran = mlp(*each.name.split(), "--help")
        assert ran.code == 0
        assert "…" not in ran.out.replace("0.7.0 …", "").replace("DATABASE_URL …", "") or "…" in (
            each.command.help or ""
        )
    digest = platform.versions["iris", 1].digest
    assert digest in mlp("model", "show", "iris:1").out
    assert platform.url in mlp("status").out


@pytest.mark.parametrize("line", ["up", "status", "deploy iris", "doctor", "demo", "down"])
@pytest.mark.parametrize("place", ["/proc/mlp", "a-file/mlp"])
def test_a_state_folder_that_cannot_be_made(mlp, tmp_path, monkeypatch, line, place):
    (tmp_path / "a-file").write_text("")
    monkeypatch.setenv("MLP_HOME", place if place.startswith("/") else str(tmp_path / place))
    ran = mlp(*line.split(), "--target", "local")
    # Nothing tells that /proc takes no folder before one is made there, and doctor makes none.
    looks_alone = line == "doctor" and place == "/proc/mlp"
    assert ran.code == (0 if line == "down" or looks_alone else 3)
    assert_short(ran, line)


@pytest.mark.parametrize(
    ("mark", "code"),
    [
        ("{", "MLP1108"),
        ("[]", "MLP1108"),
        (json.dumps({"version": "9", "pid": 1, "started_at": "2026-01-01T00:00:00Z", "format": 99}), "MLP1109"),
    ],
)
@pytest.mark.parametrize("line", ["up", "demo", "down --purge --yes", "doctor"])
def test_a_state_folder_that_is_corrupt_or_of_a_newer_version(mlp, tmp_path, mark, code, line):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "agent.json").write_text(mark)
    ran = mlp(*line.split(), "--target", "local")
    assert ran.code == 3
    assert code in ran.err
    assert_short(ran, line)
    assert (tmp_path / "home" / "agent.json").read_text() == mark


def test_an_agent_that_says_something_else_is_named(mlp, platform):
    platform.says = b'{"hello": 1}'
    for line in ("status", "status iris", "history iris", "why iris", "predict iris -i a=1", "doctor"):
        ran = mlp(*line.split())
        assert ran.code in (1, 3)
        assert_short(ran, line)
        assert "MLP1203" in ran.out + ran.err


class Exploding(io.StringIO):
    """A stream whose failure holds a secret."""

    def write(self, _text: str) -> int:
        token = CANARY
        raise RuntimeError(f"cannot send {token}")


@pytest.mark.parametrize("line", ["status", "model ls", "explain", "version"])
def test_a_fault_in_mlp_shows_neither_its_words_nor_a_traceback(mlp, platform, monkeypatch, line):
    monkeypatch.setattr(sys, "stdout", Exploding())
    ran = mlp(line.split()[0], *line.split()[1:])
    assert ran.code == 1
    assert ran.err.startswith("✗ MLP0001 a fault in mlp itself: RuntimeError")
    assert_short(ran, line)


def test_a_secret_in_a_failure_is_hidden(mlp, monkeypatch):
    monkeypatch.setenv("MLP_REGISTRY_URL", f"http://ann:{CANARY}@127.0.0.1:1")
    for line in ("model ls", "model push x.onnx --name iris", "config view --show-origin"):
        ran = mlp(*line.split())
        assert_short(ran, line)
        assert "[hidden]" in ran.out + ran.err


def test_every_code_is_explained_in_words_and_as_data(mlp):
    listed = json.loads(mlp("explain", "-o", "json").out)
    assert len(listed) > 150
    for each in listed[:: len(listed) // 20]:
        text = mlp("explain", each["code"].lower()).out
        assert each["cause"] in text
        assert each["fix"] in text
    unknown = mlp("explain", "MLP2205X")
    assert unknown.code == 5
    assert_short(unknown, "explain")
