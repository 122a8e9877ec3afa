"""Deleting the folder of a local platform, and nothing else."""

from __future__ import annotations

import shutil

from mlp.client.home import Home
from mlp.errors import Failed, Precondition


def purge(home: Home) -> None:
    """Delete what the platform keeps in its folder, and the folder itself unless something else lies there.

    Raises Precondition (`not_a_home`) where the folder does not bear the platform's mark, and Failed (`purge_failed`).
    """
    if not home.root.exists():
        return
    if home.mark() is None:
        raise Precondition(f"{home.root} is not a platform's folder; nothing is deleted", code="not_a_home")
    try:
        _delete(home)
    except OSError as error:
        where = error.filename or home.root
        raise Failed(f"{home.root} cannot be deleted: {where}: {error.strerror}", code="purge_failed") from error


def _delete(home: Home) -> None:
    for folder in home.folders:
        if folder.exists():
            shutil.rmtree(folder)
    for file in (
        home.socket,
        home.holder_socket,
        home.lock,
        home.agent_file,
    ):  # the mark goes last, so that a purge can be repeated
        file.unlink(missing_ok=True)
    if not any(home.root.iterdir()):
        home.root.rmdir()
