"""Bringing the platform to a namespace of a cluster, and taking it away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mlp.kube.resource import NAMESPACES, Object
from mlp.targets.base import Report, Watch
from mlp.targets.bundle import bundle
from mlp.targets.kubernetes.choices import Choices
from mlp.targets.kubernetes.cluster import Cluster
from mlp.targets.kubernetes.credentials import make_credentials, missing_credentials
from mlp.targets.kubernetes.install import Changes, apply, knows
from mlp.targets.kubernetes.names import OBSERVERS, PART_OF, PLATFORM
from mlp.targets.kubernetes.plan import observing, own_images, planned
from mlp.targets.kubernetes.preflight import Check, first_failure, images_lacking, preflight
from mlp.targets.kubernetes.removal import purge as purge_namespace
from mlp.targets.kubernetes.removal import stop
from mlp.targets.kubernetes.seen import live, pods_in, progress_in
from mlp.targets.kubernetes.waiting import Waiter


class Installation:
    """The platform's own objects in one namespace, as `choices` want them."""

    def __init__(self, cluster: Cluster, choices: Choices) -> None:
        self._cluster = cluster
        self._choices = choices

    def check(self) -> Iterator[Check]:
        """Look whether the cluster is ready for the platform, one thing after the other."""
        for check in preflight(self._cluster.client, self._choices):
            yield check
            if check.name == "access" and not check.ok:
                return
        yield self._check_images()

    def images_lacking(self) -> list[str]:
        """Return the platform's images that a node lacks, none where nodes pull them from a registry."""
        if self._choices.image_registry is not None:
            return []
        return images_lacking(self._cluster.client, own_images(self.objects()))

    def check_running(self) -> Iterator[Check]:
        """Look whether each component is ready."""
        client, namespace = self._cluster.client, self._cluster.namespace
        pods = pods_in(client, namespace)
        for component in self._choices.components:
            state = progress_in(client, namespace, component, pods)
            if state is None:
                yield Check(component.name, False, "it is not installed", "platform_not_running")
            else:
                reason = state.problem.reason if state.problem is not None else "platform_not_ready"
                yield Check(component.name, state.phase == "ready", state.words, reason)

    def objects(self) -> list[dict[str, Any]]:
        """Return everything that `up` applies but the Secrets, in order."""
        return planned(bundle().manifests, self._choices)

    def try_out(self) -> Changes:
        """Let the API server judge what `up` would apply, and keep nothing."""
        objects = [*self.objects(), *self._observers()]
        if self._namespace() is None:  # nothing can be tried in a namespace that is not there
            for obj in objects:
                if "namespace" in obj["metadata"]:
                    obj["metadata"]["namespace"] = "default"
        return apply(self._cluster.client, objects, dry_run=True)

    def bring(self, report: Report, watch: Watch, deadline: float) -> None:
        """Apply the platform and wait, until `deadline` on the monotonic clock, for all of its components.

        Raises Precondition for a cluster that is not ready, Failed with the reason of a component that does not
        start, and DeadlineExceeded.
        """
        failure = first_failure(preflight(self._cluster.client, self._choices))
        if failure is not None:
            raise failure
        client, namespace = self._cluster.client, self._cluster.namespace
        first, *others = [*self.objects(), *self._observers()]
        changes = apply(client, [first] if self._is_ours() else [])
        missing = missing_credentials(client, self._choices)
        make_credentials(client, namespace, missing)
        rest = apply(client, others)
        changes.created += [*(f"Secret/{name}" for name in missing), *rest.created]
        changes.changed += rest.changed
        changes.unchanged += rest.unchanged
        report(f"applied: {changes.words()}")
        Waiter(client, namespace, report, watch, deadline).until_ready(self._choices.components)

    def remove(self, report: Report, deadline: float, *, purge: bool) -> None:
        """Delete what runs and wait for its end; deployments, volumes and Secrets stay unless `purge`."""
        if self._namespace() is None:
            report("the platform does not run")
            return
        found = stop(self._cluster.client, self._cluster.namespace, deadline)
        report("the platform is down" if found else "the platform does not run")
        if purge:
            purge_namespace(self._cluster.client, self._cluster.namespace, report, deadline)

    def _observers(self) -> Sequence[dict[str, Any]]:
        """Return what watches the platform, for the kinds that this cluster knows."""
        known = [resource for resource in OBSERVERS if knows(self._cluster.client, resource)]
        return observing(bundle().manifests, self._choices, known)

    def _check_images(self) -> Check:
        lacking = self.images_lacking()
        if lacking:
            return Check("images", False, f"not on every node: {', '.join(lacking)}", "images_missing")
        registry = self._choices.image_registry
        return Check("images", True, "the nodes have them" if registry is None else f"pulled from {registry}")

    def _namespace(self) -> Object | None:
        return live(self._cluster.client, {"kind": NAMESPACES.kind, "metadata": {"name": self._cluster.namespace}})

    def _is_ours(self) -> bool:
        """Whether the namespace is the platform's, or is about to be; one that somebody else made is left alone."""
        namespace = self._namespace()
        return namespace is None or namespace["metadata"].get("labels", {}).get(PART_OF) == PLATFORM
