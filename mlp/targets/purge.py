"""Deleting the folder of a local platform, and nothing else."""

from __future__ import annotations

import shutil

from mlp.client.home import Home
from mlp.errors import Precondition


def purge(home: Home) -> None:
    """Delete what the platform keeps in its folder, and the folder itself unless something else lies there.

    Raises Precondition (`not_a_home`) where the folder does not bear the platform's mark.
    """
    if not home.root.exists():
        return
    if home.mark() is None:
        raise Precondition(f"{home.root} is not a platform's folder; nothing is deleted", code="not_a_home")
    for folder in (home.registry, home.deployments, home.logs, home.cache, home.run):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (home.socket, home.lock, home.agent_file):  # the mark goes last, so that a purge can be repeated
        file.unlink(missing_ok=True)
    if not any(home.root.iterdir()):
        home.root.rmdir()
