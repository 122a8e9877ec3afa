"""`mlp webhook create`."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlp.cli.command import command
from mlp.cli.private_file import private_file
from mlp.cli.session import Session
from mlp.errors import Invalid, Precondition

if TYPE_CHECKING:
    from mlp.api.webhook import Subject, Webhook


@command
def run(
    session: Session,
    *,
    url: Annotated[str, typer.Argument(metavar="URL", help="On a host that the registry's settings name.")],
    event: Annotated[
        list[str], typer.Option("--event", metavar="EVENT", help="As in alias.set; repeat it.", show_default=False)
    ],
    secret_file: Annotated[
        Path,
        typer.Option("--secret-file", metavar="FILE", help="Holds the key that signs; made for you if it is missing."),
    ],
) -> None:
    """Have a URL told of new versions and moved aliases, in requests that the key in FILE signs.

    \b
    mlp webhook create https://hooks.example.com/mlp --event alias.set --secret-file hook.key

    Events: version.created, version.deleted, version.archived, version.unarchived, model.deleted, alias.set,
    alias.removed. Give the key to the receiver: docs/registry.md shows the check in Python.
    """
    subjects = [_subject(each) for each in event]
    if secret_file.exists():
        made = session.registry.webhooks.create(url, subjects, _secret_in(secret_file))
    else:
        with private_file(secret_file) as file:
            secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode('ascii')}"
            made = session.registry.webhooks.create(url, subjects, secret)
            file.write(secret + "\n")
        session.screen.step(f"the key is written to {secret_file}")
    session.emit(made.model_dump(mode="json"), lambda: "")
    _tell(session, made)


def _tell(session: Session, made: Webhook) -> None:
    session.screen.step(f"webhook {made.id} is told of {', '.join(made.events)}")
    session.screen.next(f"webhook deliveries {made.id}", f"webhook rm {made.id}")


def _subject(text: str) -> Subject:
    from mlp.api.webhook import Subject

    try:
        return Subject(text)
    except ValueError as error:
        raise Invalid(f"{text[:50]!r} is no event: {', '.join(Subject)}", code="invalid_option") from error


def _secret_in(file: Path) -> str:
    from mlp.api.webhook import key_of

    try:
        secret = file.read_text("ascii").strip()
        key_of(secret)
    except OSError as error:
        raise Precondition(f"{file} cannot be read: {error.strerror}", code="secret_unreadable") from error
    except ValueError as error:  # what is no key is not repeated: it may be another secret
        raise Precondition(
            f"{file} does not hold whsec_ and the base64 of 24 to 64 random bytes", code="secret_unreadable"
        ) from error
    return secret
