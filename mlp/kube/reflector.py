"""Keeps a store equal to what the cluster has: a list, then a watch from there on, for ever."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlp.errors import DeadlineExceeded, MlpError
from mlp.kube.backoff import Backoff
from mlp.kube.client import Client, WatchOptions
from mlp.kube.failures import is_history_gone, retry_after
from mlp.kube.resource import Object, Resource
from mlp.kube.store import Change, Store

_log = logging.getLogger(__name__)
_STEADY_SECONDS = 5.0  # a stream that lived this long was a good one: the next failure is the first again


@dataclass(frozen=True)
class Patience:
    """How long a reflector waits for what."""

    silence: float = 70.0
    """Seconds without a line after which a stream is taken for dead; bookmarks come about once a minute."""
    shortest_watch: int = 290
    longest_watch: int = 590
    """Streams end after a random time in between, so that they do not all begin anew at once."""


@dataclass(frozen=True)
class Source:
    """What is watched, and what is kept of it."""

    resource: Resource
    namespace: str
    selector: str | None = None

    def __str__(self) -> str:
        return f"{self.namespace}/{self.resource.plural}"


class Reflector:
    """A thread that lists and watches `source` into `store` and tells `changed` of every change.

    A stream that falls silent is begun anew from the last version seen. When that version is too old, everything is
    listed and compared, which also finds what was deleted meanwhile.
    """

    def __init__(
        self,
        client: Client,
        source: Source,
        store: Store,
        changed: Callable[[Change], None],
        patience: Patience = Patience(),
    ) -> None:
        self.source = source
        self.lists = 0
        """How often everything was listed."""
        self.touched_at = time.monotonic()
        """When this thread last got on: an event, a bookmark, or the end of a wait."""
        self._client = client
        self._store = store
        self._changed = changed
        self._patience = patience
        self._backoff = Backoff()
        self._version: str | None = None
        self._synced = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"reflector {source}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more; an open stream ends with the process."""
        self._stopping.set()

    def is_synced(self) -> bool:
        """Whether the store has held a whole list."""
        return self._synced.is_set()

    def is_alive(self, longest: float) -> bool:
        """Whether the thread got on within the last `longest` seconds."""
        return self._thread.is_alive() and time.monotonic() - self.touched_at < longest

    def wait_for_sync(self, timeout: float | None = None) -> bool:
        """Wait until the store has held a whole list."""
        return self._synced.wait(timeout)

    def _run(self) -> None:
        while not self._stopping.is_set():
            begin = time.monotonic()
            pause = 0.0
            try:
                version = self._list() if self._version is None else self._version
                self._watch(version)
            except MlpError as error:
                pause = self._failed(error)
            except Exception:  # noqa: BLE001  a thread that ended would go unnoticed for longer than one that tries
                _log.exception("a watch failed; it begins anew", extra={"source": str(self.source)})
                self._version = None
            if time.monotonic() - begin >= _STEADY_SECONDS:
                self._backoff.reset()
            self.touched_at = time.monotonic()
            self._stopping.wait(max(pause, self._backoff.next()))
            self.touched_at = time.monotonic()

    def _failed(self, error: MlpError) -> float:
        """Note why a stream ended; return the seconds that the server asked to wait."""
        if is_history_gone(error):
            self._version = None
        if not (isinstance(error, DeadlineExceeded) and error.code == "silent"):
            extra = {"source": str(self.source), "code": error.code, "why": error.message}
            _log.warning("a watch ended", extra=extra)
        return retry_after(error)

    def _list(self) -> str:
        objects: list[Object] = []
        version = ""
        for page in self._client.pages(self.source.resource, self.source.namespace, self.source.selector):
            kept = (self._store.kept(obj) for obj in page.items)
            objects += [obj for obj in kept if obj is not None]
            version = page.resource_version
            self.touched_at = time.monotonic()
        self.lists += 1
        for change in self._store.replace(objects, version):
            self._changed(change)
        self._version = version
        self._synced.set()
        return version

    def _watch(self, version: str) -> None:
        patience = self._patience
        seconds = random.randint(patience.shortest_watch, patience.longest_watch)  # noqa: S311  spreads load
        options = WatchOptions(seconds, patience.silence)
        source = self.source
        for kind, obj in self._client.watch(source.resource, source.namespace, version, options, source.selector):
            self.touched_at = time.monotonic()
            if kind != "BOOKMARK":
                self._take(kind, obj)
            self._version = obj["metadata"]["resourceVersion"]
            if self._stopping.is_set():
                return

    def _take(self, kind: str, obj: dict[str, Any]) -> None:
        kept = self._store.kept(obj)
        if kept is None:
            return
        change = self._store.delete(kept) if kind == "DELETED" else self._store.put(kept)
        if change is not None:
            self._changed(change)
