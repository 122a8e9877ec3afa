"""What the registry's resources are called."""

from __future__ import annotations

from mlp.api.reference import check_name

WHO = "the registry"
PAGE = 100
"""The most items that the registry puts on a page."""
SECONDS_TO_COLLECT = 900.0
"""How long the registry may look for blobs that nothing uses."""


def path_of(name: str, version: int | None = None) -> str:
    """Return the path of a model or of a version; Invalid (`invalid_name`) for what is no name.

    A name is checked before it becomes part of a path: "../x" must not reach another resource.
    """
    return f"/models/{check_name(name)}" + ("" if version is None else f"/versions/{version:d}")


def alias_path(name: str, alias: str) -> str:
    """Return the path of an alias; Invalid (`invalid_name`) for what is none."""
    return f"{path_of(name)}/aliases/{check_name(alias, 'valid alias')}"
