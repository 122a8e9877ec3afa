"""What is going on at this moment, for limits and for whoever asks."""

from __future__ import annotations

from time import monotonic


class Traffic:
    """Numbers of one server; changed on its event loop, read from anywhere."""

    __slots__ = ("buffered", "connections", "in_flight", "turned")

    def __init__(self) -> None:
        self.connections = 0
        """Open connections."""
        self.in_flight = 0
        """Requests that are being answered."""
        self.buffered = 0
        """Bytes of bodies that are not complete."""
        self.turned = monotonic()
        """When the event loop last looked at the clock, by the monotonic one; it does so several times a second."""
