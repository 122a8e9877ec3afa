"""Which target a command means."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from mlp.client.home import Home
from mlp.errors import Invalid, Precondition
from mlp.targets.base import Target
from mlp.targets.local import LocalTarget
from mlp.targets.options import ClusterOptions


def resolve_target(
    flag: str | None,
    setting: str | None,
    home: Path | None,
    *,
    default: str | None = None,
    cluster: ClusterOptions | None = None,
) -> Target:
    """Return the target that is meant.

    In this order: `flag`, a context in `cluster`, `setting` (MLP_TARGET), a platform that runs on this machine, with or
    without its agent, a cluster of this machine that answers, a platform that an agent left here, `default`. `home` is
    the local platform's folder (None: the user's data folder). Raises Invalid (`unknown_target`, `invalid_option`) and
    Precondition: `missing_extra`, `no_cluster`, `no_target` when nothing says which.
    """
    options = cluster or ClusterOptions()
    local = Home.locate(home)
    named = flag or ("kubernetes" if options.context is not None else None) or setting
    match named or _found(local) or default:
        case "local":
            foreign = [*(["--context"] if options.context is not None else []), *options.for_installing()]
            if foreign:
                raise Invalid(f"{foreign[0]} is for a cluster, and the target is local", code="invalid_option")
            return LocalTarget(local)
        case "kubernetes":
            return _on_kubernetes(options)
        case None:
            raise Precondition(
                "no platform runs on this machine, no local cluster answers, and no --target local|kubernetes is named",
                code="no_target",
            )
    raise Invalid(f"{named!r} is not a target: choose local or kubernetes", code="unknown_target")


def _found(home: Home) -> str | None:
    """Return the target that is there to be found, if one is."""
    if home.is_kept() or home.has_sockets_held():
        return "local"
    return _cluster_here() or ("local" if home.was_left() else None)


def _cluster_here() -> str | None:
    """Return `kubernetes` where the current context is a cluster of this machine that answers."""
    if find_spec("kubernetes") is None or not _has_kubeconfig():
        return None
    from mlp.targets.kubernetes.opening import local_context

    return "kubernetes" if local_context() is not None else None


def _has_kubeconfig() -> bool:
    return bool(os.environ.get("KUBECONFIG")) or (Path.home() / ".kube" / "config").exists()


def _on_kubernetes(options: ClusterOptions) -> Target:
    if find_spec("kubernetes") is None:
        raise Precondition(
            "the target kubernetes needs packages that are not installed: pip install 'mlp[kubernetes]'",
            code="missing_extra",
            details={"extra": "kubernetes", "packages": ["kubernetes"]},
        )
    from mlp.targets.kubernetes.opening import open_target

    return open_target(options)
