"""`mlp version`."""

from __future__ import annotations

import sys

from mlp import __version__
from mlp.cli.command import command
from mlp.cli.session import Session


@command
def run(session: Session) -> None:
    """Show the version of mlp, and of the Python that runs it."""
    document = {"mlp": __version__, "python": ".".join(map(str, sys.version_info[:3]))}
    session.emit(document, lambda: f"mlp {document['mlp']} (Python {document['python']})")
