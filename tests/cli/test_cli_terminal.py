"""What a terminal sees, what a pipe sees, and what becomes of that by the environment."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pexpect
import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = {
    "plain": {},
    "NO_COLOR": {"NO_COLOR": "1"},
    "FORCE_COLOR": {"FORCE_COLOR": "1"},
    "dumb": {"TERM": "dumb"},
    "actions": {"GITHUB_ACTIONS": "1"},
    "narrow": {"COLUMNS": "40"},
    "accessible": {"MLP_ACCESSIBLE": "1"},
}
COMMANDS = ["status", "status iris -w", "deploy iris --version 2", "why irsi", "deply", "--help", "model show iris:1"]
WITHOUT_ESCAPES = {"NO_COLOR", "dumb"}


@pytest.fixture(scope="module")
def folder():
    folder = Path(tempfile.mkdtemp(prefix="mlp-"))
    yield folder
    shutil.rmtree(folder)


def spawn(folder: Path, given: list, **environment: str) -> pexpect.spawn:
    spared = {key: value for key, value in os.environ.items() if not key.startswith(("MLP_", "NO_", "COLUMNS"))}
    return pexpect.spawn(
        sys.executable,
        ["-m", "tests.cli.terminal_session", str(folder), json.dumps(given)],
        cwd=str(ROOT),
        env={**spared, "TERM": "xterm", "KUBECONFIG": "/nowhere", **environment},
        encoding="utf-8",
        dimensions=(40, 120),
        timeout=60,
    )


@pytest.fixture(scope="module")
def seen(folder):
    """What a terminal saw of every command in every environment, by both, with the exit code."""
    keys = [(name, line) for name in ENVIRONMENTS for line in COMMANDS]
    child = spawn(folder, [{"arguments": line.split(), "environment": ENVIRONMENTS[name]} for name, line in keys])
    found = {}
    for key in keys:
        child.expect("<<\r\n")
        child.expect(r">>(\d+)\r\n")
        found[key] = (child.before.replace("\r\n", "\n"), int(child.match[1]))
    child.expect(pexpect.EOF)
    child.close()
    return found


@pytest.mark.parametrize("environment", sorted(ENVIRONMENTS))
def test_a_terminal_is_sent_escapes_only_where_they_are_wanted(seen, environment):
    for line in COMMANDS:
        text, code = seen[environment, line]
        assert code == {"why irsi": 5, "deply": 2}.get(line, 0), text
        if environment in WITHOUT_ESCAPES:
            assert "\x1b" not in text, line


def test_a_terminal_sees_colour_motion_and_what_to_type_next(seen):
    assert "\x1b[31m" in seen["plain", "why irsi"][0]
    assert "\x1b[?25l" in seen["plain", "status iris -w"][0]
    assert "next: mlp predict iris --example" in seen["plain", "deploy iris --version 2"][0]


def test_a_screen_reader_hears_words_in_lines(seen):
    assert strip(seen["accessible", "why irsi"][0]).startswith("error: MLP2001 ")
    assert "done: iris answers with iris:2" in strip(seen["accessible", "deploy iris --version 2"][0])
    for line in COMMANDS:
        text = seen["accessible", line][0]
        assert not re.search("[✓✗·└⠋]", text)
        assert "\x1b[?25l" not in text


@pytest.mark.parametrize("environment", sorted(ENVIRONMENTS))
def test_nothing_is_cut_however_narrow_it_is(seen, environment):
    assert re.search(r"digest +[0-9a-f]{64}", seen[environment, "model show iris:1"][0])
    assert re.search(r"http://127\.0\.0\.1:\d+/servers/iris", seen[environment, "status"][0])


def strip(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


@pytest.mark.parametrize("environment", sorted(ENVIRONMENTS))
def test_a_pipe_is_sent_no_escape_whatever_the_environment(mlp, platform, monkeypatch, environment):
    for name, value in ENVIRONMENTS[environment].items():
        monkeypatch.setenv(name, value)
    for line in COMMANDS:
        ran = mlp(*line.split())
        assert "\x1b" not in ran.out + ran.err, line
        assert "next:" not in ran.err


def test_a_question_is_asked_and_its_answer_is_taken(folder):
    undeploy = {"arguments": ["undeploy", "iris"]}
    child = spawn(folder, [undeploy, undeploy, {"arguments": ["undeploy", "iris", "--no-input"]}])
    for answer, code in (("n", "7"), ("y", "0")):
        child.expect(r"Stop serving iris \(version 1\)\? \[y/N\]: ")
        child.sendline(answer)
        child.expect(r">>(\d+)\r\n")
        assert child.match[1] == code
    child.expect(r">>(\d+)\r\n")
    assert child.match[1] == "7"
    child.expect(pexpect.EOF)
    child.close()


def test_the_first_interrupt_ends_in_good_order_and_the_second_at_once(folder):
    child = spawn(folder, ["status", "-w"], SLOW="1")
    child.expect("iris   iris:1")
    begin = time.monotonic()
    child.sendintr()
    child.expect("interrupted")
    assert time.monotonic() - begin < 10
    child.expect("ending")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert "Traceback" not in child.before
