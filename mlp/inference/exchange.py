"""A request's headers and body, and the answer to it, as routes see them: no more of ASGI than they need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from mlp.errors import TooLarge, Unsupported

Headers = Mapping[bytes, bytes]
Receive = Callable[[], Awaitable[Any]]

JSON = b"application/json"
_MEDIA_TYPES = frozenset({b"", JSON, b"application/json; charset=utf-8", b"application/x-www-form-urlencoded"})
"""Types of body that are read as JSON. The last one is what `curl -d` says, whatever it sends."""


class ClientGone(Exception):
    """The caller hung up before its request was complete; nobody waits for an answer."""


class Reply(msgspec.Struct, frozen=True):
    """An answer with its whole body."""

    body: bytes
    status: int = 200
    media_type: bytes = JSON
    allow: bytes | None = None
    """The methods that the path takes, where the request's is not among them."""


async def read_json_body(headers: Headers, receive: Receive, limit: int) -> bytes:
    """Return the body, which should be JSON; read no more than about `limit` bytes of it.

    Raises Unsupported for another media type or a compressed body, TooLarge, and ClientGone.
    """
    if headers.get(b"content-type") != JSON or b"content-encoding" in headers:
        _check_media_type(headers)
    declared = headers.get(b"content-length")
    if declared is not None and int(declared) > limit:
        raise _too_large(limit)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        body = await _with_rest(body, receive, limit)
    elif message["type"] == "http.disconnect":
        raise ClientGone
    if len(body) > limit:
        raise _too_large(limit)
    return body


async def _with_rest(first: bytes, receive: Receive, limit: int) -> bytes:
    chunks, size, more = [first], len(first), True
    while more and size <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = message.get("more_body", False)
    return b"".join(chunks)


def _check_media_type(headers: Headers) -> None:
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise Unsupported("compressed bodies are not taken: send JSON as it is", code="encoding_unsupported")
    given = headers.get(b"content-type", b"")
    if given in _MEDIA_TYPES:
        return
    media_type, _, parameters = given.lower().partition(b";")
    media_type = media_type.strip()
    is_json = media_type in _MEDIA_TYPES or (media_type.startswith(b"application/") and media_type.endswith(b"+json"))
    charset = parameters.partition(b"charset=")[2].partition(b";")[0].strip(b' "')
    if not is_json or charset not in (b"", b"utf-8", b"utf8", b"us-ascii"):
        raise Unsupported("send a body of type application/json, in UTF-8", code="unsupported_media_type")


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"the body is larger than {limit} bytes; send fewer rows at a time", details={"max_body_bytes": limit}
    )
