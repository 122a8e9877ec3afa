"""Where a failure ends: as one line that says what is wrong, one that says what to do, and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from mlp.cli.app import INTERRUPTED, abandon_stdout, output_fault
from mlp.errors import (
    Conflict,
    DeadlineExceeded,
    Denied,
    Failed,
    Invalid,
    MlpError,
    NotFound,
    Precondition,
    Refused,
    TooLarge,
    Unavailable,
    Unproved,
    Unsupported,
)

if TYPE_CHECKING:
    from mlp.cli.catalogue import Known
    from mlp.cli.session import Session

EXIT_CODES: Mapping[type[MlpError], int] = {
    Invalid: 2,
    TooLarge: 1,
    Unsupported: 1,
    NotFound: 5,
    Conflict: 1,
    Denied: 4,
    Precondition: 3,
    Refused: 7,
    Unproved: 1,
    Failed: 1,
    Unavailable: 1,
    DeadlineExceeded: 6,
}


def exit_code_of(error: MlpError) -> int:
    """Return the exit code for `error`: the catalogue's own for its code, else that of its class."""
    from mlp.cli.catalogue import KNOWN

    known = KNOWN.get(error.code)
    if known is not None and known.exit is not None:
        return known.exit
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)


def known_of(error: MlpError) -> Known:
    """Return the catalogue's entry for `error`: by its code, else by its class."""
    from mlp.cli.catalogue import GENERIC, KNOWN

    entry = KNOWN.get(error.code)
    return entry or next(GENERIC[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in GENERIC)


def line_of(error: MlpError) -> str:
    """Return what is said of a failure that a command goes on after: code and message, without secrets."""
    from mlp.cli.redaction import redacted

    return redacted(f"{known_of(error).code} {error.message}")


@contextmanager
def ending(session: Session) -> Iterator[None]:
    """Run a command's body; nothing but a clean exit leaves this block."""
    try:
        yield
        sys.stdout.flush()
    except MlpError as error:
        if session.flags.debug:
            raise
        entry = known_of(error)
        session.screen.failure(entry.code, *_told(session, error, entry))
        raise typer.Exit(exit_code_of(error)) from error
    except KeyboardInterrupt as error:
        session.screen.warn("; ".join(filter(None, ("interrupted", session.meanwhile))))
        raise typer.Exit(INTERRUPTED) from error
    except BrokenPipeError as error:
        abandon_stdout()
        raise typer.Exit(0) from error
    except Exception as error:
        if session.flags.debug or isinstance(error, typer.Exit | typer.Abort):
            raise
        from mlp.cli.catalogue import KNOWN

        fault = output_fault(error) if isinstance(error, OSError) else None
        abandon_stdout()
        key, what = fault or ("internal", f"a fault in mlp itself: {type(error).__name__}")
        session.screen.failure(KNOWN[key].code, what, KNOWN[key].fix)
        raise typer.Exit(1) from error


def _told(session: Session, error: MlpError, entry: Known) -> tuple[str, str]:
    """Return what is said of a failure, and of its fix: with the name that was probably meant, without secrets."""
    from mlp.cli.redaction import redacted
    from mlp.cli.suggestion import suggestion

    return redacted(error.message + suggestion(session, error)), redacted(entry.fix_for(error.details))
