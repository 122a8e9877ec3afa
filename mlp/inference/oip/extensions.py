"""Which extensions of the protocol this server offers, and those that it refuses by name."""

from __future__ import annotations

from collections.abc import Container

from mlp.errors import Unsupported

OFFERED = ["binary_tensor_data"]
REFUSED = ("shared_memory_region", "classification")
"""Parameters of tensors that ask for something else than was computed, or for another's memory."""


def refuse(parameters: Container[str]) -> None:
    """Raise Unsupported (`unsupported`) where a tensor's parameters ask for what is not offered."""
    for name in REFUSED:
        if name in parameters:
            raise Unsupported(f"the extension {name} is not offered here", code="unsupported")
