"""Where and with what a version was made."""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib.metadata import version

from mlp.api.model import Source

DISTRIBUTIONS = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime")
PATIENCE_SECONDS = 5.0


def library_versions(*, converted: bool) -> dict[str, str]:
    """Return the versions of the libraries that had a hand in it; scikit-learn only where a model was `converted`."""
    return {name: version(name) for name in (DISTRIBUTIONS if converted else DISTRIBUTIONS[2:])}


def source_of(framework: str, estimator: str | None) -> Source:
    """Return the source of a version, with the commit of the repository around the working directory if there is one.

    `git_dirty` says whether tracked files differ from that commit.
    """
    commit = _git("rev-parse", "--verify", "HEAD")
    if commit is None or not re.fullmatch(r"[0-9a-f]{40}", commit):
        return Source(framework=framework, estimator=estimator)
    changes = _git("status", "--porcelain", "--untracked-files=no")
    dirty = None if changes is None else bool(changes)
    return Source(framework=framework, estimator=estimator, git_commit=commit, git_dirty=dirty)


def _git(*arguments: str) -> str | None:
    """Return what git says, or None: no git, no repository, no commit, or no patience."""
    git = shutil.which("git")
    if git is None:
        return None
    try:
        done = subprocess.run([git, *arguments], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
