"""Whether a cluster is ready for the platform: looks only, and changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from mlp.api.quantity import amount
from mlp.errors import MlpError, NotFound, Precondition
from mlp.kube.client import Client
from mlp.kube.resource import CLAIMS, NODES, PODS, STORAGE_CLASSES, Object, Resource
from mlp.targets.kubernetes.choices import Choices
from mlp.targets.kubernetes.credentials import missing_credentials
from mlp.targets.kubernetes.names import MINIO, POSTGRESQL

_OLDEST = (1, 30)  # the first with sleeping preStop hooks by default
_REVIEWS = Resource("authorization.k8s.io/v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", namespaced=False)
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_RIGHTS: tuple[tuple[str, str, str], ...] = (
    ("apiextensions.k8s.io", "customresourcedefinitions", "patch"),
    ("", "secrets", "create"),
    ("", "services", "patch"),
    ("", "serviceaccounts", "patch"),
    ("apps", "deployments", "patch"),
    ("apps", "statefulsets", "patch"),
    ("rbac.authorization.k8s.io", "roles", "patch"),
    ("rbac.authorization.k8s.io", "rolebindings", "patch"),
    ("networking.k8s.io", "networkpolicies", "patch"),
    ("ml.example.com", "modeldeployments", "patch"),
    ("", "pods/portforward", "create"),
)


@dataclass(frozen=True)
class Check:
    """One thing that must be so. `code` says which failure it is when it is not."""

    name: str
    ok: bool
    words: str
    code: str | None = None
    failure: MlpError | None = None
    """What was raised when it was tried."""


def preflight(client: Client, choices: Choices) -> Iterator[Check]:
    """Check one thing after the other; nothing is checked of a cluster that does not answer."""
    try:
        version = client.version()
    except MlpError as error:
        yield Check("access", False, error.message, error.code, error)
        return
    yield Check("access", True, "the API server answers")
    yield _version(version)
    for check in (_rights, _storage, _room, _credentials):
        yield _judged(check, client, choices)


def images_lacking(client: Client, images: Iterable[str]) -> list[str]:
    """Return those images that some node does not report to have; nodes report the largest fifty at most."""
    lacking = set()
    for node in _all(client, NODES, None):
        names = {name for image in node["status"].get("images") or () for name in image.get("names") or ()}
        lacking |= {image for image in images if not names & {image, f"docker.io/{image}"}}
    return sorted(lacking)


def first_failure(checks: Iterable[Check]) -> MlpError | None:
    """Return what the first failing check means, or None."""
    failed = next((check for check in checks if not check.ok), None)
    if failed is None:
        return None
    return failed.failure or Precondition(failed.words, code=failed.code or "cluster_not_ready")


def _judged(check: Callable[[Client, Choices], Check], client: Client, choices: Choices) -> Check:
    try:
        return check(client, choices)
    except MlpError as error:
        return Check(check.__name__.strip("_"), False, error.message, error.code, error)


def _version(version: str) -> Check:
    found = re.match(r"v(\d+)\.(\d+)", version)
    new_enough = found is not None and (int(found[1]), int(found[2])) >= _OLDEST
    words = version if new_enough else f"{version}; the platform needs 1.30 or newer"
    return Check("version", new_enough, words, None if new_enough else "cluster_too_old")


def _rights(client: Client, choices: Choices) -> Check:
    lacking = []
    for group, resource, verb in _RIGHTS:
        name, _, subresource = resource.partition("/")
        attributes = {
            "group": group,
            "resource": name,
            "subresource": subresource,
            "verb": verb,
            "namespace": choices.namespace,
        }
        answer = client.review(_REVIEWS, {"spec": {"resourceAttributes": attributes}})
        if not answer["status"].get("allowed"):
            lacking.append(f"{verb} {resource}")
    if lacking:
        return Check("rights", False, f"you may not {', '.join(lacking)} in {choices.namespace}", "rights_missing")
    return Check("rights", True, f"all that it takes, in {choices.namespace}")


def _storage(client: Client, choices: Choices) -> Check:
    claiming = [component for component in choices.components if component in (POSTGRESQL, MINIO)]
    if not claiming:
        return Check("storage", True, "not needed: database and store are elsewhere")
    claims = {claim["metadata"]["name"] for claim in _all(client, CLAIMS, choices.namespace)}
    if all(f"data-{component.name}-0" in claims for component in claiming):
        return Check("storage", True, "the volumes are there already")
    classes = list(_all(client, STORAGE_CLASSES, None))
    for storage in classes:
        if storage["metadata"].get("annotations", {}).get(_DEFAULT_CLASS) == "true":
            return Check("storage", True, f"class {storage['metadata']['name']}")
    there_are = f"there are {len(classes)}, none of which is the default" if classes else "there is none"
    return Check("storage", False, f"the cluster has no default storage class: {there_are}", "no_storage_class")


def _room(client: Client, choices: Choices) -> Check:
    running = {component.name for component in choices.components}
    pods = list(_all(client, PODS, None))
    there = {pod["metadata"].get("labels", {}).get("app") for pod in pods if _in(pod, choices.namespace)}
    if running <= there:
        return Check("room", True, "the platform's pods are there already")
    nodes = [node for node in _all(client, NODES, None) if _takes_pods(node)]
    if not nodes:
        return Check("room", False, "no node is ready to take pods", "no_node")
    free = {resource: _free(resource, nodes, pods) for resource in _NEEDED}
    short = [resource for resource, needed in _NEEDED.items() if free[resource] < needed]
    cpu, memory = float(free["cpu"]), float(free["memory"]) / 2**30
    words = f"{cpu:.1f} CPU and {memory:.1f} GiB are free on {len(nodes)} node{'s' if len(nodes) > 1 else ''}"
    if short:
        return Check("room", False, f"{words}; the platform asks for 0.4 CPU and 1.2 GiB", "no_room")
    return Check("room", True, words)


def _credentials(client: Client, choices: Choices) -> Check:
    missing = missing_credentials(client, choices)
    return Check("credentials", True, f"{len(missing)} Secrets will be made" if missing else "the Secrets are there")


_NEEDED: Mapping[str, Fraction] = {"cpu": Fraction(4, 10), "memory": Fraction(1_200 * 2**20)}


def _free(resource: str, nodes: Sequence[Object], pods: Sequence[Object]) -> Fraction:
    """Return how much of a resource no pod has asked for yet, over all nodes together."""
    names = {node["metadata"]["name"] for node in nodes}
    total = sum((_amount(node["status"]["allocatable"].get(resource)) for node in nodes), Fraction(0))
    asked = (
        _amount(container.get("resources", {}).get("requests", {}).get(resource))
        for pod in pods
        if pod["spec"].get("nodeName") in names and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")
        for container in pod["spec"]["containers"]
    )
    return total - sum(asked, Fraction(0))


def _amount(quantity: str | None) -> Fraction:
    return Fraction((amount(quantity) if quantity is not None else None) or 0)


def _takes_pods(node: Object) -> bool:
    conditions = node.get("status", {}).get("conditions", ())
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and not node["spec"].get("unschedulable", False)


def _in(pod: Object, namespace: str) -> bool:
    return bool(pod["metadata"].get("namespace") == namespace)


def _all(client: Client, resource: Resource, namespace: str | None) -> Iterator[Object]:
    try:
        for page in client.pages(resource, namespace):
            yield from page.items
    except NotFound:
        return
