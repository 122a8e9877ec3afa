"""The user's configuration file: a few lines of TOML that `mlp config set` and people write."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlp.errors import Precondition

_LINE = re.compile(r"\s*([A-Za-z_]+)\s*=")
_CONTEXTS = "allowed_contexts"


@dataclass(frozen=True)
class Configuration:
    """What the file at `path` says; an absent file says nothing."""

    path: Path
    values: Mapping[str, str]
    allowed_contexts: Sequence[str]
    lines: Mapping[str, int]
    """The line on which each key is written."""

    @classmethod
    def read(cls, path: Path) -> Configuration:
        """Read the file. Raises Precondition (`config_unreadable`) naming what is wrong with it."""
        try:
            text = path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return cls(path, {}, (), {})
        except (OSError, UnicodeDecodeError) as error:
            raise Precondition(f"{path} cannot be read as text", code="config_unreadable") from error
        return cls._parse(path, text)

    @classmethod
    def _parse(cls, path: Path, text: str) -> Configuration:
        import tomllib

        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise Precondition(f"{path} is not TOML: {error}", code="config_unreadable") from error
        contexts = document.pop(_CONTEXTS, [])
        wrong = [key for key, value in document.items() if not isinstance(value, str)]
        if not isinstance(contexts, list) or not all(isinstance(each, str) for each in contexts):
            wrong.append(_CONTEXTS)
        if wrong:
            raise Precondition(f"{path}: {wrong[0]} has a value of a wrong kind", code="config_unreadable")
        numbered = ((number, _LINE.match(line)) for number, line in enumerate(text.splitlines(), 1))
        lines = {match[1]: number for number, match in numbered if match is not None}
        return cls(path, document, contexts, lines)

    def place_of(self, key: str) -> str:
        """Return file and line of a key."""
        return f"{self.path}:{self.lines.get(key, 1)}"

    def write(self, key: str, value: str | Sequence[str] | None) -> None:
        """Set a key, or remove it (None), leaving every other line as it is.

        Raises Precondition (`file_unwritable`).
        """
        old = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        entry = [] if value is None else [f"{key} = {json.dumps(value, ensure_ascii=False)}"]
        at = self.lines.get(key)
        new = [*old, *entry] if at is None else [*old[: at - 1], *entry, *old[_end_of(old, at) :]]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            draft = self.path.with_name(f".{self.path.name}.new")
            draft.write_text("".join(f"{line}\n" for line in new), encoding="utf-8")
            draft.replace(self.path)
        except OSError as error:
            raise Precondition(f"{self.path} cannot be written: {error.strerror}", code="file_unwritable") from error


def _end_of(lines: Sequence[str], at: int) -> int:
    """Return the index behind the entry on line `at`; a list may go on over further lines."""
    end = at
    while lines[at - 1].count("[") > sum(line.count("]") for line in lines[at - 1 : end]) and end < len(lines):
        end += 1
    return end


def configuration_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the file lies: where MLP_CONFIG says, else in the user's folder for configuration."""
    if environment.get("MLP_CONFIG"):
        return Path(environment["MLP_CONFIG"]).expanduser()
    import platformdirs

    return platformdirs.user_config_path("mlp", appauthor=False) / "config.toml"
