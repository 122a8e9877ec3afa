"""Names of what the platform has, kept for half a minute: a shell asks for them at every TAB."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket
from typing import Any
from urllib.parse import urlsplit

from mlp.cli.settings import Settings

_FRESH_SECONDS = 30.0
_WAIT_SECONDS = 1.0
_CALL_SECONDS = 0.4
_LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Place:
    """Where names are asked for, and the file that they are kept in."""

    home: Path
    settings: Settings
    context: str | None
    namespace: str | None
    cache: Path

    @classmethod
    def of(cls, settings: Settings, context: str | None, namespace: str | None, cache: Path) -> Place:
        """Return the place that settings and options mean; `cache` is the folder for files like these."""
        home = settings.home
        if home is None:
            import platformdirs

            home = platformdirs.user_data_path("mlp", appauthor=False)
        return cls(home, settings, context or settings.context, namespace or settings.namespace, cache)

    @property
    def is_cluster(self) -> bool:
        """Whether the names are a cluster's, which takes longer to ask than a shell may wait."""
        return self.context is not None or self.settings.target == "kubernetes"

    def file(self, what: str = "names") -> Path:
        """Return where the answer is kept."""
        import hashlib

        facts = (str(self.home), self.settings.registry_url, self.context, self.namespace, what)
        return self.cache / f"{hashlib.sha256(repr(facts).encode()).hexdigest()[:24]}.json"


def names(place: Place) -> dict[str, Any]:
    """Return `deployments` (name -> model, version, url) and `models` (name -> latest, aliases), as far as known."""
    return _kept(place, "names", lambda: local_names(place))


def features(place: Place, deployment: str) -> dict[str, str]:
    """Return the features of a deployment's model, with their types."""
    found = _kept(place, f"features {deployment}", lambda: local_features(place, deployment))
    return {str(name): str(type_) for name, type_ in found.get("features", {}).items()}


def _kept(place: Place, what: str, ask: Any) -> dict[str, Any]:
    file = place.file(what)
    known, age = _read(file)
    if known is not None and age < _FRESH_SECONDS:
        return known
    if not place.is_cluster:
        found: dict[str, Any] = ask()
        keep(file, found)
        return found
    _refresh(place, what)
    if known is not None:
        return known
    give_up = time.monotonic() + _WAIT_SECONDS
    while known is None and time.monotonic() < give_up:
        time.sleep(_LOOK_SECONDS)
        known, _ = _read(file)
    return known or {}


def _read(file: Path) -> tuple[dict[str, Any] | None, float]:
    try:
        return json.loads(file.read_bytes()), time.time() - file.stat().st_mtime
    except (OSError, ValueError):
        return None, 0.0


def keep(file: Path, found: Mapping[str, Any]) -> None:
    """Write an answer for the next time."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(json.dumps(found), encoding="utf-8")
    draft.replace(file)


def _refresh(place: Place, what: str) -> None:
    """Ask in a process that nobody waits for; an ordinary client takes its time there."""
    facts = {"file": str(place.file(what)), "what": what, "context": place.context, "namespace": place.namespace}
    command = [sys.executable, "-m", "mlp.cli.completion.refresh", json.dumps(facts)]
    silence = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in (0, 1, 2)]
    # Not by the module subprocess, which costs more to import than the rest of this.
    os.posix_spawn(command[0], command, os.environ, file_actions=silence, setpgroup=0)


def local_names(place: Place) -> dict[str, Any]:
    """Ask the agent of this machine and the registry, each for a fraction of a second at most."""
    found: dict[str, Any] = {"deployments": {}, "models": {}}
    registry = place.settings.registry_url
    try:
        status = _get(_Socket(place.home / "agent.sock"), "/status")
        registry = registry or status["registry_url"]
        for each in status["deployments"]:
            spec, state = each["spec"], each.get("status", {})
            facts = {"model": spec["modelName"], "version": spec["modelVersion"], "url": state.get("url")}
            found["deployments"][each["metadata"]["name"]] = facts
    except (OSError, ValueError, KeyError):
        pass  # no platform here, or one that says something else
    if registry is not None:
        found["models"] = _models(place, registry)
    return found


def _models(place: Place, url: str) -> dict[str, Any]:
    token_file = place.settings.registry_token_file
    try:
        headers = {"Authorization": f"Bearer {token_file.read_text().strip()}"} if token_file is not None else {}
        items = _get(_connection(url), f"{urlsplit(url).path.rstrip('/')}/models?limit=100", headers)["items"]
        return {each["name"]: {"latest": each.get("latest_version"), "aliases": each["aliases"]} for each in items}
    except (OSError, ValueError, KeyError):
        return {}


def local_features(place: Place, deployment: str) -> dict[str, Any]:
    """Ask the model server of a deployment."""
    url = names(place)["deployments"][deployment]["url"]
    inputs = _get(_connection(url), f"{urlsplit(url).path}/metadata")["signature"]["inputs"]
    return {"features": {each["name"]: each["dtype"] for each in inputs}}


class _Socket(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("agent", timeout=_CALL_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket(AF_UNIX, SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _connection(url: str) -> HTTPConnection:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=_CALL_SECONDS)


def _get(connection: HTTPConnection, path: str, headers: Mapping[str, str] | None = None) -> Any:
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        if answer.status != 200:
            raise ValueError(answer.status)
        return json.loads(answer.read())
    finally:
        connection.close()
