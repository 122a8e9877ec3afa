"""`python -m mlp.local`: the agent of one machine, until it is told to end.

With `--sweep` it ends the processes that a killed agent left behind, and itself.
Exit codes: 0 ended as told, 2 wrong usage, 3 could not start (why is on stderr and in MLP_TERMINATION_FILE).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from mlp import __version__
from mlp.client.home import AgentFile, Home
from mlp.errors import Invalid, MlpError
from mlp.local.agent import Agent
from mlp.local.documents import write_document
from mlp.local.lock import sole_agent
from mlp.local.logs import JsonLines
from mlp.local.records import end_left_behind
from mlp.local.server import serve
from mlp.local.settings import Settings

_FAILED_TO_START = 3


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the agent and return its exit code."""
    if list(arguments) not in ([], ["--sweep"]):
        sys.stderr.write("usage: python -m mlp.local [--sweep]\n")
        return 2
    _log_to_stderr()
    try:
        _run(sweep_only=bool(arguments), environment=environment)
    except (MlpError, OSError) as error:
        return _report(error, environment.get("MLP_TERMINATION_FILE"))
    return 0


def _run(sweep_only: bool, environment: Mapping[str, str]) -> None:
    settings = _settings()
    home = Home.locate(settings.home)
    home.create()
    with sole_agent(home):
        home.mark()
        end_left_behind(home.run, patience=settings.end_seconds)
        if sweep_only:
            return
        mark = AgentFile(version=__version__, pid=os.getpid(), started_at=datetime.now(UTC))
        write_document(home.agent_file, mark)
        asyncio.run(_keep(settings, home, environment))


async def _keep(settings: Settings, home: Home, environment: Mapping[str, str]) -> None:
    agent = Agent(settings, home, environment)
    agent.open()
    await serve(agent, home.socket)


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        name = "MLP_" + "_".join(map(str, fault["loc"])).upper()
        raise Invalid(f"{name}: {fault['msg']}", code="invalid_settings") from None


def _report(error: MlpError | OSError, path: str | None) -> int:
    code = error.code if isinstance(error, MlpError) else "folder_unusable"
    message = error.message if isinstance(error, MlpError) else str(error)
    logging.getLogger(__name__).error(message, extra={"code": code})
    if path is not None:
        reason = "".join(word.capitalize() for word in code.split("_"))
        Path(path).write_text(json.dumps({"reason": reason, "message": message}), encoding="utf-8")
    return _FAILED_TO_START


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], os.environ))
