"""The file that holds a token of the registry."""

from __future__ import annotations

import re
from pathlib import Path

from mlp.errors import Precondition

_IN_HEADER = re.compile(r"[\x21-\x7e]+")


def token_in(file: Path) -> str:
    """Return the token in `file`; raise Precondition (`token_unreadable`) when there is none."""
    try:
        token = file.read_text("ascii").strip()
    except OSError as error:
        raise Precondition(
            f"the token file {file} cannot be read: {error.strerror}", code="token_unreadable"
        ) from error
    except UnicodeDecodeError:
        token = ""
    if not _IN_HEADER.fullmatch(token):
        # What is no token is not repeated: it may be one with a blank in it.
        raise Precondition(f"the token file {file} does not hold one line with a token", code="token_unreadable")
    return token
