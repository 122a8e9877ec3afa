"""The platform and its deployments, as `mlp up` and `mlp status` show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlp.cli.text import age, columns, printable

if TYPE_CHECKING:
    from mlp.api.deployment import Condition, ModelDeployment
    from mlp.targets import Platform


def platform_document(platform: Platform) -> dict[str, Any]:
    """Return the platform as one plain document."""
    return {
        "target": platform.target,
        "registry": {"url": platform.registry_url, "ready": platform.registry_ready},
        "processes": [process.model_dump(mode="json") for process in platform.processes],
        "deployments": [deployment.document() for deployment in platform.deployments],
    }


def platform_text(platform: Platform) -> str:
    """Return the platform as a person reads it: the registry, then a line a deployment."""
    state = "ready" if platform.registry_ready else "not ready"
    lines = [f"registry   {platform.registry_url}   {state}"]
    if not platform.deployments:
        return "\n".join([*lines, "nothing is deployed"])
    restarts = {process.name: process.restarts for process in platform.processes}
    rows = [_row(each, restarts.get(each.metadata.name, 0)) for each in platform.deployments]
    return "\n".join([*lines, "", columns(("NAME", "MODEL", "READY", "SERVES", "URL", "RESTARTS", "AGE"), rows)])


def _row(deployment: ModelDeployment, restarts: int) -> tuple[object, ...]:
    status = deployment.status
    return (
        deployment.metadata.name,
        f"{deployment.spec.model_name}:{deployment.spec.model_version}",
        readiness(deployment),
        served_version(deployment) or "-",
        status.url if status and status.url else "-",
        restarts,
        age(deployment.metadata.creation_timestamp),
    )


def served_version(deployment: ModelDeployment) -> int | None:
    """Return the version that answers now; the status names the last one too, so that it stays in use."""
    status = deployment.status
    return status.served_version if status is not None and status.ready_replicas else None


def readiness(deployment: ModelDeployment) -> str:
    """Return `True`, or the reason why not."""
    if deployment.is_ready():
        return "True"
    condition = blocking_condition(deployment)
    return condition.reason if condition else "Unknown"


def blocking_condition(deployment: ModelDeployment) -> Condition | None:
    """Return the condition that best says why a deployment is not ready: Degraded before Ready."""
    from mlp.api.deployment import ConditionType

    if deployment.status is None:
        return None
    degraded = deployment.status.condition(ConditionType.DEGRADED)
    if degraded is not None and degraded.status == "True":
        return degraded
    return deployment.status.condition(ConditionType.READY)


def deployment_text(deployment: ModelDeployment) -> str:
    """Return one deployment as a person reads it."""
    status = deployment.status
    head = columns(("NAME", "MODEL", "READY", "SERVES", "URL", "RESTARTS", "AGE")[:5], [_row(deployment, 0)[:5]])
    if status is None:
        return head
    rows = [(c.type.value, c.status, c.reason, age(c.last_transition_time), c.message) for c in status.conditions]
    return printable_lines([head, "", columns(("CONDITION", "STATUS", "REASON", "SINCE", "MESSAGE"), rows)])


def deployment_lines(deployments: Sequence[ModelDeployment]) -> list[str]:
    """Return what a log says of deployments: a line each, the same for as long as nothing happens."""
    return [_state_line(each) for each in deployments]


def _state_line(deployment: ModelDeployment) -> str:
    condition = None if deployment.is_ready() else blocking_condition(deployment)
    words = f": {condition.message}" if condition is not None and condition.message else ""
    serves = served_version(deployment) or "nothing"
    return f"{'  '.join(map(str, _row(deployment, 0)[:3]))}  serves {serves}{words}"


def printable_lines(blocks: list[str]) -> str:
    """Join blocks of lines, each line made safe to print."""
    return "\n".join(printable(line) for block in blocks for line in block.split("\n"))
