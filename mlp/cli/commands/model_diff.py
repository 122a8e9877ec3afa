"""`mlp model diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.command import command
from mlp.cli.session import Session

_DIFFERENT = 8


@command
def run(
    session: Session,
    *,
    before: Annotated[str, typer.Argument(metavar="NAME:VERSION", help="As in iris:1 or iris@production.")],
    after: Annotated[str, typer.Argument(metavar="NAME:VERSION", help="As in iris:2.")],
) -> None:
    """Compare two versions: schema, size, receipt, metrics, and golden rows that are answered differently.

    Exit code 0 when they are the same, 8 when they differ.
    """
    from mlp.api.reference import ModelRef
    from mlp.cli.model_difference import difference_document, difference_text
    from mlp.cli.model_flips import flips_between

    wanted = [ModelRef.parse(text) for text in (before, after)]
    old, new = (session.catalog.version(each.name, session.number_of(each)) for each in wanted)
    flips = flips_between(session, old, new)
    document = difference_document(old, new, flips)
    session.emit(document, lambda: difference_text(document, flips))
    if not document["same"]:
        raise typer.Exit(_DIFFERENT)
