"""What names a request in answers, errors and log lines: the caller's own word for it, or one made here."""

from __future__ import annotations

import os
import re
from itertools import count

ID_HEADER = b"x-request-id"
_SANE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")


class RequestIds:
    """Ids that no other process gives either."""

    def __init__(self) -> None:
        self._count = count(1)
        self._prefix = os.urandom(6).hex().encode()

    def of(self, given: bytes | None) -> bytes:
        """Return the id that a caller has given, or a new one where it has not, or where it could upset a log."""
        if given is not None and _SANE.fullmatch(given):
            return given
        return b"%b-%x" % (self._prefix, next(self._count))
