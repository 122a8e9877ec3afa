"""The completion scripts in the shells that they are for: what is on the command line after TAB."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

from mlp.cli.completion.answer import complete
from mlp.cli.completion.scripts import SCRIPTS

LINES = {
    "mlp model al": "mlp model alias ",
    "mlp model show iris:9": "mlp model show iris:9 ",
    "mlp model alias rm iris@": "mlp model alias rm iris@production ",
    "mlp predict iris -i petal_l": "mlp predict iris -i petal_length=",
    "mlp deploy -f rows": "mlp deploy -f rows.yaml ",
}
"""What is typed, and what stands there after TAB."""


@pytest.fixture
def shell(mlp, platform, tmp_path, monkeypatch) -> Path:
    """A folder with a file in it, and with `mlp` in PATH: it completes, and otherwise shows what it was given."""
    script = f'#!/bin/sh\n[ "$1" = __complete ] && exec {sys.executable} -m mlp "$@"\nexit 1\n'
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "mlp").write_text(script)
    (tmp_path / "bin" / "mlp").chmod(0o755)
    (tmp_path / "rows.yaml").write_text("")
    for name, text in SCRIPTS.items():
        (tmp_path / f"completion.{name}").write_text(text)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("HOME", str(tmp_path))
    for line in (["model", "show", ""], ["predict", "iris", "-i", ""]):  # kept from now on, however busy the machine is
        give_up = time.monotonic() + 20
        while not complete(line, os.environ):
            assert time.monotonic() < give_up
    return tmp_path


def completed_by(child: pexpect.spawn, typed: str, *, show: str) -> str:
    """Type something, TAB, and a key that shows the line; return the line."""
    child.send(f"{typed}\t{show}")
    child.expect(r"\{\{(.*?)\}\}")
    return child.match[1]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_completes(shell):
    child = pexpect.spawn("zsh", ["-f", "-i"], encoding="utf-8", timeout=20, dimensions=(40, 200), cwd=str(shell))
    setup = (
        f"unsetopt zle_bracketed_paste; PS1=''; autoload -Uz compinit && compinit -u -d {shell}/dump\n"
        f"source {shell}/completion.zsh\n"
        "show() { print -r -- '{{'$BUFFER'}}'; BUFFER= }; zle -N show; bindkey '^X' show; print re''ady\n"
    )
    child.send(setup)
    child.expect("ready")
    assert {typed: completed_by(child, typed, show="\x18") for typed in LINES} == LINES
    child.sendeof()
    child.close(force=True)


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes(shell):
    asked = "\n".join(f"complete -C '{typed}' | string split -f1 \\t" for typed in LINES)
    ran = subprocess.run(
        ["fish", "--no-config", "-c", f"source {shell}/completion.fish\n{asked}"],
        capture_output=True,
        text=True,
        check=False,  # `string split` fails where there is nothing to split
        cwd=shell,
    )
    assert ran.stdout.split() == [line.split()[-1] for line in LINES.values()]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes(shell):
    child = pexpect.spawn("bash", ["--norc", "-i"], encoding="utf-8", timeout=20, dimensions=(40, 200), cwd=str(shell))
    setup = (
        "bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; PS1=''\n"
        f"source {shell}/completion.bash\n"
        "show() { echo \"{{$READLINE_LINE}}\"; READLINE_LINE=; }; bind -x '\"\\C-o\": show'; echo re''ady\n"
    )
    child.send(setup)
    child.expect("ready")
    assert {typed: completed_by(child, typed, show="\x0f") for typed in LINES} == LINES
    child.close(force=True)
