"""How long a caller waits for an answer, in its own words or by default."""

from __future__ import annotations

from math import inf
from time import monotonic

from mlp.errors import Invalid
from mlp.inference.http1 import Headers

HEADER = b"x-request-timeout-ms"
_OF_ENVOY = b"x-envoy-expected-rq-timeout-ms"


def deadline_of(headers: Headers) -> float:
    """Return until when, by the monotonic clock, the caller wants the answer; infinity where it does not say.

    Raises Invalid (`invalid_header`) for what is no number of milliseconds.
    """
    given = headers.get(HEADER) or headers.get(_OF_ENVOY)
    if given is None:
        return inf
    if not given.isdigit() or len(given) > 9:
        raise Invalid(
            "X-Request-Timeout-Ms takes a whole number of milliseconds, of up to 9 digits", code="invalid_header"
        )
    return monotonic() + int(given) / 1000
