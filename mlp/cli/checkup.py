"""What `mlp doctor` looks at on this machine; it looks only, and changes nothing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mlp import __version__
from mlp.cli.catalogue import GENERIC, KNOWN
from mlp.cli.failures import known_of
from mlp.cli.overview import registry_failure
from mlp.cli.table import Table
from mlp.cli.text import size
from mlp.errors import MlpError, Precondition

if TYPE_CHECKING:
    from mlp.cli.session import Session
    from mlp.targets import Platform

Level = Literal["ok", "warning", "error"]
LITTLE_ROOM = 1 << 30
"""Bytes of free disk below which a platform is in danger."""
_EXTRAS = {
    "local": ("fastapi", "uvicorn", "sqlmodel", "onnxruntime"),
    "sklearn": ("sklearn", "skl2onnx", "onnx"),
    "kubernetes": ("kubernetes", "msgspec", "websocket"),
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    part: str
    level: Level
    words: str
    code: str | None = None
    """The key of the catalogue's entry, which has the fix."""

    def document(self) -> dict[str, Any]:
        """Return it with code and fix."""
        known = None if self.code is None else KNOWN.get(self.code, GENERIC["Failed"])
        fix = None if known is None else known.fix_for({"extra": self.part, "name": self.part})
        code = None if known is None else known.code
        return {"part": self.part, "level": self.level, "message": self.words, "code": code, "fix": fix}


def findings(session: Session) -> Iterator[Finding]:
    """Look at one thing after the other."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("mlp", "ok", f"{__version__}, Python {version} at {sys.executable}")
    yield from map(_extra, _EXTRAS)
    yield from _tried("configuration", lambda: _configuration(session))
    yield from _tried("folder", lambda: _folder(session))
    yield from _tried("platform", lambda: _platform(session))


def _tried(part: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Give what is found; a failure to look is found too."""
    try:
        yield from look()
    except MlpError as error:
        level: Level = "warning" if error.code in ("platform_not_running", "no_target") else "error"
        key = error.code if error.code in KNOWN else None
        yield Finding(part, level, f"{known_of(error).code} {error.message}" if key is None else error.message, key)


def _extra(name: str) -> Finding:
    missing = [package for package in _EXTRAS[name] if find_spec(package) is None]
    if missing:
        return Finding(name, "warning", f"not installed: {', '.join(missing)}", "missing_extra")
    return Finding(name, "ok", f"mlp[{name}] is installed")


def _configuration(session: Session) -> Iterator[Finding]:
    file = session.configuration.path
    set_ = [
        name for name in ("target", "context", "registry_url", "home") if getattr(session.settings, name) is not None
    ]
    words = f"{file} {'is read' if file.exists() else 'is not there'}"
    yield Finding("configuration", "ok", f"{words}; set: {', '.join(set_) or 'nothing'}")
    token = session.settings.registry_token_file
    if token is not None and not os.access(token, os.R_OK):
        yield Finding("configuration", "error", f"{token} cannot be read", "token_unreadable")


def _folder(session: Session) -> Iterator[Finding]:
    from mlp.cli.state_files import damaged_files
    from mlp.client.home import Home

    root = Home.locate(session.settings.home).root
    mark = Home(root).mark()
    there = _existing(root)
    if not there.is_dir() or not os.access(there, os.W_OK):
        yield Finding("folder", "error", f"{there} cannot be written", "home_not_writable")
        return
    wrong = [
        (f"{folder} is no folder", "folder_unusable")
        for folder in Home(root).folders
        if folder.exists() and not folder.is_dir()
    ]
    wrong += damaged_files(Home(root))
    for words, key in wrong:
        yield Finding("folder", "warning" if key == "history_damaged" else "error", words, key)
    if not wrong:
        words = "nothing there yet" if mark is None else f"of mlp {mark['version']}"
        yield Finding("folder", "ok", f"{root}, {words}")
    free = shutil.disk_usage(there).free
    if free < LITTLE_ROOM:
        yield Finding("disk", "warning", f"only {size(free)} are free at {there}", "DiskFull")
    else:
        yield Finding("disk", "ok", f"{size(free)} free")


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def _platform(session: Session) -> Iterator[Finding]:
    target = session.target
    platform = target.platform()
    yield Finding("platform", "ok", target.describe())
    if platform.registry_ready:
        yield Finding("registry", "ok", f"ready at {platform.registry_url}")
    else:
        yield _registry(platform)
    for damaged in platform.damaged:
        yield Finding(damaged["name"], "error", damaged["message"], "state_corrupt")
    for deployment in platform.deployments:
        yield _deployment(session, deployment["metadata"]["name"])


def _registry(platform: Platform) -> Finding:
    """Say why the registry is not ready, where that is known."""
    reason, message = registry_failure(platform)
    words = f"not ready at {platform.registry_url}{f': {message}' if message else ''}"
    return Finding("registry", "error", words, "DiskFull" if reason == "DiskFull" else "registry_failed")


def _deployment(session: Session, name: str) -> Finding:
    why = session.target.why(name)
    if why["ok"]:
        return Finding(name, "ok", f"version {why.get('version')} answers")
    level: Level = "error" if why["settled"] else "warning"
    reason = why.get("reason") or ""
    return Finding(
        name, level, why.get("message") or "it does not answer yet", reason if reason in KNOWN else "not_serving"
    )


def checkup_table(found: Sequence[Finding]) -> Table:
    """Return a line a finding; what is wrong has its fix below it."""
    rows, fixes = [], []
    for each in found:
        document = each.document()
        rows.append((each.part, each.level, " ".join(filter(None, (document["code"], each.words)))))
        if each.level != "ok" and document["fix"]:
            fixes.append(f"{document['code']} {each.part}: {document['fix']}")
    mending = "\n".join(["to mend", *(f"  {fix}" for fix in dict.fromkeys(fixes))]) if fixes else ""
    return Table(("PART", "STATE", "FOUND"), rows, below=mending)


def failing(found: Sequence[Finding]) -> Precondition | None:
    """Return what to end with when something is wrong, or None."""
    wrong = [each for each in found if each.level == "error"]
    if not wrong:
        return None
    first = wrong[0]
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    details = {"name": first.part, "extra": first.part}
    return Precondition(f"{first.part}: {first.words}{more}", code=first.code, details=details)
