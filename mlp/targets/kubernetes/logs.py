"""Log lines of pods, one after the other or, followed, as they come."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress

from mlp.errors import MlpError
from mlp.targets.kubernetes.cluster import Cluster

_SILENCE_SECONDS = 24 * 3600.0
_SECONDS = 30.0


def read_logs(cluster: Cluster, pods: Sequence[str], *, tail: int | None, follow: bool) -> Iterator[str]:
    """Yield the last `tail` lines of each pod; with `follow`, go on with what they write from then on.

    Where there are several pods, each line begins with its pod's name.
    """
    query = {} if tail is None else {"tailLines": str(tail)}
    if not follow:
        for pod in pods:
            for line in cluster.client.log(cluster.namespace, pod, query, timeout=_SECONDS):
                yield _told(pod, line, pods)
        return
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    for pod in pods:
        follower = threading.Thread(
            target=_follow, args=(cluster, pod, {**query, "follow": "true"}, pods, lines), daemon=True
        )
        follower.start()
    for _ in pods:  # each ends with a None
        yield from iter(lines.get, None)


def _follow(
    cluster: Cluster,
    pod: str,
    query: dict[str, str],
    pods: Sequence[str],
    lines: queue.SimpleQueue[str | None],
) -> None:
    with suppress(MlpError):
        for line in cluster.client.log(cluster.namespace, pod, query, timeout=_SILENCE_SECONDS):
            lines.put(_told(pod, line, pods))
    lines.put(None)


def _told(pod: str, line: str, pods: Sequence[str]) -> str:
    return line if len(pods) == 1 else f"{pod}  {line}"
