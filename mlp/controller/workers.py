"""The threads that take keys from the queue; a key that fails delays itself and no other."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from mlp.controller.metrics import Reconciles
from mlp.controller.queue import WorkQueue
from mlp.controller.watch import Key
from mlp.errors import MlpError
from mlp.kube.failures import retry_after

_log = logging.getLogger(__name__)


class Workers:
    """`count` threads that call `keep` with keys of `queue`."""

    def __init__(
        self, queue: WorkQueue[Key], keep: Callable[[Key], float | None], reconciles: Reconciles, count: int
    ) -> None:
        self._queue = queue
        self._keep = keep
        self._reconciles = reconciles
        self._threads = [threading.Thread(target=self._run, name=f"worker {n}", daemon=True) for n in range(count)]

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def join(self, seconds: float) -> None:
        """Wait at most so long until the keys in hand are done; the queue must have been closed."""
        give_up = time.monotonic() + seconds
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, give_up - time.monotonic()))

    def _run(self) -> None:
        while (key := self._queue.get()) is not None:
            begin = time.monotonic()
            try:
                result = self._attend(key)
            finally:
                self._queue.done(key)
            self._reconciles.note(result, time.monotonic() - begin)

    def _attend(self, key: Key) -> str:
        try:
            again = self._keep(key)
        except MlpError as error:
            extra = {"deployment": "/".join(key), "code": error.code, "why": error.message}
            _log.warning("a deployment is tried again later", extra=extra)
            self._queue.retry(key, retry_after(error))
            return "error"
        except Exception:  # noqa: BLE001  a fault of the operator's own must not end what keeps the others
            _log.exception("the operator failed on a deployment", extra={"deployment": "/".join(key)})
            self._queue.retry(key)
            return "error"
        self._queue.forget(key)
        if again is None:
            return "success"
        self._queue.add_after(key, again)
        return "requeue"
