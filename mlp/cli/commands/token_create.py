"""`mlp token create`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlp.cli.command import command
from mlp.cli.duration import seconds_of
from mlp.cli.private_file import private_file
from mlp.cli.session import Session
from mlp.errors import Invalid

if TYPE_CHECKING:
    from mlp.api.token import NewToken

_SCOPES = ("read", "write", "admin")


@command
def run(
    session: Session,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who will hold it, such as ci or alice@example.org.")],
    scope: Annotated[
        str, typer.Option("--scope", metavar="read|write|admin", help="What it allows; each holds those before it.")
    ],
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="DURATION", help="After this it is worthless: 12h, 90d.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Write it to a new file that only you can read.")
    ] = None,
) -> None:
    """Make a token of the registry. It is shown once: on stdout, or in the file of --to.

    \b
    mlp token create ci --scope write --expires 90d --to ci.token
    export MLP_REGISTRY_TOKEN_FILE=ci.token
    """
    from mlp.api.token import MAX_LIFETIME, Scope

    if scope not in _SCOPES:
        raise Invalid(f"{scope!r} is no scope: {', '.join(_SCOPES)}", code="invalid_option")
    lifetime = None if expires is None else int(seconds_of(expires))
    if lifetime is not None and not 1 <= lifetime <= MAX_LIFETIME:
        raise Invalid("a token expires after 1 second to 10 years: write 12h or 90d", code="invalid_option")
    if to is None:
        made = session.registry.tokens.create(name, Scope(scope), expires_in=lifetime)
        session.emit(made.model_dump(mode="json"), lambda: made.token)
        _tell(session, made, "shown this once")
        return
    with private_file(to) as file:
        made = session.registry.tokens.create(name, Scope(scope), expires_in=lifetime)
        file.write(made.token + "\n")
    session.emit({**made.model_dump(mode="json", exclude={"token"}), "file": str(to)}, lambda: "")
    _tell(session, made, f"written to {to}")


def _tell(session: Session, made: NewToken, where: str) -> None:
    until = "until it is revoked" if made.expires_at is None else f"until {made.expires_at:%Y-%m-%d %H:%M} UTC"
    session.screen.step(f"token {made.name}, scope {made.scope}, {until}; {where}")
    session.screen.next("token ls", f"token revoke {made.name}")
