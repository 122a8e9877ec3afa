"""Carries out what was decided: the only module that writes to the cluster, apart from the Lease."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from mlp.api.deployment import Status
from mlp.controller.announce import Announcement
from mlp.controller.identity import HANDOVER_MANAGER, MANAGER, MODEL_DEPLOYMENTS, STATUS_MANAGER
from mlp.controller.reconcile import Action, Apply, HandOver, Remove
from mlp.controller.watch import NamespaceWatch
from mlp.errors import Denied, Invalid, MlpError, NotFound
from mlp.kube.client import Client
from mlp.kube.faults import Problem, refusal
from mlp.kube.resource import DEPLOYMENTS, EVENTS, Object, Resource

_log = logging.getLogger(__name__)


class Actor:
    """Writes through `client` and lets the namespace's stores know what was written.

    Every method may raise Unavailable, DeadlineExceeded or Conflict: nothing is lost then, it is tried again.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def perform(self, actions: Sequence[Action], seen: NamespaceWatch) -> dict[Resource, Problem]:
        """Carry out actions in order; return what the server refuses for good, by the kind that it refuses."""
        refused: dict[Resource, Problem] = {}
        for action in actions:
            if action.resource in refused:
                continue  # giving up replicas that could not be handed over would lose them
            try:
                self._perform(action, seen)
            except (Denied, Invalid) as error:
                refused[action.resource] = refusal(error.message)
        return refused

    def write_status(self, obj: Object, status: Status, seen: NamespaceWatch) -> None:
        """Write the status of a ModelDeployment."""
        body = {
            "metadata": {key: obj["metadata"][key] for key in ("name", "namespace", "uid")},
            "status": status.model_dump(mode="json", by_alias=True, exclude_none=True),
        }
        written = self._client.apply(MODEL_DEPLOYMENTS, body, manager=STATUS_MANAGER, force=True, subresource="status")
        seen.wrote(MODEL_DEPLOYMENTS, written)

    def announce(self, obj: Object, news: Announcement) -> None:
        """Make an event about a ModelDeployment; one that cannot be made is missed by nobody but a reader."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        meta = obj["metadata"]
        event = {
            "metadata": {"name": f"{meta['name']}.{uuid.uuid4().hex[:16]}", "namespace": meta["namespace"]},
            "involvedObject": {
                "apiVersion": MODEL_DEPLOYMENTS.api_version,
                "kind": MODEL_DEPLOYMENTS.kind,
                **{key: meta[key] for key in ("name", "namespace", "uid", "resourceVersion")},
            },
            "type": news.type,
            "reason": news.reason,
            "message": news.message[:1_024],
            "source": {"component": MANAGER},
            "reportingComponent": MANAGER,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        try:
            self._client.create(EVENTS, event)
        except MlpError as error:
            _log.warning("an event is not written", extra={"event_reason": news.reason, "why": error.message})

    def _perform(self, action: Action, seen: NamespaceWatch) -> None:
        match action:
            case Apply(resource, body, force):
                seen.wrote(resource, self._client.apply(resource, body, manager=MANAGER, force=force))
            case HandOver(deployment, least):
                self._hand_over(deployment, least)
            case Remove(resource, obj):
                with suppress(NotFound):
                    self._client.delete(resource, obj)
                seen.deleted(resource, obj)

    def _hand_over(self, deployment: Object, least: int) -> None:
        """Hold the number of replicas under another name, so that it stays when the operator gives it up."""
        meta = deployment["metadata"]
        live = self._client.get(DEPLOYMENTS, meta["namespace"], meta["name"])
        replicas: Any = live["spec"].get("replicas", 1)
        body = {
            "metadata": {key: meta[key] for key in ("name", "namespace", "uid")},
            "spec": {"replicas": replicas or least},
        }
        # An autoscaler does nothing at 0 replicas: leaving 0 is the operator's part, and nobody else's number is taken.
        self._client.apply(DEPLOYMENTS, body, manager=HANDOVER_MANAGER, force=replicas == 0)
