"""`mlp model alias set`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlp.cli.aliases import alias_text, named_alias
from mlp.cli.command import command
from mlp.cli.session import Session
from mlp.errors import Invalid


@command
def run(
    session: Session,
    *,
    reference: Annotated[str, typer.Argument(metavar="NAME@ALIAS", help="As in iris@production.")],
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A number, or another alias of the model.")],
    expected: Annotated[
        str | None,
        typer.Option("--expected", metavar="N|none", help="Only if it points there now; none: only if it is new."),
    ] = None,
) -> None:
    """Point an alias to a version. Deployments do not follow: they hold numbers.

    \b
      mlp model alias set iris@production 2
      mlp model alias set iris@production 3 --expected 2
      mlp model alias set iris@production staging
    """
    from mlp.api.alias import check_settable
    from mlp.api.reference import ModelRef
    from mlp.client.aliases import ANYTHING

    wanted, alias = named_alias(reference)
    check_settable(alias)
    before = ANYTHING if expected is None else _expected(expected)
    number = session.number_of(ModelRef.of(wanted.name, version))
    pointed = session.registry.aliases.set(wanted.name, alias, number, expected=before)
    session.emit(pointed.model_dump(mode="json"), lambda: alias_text(pointed))
    session.screen.next(f"deploy {wanted}", f"model alias history {wanted}")


def _expected(text: str) -> int | None:
    if text == "none":
        return None
    if not text.isascii() or not text.isdigit() or not 0 < len(text) < 11:
        raise Invalid(f"--expected {text[:50]!r}: give a version, or none", code="invalid_option")
    return int(text)
