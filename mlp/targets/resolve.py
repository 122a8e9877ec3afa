"""Which target a command means."""

from __future__ import annotations

from pathlib import Path

from mlp.client.home import Home
from mlp.errors import Invalid, Precondition
from mlp.targets.base import Target
from mlp.targets.local import LocalTarget


def resolve_target(flag: str | None, setting: str | None, home: Path | None, *, default: str | None = None) -> Target:
    """Return the target that `flag` names, or else `setting` (MLP_TARGET), a platform that runs here, `default`.

    `home` is the local platform's folder (None: the user's data folder). Raises Invalid (`unknown_target`) and
    Precondition: `target_not_available` for one that this version lacks, `no_target` when nothing says which.
    """
    local = Home.locate(home)
    name = flag or setting or ("local" if local.is_kept() else default)
    match name:
        case "local":
            return LocalTarget(local)
        case "kubernetes":
            raise Precondition("the target kubernetes is not available in this version", code="target_not_available")
        case None:
            raise Precondition(
                "no platform runs on this machine, and no --target local|kubernetes is named",
                code="no_target",
            )
    raise Invalid(f"{name!r} is not a target: choose local or kubernetes", code="unknown_target")
