"""The folder of the local platform: what lies where in it, and whether an agent keeps it now."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mlp.api.shape import check
from mlp.api.upkeep import MarkDocument
from mlp.client.refusals import code_of
from mlp.errors import Precondition

FORMAT = 2
"""Counts the layouts of the folder; an agent refuses one that is newer than its own."""
_LONGEST_SOCKET_PATH = 100  # bytes; the kernels' limits are 104 and 108 with the final zero


@dataclass(frozen=True)
class Home:
    """The folder `root`, an absolute path. Nothing in it exists before the first start."""

    root: Path

    @classmethod
    def locate(cls, setting: str | Path | None = None) -> Home:
        """Return the folder that `setting` (the value of MLP_HOME) names, or else the user's data folder for mlp.

        Raises Precondition (`home_path_too_long`) where the path leaves no room for the name of a socket.
        """
        home = cls((Path(setting).expanduser() if setting else _usual_root()).absolute())
        if len(os.fsencode(home.socket)) > _LONGEST_SOCKET_PATH:
            raise Precondition(
                f"{home.root} is too long a path for a socket; set MLP_HOME to a shorter one", code="home_path_too_long"
            )
        return home

    @property
    def agent_file(self) -> Path:
        """The mark of the folder."""
        return self.root / "agent.json"

    @property
    def lock(self) -> Path:
        """Locked (flock) for as long as an agent lives."""
        return self.root / "agent.lock"

    @property
    def socket(self) -> Path:
        """Where the agent answers; who may open it may steer the platform."""
        return self.root / "agent.sock"

    @property
    def holder_socket(self) -> Path:
        """Where the process answers that holds the listening sockets."""
        return self.root / "hold.sock"

    @property
    def registry(self) -> Path:
        """The registry's data."""
        return self.root / "registry"

    @property
    def deployments(self) -> Path:
        """What should be served, a document each."""
        return self.root / "deployments"

    @property
    def history(self) -> Path:
        """What deployments were asked to serve and what happened to them, files each."""
        return self.root / "history"

    @property
    def logs(self) -> Path:
        """What the processes write."""
        return self.root / "logs"

    @property
    def cache(self) -> Path:
        """Models that servers have fetched."""
        return self.root / "cache"

    @property
    def run(self) -> Path:
        """What is known of running processes; worthless once none runs."""
        return self.root / "run"

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that lie in it."""
        return (self.registry, self.deployments, self.history, self.logs, self.cache, self.run)

    @property
    def agent_failure(self) -> Path:
        """Why the agent could not start, where it could not."""
        return self.run / "agent.termination"

    def log(self, name: str) -> Path:
        """Return the log of `registry`, `agent` or a deployment."""
        return self.logs / f"{name}.log"

    def create(self) -> None:
        """Create the folder and those within, readable by their owner alone."""
        for folder in (self.root, *self.folders):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def is_kept(self) -> bool:
        """Whether an agent lives that keeps this folder, be it still starting.

        Raises Precondition (`home_not_writable`) for a folder of somebody else.
        """
        try:
            descriptor = os.open(self.lock, os.O_RDONLY)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise Precondition(f"{self.root} cannot be read: {error.strerror}", code=code_of(error)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def was_left(self) -> bool:
        """Whether an agent ended here without ending what it kept: it was killed, or the machine went down."""
        return not self.is_kept() and any(self.run.glob("*.json"))

    def has_sockets_held(self) -> bool:
        """Whether the process answers that holds the listening sockets: what an agent kept may answer too."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(str(self.holder_socket)) == 0

    def mark(self) -> MarkDocument | None:
        """Return what `agent.json` says, or None where there is none.

        Raises Precondition: `home_unreadable` when it is not such a file, `home_too_new` when a newer mlp wrote it.
        """
        try:
            mark = json.loads(self.agent_file.read_bytes())
            check(mark, MarkDocument)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise Precondition(
                f"{self.agent_file} is not readable; move it away if the folder is the platform's",
                code="home_unreadable",
            ) from error
        if mark.get("format", FORMAT) > FORMAT:
            raise Precondition(
                f"{self.root} was written by mlp {mark['version']}, which is newer than this one", code="home_too_new"
            )
        return cast(MarkDocument, mark)

    def check_format(self) -> None:
        """Raise Precondition (`home_too_new`) where a newer mlp wrote the folder; a damaged mark says nothing."""
        try:
            self.mark()
        except Precondition as error:
            if error.code == "home_too_new":
                raise


def _usual_root() -> Path:
    import platformdirs

    return platformdirs.user_data_path("mlp", appauthor=False)
