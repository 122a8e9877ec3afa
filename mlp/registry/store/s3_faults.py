"""What goes wrong with an object store, in our words; its own go to the log."""

from __future__ import annotations

import http.client
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree.ElementTree import ParseError

import urllib3.exceptions
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError

from mlp.errors import MlpError, Unavailable
from mlp.registry.store.base import gone, storage_failure

log = logging.getLogger(__name__)

_NO_ROOM = frozenset(
    {"InsufficientStorage", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "XMinioStorageFull", "StorageFull"}
)
_INSUFFICIENT_STORAGE = 507
_PASSING = frozenset({408, 409, 425, 429})

_BROKEN = (MinioException, urllib3.exceptions.HTTPError, http.client.HTTPException, ParseError, ValueError)
"""What the SDK raises: its own errors, its transport's, and what it makes of an answer that is not S3's."""


@contextmanager
def translated(operation: str) -> Iterator[None]:
    """Raise what happens in the block as Unavailable, or as Failed (`artifact_corrupt`) where a blob is not there."""
    try:
        yield
    except MlpError:
        raise
    except OSError as error:
        log.warning("the object store failed", extra={"fields": {"operation": operation, "fault": _word_for(error)}})
        raise storage_failure(error) from error
    except _BROKEN as error:
        if fault_code(error) == "NoSuchKey":
            raise gone() from error
        log.warning("the object store failed", extra={"fields": {"operation": operation, "fault": _word_for(error)}})
        raise _failure(error) from error


def fault_code(error: BaseException) -> str | None:
    """Return S3's own word for `error` where it has one, such as AccessDenied."""
    return error.code if isinstance(error, S3Error) else None


def is_refusal(error: S3Error) -> bool:
    """Whether the store works, and says no: wrong keys, a missing right, a name or region that it does not take."""
    status = error.response.status
    return 300 <= status < 500 and status not in _PASSING


def _failure(error: Exception) -> MlpError:
    if fault_code(error) in _NO_ROOM or _status(error) == _INSUFFICIENT_STORAGE:
        return Unavailable("the registry's object store has no room left", code="insufficient_storage")
    return Unavailable("the registry's object store does not work", code="storage_unavailable")


def _status(error: Exception) -> int | None:
    if isinstance(error, S3Error):
        return error.response.status
    if isinstance(error, ServerError):
        return error.status_code
    return error._code if isinstance(error, InvalidResponseError) else None


def _word_for(error: Exception) -> str:
    """Return the kind of a failure. Its text stays out of the log: it may hold hosts, paths and signed URLs."""
    reason = getattr(error, "reason", None)
    kinds = [type(each).__name__ for each in (error, reason) if isinstance(each, Exception)]
    known = fault_code(error) or _status(error)
    return ": ".join([*kinds, *([] if known is None else [str(known)])])
