"""Every known failure: a code that never changes, one cause and one fix.

An entry is found by the `code` of an error (`port_taken`) or the reason of a condition (`GoldenRowsFailed`). The
thousands of its number tell the part: 0 the command line, 1 the platform, 2 deployments, 3 predictions, 4 packaging,
5 the registry, 9 what has no better entry.
"""

from __future__ import annotations

from collections.abc import Mapping

from mlp.cli.catalogue.access import ACCESS
from mlp.cli.catalogue.cluster import CLUSTER
from mlp.cli.catalogue.command_line import COMMAND_LINE
from mlp.cli.catalogue.database import DATABASE
from mlp.cli.catalogue.deployments import DEPLOYMENTS
from mlp.cli.catalogue.finding import FINDING
from mlp.cli.catalogue.generic import GENERIC
from mlp.cli.catalogue.images import IMAGES
from mlp.cli.catalogue.installing import INSTALLING
from mlp.cli.catalogue.known import Known
from mlp.cli.catalogue.maintenance import MAINTENANCE
from mlp.cli.catalogue.packaging import PACKAGING
from mlp.cli.catalogue.platform import PLATFORM
from mlp.cli.catalogue.predictions import PREDICTIONS
from mlp.cli.catalogue.registry import REGISTRY
from mlp.cli.catalogue.requests import REQUESTS
from mlp.cli.catalogue.webhooks import WEBHOOKS

KNOWN: Mapping[str, Known] = {
    **COMMAND_LINE,
    **PLATFORM,
    **INSTALLING,
    **DEPLOYMENTS,
    **CLUSTER,
    **IMAGES,
    **PREDICTIONS,
    **PACKAGING,
    **REGISTRY,
    **FINDING,
    **DATABASE,
    **MAINTENANCE,
    **WEBHOOKS,
    **ACCESS,
    **REQUESTS,
}
"""Entries by an error's code or a condition's reason."""

__all__ = ["GENERIC", "KNOWN", "Known", "by_code"]


def by_code(code: str) -> tuple[str, Known] | None:
    """Return the key and entry of an MLP code, whatever its case; None when there is none."""
    wanted = code.upper()
    every = {**KNOWN, **GENERIC}
    return next(((key, entry) for key, entry in every.items() if entry.code == wanted), None)
