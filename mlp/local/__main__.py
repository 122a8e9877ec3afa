"""`python -m mlp.local`: the agent of one machine, until it is told to end.

SIGINT and `POST /shutdown` end what it keeps too; SIGTERM and `POST /handover` end the agent alone, and the next one
takes over what runs. With `--sweep` it ends what an agent left behind, and itself; it tells on stdout, as JSON, which
records could not be read.
Exit codes: 0 ended as told, 2 wrong usage, 3 could not start (why is on stderr and in MLP_TERMINATION_FILE).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from mlp import __version__
from mlp.api.upkeep import MarkDocument
from mlp.client.home import Home
from mlp.client.mark import AgentFile
from mlp.client.marked import slot_name
from mlp.client.own_log import OwnLog
from mlp.client.refusals import code_of, words_of
from mlp.errors import Invalid, MlpError
from mlp.local.agent import Agent
from mlp.local.documents import write_document
from mlp.local.left import end, left_behind
from mlp.local.lock import sole_agent
from mlp.local.logs import JsonLines
from mlp.local.ports import Ports
from mlp.local.records import Slot
from mlp.local.server import serve
from mlp.local.settings import Settings

_FAILED_TO_START = 3


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the agent and return its exit code."""
    if list(arguments) not in ([], ["--sweep"]):
        sys.stderr.write("usage: python -m mlp.local [--sweep]\n")
        return 2
    _log_to_stderr()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what it keeps inherits that: a terminal that closes ends nothing
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
        if sweep_only:
            home.check_format()
            _sweep(home, settings.end_seconds)
            return
        before = home.mark()
        OwnLog.keep(home.log("agent"))
        asyncio.run(_keep(settings, home, before, environment))


def _sweep(home: Home, patience: float) -> None:
    """End what an agent left behind, and tell on stdout of the files that could not be read."""
    damaged = [slot.record for slot in Slot.all(home.run) if slot.is_damaged()]
    found = left_behind(home.run)
    end(found, patience)
    pids = {left.slot.record: left.record.pid for left in found}
    lines = [{"file": str(file), "name": slot_name(file.name), "pid": pids.get(file)} for file in damaged]
    sys.stdout.write(json.dumps(lines))


async def _keep(settings: Settings, home: Home, before: MarkDocument | None, environment: Mapping[str, str]) -> None:
    ports = Ports.chosen(settings, before)
    earlier = {} if before is None else {name: before.get(name) for name in ("registry_port", "model_port")}
    mark = AgentFile(version=__version__, pid=os.getpid(), started_at=datetime.now(UTC), **earlier)
    write_document(home.agent_file, mark)
    agent = Agent(settings, ports, home, environment)
    agent.open()
    # Only ports that could be had are kept for the next agent.
    chosen = {"registry_port": ports.registry, "model_port": ports.first_model}
    write_document(home.agent_file, mark.model_copy(update=chosen))
    await serve(agent, home.socket)


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        name = "MLP_" + "_".join(map(str, fault["loc"])).upper()
        raise Invalid(f"{name}: {fault['msg']}", code="invalid_settings") from None


def _report(error: MlpError | OSError, path: str | None) -> int:
    code = error.code if isinstance(error, MlpError) else code_of(error)
    message = error.message if isinstance(error, MlpError) else words_of(error)
    logging.getLogger(__name__).error(message, extra={"code": code})
    if path is not None:
        reason = "".join(word.capitalize() for word in code.split("_"))
        with suppress(OSError):  # whatever kept it from starting may keep it from saying why; the log has it
            Path(path).write_text(json.dumps({"reason": reason, "message": message}), encoding="utf-8")
    return _FAILED_TO_START


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], os.environ))
