"""Whether what is named is there at all: asked before the libraries that open it are imported, which takes seconds."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

from mlp.errors import NotFound, Precondition
from mlp.packaging.request import PackageRequest, SourceKind


def check_present(request: PackageRequest) -> None:
    """Raise NotFound (`file_not_found`) or Precondition (`missing_module`) for what is not there.

    No code of the user's runs. Raises Unsupported (`unsupported_source`) for a source of no known kind.
    """
    if SourceKind.of(request.source) is SourceKind.REFERENCE:
        _check_module(request.source.partition(":")[0].partition(".")[0])
    else:
        file_of(request.source)
    for rows in (request.sample, request.evaluation):
        if rows is not None:
            file_of(rows)


def file_of(named: str | Path) -> Path:
    """Return the path `named`, or raise NotFound (`file_not_found`)."""
    path = Path(named)
    if not path.is_file():
        raise NotFound(f"there is no file {named}", code="file_not_found", details={"path": str(named)})
    return path


def missing_module(name: str | None) -> Precondition:
    """Return what it means that a module cannot be imported for want of `name`."""
    return Precondition(
        f"the Python module {name} is not installed here", code="missing_module", details={"module": name}
    )


def _check_module(name: str) -> None:
    if name in sys.modules or find_spec(name) is not None:
        return
    if PathFinder.find_spec(name, [str(Path.cwd())]) is None:
        raise missing_module(name)
