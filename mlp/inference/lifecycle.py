"""Where a server is in its life, and who is told."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping

from mlp.inference.loading import LoadedModel


class Lifecycle:
    """Whether this server still takes part; it changes once."""

    is_draining = False
    """It will end: every answer asks its caller to connect anew, to someone else."""


def announce_ready(ready_fd: int | None, model: LoadedModel, ports: Mapping[str, int]) -> None:
    """Tell whoever started this process that it is ready: one line of JSON on the inherited pipe, then end of file.

    A server outlives its agent, even one that died while it waited for this line.
    """
    if ready_fd is None:
        return
    document = {"state": "ready", "version": model.version, "digest": model.digest, **ports}
    with contextlib.suppress(BrokenPipeError), os.fdopen(ready_fd, "w") as pipe:
        pipe.write(json.dumps(document) + "\n")
