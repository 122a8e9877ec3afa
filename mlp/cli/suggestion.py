"""The name that was probably meant, where something is not found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from mlp.cli.nearest import nearest
from mlp.errors import MlpError

if TYPE_CHECKING:
    from mlp.cli.session import Session

_KNOWN: Mapping[str, Callable[[Session], Iterable[str]]] = {
    "deployment_not_found": lambda session: (each["metadata"]["name"] for each in session.target.list()),
    "log_not_found": lambda session: (each["metadata"]["name"] for each in session.target.list()),
    "model_not_found": lambda session: (each["name"] for each in session.catalog.models()),
    "token_not_found": lambda session: (each["name"] for each in session.catalog.tokens()),
}
_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "deployment_not_found": re.compile(r"deployment '?([a-z0-9-]+)"),
    "log_not_found": re.compile(r"([a-z0-9-]+)(?:\.log| has no pods)"),
    "model_not_found": re.compile(r"model '?([a-z0-9-]+)"),
    "token_not_found": re.compile(r"token '?([A-Za-z0-9_.-]+)"),
}


def suggestion(session: Session, error: MlpError) -> str:
    """Return ` (did you mean iris?)` where what there is holds a name like the one that was not found, else nothing.

    It asks once; what fails then is not worth a word beside the failure that is told already.
    """
    pattern = _PATTERNS.get(error.code)
    found = pattern.search(error.message) if pattern is not None else None
    if found is None:
        return ""
    with suppress(MlpError):
        return nearest(found[1], _KNOWN[error.code](session))
    return ""
