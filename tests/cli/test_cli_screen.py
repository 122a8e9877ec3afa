"""What moves on a terminal, and stays away everywhere else."""

from __future__ import annotations

import subprocess
import sys

import pexpect
import pytest

SCRIPT = """
import sys, time
from mlp.cli.screen import screen_for
screen = screen_for(sys.stderr, when="auto", colourless=False, quiet=%s, verbose=False)
with screen.sending("uploading", 2_000_000, then="checked") as tell:
    for sent in (500_000, 1_000_000, 250_000, 2_000_000):
        tell(sent)
        time.sleep(0.15)
screen.warn("done")
"""


def on_terminal(quiet: bool) -> str:
    child = pexpect.spawn(
        sys.executable,
        ["-c", SCRIPT % quiet],
        env={"TERM": "xterm", "PATH": "/bin"},
        encoding="utf-8",
        dimensions=(24, 120),
    )
    child.expect("done", timeout=60)
    return child.before


def test_a_terminal_sees_how_far_an_upload_is() -> None:
    shown = on_terminal(quiet=False)
    assert "uploading" in shown
    assert "0.5/1.9 MiB" in shown
    assert "checked" in shown


def test_quiet_means_no_bar() -> None:
    assert "uploading" not in on_terminal(quiet=True)


@pytest.mark.parametrize("quiet", [True, False])
def test_a_pipe_sees_no_bar(quiet: bool) -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT % quiet], capture_output=True, text=True, check=True)
    assert ran.stdout == ""
    assert ran.stderr == "! done\n"
