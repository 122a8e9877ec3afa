"""JSON as the API server speaks it: quick for the operator, which reads thousands, or quick to import for a command."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Protocol


class Codec(Protocol):
    """Writes and reads JSON."""

    def encode(self, value: Any) -> bytes:
        """Return a value of plain types as JSON."""

    def decode(self, content: bytes) -> Any:
        """Return the value that JSON means, or None for what is no JSON."""


class StandardCodec:
    """The standard library's."""

    def encode(self, value: Any) -> bytes:
        """Return a value of plain types as JSON."""
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

    def decode(self, content: bytes) -> Any:
        """Return the value that JSON means, or None for what is no JSON."""
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            return None


@cache
def quick_codec() -> Codec:
    """Return msgspec's, whose import costs a command more than its quickness saves."""
    import msgspec

    encoder, decoder = msgspec.json.Encoder(), msgspec.json.Decoder()

    class QuickCodec:
        def encode(self, value: Any) -> bytes:
            return encoder.encode(value)

        def decode(self, content: bytes) -> Any:
            try:
                return decoder.decode(content)
            except (msgspec.DecodeError, RecursionError):
                return None

    return QuickCodec()
