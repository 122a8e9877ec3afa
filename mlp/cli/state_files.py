"""The files of the state folder that cannot be read, as `mlp doctor` finds them; it only looks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mlp.api.documents import DeploymentDocument
from mlp.api.shape import Misshapen, check
from mlp.client.home import Home
from mlp.client.marked import slot_name


def damaged_files(home: Home) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with each file that cannot be read, and the key of the catalogue's entry for it."""
    for file in sorted(home.deployments.glob("*.json")):
        if not _holds(file, _check_deployment):
            yield f"{file} cannot be read as a deployment", "state_corrupt"
    for file in sorted(home.run.glob("*.json")):
        if slot_name(file.name) is not None and not _holds(file, _check_record):
            yield f"{file} cannot be read as the record of a process", "record_unreadable"
    for file in sorted(home.history.glob("*.jsonl")):
        if not _has_whole_lines(file):
            yield f"{file} cannot be read whole: a part of the history is lost", "history_damaged"


def _has_whole_lines(file: Path) -> bool:
    try:
        for line in file.read_bytes().splitlines():
            str(json.loads(line)["at"])
    except FileNotFoundError:
        return True
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return False
    return True


def _holds(file: Path, check_: Callable[[Any], None]) -> bool:
    try:
        check_(json.loads(file.read_bytes()))
    except FileNotFoundError:  # the process ended meanwhile
        return True
    except (OSError, ValueError, LookupError, TypeError, RecursionError, Misshapen):
        return False
    return True


def _check_deployment(document: Any) -> None:
    """Look as far as can be without pydantic; the agent, which looks at all, tells of the rest."""
    check(document["deployment"], DeploymentDocument)
    if document["deployment"].get("kind", "ModelDeployment") != "ModelDeployment":
        raise ValueError(document["deployment"]["kind"])
    int(document["port"])


def _check_record(document: Any) -> None:
    str(document["name"]), str(document["folder"])
