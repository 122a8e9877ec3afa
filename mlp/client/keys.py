"""The API key that a model server may ask its callers for."""

from __future__ import annotations

import re
from pathlib import Path

from mlp.errors import Precondition

_IN_HEADER = re.compile(r"[!-~]+")


def api_key(given: str | None, file: Path | None) -> str | None:
    """Return the key for a model server: the one given, else the one in `file`, else None.

    Raises Precondition (`api_key_unreadable`) where that is no key.
    """
    if given is None and file is None:
        return None
    try:
        key = given if given is not None else Path(str(file)).read_text("ascii").strip()
    except OSError as error:
        raise Precondition(f"MLP_API_KEY_FILE cannot be read: {error.strerror}", code="api_key_unreadable") from error
    except UnicodeDecodeError:
        key = ""
    if not _IN_HEADER.fullmatch(key):
        raise Precondition("MLP_API_KEY or its file does not hold one key without blanks", code="api_key_unreadable")
    return key
