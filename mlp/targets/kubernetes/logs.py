"""Log lines of pods, one after the other or, followed, as they come, from pods that come later too."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from mlp.errors import MlpError
from mlp.targets.kubernetes.cluster import Cluster

_SILENCE_SECONDS = 24 * 3600.0
_SECONDS = 30.0

Pods = Callable[[], Sequence[str]]
"""Returns the names of the pods that there are now."""


@dataclass(frozen=True)
class LogOptions:
    """Which lines."""

    tail: int | None = None
    """The last so many of each pod; None: all."""
    follow: bool = False
    since: float | None = None
    """Only those of the last so many seconds."""
    look_seconds: float = 2.0
    """How often, when following, it is looked for other pods."""

    def query(self) -> dict[str, str]:
        """Return the API's parameters."""
        asked = {"tailLines": self.tail, "sinceSeconds": None if self.since is None else max(1, math.ceil(self.since))}
        return {key: str(value) for key, value in asked.items() if value is not None}


def read_logs(cluster: Cluster, pods: Pods, options: LogOptions) -> Iterator[str]:
    """Yield the lines of each pod; with `follow`, go on for as long as there are pods.

    Where there are several pods, each line begins with its pod's name.
    """
    return _Followed(cluster, pods, options).lines() if options.follow else _once(cluster, pods(), options)


def _once(cluster: Cluster, pods: Sequence[str], options: LogOptions) -> Iterator[str]:
    for pod in pods:
        for line in cluster.client.log(cluster.namespace, pod, options.query(), timeout=_SECONDS):
            yield line if len(pods) == 1 else f"{pod}  {line}"


class _Followed:
    """Follows every pod on a thread of its own; a stream that breaks goes on where it was."""

    def __init__(self, cluster: Cluster, pods: Pods, options: LogOptions) -> None:
        self._cluster = cluster
        self._pods = pods
        self._options = options
        self._lines: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._followers: dict[str, threading.Thread] = {}
        self._last: dict[str, str] = {}

    def lines(self) -> Iterator[str]:
        """Yield lines until no pod is left; a pod's name stands before them once there has been more than one."""
        while self._follow_every_pod():
            yield from self._new_lines()
        yield from self._new_lines(wait=False)

    def _follow_every_pod(self) -> bool:
        found = self._pods()
        for pod in found:
            follower = self._followers.get(pod)
            if follower is None or not follower.is_alive():
                self._followers[pod] = threading.Thread(target=self._follow, args=(pod,), daemon=True)
                self._followers[pod].start()
        return bool(found)

    def _new_lines(self, *, wait: bool = True) -> Iterator[str]:
        """Yield what comes, until it is time to look for other pods."""
        look_at = time.monotonic() + (self._options.look_seconds if wait else 0.0)
        while True:
            try:
                pod, line = self._lines.get(timeout=max(0.0, look_at - time.monotonic()))
            except queue.Empty:
                return
            yield line if len(self._followers) == 1 else f"{pod}  {line}"

    def _follow(self, pod: str) -> None:
        """Hand over the lines of one pod, each once: they come with their times, of which the last is remembered."""
        last = self._last.get(pod, "")
        begin = self._options.query() if not last else {"sinceTime": last}
        query = {**begin, "follow": "true", "timestamps": "true"}
        with suppress(MlpError):  # the next look tries again, if the pod is still there
            for text in self._cluster.client.log(self._cluster.namespace, pod, query, timeout=_SILENCE_SECONDS):
                written, _, line = text.partition(" ")
                if _order(written) > _order(last):
                    self._last[pod] = written
                    self._lines.put((pod, line))


def _order(moment: str) -> str:
    """Return a time so that text compares as time does: fractions of a second come without their last zeros."""
    return moment.removesuffix("Z")
