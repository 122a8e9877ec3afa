"""One leader among processes, by a Lease: whoever holds it writes, and stops before it can be someone else's.

Only the monotonic clock of this process counts. A holder that could not renew for `renew` seconds is told that it has
lost, although others wait until `lease` seconds have passed; no write may take longer than the time in between.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mlp.errors import MlpError, NotFound, Unavailable
from mlp.kube.client import Client
from mlp.kube.connection import Connection
from mlp.kube.resource import LEASES

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timing:
    """Seconds: how long a lease is respected, until when it must have been renewed, between two attempts."""

    lease: float = 15.0
    renew: float = 10.0
    retry: float = 2.0

    @property
    def write(self) -> float:
        """How long a write may take that began while the lease was held."""
        return self.lease - self.renew


@dataclass(frozen=True)
class _Seen:
    """A Lease as it was first seen in this state, and when."""

    lease: dict[str, Any]
    at: float


class Elector:
    """A thread that seeks the Lease `name` and keeps it; `lost` is called once when it could not be kept.

    After `lost` nothing undoes what other threads have begun: the process has to end.
    """

    def __init__(
        self,
        connection: Connection,
        place: tuple[str, str],
        identity: str,
        lost: Callable[[], None],
        timing: Timing = Timing(),
    ) -> None:
        self._client = Client(connection, write_seconds=timing.renew / 2)
        self._namespace, self._name = place
        self._identity = identity
        self._lost = lost
        self._timing = timing
        self._seen: _Seen | None = None
        self._valid_until = 0.0
        self._leading = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="elector", daemon=True)

    def start(self) -> None:
        """Begin to seek the lease."""
        self._thread.start()
        threading.Thread(target=self._watch_clock, name="lease clock", daemon=True).start()

    def wait(self, timeout: float) -> bool:
        """Wait until this process leads; return whether it does."""
        return self._leading.wait(timeout)

    def is_leading(self) -> bool:
        """Whether the lease is held now."""
        return time.monotonic() < self._valid_until

    def guard(self) -> None:
        """Raise Unavailable (`not_leading`) unless the lease is held: called before every write."""
        if not self.is_leading():
            raise Unavailable("this process does not hold the lease", code="not_leading")

    def release(self) -> None:
        """Give the lease back, so that the next leader need not wait for its end. Nothing may be written after."""
        self._stopping.set()
        self._thread.join(self._timing.renew)
        if self._seen is None or not self.is_leading():
            return
        self._valid_until = 0.0
        spec = {**self._seen.lease["spec"], "holderIdentity": "", "leaseDurationSeconds": 1}
        try:
            self._client.replace(LEASES, {**self._seen.lease, "spec": spec})
        except MlpError as error:
            _log.warning("the lease is not given back", extra={"why": error.message})

    def _run(self) -> None:
        while not self._stopping.is_set():
            begin = time.monotonic()
            try:
                if self._try():
                    self._valid_until = begin + self._timing.renew
                    if not self._leading.is_set():
                        _log.info("this process leads", extra={"identity": self._identity})
                        self._leading.set()
            except Exception as error:  # noqa: BLE001  whatever it is, the clock decides what it means
                _log.warning("the lease cannot be had now", extra={"why": str(error)})
            self._stopping.wait(self._timing.retry * random.uniform(0.9, 1.2))  # noqa: S311  spreads load

    def _watch_clock(self) -> None:
        """Notice the end of the lease even while a request of the other thread hangs."""
        self._leading.wait()
        while not self._stopping.wait(max(0.01, self._valid_until - time.monotonic())):
            if not self.is_leading():
                _log.error("the lease is lost", extra={"identity": self._identity})
                self._lost()
                return

    def _try(self) -> bool:
        """Take or renew the lease if that is possible; return whether it is held."""
        seen = self._seen if self._seen is not None and self._is_mine(self._seen.lease) else self._look()
        self._seen = seen
        if seen is None:
            self._seen = self._created()
            return True
        if not self._is_free(seen):
            return False
        try:
            self._seen = _Seen(self._client.replace(LEASES, self._renewed(seen.lease)), time.monotonic())
        except MlpError:
            self._seen = None  # whatever became of it has to be read anew
            raise
        return True

    def _look(self) -> _Seen | None:
        """Read the lease, and say when its state was first seen; None if there is no lease."""
        try:
            lease = self._client.get(LEASES, self._namespace, self._name, timeout=self._timing.renew / 2)
        except NotFound:
            return None
        is_known = self._seen is not None and self._seen.lease["spec"] == lease["spec"]
        return _Seen(lease, self._seen.at if self._seen is not None and is_known else time.monotonic())

    def _is_mine(self, lease: dict[str, Any]) -> bool:
        return bool(lease["spec"].get("holderIdentity") == self._identity)

    def _is_free(self, seen: _Seen) -> bool:
        spec = seen.lease["spec"]
        if not spec.get("holderIdentity") or self._is_mine(seen.lease):
            return True
        respected = max(self._timing.lease, float(spec.get("leaseDurationSeconds", 0)))
        return time.monotonic() >= seen.at + respected

    def _created(self) -> _Seen:
        body = {
            "metadata": {"name": self._name, "namespace": self._namespace},
            "spec": self._spec(transitions=0, acquired=_now()),
        }
        return _Seen(self._client.create(LEASES, body), time.monotonic())

    def _renewed(self, lease: dict[str, Any]) -> dict[str, Any]:
        spec = lease["spec"]
        if self._is_mine(lease):
            renewed = self._spec(spec.get("leaseTransitions", 0), spec.get("acquireTime", _now()))
        else:
            renewed = self._spec(spec.get("leaseTransitions", 0) + 1, _now())
        return {**lease, "spec": renewed}

    def _spec(self, transitions: int, acquired: str) -> dict[str, Any]:
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": max(1, round(self._timing.lease)),
            "acquireTime": acquired,
            "renewTime": _now(),
            "leaseTransitions": transitions,
        }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
