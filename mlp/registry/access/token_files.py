"""Tokens that come as files, such as mounted Secrets; they work while the database does not."""

from __future__ import annotations

import hmac
import logging
import os
import time
from pathlib import Path

from mlp.api.token import Scope
from mlp.errors import Invalid
from mlp.registry.access.bearer import hash_of, is_token
from mlp.registry.access.caller import Caller

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
ADMIN_NAME, READ_NAME = "registry-admin-token", "registry-read-token"
"""In whose name holders of these tokens act: that of the Secret."""


class TokenFile:
    """One token in a file, read again within a second of a change."""

    def __init__(self, path: Path, caller: Caller) -> None:
        """Read the file. Raises Invalid (`token_file_unusable`) when it holds no token."""
        self._path = path
        self._caller = caller
        self._seen = _mark(path)
        self._looked = time.monotonic()
        self._hash: str | None = _read(path)

    def caller_of(self, hash_: str) -> Caller | None:
        """Return the holder if that is the hash of the token that the file holds now."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_SECONDS:
            self._looked = now
            self._look()
        return self._caller if self._hash is not None and hmac.compare_digest(self._hash, hash_) else None

    def _look(self) -> None:
        mark = _mark(self._path)
        if mark == self._seen:
            return
        self._seen = mark
        try:
            self._hash = _read(self._path)
            log.info("the token in a file was replaced", extra={"fields": {"caller": self._caller.name}})
        except Invalid as error:
            self._hash = None
            log.error(error.message, extra={"fields": {"code": error.code}})


def token_files(admin: Path | None, read: Path | None) -> tuple[TokenFile, ...]:
    """Return those files that are named. Raises Invalid (`token_file_unusable`)."""
    named = ((admin, Caller(ADMIN_NAME, Scope.ADMIN)), (read, Caller(READ_NAME, Scope.READ)))
    return tuple(TokenFile(path, caller) for path, caller in named if path is not None)


def _mark(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when the file does; a mounted Secret is replaced, which changes its inode."""
    try:
        status = os.stat(path)  # noqa: PTH116  no more than the system call
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def _read(path: Path) -> str:
    try:
        token = path.read_text("ascii").strip()
    except OSError as error:
        raise Invalid(f"the token file {path} cannot be read: {error.strerror}", code="token_file_unusable") from error
    except UnicodeDecodeError:
        token = ""
    if not is_token(token):
        raise Invalid(
            f"the token file {path} holds no token: at least 32 letters and digits, as `openssl rand -hex 32` prints",
            code="token_file_unusable",
        )
    return hash_of(token)
