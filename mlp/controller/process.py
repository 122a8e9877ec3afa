"""The operator as a process: watches, elections, workers and probes, started and ended in order."""

from __future__ import annotations

import logging
import os
import random
import signal
import socket
import threading
import time
import uuid
from typing import NoReturn

from mlp.controller.act import Actor
from mlp.controller.keeper import Keeper, Surroundings, wanted_versions
from mlp.controller.metrics import Metrics
from mlp.controller.pod import PodSettings
from mlp.controller.probes import Probes
from mlp.controller.queue import WorkQueue
from mlp.controller.settings import Settings
from mlp.controller.versions import Rhythm, Version, Versions, registry_at
from mlp.controller.watch import Key, NamespaceWatch
from mlp.controller.workers import Workers
from mlp.errors import Precondition
from mlp.kube.client import Client
from mlp.kube.connection import Connection, connect, in_cluster, own_namespace
from mlp.kube.lease import Elector, Timing
from mlp.kube.reflector import Patience

_log = logging.getLogger(__name__)
_LOST_LEASE = 4
_EVERYWHERE = "0.0.0.0"  # noqa: S104  the kubelet calls from outside the pod
_DRAIN_SECONDS = 5.0


class Operator:
    """Keeps the ModelDeployments of some namespaces while it holds the Lease."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        own = own_namespace()
        namespaces = settings.namespaces or ((own,) if own is not None else ())
        if not namespaces:
            raise Precondition("no namespace to keep: set MLP_NAMESPACES", code="no_namespace")
        timing = Timing(settings.lease_seconds, settings.renew_seconds, settings.retry_seconds)
        place = (settings.lease_namespace or own or namespaces[0], settings.lease_name)
        # Connections of their own: a busy worker must not keep a renewal waiting.
        self._elector = Elector(self._connect(2), place, _identity(), _end_at_once, timing)
        reader = Client(self._connect(8 * len(namespaces)))
        writer = Client(self._connect(settings.workers), guard=self._elector.guard, write_seconds=timing.write)
        self._queue: WorkQueue[Key] = WorkQueue()
        patience = Patience(silence=settings.watch_silence_seconds)
        self._watches = {
            namespace: NamespaceWatch(reader, namespace, self._queue.add, patience) for namespace in namespaces
        }
        self._reflectors = [reflector for watch in self._watches.values() for reflector in watch.reflectors]
        self._versions = Versions(
            registry_at(settings.registry_url, settings.registry_token_file),
            self._wanted,
            self._version_changed,
            Rhythm(renew=settings.use_seconds, missing=settings.missing_seconds),
        )
        self._metrics = Metrics(self._queue, self._reflectors, self._elector.is_leading)
        surroundings = Surroundings(self._watches, self._versions, Actor(writer))
        keeper = Keeper(surroundings, _pods(settings), settings.refused_seconds)
        self._workers = Workers(self._queue, keeper.keep, self._metrics.reconciles, settings.workers)
        checks = {"/livez": self._stuck, "/readyz": self._unready}
        host = settings.health_host or (_EVERYWHERE if in_cluster() else "127.0.0.1")
        self._probes = Probes(host, settings.health_port, checks, self._metrics.exposition)
        self._stopping = threading.Event()

    def run(self) -> None:
        """Keep everything until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        self._probes.start()
        _log.info("started", extra={"port": self._probes.port, "namespaces": list(self._watches)})
        for reflector in self._reflectors:
            reflector.start()
        if self._wait_for_sync():
            self._elector.start()
            if self._wait_for_lease():
                self._versions.start()
                self._workers.start()
                self._resync_until_stopped()
        self._end()

    def _wait_for_sync(self) -> bool:
        """Wait until every store is full: who acts on half of what exists makes the other half anew."""
        while not self._stopping.is_set():
            if all(reflector.wait_for_sync(0.05) for reflector in self._reflectors):
                _log.info("synced")
                return True
        return False

    def _wait_for_lease(self) -> bool:
        while not self._stopping.is_set():
            if self._elector.wait(0.1):
                return True
        return False

    def _resync_until_stopped(self) -> None:
        while not self._stopping.wait(self._settings.resync_seconds * random.uniform(0.9, 1.1)):  # noqa: S311
            for watch in self._watches.values():
                for key in watch.all():
                    self._queue.add(key)

    def _end(self) -> None:
        """Finish the keys in hand, then let somebody else lead."""
        begin = time.monotonic()
        self._queue.close()
        self._workers.join(_DRAIN_SECONDS)
        self._elector.release()
        self._versions.stop()
        for reflector in self._reflectors:
            reflector.stop()
        self._probes.stop()
        _log.info("ended", extra={"seconds": round(time.monotonic() - begin, 3)})

    def _connect(self, connections: int) -> Connection:
        return connect(self._settings.kubeconfig, self._settings.kube_context, connections=connections)

    def _wanted(self, key: Key) -> set[Version]:
        return wanted_versions(self._watches[key.namespace].get(key.name))

    def _version_changed(self, version: Version) -> None:
        for watch in self._watches.values():
            for key in watch.serving(version.model, version.number):
                self._queue.add(key)

    def _unready(self) -> str | None:
        missing = [str(reflector.source) for reflector in self._reflectors if not reflector.is_synced()]
        return f"not listed yet: {', '.join(missing)}" if missing else None

    def _stuck(self) -> str | None:
        longest = self._settings.stuck_seconds
        silence = self._settings.watch_silence_seconds
        stuck = [str(each.source) for each in self._reflectors if not each.is_alive(silence + longest)]
        if stuck:
            return f"stuck: {', '.join(stuck)}"
        if self._queue.longest_running() > longest:
            return "a worker is stuck"
        return None


def _pods(settings: Settings) -> PodSettings:
    return PodSettings(
        image=settings.inference_image,
        image_pull_policy=settings.inference_image_pull_policy,
        registry_url=settings.pod_registry_url or settings.registry_url,
        registry_token_secret=settings.pod_registry_token_secret,
        progress_deadline_seconds=settings.progress_deadline_seconds,
    )


def _identity() -> str:
    return f"{socket.gethostname()}_{uuid.uuid4().hex[:12]}"


def _end_at_once() -> NoReturn:
    """End without finishing anything: another process may write from now on."""
    logging.shutdown()
    os._exit(_LOST_LEASE)
