"""What a request wants of a blob: nothing, one range, or all of it (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mlp.errors import Invalid

_ONE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def is_known(headers: Mapping[str, str], etag: str) -> bool:
    """Whether `If-None-Match` says that the client has the blob with that etag already."""
    known = (each.strip().removeprefix("W/") for each in headers.get("if-none-match", "").split(","))
    return any(each in (etag, "*") for each in known)


def asked_span(headers: Mapping[str, str], etag: str, size: int) -> range | None:
    """Return the bytes that `Range` asks for, or None for all of them.

    Raises Invalid (`range_not_satisfiable`) for several ranges, for one that lies outside the `size` bytes, and for
    what is no range. A range that `If-Range` ties to another etag is not asked for.
    """
    wanted = headers.get("range", "").strip()
    if not wanted.lower().startswith("bytes=") or headers.get("if-range", etag) != etag:
        return None
    match = _ONE.fullmatch(wanted.lower())
    first, last = match.groups() if match else ("", "")
    if first:
        span = range(int(first), min(int(last) + 1, size) if last else size)
    else:
        span = range(max(0, size - int(last or 0)), size)
    if not span:
        raise Invalid(f"ask for one range within {size} bytes", code="range_not_satisfiable", details={"size": size})
    return span
