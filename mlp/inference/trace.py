"""W3C Trace Context: which trace a request belongs to, and what its answer says of its own part in it.

Source: www.w3.org/TR/trace-context, version 00 of the header. A server of models asks nobody else while it answers, so
what is passed on is the answer: the caller's trace with this request's own span.
"""

from __future__ import annotations

import re
from random import getrandbits
from typing import NamedTuple, Protocol

HEADER = b"traceparent"
_VALID = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE, _NO_SPAN = b"0" * 32, b"0" * 16


class Span(NamedTuple):
    """One request's part in a trace; ids are lower-case hexadecimal."""

    trace_id: bytes
    span_id: bytes
    flags: bytes
    """`01` where the caller records the trace."""

    def header(self) -> bytes:
        """Return the span as the header says it."""
        return b"00-%b-%b-%b" % self


class Served(NamedTuple):
    """What is told of a request that has been answered."""

    name: str
    """Its route or method, never the caller's own words."""
    seconds: float
    """From its headers to its answer; it ends now."""
    status: str
    is_failure: bool
    """Whether the server is to blame."""
    request_id: str


class Tracing(Protocol):
    """Who is told of requests, and names their spans."""

    starts_traces: bool
    """Whether it wants to hear of requests that belong to no trace either."""

    def record(self, parent: bytes | None, served: Served) -> Span | None:
        """Return the span of a request that came with the header `parent`, or None where it belongs to no trace."""

    def close(self) -> None:
        """Hand over what has not been handed over yet."""


class PassOn:
    """Takes part in traces that others record."""

    starts_traces = False

    def record(self, parent: bytes | None, served: Served) -> Span | None:
        """Give the request a span of its own in its caller's trace."""
        found = parse(parent)
        return None if found is None else found._replace(span_id=b"%016x" % (getrandbits(64) or 1))

    def close(self) -> None:
        """Nothing is kept here."""


def parse(header: bytes | None) -> Span | None:
    """Return what a caller's header says, or None for none and for one that is to be ignored."""
    found = None if header is None else _VALID.fullmatch(header.strip())
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == b"ff" or (version == b"00" and more) or trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return Span(trace_id, span_id, flags)


def fields_of(span: Span | None) -> dict[str, str]:
    """Return what a log line says of a span."""
    return {} if span is None else {"trace_id": span.trace_id.decode(), "span_id": span.span_id.decode()}
