"""Runs commands one after the other in one process, behind whatever terminal it was given.

Arguments: a folder, and the commands as JSON, each {"arguments": […], "environment": {…}}. Around what a command
writes it prints `<<` and `>>CODE`. `SLOW` in the environment keeps the process busy at its end.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import time
from pathlib import Path

from mlp.cli import app
from tests.cli.conftest import deploy
from tests.cli.stand_in_platform import FEATURES, receipt, running, signature


def _tell(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(folder: Path, commands: list[dict]) -> None:
    home = folder / str(os.getpid())
    platform, end = running(home)
    platform.push("iris", 1, b"one", signature(*FEATURES), receipt("setosa"))
    platform.push("iris", 2, b"two", signature(*FEATURES), receipt("setosa"))
    os.environ |= {"MLP_HOME": str(home), "MLP_TARGET": "local", "XDG_CONFIG_HOME": str(folder)}
    for command in commands:
        deploy(platform, 1)
        os.environ |= command.get("environment", {})
        _tell("<<")
        code = app.run(command["arguments"])
        _tell(f">>{code}")
        for name in command.get("environment", {}):
            del os.environ[name]
    end()


def interrupted(folder: Path, arguments: list[str]) -> None:
    """Run one command as `mlp` does, and take long to end."""
    home = folder / str(os.getpid())
    platform, _ = running(home)
    platform.push("iris", 1, b"one", signature(*FEATURES), receipt("setosa"))
    deploy(platform, 1)
    os.environ |= {"MLP_HOME": str(home), "MLP_TARGET": "local", "XDG_CONFIG_HOME": str(folder)}
    sys.argv = ["mlp", *arguments]

    def linger() -> None:
        _tell("ending")
        time.sleep(60)

    if os.environ.get("SLOW"):
        atexit.register(linger)
    app.main()


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    if isinstance(given[0], str):
        interrupted(Path(sys.argv[1]), given)
    else:
        main(Path(sys.argv[1]), given)
