"""Every example does what its README says, command by command."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = sorted(path.name for path in EXAMPLES.iterdir() if (path / "README.md").is_file())
pytestmark = pytest.mark.timeout(300)  # to train and to push takes every core there is, and workers do so at once


def commands_of(readme: Path) -> list[list[str]]:
    blocks = re.findall(r"```console\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [shlex.split(line) for line in lines]


@pytest.mark.parametrize("name", FOLDERS)
def test_the_commands_of_the_readme_work(platform, tmp_path, monkeypatch, name):
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder)
    commands = commands_of(folder / "README.md")
    assert commands
    monkeypatch.chdir(folder)
    for program, *arguments in commands:
        if program == "python":
            monkeypatch.setattr(sys, "argv", arguments)
            runpy.run_path(arguments[0], run_name="__main__")  # here scikit-learn is imported already
        else:
            assert program == "mlp"
            platform.succeed(*arguments, folder=folder)
