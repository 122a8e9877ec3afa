"""Whether a request's body claims to be what a route reads."""

from __future__ import annotations

from mlp.errors import Unsupported
from mlp.inference.http1 import Headers, Request

JSON = b"application/json"
_MEDIA_TYPES = frozenset({b"", JSON, b"application/json; charset=utf-8", b"application/x-www-form-urlencoded"})
"""Types of body that are read as JSON. The last one is what `curl -d` says, whatever it sends."""
_BYTES = b"application/octet-stream"


def json_body(request: Request) -> bytes:
    """Return the body; raise Unsupported for another media type or a compressed body."""
    headers = request.headers
    if headers.get(b"content-type") != JSON or b"content-encoding" in headers:
        _check_media_type(headers)
    return request.body


def check_tensor_body(headers: Headers, *, is_binary: bool) -> None:
    """Raise Unsupported for a body of another media type than tensors come as, or a compressed one.

    `is_binary`: bytes follow the JSON, and then it may be called what it is.
    """
    given = headers.get(b"content-type")
    if given != JSON or b"content-encoding" in headers:
        if is_binary and given is not None and given.strip().lower() == _BYTES:
            refuse_compressed(headers)
        else:
            _check_media_type(headers)


def refuse_compressed(headers: Headers) -> None:
    """Raise Unsupported (`encoding_unsupported`) for a body that would have to be unpacked."""
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise Unsupported("compressed bodies are not taken: send it as it is", code="encoding_unsupported")


def _check_media_type(headers: Headers) -> None:
    refuse_compressed(headers)
    given = headers.get(b"content-type", b"")
    if given in _MEDIA_TYPES:
        return
    media_type, _, parameters = given.lower().partition(b";")
    media_type = media_type.strip()
    is_json = media_type in _MEDIA_TYPES or (media_type.startswith(b"application/") and media_type.endswith(b"+json"))
    charset = parameters.partition(b"charset=")[2].partition(b";")[0].strip(b' "')
    if not is_json or charset not in (b"", b"utf-8", b"utf8", b"us-ascii"):
        raise Unsupported("send a body of type application/json, in UTF-8", code="unsupported_media_type")
