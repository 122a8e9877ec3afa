"""The log of a build, as steps that a person follows."""

from __future__ import annotations

import re
from collections import deque

_CLASSIC = re.compile(r"Step (\d+/\d+) : (.+)")
_BUILDKIT = re.compile(r"#\d+ \[(?:([\w-]+) +)?(\d+/\d+)\] (.+)")
_PODMAN = re.compile(r"(?:\[\d+/\d+\] )?STEP (\d+/\d+): (.+)")
_WIDTH = 60


class BuildLog:
    """Takes the lines of a build by docker's classic builder, BuildKit or podman; keeps the last ones."""

    def __init__(self, *, keep: int = 20) -> None:
        self._tail: deque[str] = deque(maxlen=keep)
        self._step: str | None = None

    @property
    def tail(self) -> list[str]:
        """The last lines."""
        return list(self._tail)

    def take(self, line: str) -> str | None:
        """Take one line; return the step that it begins, in a few words, or None."""
        if line.strip():
            self._tail.append(line)
        step = step_of(line)
        if step is None or step == self._step:
            return None
        self._step = step
        return step


def step_of(line: str) -> str | None:
    """Return `3/12 RUN …` of a line that begins a step of a Dockerfile, or None."""
    if found := _CLASSIC.match(line) or _PODMAN.match(line):
        number, words = found.groups()
    elif found := _BUILDKIT.match(line):
        stage, number, words = found.groups()
        number = f"{stage} {number}" if stage else number
    else:
        return None
    words = " ".join(words.split())
    return f"{number} {words if len(words) <= _WIDTH else words[: _WIDTH - 1] + '…'}"
