"""What the head of a request may say, and what is said of one that may not be."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from mlp.errors import Invalid, TooLarge
from mlp.inference.http1.head import CLOSE

Fields = Sequence[tuple[bytes, bytes]]
"""Headers as they came, names in lower case."""

_ONCE = (b"host", b"content-length", b"content-type", b"transfer-encoding", b"expect", b"authorization")
"""Headers that mean something only when they stand there once."""
_OFFERS = (b"upgrade", b"http2-settings", b"connection")
"""Headers by which a caller offers another protocol."""


def path_of(target: bytes) -> str:
    """Return the path of a request's target, which may be a whole URL."""
    path = target.partition(b"?")[0].decode("ascii", "replace")
    if not path.startswith("/"):
        path = "/" + path.partition("://")[2].partition("/")[2] if "://" in path else path
    return unquote(path) if "%" in path else path


def joined(fields: Fields) -> dict[bytes, bytes]:
    """Return headers of which some are given several times; raise Invalid for one that may be there only once."""
    headers: dict[bytes, bytes] = {}
    for name, value in fields:
        if name in headers and name in _ONCE:
            raise not_http()
        headers[name] = b"%b, %b" % (headers[name], value) if name in headers else value
    return headers


def size_of(target: bytes, fields: Fields) -> int:
    """Return the bytes of a head, about."""
    return len(target) + sum(len(name) + len(value) + 4 for name, value in fields)


def not_http() -> Invalid:
    """Return what is said of bytes that are no request."""
    return Invalid("this is not an HTTP/1.1 request", code="invalid_http")


def head_too_large(limit: int) -> TooLarge:
    """Return what is said of too long a head."""
    return TooLarge(f"request line and headers are larger than {limit} bytes", code="head_too_large")


def body_too_large(limit: int) -> TooLarge:
    """Return what is said of too long a body."""
    return TooLarge(
        f"the body is larger than {limit} bytes; send fewer rows at a time", details={"max_body_bytes": limit}
    )


def without_offers(fields: Fields) -> bytes:
    """Return the headers, and the line that ends them, without the offer of another protocol."""
    kept = [b"%b: %b\r\n" % field for field in fields if field[0] not in _OFFERS]
    if any(name == b"connection" and b"close" in value.lower() for name, value in fields):
        kept.append(CLOSE)
    return b"".join([*kept, b"\r\n"])
