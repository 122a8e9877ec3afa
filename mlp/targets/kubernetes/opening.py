"""Which cluster is meant, and whether it may be used without being named."""

from __future__ import annotations

import re
from contextlib import closing

from mlp.api.kind import DEFAULT_NAMESPACE
from mlp.errors import Invalid, MlpError, Precondition
from mlp.kube.contexts import Context, Contexts, read_contexts
from mlp.targets.kubernetes.choices import Choices, database_at, only, store_at
from mlp.targets.kubernetes.cluster import Cluster
from mlp.targets.kubernetes.target import KubernetesTarget
from mlp.targets.options import ClusterOptions

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def open_target(options: ClusterOptions) -> KubernetesTarget:
    """Return the target in the context that is named, else in the usual one, else in the kubeconfig's current one.

    One that is not named is asked about first, unless it is of a cluster of this machine or is allowed.
    Raises Precondition (`no_cluster`), NotFound (`unknown_context`), Refused, and Invalid for wrong options.
    """
    choices = _choices(options)
    contexts = read_contexts()
    if options.context is not None:
        context = contexts.get(options.context)
    else:
        context = _usual(contexts, options.usual_context)
        if not context.is_local and context.name not in options.allowed:
            options.confirm(f"Use the cluster of the context {context.name}, which may be anybody's?")
    return KubernetesTarget(Cluster.open(context, choices.namespace), choices)


def _usual(contexts: Contexts, chosen: str | None) -> Context:
    if chosen is not None:
        return contexts.get(chosen)
    if contexts.current is None:
        raise Precondition("the kubeconfig has no current context: name one with --context", code="no_cluster")
    return contexts.current


def local_context() -> Context | None:
    """Return the current context if it is a cluster of this machine and answers, else None."""
    try:
        current = read_contexts().current
        if current is None or not current.is_local:
            return None
        cluster = Cluster.open(current, DEFAULT_NAMESPACE)
        with closing(cluster.connection):
            cluster.client.version()
    except MlpError:
        return None
    return current


def _choices(options: ClusterOptions) -> Choices:
    namespace = options.namespace or DEFAULT_NAMESPACE
    if not _NAMESPACE.fullmatch(namespace):
        raise Invalid(f"{namespace!r} is not the name of a namespace", code="invalid_namespace")
    return Choices(
        namespace=namespace,
        database=database_at(options.database_url) if options.database_url is not None else None,
        store=store_at(options.s3_endpoint) if options.s3_endpoint is not None else None,
        bucket=options.s3_bucket or Choices.bucket,
        only=only(options.only),
        image_registry=options.image_registry,
    )
