"""How long to wait, as people write it: `90s`, `5m`, `1h`, `90d`."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from mlp.errors import Invalid

Timeout = Annotated[str, typer.Option("--timeout", metavar="DURATION", help="Give up after this: 30s, 5m.")]

_PATTERN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_SECONDS = {"ms": 0.001, "s": 1, None: 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds_of(text: str) -> float:
    """Read a duration; a bare number is seconds. Raises Invalid (`invalid_option`)."""
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise Invalid(f"{text!r} is not a duration: write 90s, 5m, 1h or 90d", code="invalid_option")
    return float(match[1]) * _SECONDS[match[2]]
