"""What the registry says of the versions that are asked for, and that they are in use.

Nobody who reconciles waits for the registry: an answer that is not known yet is asked for on a thread of its own, and
comes with a call. A registry that is down makes no known answer unknown.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mlp.client.registry import RegistryClient
from mlp.controller.answer import Answer, Resolved, Unresolved, unresolved
from mlp.controller.queue import WorkQueue
from mlp.controller.watch import Key
from mlp.errors import Denied, MlpError, NotFound

_log = logging.getLogger(__name__)
_ABSENT = frozenset({"model_not_found", "version_not_found"})
_TIMEOUT_SECONDS = 5.0
_THREADS = 2


class Version(NamedTuple):
    """A model and a number."""

    model: str
    number: int


class _Use(NamedTuple):
    holder: Key
    version: Version


@dataclass(frozen=True)
class Rhythm:
    """Seconds between two looks at the registry."""

    renew: float = 180.0
    """A use is kept alive this often; the registry forgets it after 10 minutes."""
    missing: float = 15.0
    """A version that is not there is looked for this often."""
    down: float = 5.0
    """A registry that does not answer is left alone this long."""


@dataclass(frozen=True)
class _Known:
    answer: Answer
    at: float


class Versions:
    """Answers of the registry at `url`, kept fresh by threads; `changed` is told when an answer becomes another.

    `wanted` returns the versions that a ModelDeployment asks for or still serves: others are no longer kept in use.
    """

    def __init__(
        self,
        registry: Callable[[], RegistryClient],
        wanted: Callable[[Key], set[Version]],
        changed: Callable[[Version], None],
        rhythm: Rhythm,
    ) -> None:
        self._connect = registry
        self._client: RegistryClient | None = None
        self._wanted = wanted
        self._changed = changed
        self._rhythm = rhythm
        self._queue: WorkQueue[_Use] = WorkQueue()
        self._lock = threading.Lock()
        self._answers: dict[Version, _Known] = {}
        self._held: set[_Use] = set()
        self._threads = [
            threading.Thread(target=self._run, name=f"registry {number}", daemon=True) for number in range(_THREADS)
        ]

    def start(self) -> None:
        """Begin to ask."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask no more; a question in hand is waited for."""
        self._queue.close()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_TIMEOUT_SECONDS)
        self._hang_up()

    def hold(self, holder: Key, version: Version) -> Answer | None:
        """Return what is known of a version, and keep it in use by `holder` from now on; None if nothing is known."""
        use = _Use(holder, version)
        with self._lock:
            is_new = use not in self._held
            self._held.add(use)
            known = self._answers.get(version)
        if is_new:
            self._queue.add(use)
        return known.answer if known is not None else None

    def _run(self) -> None:
        while (use := self._queue.get()) is not None:
            try:
                self._attend(use)
            except Exception:  # noqa: BLE001  a thread that ended would leave uses to expire
                _log.exception("a version cannot be attended to", extra={"version": f"{use.version}"})
                self._queue.add_after(use, self._rhythm.missing)
            finally:
                self._queue.done(use)

    def _attend(self, use: _Use) -> None:
        if use.version not in self._wanted(use.holder):
            with self._lock:
                self._held.discard(use)
            self._end(use)
            return
        answer = self._answer(use.version)
        if isinstance(answer, Resolved):
            answer = self._renew(use, answer)
        before = self._remember(use.version, answer)
        if before != answer:
            self._changed(use.version)
        self._queue.add_after(use, self._pause(answer))

    def _answer(self, version: Version) -> Answer:
        with self._lock:
            known = self._answers.get(version)
        if known is not None and time.monotonic() - known.at < self._pause(known.answer) * 0.9:
            return known.answer
        try:
            return Resolved(self._registry().version(version.model, version.number).digest)
        except MlpError as error:
            return self._failed(error)

    def _renew(self, use: _Use, answer: Resolved) -> Answer:
        try:
            self._registry().uses.keep(use.version.model, use.version.number, _holder(use))
        except MlpError as error:
            if isinstance(error, NotFound) and error.code in _ABSENT:
                return self._failed(error)
            _log.warning("a use is not renewed", extra={"holder": "/".join(use.holder), "why": error.message})
        return answer

    def _end(self, use: _Use) -> None:
        try:
            self._registry().uses.end(use.version.model, use.version.number, _holder(use))
        except MlpError as error:  # it expires by itself
            _log.info("a use is not ended", extra={"holder": "/".join(use.holder), "why": error.message})

    def _failed(self, error: MlpError) -> Unresolved:
        if isinstance(error, Denied):
            self._hang_up()  # a token that was replaced is read anew
        return unresolved(error)

    def _remember(self, version: Version, answer: Answer) -> Answer | None:
        """Keep the answer, unless it is none and a better one is known; return the one known before."""
        with self._lock:
            known = self._answers.get(version)
            is_silence = isinstance(answer, Unresolved) and not answer.is_final
            if known is None or not (is_silence and isinstance(known.answer, Resolved)):
                self._answers[version] = _Known(answer, time.monotonic())
                return known.answer if known is not None else None
            return answer

    def _pause(self, answer: Answer) -> float:
        if isinstance(answer, Resolved):
            return self._rhythm.renew
        return self._rhythm.missing if answer.is_final else self._rhythm.down

    def _registry(self) -> RegistryClient:
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _hang_up(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()


def _holder(use: _Use) -> str:
    return f"{use.holder.namespace}.{use.holder.name}"


def registry_at(url: str, token_file: Path | None) -> Callable[[], RegistryClient]:
    """Return what connects to a registry."""
    return lambda: RegistryClient(url, token_file=token_file, timeout=_TIMEOUT_SECONDS)
