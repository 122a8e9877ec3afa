"""The kubeconfig's contexts, as the command line speaks of them."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from mlp.errors import Precondition

if TYPE_CHECKING:
    from mlp.kube.contexts import Contexts


def known_contexts() -> Contexts:
    """Read them. Raises Precondition: `missing_extra`, `no_cluster`."""
    if find_spec("kubernetes") is None:
        raise Precondition(
            "contexts need packages that are not installed: pip install 'mlp[kubernetes]'",
            code="missing_extra",
            details={"extra": "kubernetes"},
        )
    from mlp.kube.contexts import read_contexts

    return read_contexts()
