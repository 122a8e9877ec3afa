"""What a client sends, as it arrives: of the right kind, capped, and given up when it stalls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from starlette.requests import Request

from mlp.errors import DeadlineExceeded, TooLarge, Unsupported

_SLOWEST = 1_024  # bytes a second, on the whole: a byte now and then does not keep a connection


def check_media_type(request: Request, wanted: str) -> None:
    """Raise Unsupported (`unsupported_media_type`, `encoding_unsupported`) unless the body is plainly `wanted`."""
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise Unsupported("bodies are taken as they are, without Content-Encoding", code="encoding_unsupported")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != wanted:
        raise Unsupported(f"send Content-Type: {wanted}", code="unsupported_media_type")


async def chunks_of(request: Request, limit: int, idle_seconds: float) -> AsyncIterator[bytes]:
    """Yield the body of `request` piece by piece.

    Raises TooLarge as soon as the body is known to exceed `limit` bytes, and DeadlineExceeded (`request_timeout`)
    when nothing arrives for `idle_seconds`, or so little that it would take for ever.
    """
    declared = request.headers.get("content-length", "0")
    if len(declared) > 18 or int(declared) > limit:
        raise _too_large(limit)
    received, waited = 0, 0.0
    stream = request.stream()
    while True:
        began = time.monotonic()
        try:
            async with asyncio.timeout(min(idle_seconds, idle_seconds + received / _SLOWEST - waited)):
                chunk = await anext(stream, None)
        except TimeoutError as error:
            raise DeadlineExceeded("the body stopped arriving", code="request_timeout") from error
        if chunk is None:
            return
        waited += time.monotonic() - began
        received += len(chunk)
        if received > limit:
            raise _too_large(limit)
        yield chunk


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body may have at most {limit} bytes")
