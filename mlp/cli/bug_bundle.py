"""What helps somebody else to find a fault, in one file: versions, settings, state and the ends of logs, redacted.

No model, no golden row, no token and no password is in it.
"""

from __future__ import annotations

import io
import json
import os
import platform as machine
import tarfile
import time
from collections import deque
from collections.abc import Iterator, Mapping
from importlib.metadata import distributions
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlp.cli.overview import platform_document
from mlp.cli.private_file import private_bytes
from mlp.cli.redaction import redacted
from mlp.errors import MlpError

if TYPE_CHECKING:
    from mlp.cli.session import Session

_LOG_BYTES = 200_000
_MOST_LOGS = 16
_LINES = 1_000
_SECRET_VARIABLES = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")


def contents_of(session: Session, checkup: list[dict[str, Any]]) -> dict[str, bytes]:
    """Return the files of a bundle by name, redacted."""
    files: dict[str, str] = {
        "checkup.json": _json(checkup),
        "machine.json": _json(
            {"system": machine.platform(), "python": machine.python_version(), "cpus": os.cpu_count()}
        ),
        "packages.txt": "\n".join(sorted(f"{each.name}=={each.version}" for each in distributions())),
        "environment.json": _json(_environment(session.environment)),
    }
    if session.configuration.path.is_file():
        files["config.toml"] = session.configuration.path.read_text(encoding="utf-8")
    try:
        platform = session.target.platform()
        files["status.json"] = _json(platform_document(platform))
        for deployment in platform.deployments:
            name = deployment["metadata"]["name"]
            told = {"why": session.target.why(name), "history": list(session.target.history(name))}
            files[f"deployments/{name}.json"] = _json(told)
    except MlpError as error:
        files["status.json"] = _json({"error": error.code, "message": error.message})
    files |= {f"logs/{name}.log": text for name, text in _logs(session)}
    return {name: redacted(text).encode() for name, text in files.items()}


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that mlp reads; values of those that hold secrets are left out."""
    ours = {name: value for name, value in environment.items() if name.startswith("MLP_") or name == "KUBECONFIG"}
    return {
        name: "[hidden]" if any(word in name for word in _SECRET_VARIABLES) and not name.endswith("_FILE") else value
        for name, value in sorted(ours.items())
    }


def _logs(session: Session) -> Iterator[tuple[str, str]]:
    """Give the end of each log: of the processes of this machine, or of the platform's parts on a cluster."""
    from mlp.client.home import Home

    folder = Home.locate(session.settings.home).logs
    for path in islice(sorted(folder.glob("*.log")), _MOST_LOGS):
        try:
            yield path.stem, _end(path)
        except OSError:
            continue
    try:
        if session.target.name != "local":
            for part in ("registry", "operator"):
                yield f"cluster-{part}", "\n".join(deque(session.target.logs(part, tail=_LINES), _LINES))
    except MlpError:
        return


def _end(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LOG_BYTES))
        return file.read().decode("utf-8", "replace")


def _json(document: Any) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False, default=str)


def write_bundle(path: Path, files: Mapping[str, bytes]) -> int:
    """Write a new .tar.gz for its owner alone, and return its size in bytes.

    Raises Precondition (`file_exists`, `file_unwritable`).
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"mlp-bundle/{name}")
            info.size, info.mtime, info.mode = len(content), int(time.time()), 0o600
            archive.addfile(info, io.BytesIO(content))
    with private_bytes(path, "a bundle") as file:
        return file.write(packed.getbuffer())
