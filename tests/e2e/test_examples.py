"""Every example does what its README says, command by command."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = sorted(path.name for path in EXAMPLES.iterdir() if (path / "README.md").is_file())


def commands_of(readme: Path) -> list[list[str]]:
    blocks = re.findall(r"```console\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [shlex.split(line) for line in lines]


@pytest.mark.parametrize("name", FOLDERS)
def test_the_commands_of_the_readme_work(platform, tmp_path, name):
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder)
    commands = commands_of(folder / "README.md")
    assert commands
    for program, *arguments in commands:
        if program == "python":
            subprocess.run([sys.executable, *arguments], cwd=folder, check=True, env=platform.environment)
        else:
            assert program == "mlp"
            platform.succeed(*arguments, folder=folder)
