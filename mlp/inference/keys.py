"""The keys that callers have to show: a file with one a line, looked at again when it changes.

Only digests of keys are kept. A caller's key is compared with all of them, in a time that says nothing about any.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path
from time import monotonic

from mlp.errors import Denied, Precondition
from mlp.inference.http1 import Headers
from mlp.inference.log import LOG

_LARGEST_FILE = 262_144
_MOST_KEYS = 1_000
_KEY = re.compile(rb"[!-~]{16,512}")
_HOW = "send it as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'; whoever runs this model gives keys out"

Stamp = tuple[int, int, int] | None
"""By what a changed file is known, a swapped link as well; None while there is none."""


class ApiKeys:
    """The keys in a file. One that is absent, or holds none, asks nobody.

    Once keys have been read they hold until others are read: a file that vanishes, or that is half written at the
    moment, opens nothing.
    """

    def __init__(self, file: Path, *, look_seconds: float = 1.0) -> None:
        """Read the file, and see from then on whether it has changed when it was last seen so long ago.

        Raises Precondition (`keys_unusable`) for one that is no list of keys.
        """
        self._file = file
        self._digests: tuple[bytes, ...] = ()
        self._stamp = _stamp(file)
        self._look_seconds = look_seconds
        self._look_at = monotonic() + look_seconds
        if self._stamp is not None:
            self._digests = _digests_in(file)

    @property
    def are_asked_for(self) -> bool:
        """Whether callers need a key, as far as is known."""
        return bool(self._digests)

    def check(self, headers: Headers) -> None:
        """Raise Denied (`api_key_missing`, `api_key_unknown`) unless the headers show one of the keys."""
        if monotonic() >= self._look_at:
            self._look_again()
        if not self._digests:
            return
        given = headers.get(b"x-api-key")
        if given is None:
            scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
            if scheme.lower() != b"bearer":
                raise Denied(f"this model asks for an API key: {_HOW}", code="api_key_missing")
        digest = hashlib.sha256(given.strip()).digest()
        if not sum(hmac.compare_digest(digest, known) for known in self._digests):
            raise Denied(f"this API key is none of this model's: {_HOW}", code="api_key_unknown")

    def _look_again(self) -> None:
        self._look_at = monotonic() + self._look_seconds
        stamp = _stamp(self._file)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            digests = () if stamp is None else _digests_in(self._file)
        except Precondition as error:
            LOG.error("keys_unusable", {"message": error.message, "kept": len(self._digests)})
            return
        if digests or not self._digests:
            self._digests = digests
            LOG.info("keys_read", {"keys": len(digests)})
        else:
            LOG.warning("keys_gone", {"message": "the file holds no key any more", "kept": len(self._digests)})


def api_keys(file: Path | None, *, may_be_none: bool) -> ApiKeys | None:
    """Return the keys in `file`, or None where no file is named.

    Raises Precondition (`keys_unusable`) for a file that is no list of keys, and for one without any unless there
    `may_be_none`.
    """
    if file is None:
        return None
    keys = ApiKeys(file)
    if not keys.are_asked_for and not may_be_none:
        raise _unusable("MLP_API_KEYS_FILE is absent or empty: write a key a line, or set MLP_ALLOW_OPEN=1")
    return keys


def _stamp(file: Path) -> Stamp:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _digests_in(file: Path) -> tuple[bytes, ...]:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise _unusable(f"MLP_API_KEYS_FILE cannot be read: {error.strerror}") from error
    lines = {number: line.partition(b"#")[0].strip() for number, line in enumerate(content.splitlines(), 1)}
    keys = {number: line for number, line in lines.items() if line}
    if len(content) > _LARGEST_FILE or len(keys) > _MOST_KEYS:
        raise _unusable(f"MLP_API_KEYS_FILE is larger than {_LARGEST_FILE} bytes or {_MOST_KEYS} keys")
    for number, key in keys.items():
        if not _KEY.fullmatch(key):  # and is not repeated: it may be a key with a slip in it
            raise _unusable(
                f"line {number} of MLP_API_KEYS_FILE is no key: 16 to 512 letters, digits and signs without blanks, "
                "as `openssl rand -hex 24` prints them"
            )
    return tuple(hashlib.sha256(key).digest() for key in keys.values())


def _unusable(message: str) -> Precondition:
    return Precondition(message, code="keys_unusable")
